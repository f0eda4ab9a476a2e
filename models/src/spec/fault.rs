//! Faults: what goes wrong, where, and when.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::distribution::DistributionSpec, time::SimDuration};

/// Lists the faults: `/// documentation` and `Name needs "field";`, where the field is what it needs beside place and
/// time; empty for none.
macro_rules! faults {
    ($( $(#[doc = $doc:literal])+ $Name:ident needs $field:literal; )+) => {
        /// What goes wrong.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub enum FaultSpec { $( $(#[doc = $doc])+ $Name(Struck), )+ }

        impl FaultSpec {
            /// Where and when.
            pub fn struck(&self) -> &Struck {
                match self { $( Self::$Name(struck) => struck, )+ }
            }

            /// The name a file uses for it.
            pub fn name(&self) -> &'static str {
                match self { $( Self::$Name(_) => stringify!($Name), )+ }
            }

            /// The field it needs beside place and time; empty for none.
            fn needs(&self) -> &'static str {
                match self { $( Self::$Name(_) => $field, )+ }
            }

            /// Every fault: its name, its documentation, one that strikes nothing yet.
            pub fn catalog() -> Vec<(&'static str, &'static str, Self)> {
                vec![ $( (stringify!($Name), concat!($($doc, "\n"),+).trim_ascii(), Self::$Name(Struck::default())), )+ ]
            }
        }
    };
}

faults! {
    /// Servers go down; what they held is lost, callers see their connections reset. They come back empty.
    Crash needs "";
    /// Servers lose a share of their workers; who is being served is finished.
    CapacityLoss needs "remaining";
    /// Servers take `factor` times as long.
    Slow needs "factor";
    /// Servers answer a share of their requests with errors, after the work.
    Errors needs "share";
    /// Servers answer every request with an error at once: a black hole that looks fast.
    FastFailure needs "";
    /// Servers take requests and never answer.
    Silence needs "";
    /// Messages to and from the place take longer by `delay`.
    NetworkDelay needs "delay";
    /// A share of the messages to and from the place is lost.
    NetworkLoss needs "share";
    /// No message gets to or from the place.
    Partition needs "";
    /// All servers of a region go down.
    RegionOutage needs "region";
}

/// Where and when a fault strikes, and how hard. Which of the last fields counts depends on the fault.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Struck {
    /// A component (`"web"`) or one of its servers (`"web[3]"`).
    pub target: Option<String>,
    /// A region (`"eu"`) or a zone (`"eu/a"`): all servers there.
    pub region: Option<String>,
    /// When it begins.
    pub at: Option<SimDuration>,
    /// How long it lasts. Default: to the end.
    pub duration: Option<SimDuration>,
    /// Instead of `at`: time from repair to failure, for each server by itself (MTBF).
    pub time_between: Option<DistributionSpec>,
    /// Time from failure to repair, with `time_between` (MTTR).
    pub time_to_repair: Option<DistributionSpec>,
    /// `CapacityLoss`: the share of workers that remains, 0 to 1.
    pub remaining: Option<f64>,
    /// `Slow`: how many times as long, above 0.
    pub factor: Option<f64>,
    /// `Errors` and `NetworkLoss`: the share, 0 to 1.
    pub share: Option<f64>,
    /// `NetworkDelay`: how much longer.
    pub delay: Option<DistributionSpec>,
    /// `FastFailure`: how long the error takes. Default 0.
    pub latency: Option<SimDuration>,
}

/// When a fault strikes.
#[derive(Clone, Debug, PartialEq)]
pub enum Moment {
    /// Once.
    At {
        /// When it begins.
        at: SimDuration,
        /// How long it lasts; `None` for the rest of the run.
        duration: Option<SimDuration>,
    },
    /// Again and again, each server by itself.
    Renewal {
        /// From repair to failure.
        between: DistributionSpec,
        /// From failure to repair.
        repair: DistributionSpec,
    },
}

impl Struck {
    /// When it strikes, if the file says so in one of the two ways.
    pub fn moment(&self) -> Option<Moment> {
        match (&self.at, &self.time_between, &self.time_to_repair) {
            (Some(at), None, None) => Some(Moment::At { at: *at, duration: self.duration }),
            (None, Some(between), Some(repair)) => {
                Some(Moment::Renewal { between: between.clone(), repair: repair.clone() })
            }
            _ => None,
        }
    }
}

impl FaultSpec {
    pub(super) fn check(&self, check: &mut Check) {
        check.at(self.name(), |check| {
            self.check_moment(check);
            self.check_place(check);
            self.check_measure(check);
        });
    }

    fn check_moment(&self, check: &mut Check) {
        let struck = self.struck();
        if struck.moment().is_none() {
            let help = "write at: \"120s\", duration: \"30s\", or time_between: …, time_to_repair: …";
            check.problem_with_help(
                "E0406",
                "a fault needs one time: either `at`, or both `time_between` and `time_to_repair`",
                help,
            );
        }
        if struck.at.is_none() && struck.duration.is_some() {
            check.at("duration", |check| {
                check
                    .problem("E0406", "`duration` belongs to `at`; with `time_between` say `time_to_repair`");
            });
        }
        for (name, time) in
            [("time_between", &struck.time_between), ("time_to_repair", &struck.time_to_repair)]
        {
            if let Some(time) = time {
                check.at(name, |check| time.check(check));
                check.require(time.mean() > 0.0, name, || format!("{name} must be above 0 on average"));
            }
        }
    }

    fn check_place(&self, check: &mut Check) {
        let struck = self.struck();
        match self {
            Self::RegionOutage(_) => {
                check.require(struck.region.is_some() && struck.target.is_none(), "region", || {
                    "a RegionOutage strikes a region: say region".into()
                });
            }
            _ => check.require(struck.target.is_some() != struck.region.is_some(), "target", || {
                "say where: either target or region".into()
            }),
        }
    }

    /// The field a fault needs must be there and in range; fields of other faults must not.
    fn check_measure(&self, check: &mut Check) {
        let struck = self.struck();
        let given = [
            ("remaining", struck.remaining.is_some()),
            ("factor", struck.factor.is_some()),
            ("share", struck.share.is_some()),
            ("delay", struck.delay.is_some()),
        ];
        let needed = self.needs();
        for (field, is_given) in given {
            if field == needed {
                check.require(is_given, field, || format!("{} needs {field}", self.name()));
            } else if is_given {
                check.at(field, |check| {
                    check.problem("E0406", format!("{} has no use for `{field}`", self.name()));
                });
            }
        }
        if struck.latency.is_some() && !matches!(self, Self::FastFailure(_)) {
            check.at("latency", |check| {
                check.problem("E0406", format!("{} has no use for `latency`", self.name()));
            });
        }
        for (field, share) in [("remaining", struck.remaining), ("share", struck.share)] {
            if let Some(share) = share {
                check.fraction(field, share);
            }
        }
        if let Some(factor) = struck.factor {
            check.positive("factor", factor);
        }
        if let Some(delay) = &struck.delay {
            check.at("delay", |check| delay.check(check));
        }
    }
}

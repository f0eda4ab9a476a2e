//! What an experiment file says around its system: arms, sweep, run, windows, claims.
//!
//! The system's own fields are not named here: whatever the laboratory does not know belongs to it.

use std::{fmt, marker::PhantomData};

use models::spec::SystemSpec;
use schemars::JsonSchema;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeOwned, MapAccess, Visitor},
};
use sim_core::{
    check::Problem,
    time::{SimDuration, SimTime},
};

use crate::{
    claim::Claim,
    diagnostic::Diagnostic,
    document::{
        Path,
        source::Span,
        tree::{Field, Kind, Node},
    },
    load,
};

/// The fields of a file that the laboratory reads; all others are the system's.
pub const FIELDS: [&str; 9] =
    ["name", "question", "arms", "baseline", "sweep", "run", "windows", "slos", "expect"];

/// What the loader asks of a system: serde, and what is wrong with it.
pub trait System: Clone + fmt::Debug + DeserializeOwned + Serialize {
    /// What the types cannot see: references, ranges, cycles.
    fn problems(&self) -> Vec<Problem>;

    /// What is wrong with a claim whose figure no run of this system reports; by default anything may be claimed.
    fn refuse(&self, _claim: &Claim) -> Option<Diagnostic> {
        None
    }

    /// What by the traffic equations gets more work than it can do over a run of that length, if anything does.
    fn overload(&self, _length: SimDuration) -> Option<Overload> {
        None
    }
}

/// A station that cannot keep up.
#[derive(Clone, Debug, PartialEq)]
pub struct Overload {
    /// The station: `web[15]`.
    pub station: String,
    /// Its load, as a multiple of what it can do.
    pub load: f64,
    /// Why there can be no steady state, if nothing bounds what piles up.
    pub hopeless: Option<String>,
    /// Whether the backlog of this station, or of what calls it, grows for as long as the run lasts.
    pub grows: bool,
}

impl System for SystemSpec {
    fn problems(&self) -> Vec<Problem> {
        models::wire::check(self)
    }

    fn refuse(&self, claim: &Claim) -> Option<Diagnostic> {
        load::refuse(self, claim)
    }

    fn overload(&self, length: SimDuration) -> Option<Overload> {
        load::overload(self, length)
    }
}

/// The laboratory's part of the file, as typed by serde; arms and sweep are read from the tree.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExperimentSpec {
    /// The experiment's name, which is also its folder's.
    pub name: String,
    /// What it asks.
    pub question: String,
    /// The arm that the others are compared with; none by default.
    #[serde(default)]
    pub baseline: Option<String>,
    /// How it is run.
    pub run: RunSpec,
    /// Named windows of time, in the file's order; none by default.
    #[serde(default, deserialize_with = "in_order")]
    pub windows: Vec<(String, (SimDuration, SimDuration))>,
    /// What an arm may miss; none by default.
    #[serde(default)]
    pub slos: Vec<String>,
    /// What the author claims of each arm; nothing by default.
    #[serde(default, deserialize_with = "in_order")]
    pub expect: Vec<(String, Vec<String>)>,
}

/// How an experiment is run.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunSpec {
    /// What every stream of chance starts from; 1 by default.
    #[serde(default = "first_seed")]
    pub seed: u64,
    /// Independent runs of each cell; 10 by default.
    #[serde(default = "ten")]
    pub replications: u32,
    /// How long a run is and which part of it counts.
    pub horizon: Horizon,
    /// Whether every arm sees the same arrivals and demands; by default it does.
    #[serde(default = "yes")]
    pub common_random_numbers: bool,
    /// The width of the bins of series over time; 1 s by default.
    #[serde(default = "one_second")]
    pub series_bin: SimDuration,
    /// What a run may cost before it is stopped.
    #[serde(default)]
    pub budget: BudgetSpec,
}

/// How long a run is and which part of it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Horizon {
    /// The long run: what happens before the system has settled is not counted.
    SteadyState {
        /// Time before counting starts.
        warmup: SimDuration,
        /// Time counted.
        measure: SimDuration,
    },
    /// A story with a start and an end: all of it counts.
    Terminating {
        /// When it ends.
        end: SimDuration,
    },
}

/// What a run may cost before it is stopped: it then counts as crashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BudgetSpec {
    /// Most events handled; 10 billion by default, an hour or so of computing.
    pub events: u64,
    /// Most requests inside at once; 20 million by default, a few gigabytes.
    pub in_flight: u64,
    /// Most real time; without limit by default, since it depends on the machine whether a run keeps to it.
    pub wall_time: Option<SimDuration>,
}

impl Default for BudgetSpec {
    fn default() -> Self {
        Self { events: 10_000_000_000, in_flight: 20_000_000, wall_time: None }
    }
}

const fn first_seed() -> u64 {
    1
}

const fn ten() -> u32 {
    10
}

const fn yes() -> bool {
    true
}

const fn one_second() -> SimDuration {
    SimDuration::from_secs(1)
}

impl Horizon {
    /// When a run ends.
    pub fn end(self) -> SimTime {
        match self {
            Self::SteadyState { warmup, measure } => SimTime::ZERO + warmup + measure,
            Self::Terminating { end } => SimTime::ZERO + end,
        }
    }

    /// When counting starts.
    pub fn start(self) -> SimTime {
        match self {
            Self::SteadyState { warmup, .. } => SimTime::ZERO + warmup,
            Self::Terminating { .. } => SimTime::ZERO,
        }
    }
}

impl fmt::Display for Horizon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SteadyState { warmup, measure } => {
                write!(f, "SteadyState(warmup: \"{warmup}\", measure: \"{measure}\")")
            }
            Self::Terminating { end } => write!(f, "Terminating(end: \"{end}\")"),
        }
    }
}

/// A named window of time; its name follows the `@` of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// Its name.
    pub name: String,
    /// Its first moment.
    pub start: SimTime,
    /// The moment after its last.
    pub end: SimTime,
}

/// One field that an arm, a sweep or a flag sets.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Which.
    pub path: Path,
    /// Where the path is written.
    pub span: Span,
    /// To what.
    pub value: Node,
}

/// One arm: a name and what it changes.
#[derive(Clone, Debug)]
pub struct Arm {
    /// Its name.
    pub name: String,
    /// Where its name is written.
    pub span: Span,
    /// What it sets, in the file's order.
    pub settings: Vec<Setting>,
}

/// One axis of the sweep, with where its parts are written.
#[derive(Clone, Debug)]
pub struct SweepAxis {
    /// The path it sets.
    pub path: Path,
    /// Where the path is written.
    pub span: Span,
    /// Its values, in the file's order.
    pub values: Vec<Node>,
}

/// Parts a file's tree: the system's fields, and the laboratory's without arms and sweep.
pub fn split(root: &Node) -> (Node, Node) {
    let (mut system, mut laboratory) = (root.clone(), root.clone());
    keep(&mut system, |name| !FIELDS.contains(&name));
    keep(&mut laboratory, |name| FIELDS.contains(&name) && !matches!(name, "arms" | "sweep"));
    (system, laboratory)
}

fn keep(node: &mut Node, wanted: impl Fn(&str) -> bool) {
    if let Kind::Struct { fields, .. } = &mut node.kind {
        fields.retain(|Field { name, .. }| wanted(&name.text));
    }
}

/// Reads a map and keeps the order of its keys.
fn in_order<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<(String, T)>, D::Error> {
    struct InOrder<T>(PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for InOrder<T> {
        type Value = Vec<(String, T)>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a map { \"key\": value }")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut entries = Vec::new();
            while let Some(entry) = map.next_entry()? {
                entries.push(entry);
            }
            Ok(entries)
        }
    }
    deserializer.deserialize_map(InOrder(PhantomData))
}

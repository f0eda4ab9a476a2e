//! Fallback: answers a failed call with something in place of what was asked for.
//!
//! Unlike a retry it adds no load to a callee in trouble, and what it answers counts as degraded, not as success. A
//! default is always there; a stale copy was kept for some share of what is asked; another service can fail as well,
//! and only if it fails independently do both together fail with the product of the two. Hystrix `getFallback`, Polly's
//! `FallbackStrategy`; stale answers on error are HTTP's `stale-if-error` (RFC 5861).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{
    check::Check,
    random::{name_hash, unit},
    time::SimTime,
};

use super::{Passage, Stage, Up};
use crate::request::{Outcome, Reason};

const PLACE: u64 = name_hash("stage/fallback");

/// The note of a passage whose answer is to come from the fallback service.
const ELSEWHERE: u64 = 1;

/// `Fallback`: with what, and after which failures.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// What answers. Default `Default`.
    pub to: Substitute,
    /// The failures it answers. Default all but `Impatient` and `Cancelled` (Polly handles every exception).
    pub on: Vec<Reason>,
}

/// What answers in place of the callee.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Substitute {
    /// A default, which is always there.
    Default,
    /// A stale copy, if there is one.
    Stale {
        /// The probability that there is one, 0 to 1.
        share: f64,
    },
    /// Another service, by its id. It is asked once, and its failure is delivered.
    Service(String),
}

impl Default for Spec {
    fn default() -> Self {
        Self { to: Substitute::Default, on: Reason::all_but_cancellations() }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        check.require(!self.on.is_empty(), "on", || "on must name at least one reason".into());
        check.at("to", |check| match &self.to {
            Substitute::Default => {}
            Substitute::Stale { share } => check.fraction("share", *share),
            Substitute::Service(id) => {
                check.require(!id.is_empty(), "Service", || "Service must name a component".into());
            }
        });
    }

    pub(super) fn build(&self, _: SimTime) -> State {
        State { spec: self.clone() }
    }

    /// The service it asks, if it asks one.
    pub fn service(&self) -> Option<&str> {
        match &self.to {
            Substitute::Default | Substitute::Stale { .. } => None,
            Substitute::Service(id) => Some(id),
        }
    }
}

/// Nothing but its rules.
#[derive(Debug)]
pub struct State {
    spec: Spec,
}

impl State {
    fn substitute(&self, passage: &mut Passage, failure: Outcome) -> Up {
        match self.spec.to {
            Substitute::Default => Up::Deliver(Outcome::Degraded),
            Substitute::Stale { share } => {
                let kept = unit(passage.luck.at(PLACE, 0)) < share;
                Up::Deliver(if kept { Outcome::Degraded } else { failure })
            }
            Substitute::Service(_) => {
                passage.note = ELSEWHERE;
                Up::Elsewhere
            }
        }
    }
}

impl Stage for State {
    fn on_reply(&mut self, _: SimTime, passage: &mut Passage, reply: Outcome) -> Up {
        match reply {
            Outcome::Success | Outcome::Degraded if passage.note == ELSEWHERE => {
                Up::Deliver(Outcome::Degraded)
            }
            Outcome::Failure(reason) if passage.note != ELSEWHERE && self.spec.on.contains(&reason) => {
                self.substitute(passage, reply)
            }
            Outcome::Success | Outcome::Degraded | Outcome::Failure(_) => Up::Deliver(reply),
        }
    }
}

#[cfg(test)]
mod tests {
    use ron::extensions::Extensions;

    use super::*;
    use crate::policy::stage::testing::{at, passage};

    const ERROR: Outcome = Outcome::Failure(Reason::Error);

    fn build(to: Substitute) -> State {
        Spec { to, ..Spec::default() }.build(at(0))
    }

    fn service() -> State {
        build(Substitute::Service("other".into()))
    }

    #[test]
    fn files_name_what_answers() {
        let options = ron::Options::default().with_default_extension(Extensions::UNWRAP_VARIANT_NEWTYPES);
        let read = |text| options.from_str::<Spec>(text).map(|spec| spec.to);
        assert_eq!(read("()"), Ok(Substitute::Default));
        assert_eq!(read("(to: Stale(share: 0.9))"), Ok(Substitute::Stale { share: 0.9 }));
        assert_eq!(read(r#"(to: Service("other"))"#), Ok(Substitute::Service("other".into())));
        let mut check = Check::default();
        for to in [Substitute::Stale { share: 90.0 }, Substitute::Service(String::new())] {
            Spec { to, on: Vec::new() }.check(&mut check);
        }
        let paths = check.into_problems().into_iter().map(|problem| problem.path.join("."));
        assert_eq!(paths.collect::<Vec<_>>(), ["on", "to.share", "on", "to.Service"]);
    }

    #[test]
    fn a_default_answers_named_failures_and_nothing_else() {
        let mut fallback = build(Substitute::Default);
        for reason in Reason::ALL {
            let failure = Outcome::Failure(reason);
            let expected = if reason.is_cancellation() { failure } else { Outcome::Degraded };
            assert_eq!(fallback.on_reply(at(0), &mut passage(1), failure), Up::Deliver(expected));
        }
        for reply in [Outcome::Success, Outcome::Degraded] {
            assert_eq!(fallback.on_reply(at(0), &mut passage(1), reply), Up::Deliver(reply));
        }
    }

    #[test]
    fn a_service_is_asked_once_and_its_answer_is_degraded() {
        for (reply, expected) in [
            (Outcome::Success, Outcome::Degraded),
            (Outcome::Degraded, Outcome::Degraded),
            (Outcome::Failure(Reason::TimedOut), Outcome::Failure(Reason::TimedOut)),
        ] {
            let mut passage = passage(1);
            assert_eq!(service().on_reply(at(0), &mut passage, ERROR), Up::Elsewhere);
            assert_eq!(service().on_reply(at(1), &mut passage, reply), Up::Deliver(expected));
        }
        assert_eq!(service().spec.service(), Some("other"));
    }

    #[test]
    fn a_stale_copy_is_there_by_luck() {
        let mut stale = build(Substitute::Stale { share: 0.9 });
        let mut answer = |id| stale.on_reply(at(0), &mut passage(id), ERROR);
        assert_eq!(answer(7), answer(7));
        let kept = (0..100_000).filter(|id| answer(*id) == Up::Deliver(Outcome::Degraded)).count();
        // Five standard errors of √(0.9 × 0.1 / 100 000).
        assert!((kept as f64 / 1e5 - 0.9).abs() < 0.0048, "{kept}");
    }

    #[test]
    fn independent_services_fail_together_with_the_product() {
        // 1 − (1 − 0.9) (1 − 0.8) = 0.98, of which 0.08 degraded.
        let (mut served, mut degraded) = (0_u32, 0_u32);
        let fails = |passage: &Passage, name, share| unit(passage.luck.at(name_hash(name), 0)) < share;
        for id in 0..100_000 {
            let mut passage = passage(id);
            let first = if fails(&passage, "first", 0.1) { ERROR } else { Outcome::Success };
            let mut up = service().on_reply(at(0), &mut passage, first);
            if up == Up::Elsewhere {
                let second = if fails(&passage, "second", 0.2) { ERROR } else { Outcome::Success };
                up = service().on_reply(at(0), &mut passage, second);
            }
            served += u32::from(up != Up::Deliver(ERROR));
            degraded += u32::from(up == Up::Deliver(Outcome::Degraded));
        }
        assert!((f64::from(served) / 1e5 - 0.98).abs() < 0.0023, "{served}");
        assert!((f64::from(degraded) / 1e5 - 0.08).abs() < 0.0043, "{degraded}");
    }
}

//! HAProxy's `observe`: errors in a row seen in traffic count as a failed active check.
//!
//! It ejects nobody itself; its verdicts go to the active check ([`super::active_check`]), which alone takes a
//! server out and brings it back. So it shortens the time to notice and inherits the check's way of recovering.
//! HAProxy `observe`, `error-limit`, `on-error` (`__health_adjust`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::Stream, time::SimTime};

use super::{Action, Eject, Outcome, Verdict, Why, active_check::OnError};

/// Which errors are observed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum Layer {
    /// Only connections that fail.
    Layer4,
    /// Connections that fail, missing replies and error replies.
    #[default]
    Layer7,
}

/// `HaproxyObserve`: which errors, how many, and what then.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// Which errors count; `Layer7`. HAProxy has no default: `observe` must be written to take effect.
    pub layer: Layer,
    /// Errors in a row that call for action, at least 1; 10, HAProxy's default.
    pub error_limit: u32,
    /// What the active check is to do; `FailCheck`, HAProxy's default.
    pub on_error: OnError,
}

impl Default for Spec {
    fn default() -> Self {
        Self { layer: Layer::Layer7, error_limit: 10, on_error: OnError::FailCheck }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        check.require(self.error_limit > 0, "error_limit", || "error_limit must be at least 1, got 0".into());
    }

    pub(super) fn build(&self, backends: usize) -> State {
        State { spec: self.clone(), errors: vec![0; backends] }
    }
}

/// Errors in a row, by backend.
#[derive(Debug)]
pub struct State {
    spec: Spec,
    errors: Vec<u32>,
}

impl State {
    fn is_error(&self, outcome: Outcome) -> Option<bool> {
        match self.spec.layer {
            Layer::Layer7 => outcome.success().map(|success| !success),
            Layer::Layer4 => match outcome {
                Outcome::Unreachable => Some(true),
                // A request that timed out was connected: this layer saw nothing wrong.
                Outcome::Success | Outcome::Failed | Outcome::Refused | Outcome::TimedOut => Some(false),
                Outcome::Abandoned => None,
            },
        }
    }
}

impl Eject for State {
    fn on_result(&mut self, _: SimTime, backend: usize, outcome: Outcome, _: &mut Stream) -> Option<Verdict> {
        let error = self.is_error(outcome)?;
        let errors = self.errors.get_mut(backend)?;
        if !error {
            *errors = 0;
            return None;
        }
        *errors += 1;
        if *errors < self.spec.error_limit {
            return None;
        }
        let why = Why::Failures(*errors);
        *errors = 0;
        Some(Verdict { backend, action: Action::Check(self.spec.on_error), why })
    }

    fn is_ejected(&self, _: SimTime, _: usize) -> bool {
        false
    }

    fn on_check_passed(&mut self, _: SimTime, backend: usize) -> Option<Verdict> {
        if let Some(errors) = self.errors.get_mut(backend) {
            *errors = 0;
        }
        None
    }

    fn on_membership(&mut self, _: SimTime, backends: usize) {
        self.errors.resize(backends, 0);
    }
}

#[cfg(test)]
mod tests {
    use sim_core::random::Streams;

    use super::*;

    fn verdicts(spec: &Spec, outcomes: &[Outcome]) -> Vec<usize> {
        let mut state = spec.build(1);
        let mut random = Streams::new(1, 0).stream("lb/eject");
        let mut tell = |outcome: &Outcome| state.on_result(SimTime::ZERO, 0, *outcome, &mut random).is_some();
        (1..).zip(outcomes).filter(|(_, outcome)| tell(outcome)).map(|(nth, _)| nth).collect()
    }

    #[test]
    fn ten_errors_in_a_row_count_as_one_failed_check() {
        let spec = Spec::default();
        assert_eq!(verdicts(&spec, &[Outcome::Failed; 25]), [10, 20]);
        let mut broken = [Outcome::Failed; 19];
        broken[9] = Outcome::Success;
        assert!(verdicts(&spec, &broken).is_empty());
    }

    #[test]
    fn layer_four_sees_only_connections() {
        let spec = Spec { layer: Layer::Layer4, error_limit: 1, ..Spec::default() };
        let outcomes = [Outcome::Failed, Outcome::TimedOut, Outcome::Abandoned, Outcome::Unreachable];
        assert_eq!(verdicts(&spec, &outcomes), [4]);
    }

    #[test]
    fn a_passed_check_clears_the_errors() {
        let mut state = Spec { error_limit: 2, ..Spec::default() }.build(1);
        let mut random = Streams::new(1, 0).stream("lb/eject");
        state.on_result(SimTime::ZERO, 0, Outcome::Failed, &mut random);
        state.on_check_passed(SimTime::ZERO, 0);
        assert_eq!(state.on_result(SimTime::ZERO, 0, Outcome::Failed, &mut random), None);
    }
}

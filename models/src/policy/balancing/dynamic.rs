//! Dynamic: one strategy at a time, switched by a rule while traffic runs.
//!
//! The rule watches the table or the clock. Two thresholds and a minimum dwell keep it from flapping.
//! Requests in flight stay where they are and stay counted, since the table belongs to the owner of the
//! balancer; what the strategy switched to derives for itself (ring, deadlines, averages) it builds at the
//! moment of the switch, from nothing, as a reload of a real balancer would.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{
    check::Check,
    random::Stream,
    time::{SimDuration, SimTime},
};

use super::{
    Ask, Backend, Backends, Balance, Balancer, BalancerSpec, Done, Endpoint, Wants,
    least_outstanding_requests, round_robin,
};

/// `Dynamic`: the strategies and when each is in force.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// The strategies; the first is in force at the start. Default round robin, then least outstanding
    /// requests.
    pub members: Vec<BalancerSpec>,
    /// When to switch. Default by mean in-flight above 4 and below 2.
    pub switch: Switch,
}

/// When a strategy gives way to another. Thresholds switch between two members: the second is in force from
/// when the measure is above the one until it is below the other.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Switch {
    /// By the mean number of requests in flight for each available backend.
    MeanInFlight {
        /// The second member takes over above this.
        above: f64,
        /// The first takes over again below this.
        below: f64,
        /// How long a member stays at least. Default 10 s.
        #[serde(default = "default_dwell")]
        dwell: SimDuration,
    },
    /// By the greatest load for its weight over the mean of all available backends: 1 is balanced.
    Imbalance {
        /// The second member takes over above this.
        above: f64,
        /// The first takes over again below this.
        below: f64,
        /// How long a member stays at least. Default 10 s.
        #[serde(default = "default_dwell")]
        dwell: SimDuration,
    },
    /// By the clock.
    Schedule(Vec<Turn>),
}

/// One entry of a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Turn {
    /// How long after the start of the run.
    pub at: SimDuration,
    /// The index of the member that takes over.
    pub member: usize,
}

fn default_dwell() -> SimDuration {
    SimDuration::from_secs(10)
}

impl Default for Spec {
    fn default() -> Self {
        Self {
            members: vec![
                BalancerSpec::RoundRobin(round_robin::Spec::default()),
                BalancerSpec::LeastOutstandingRequests(least_outstanding_requests::Spec::default()),
            ],
            switch: Switch::MeanInFlight { above: 4.0, below: 2.0, dwell: default_dwell() },
        }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        check.at("members", |check| {
            for (index, member) in self.members.iter().enumerate() {
                check.at(index, |check| member.check(check));
            }
        });
        let members = self.members.len();
        match &self.switch {
            Switch::MeanInFlight { above, below, .. } | Switch::Imbalance { above, below, .. } => {
                check.require(members == 2, "members", || {
                    format!("thresholds switch between exactly 2 members, got {members}")
                });
                check.require(above > below && *below >= 0.0, "switch", || {
                    format!("above must be greater than below, got {above} and {below}")
                });
            }
            Switch::Schedule(turns) => self.check_schedule(check, turns),
        }
    }

    fn check_schedule(&self, check: &mut Check, turns: &[Turn]) {
        let members = self.members.len();
        check.require(members >= 1, "members", || "members must not be empty".into());
        check.require(turns.iter().all(|turn| turn.member < members), "switch", || {
            format!("a schedule names members by index, below {members}")
        });
        check.require(turns.is_sorted_by(|a, b| a.at < b.at), "switch", || {
            "the times of a schedule must ascend".into()
        });
    }

    pub(super) fn build(&self, endpoints: &[Endpoint]) -> State {
        let wants = |member: &BalancerSpec| member.build(endpoints).wants();
        let first = self.members.first().cloned().unwrap_or_else(fallback);
        State {
            spec: self.clone(),
            endpoints: endpoints.to_vec(),
            told: Vec::new(),
            wants: self.members.iter().map(wants).fold(Wants::NOTHING, both),
            active: Box::new(first.build(endpoints)),
            mode: 0,
            settled: SimTime::ZERO,
        }
    }
}

/// What either wants.
fn both(a: Wants, b: Wants) -> Wants {
    Wants {
        identity: a.identity || b.identity,
        reports: a.reports || b.reports,
        idle_offers: a.idle_offers || b.idle_offers,
    }
}

/// What an empty list of members stands for; a checked spec has none.
fn fallback() -> BalancerSpec {
    BalancerSpec::RoundRobin(round_robin::Spec::default())
}

/// The strategy in force.
#[derive(Debug)]
pub struct State {
    spec: Spec,
    endpoints: Vec<Endpoint>,
    /// The table as of the last change, for the strategy that takes over to build from.
    told: Vec<Backend>,
    /// What any of the members wants: the owner asks once.
    wants: Wants,
    active: Box<Balancer>,
    /// Its index.
    mode: usize,
    /// From when it may give way.
    settled: SimTime,
}

/// Mean requests in flight of the available; none if there is none.
fn mean_in_flight(rows: &[Backend]) -> Option<f64> {
    let (count, sum) = totals(rows, |row| f64::from(row.in_flight));
    (count > 0.0).then(|| sum / count)
}

/// The greatest load for its weight over the mean; 1 if all are idle, none if none is available.
fn imbalance(rows: &[Backend]) -> Option<f64> {
    let load = |row: &Backend| f64::from(row.in_flight) / f64::from(row.weight.max(1));
    let (count, sum) = totals(rows, load);
    let most = rows.iter().filter(|row| row.available).map(load).fold(0.0, f64::max);
    (count > 0.0).then(|| if sum > 0.0 { most * count / sum } else { 1.0 })
}

fn totals(rows: &[Backend], value: impl Fn(&Backend) -> f64) -> (f64, f64) {
    let available = rows.iter().filter(|row| row.available);
    available.fold((0.0, 0.0), |(count, sum), row| (count + 1.0, sum + value(row)))
}

impl State {
    /// Which member the rule wants now.
    fn wanted(&self, backends: &Backends<'_>) -> usize {
        let (measure, above, below) = match &self.spec.switch {
            Switch::Schedule(turns) => {
                let elapsed = backends.now.since(SimTime::ZERO);
                let last = turns.iter().rev().find(|turn| turn.at <= elapsed);
                return last.map_or(0, |turn| turn.member);
            }
            Switch::MeanInFlight { .. } | Switch::Imbalance { .. } if backends.now < self.settled => {
                return self.mode;
            }
            Switch::MeanInFlight { above, below, .. } => (mean_in_flight(backends.rows), above, below),
            Switch::Imbalance { above, below, .. } => (imbalance(backends.rows), above, below),
        };
        match measure {
            Some(measure) if self.mode == 0 && measure > *above => 1,
            Some(measure) if self.mode == 1 && measure < *below => 0,
            Some(_) | None => self.mode,
        }
    }

    fn switch_to(&mut self, member: usize, backends: &Backends<'_>) {
        let dwell = match self.spec.switch {
            Switch::MeanInFlight { dwell, .. } | Switch::Imbalance { dwell, .. } => dwell,
            Switch::Schedule(_) => SimDuration::ZERO,
        };
        let spec = self.spec.members.get(member).cloned().unwrap_or_else(fallback);
        *self.active = spec.build(&self.endpoints);
        if !self.told.is_empty() {
            self.active.on_change(&Backends::new(backends.now, &self.told));
        }
        self.mode = member;
        self.settled = backends.now + dwell;
    }
}

impl Balance for State {
    fn pick(&mut self, backends: &Backends<'_>, ask: &Ask, random: &mut Stream) -> Option<usize> {
        let wanted = self.wanted(backends);
        if wanted != self.mode {
            self.switch_to(wanted, backends);
        }
        self.active.pick(backends, ask, random)
    }

    fn on_forced(&mut self, backends: &Backends<'_>, backend: usize) {
        self.active.on_forced(backends, backend);
    }

    fn on_done(&mut self, backends: &Backends<'_>, done: &Done) {
        self.active.on_done(backends, done);
    }

    fn on_idle(&mut self, backend: usize) {
        self.active.on_idle(backend);
    }

    fn holds_offer(&self, backend: usize) -> bool {
        self.active.holds_offer(backend)
    }

    fn on_change(&mut self, backends: &Backends<'_>) {
        self.told = backends.rows.to_vec();
        self.active.on_change(backends);
    }

    fn on_membership(&mut self, endpoints: &[Endpoint]) {
        self.endpoints = endpoints.to_vec();
        self.told.clear();
        self.active.on_membership(endpoints);
    }

    fn mode(&self) -> usize {
        self.mode
    }

    fn wants(&self) -> Wants {
        self.wants
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::balancing::testing::{endpoints, loaded, stream, view_at};

    fn state(switch: Switch) -> State {
        Spec { switch, ..Spec::default() }.build(&endpoints(&[1; 2]))
    }

    /// The mode after a pick at that time with those loads.
    fn mode(state: &mut State, millis: u64, in_flight: [u32; 2]) -> usize {
        state.pick(&view_at(&loaded(&in_flight), millis), &Ask::default(), &mut stream());
        state.mode()
    }

    #[test]
    fn two_thresholds_and_a_dwell_keep_it_from_flapping() {
        let dwell = SimDuration::from_secs(1);
        let mut state = state(Switch::MeanInFlight { above: 4.0, below: 2.0, dwell });
        // At the threshold nothing happens; above it, at once.
        assert_eq!(mode(&mut state, 0, [4, 4]), 0);
        assert_eq!(mode(&mut state, 1, [5, 4]), 1);
        // Below the lower one, but the second has only just taken over.
        assert_eq!(mode(&mut state, 1000, [0, 0]), 1);
        assert_eq!(mode(&mut state, 1001, [2, 2]), 1);
        assert_eq!(mode(&mut state, 1002, [2, 1]), 0);
        assert_eq!(mode(&mut state, 2001, [9, 9]), 0);
        assert_eq!(mode(&mut state, 2002, [9, 9]), 1);
    }

    #[test]
    fn imbalance_is_the_greatest_over_the_mean() {
        let mut state = state(Switch::Imbalance { above: 1.5, below: 1.2, dwell: SimDuration::ZERO });
        assert_eq!(mode(&mut state, 0, [0, 0]), 0);
        assert_eq!(mode(&mut state, 1, [3, 1]), 0);
        assert_eq!(mode(&mut state, 2, [4, 1]), 1);
        assert_eq!(mode(&mut state, 3, [5, 4]), 0);
        // Weight 4 with four requests and weight 1 with one are balanced.
        let mut rows = loaded(&[4, 1]);
        rows[0].weight = 4;
        assert_eq!(imbalance(&rows), Some(1.0));
    }

    #[test]
    fn a_schedule_switches_on_time_and_builds_anew() {
        let turn = |secs, member| Turn { at: SimDuration::from_secs(secs), member };
        let mut state = state(Switch::Schedule(vec![turn(1, 1), turn(2, 0)]));
        let idle = loaded(&[0, 0]);
        let mut pick = |millis| {
            let picked = state.pick(&view_at(&idle, millis), &Ask::default(), &mut stream());
            (picked, state.mode())
        };
        assert_eq!(pick(0), (Some(0), 0));
        assert_eq!(pick(999).1, 0);
        assert_eq!(pick(1000).1, 1);
        // Round robin would go on with its second backend; built anew it starts over.
        assert_eq!(pick(2000), (Some(0), 0));
        assert_eq!(pick(2001), (Some(1), 0));
    }

    #[test]
    fn it_wants_what_any_member_may_want() {
        let idle_queue = BalancerSpec::JoinIdleQueue(super::super::join_idle_queue::Spec::default());
        let spec = Spec { members: vec![fallback(), idle_queue], ..Spec::default() };
        let wants = spec.build(&endpoints(&[1; 2])).wants();
        assert_eq!(wants, Wants { idle_offers: true, ..Wants::NOTHING });
    }

    #[test]
    fn a_bad_rule_is_told_with_its_path() {
        let mut check = Check::default();
        let switch = Switch::MeanInFlight { above: 1.0, below: 2.0, dwell: SimDuration::ZERO };
        Spec { members: vec![fallback()], switch }.check(&mut check);
        let paths: Vec<_> = check.into_problems().into_iter().map(|problem| problem.path.concat()).collect();
        assert_eq!(paths, ["members", "switch"]);
    }
}

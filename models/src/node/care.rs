//! What keeps a view's table true: health checks, ejection, slow start, limits, sessions, groups.

use sim_core::{
    random::Stream,
    time::{SimDuration, SimTime},
};

use super::{heartbeats::Heartbeats, vigilance::Vigilance};

use crate::{
    policy::{
        balancing::{Ask, Backend, Backends, Balance, Balancer},
        detection::{self, Action, Eject, Ejector, active_check::ActiveCheck},
        locality::{Group, Groups, Locality, Locate, Target},
        redirection::{ResolverCaches, VirtualAddress},
        slow_start::SlowStartSpec,
        sticky::{Known, Sticky},
    },
    request::{Outcome, Reason},
};

/// Everything a view may keep beside its balancer.
#[derive(Debug)]
pub struct Care {
    /// Active checks, by row; empty without.
    pub checks: Vec<ActiveCheck>,
    /// Passive ejection.
    pub ejector: Option<Ejector>,
    /// A good reply that took longer counts to the ejector as one that timed out.
    pub slow_after: SimDuration,
    /// Heartbeats of the rows.
    pub heartbeats: Option<Heartbeats>,
    /// What all suspicions were worth.
    pub vigilance: Vigilance,
    /// How a row that comes back gets its share.
    pub slow_start: Option<SlowStartSpec>,
    /// Caches of the name's answers.
    pub caches: Option<ResolverCaches>,
    /// The address that one row holds.
    pub address: Option<VirtualAddress>,
    /// Sessions that stay with their row.
    pub sticky: Option<Sticky>,
    /// Groups of rows and which of them takes a request.
    pub places: Option<Places>,
    /// Most in flight at one row; 0 for no limit.
    pub max_connections: u32,
    /// Picks among all rows, since too few were well.
    pub panics: u64,
    /// Rows taken out by the ejector.
    pub ejections: u64,
    /// Since when each row has been well.
    well_since: Vec<Option<SimTime>>,
    /// Whether anything was ever sent: a checker may ask.
    traffic: bool,
    random: Stream,
}

impl Care {
    /// Care of so many rows that does nothing yet.
    pub fn new(rows: usize, random: Stream) -> Self {
        Self {
            checks: Vec::new(),
            ejector: None,
            slow_after: SimDuration::FOREVER,
            heartbeats: None,
            vigilance: Vigilance::new(rows),
            slow_start: None,
            caches: None,
            address: None,
            sticky: None,
            places: None,
            max_connections: 0,
            panics: 0,
            ejections: 0,
            well_since: vec![None; rows],
            traffic: false,
            random,
        }
    }

    /// Who holds the address if there is one; else what the client's resolver has cached; else by session if there is one, else a group if there are any, then by the balancer.
    pub fn pick(
        &mut self,
        now: SimTime,
        ask: &Ask,
        rows: &[Backend],
        (balancer, others): (&mut Balancer, &mut [Balancer]),
        random: &mut Stream,
    ) -> Option<usize> {
        if let Some(address) = &mut self.address {
            let row = address.holder(now)?;
            balancer.on_forced(&Backends::new(now, rows), row);
            return Some(row);
        }
        if let Some(row) = self.caches.as_ref().and_then(|caches| caches.find(now, ask.address)) {
            balancer.on_forced(&Backends::new(now, rows), row);
            return Some(row);
        }
        let session = u64::from(ask.address);
        if let Some(sticky) = &mut self.sticky
            && let Known::At(row) = sticky.find(now, session, |row| rows[row].available)
        {
            balancer.on_forced(&Backends::new(now, rows), row);
            return Some(row);
        }
        let row = match &mut self.places {
            Some(places) => {
                let choice = places.choose(now, rows, self.max_connections, self.random.bits())?;
                self.panics += u64::from(choice.panic);
                // Turns are taken within a group: one whose turn they are must not move another's.
                let other = choice.group.checked_sub(1).and_then(|index| others.get_mut(index));
                let (balancer, rows) = (other.unwrap_or(balancer), choice.rows);
                balancer.pick(&Backends::new(now, rows), ask, random)?
            }
            None => balancer.pick(&Backends::new(now, rows), ask, random)?,
        };
        if let Some(sticky) = &mut self.sticky {
            sticky.bind(now, session, row);
        }
        if let Some(caches) = &mut self.caches {
            caches.keep(now, ask.address, row, self.random.unit());
        }
        Some(row)
    }

    /// Whether anything here may take a row out.
    pub fn judges(&self) -> bool {
        !self.checks.is_empty() || self.ejector.is_some() || self.heartbeats.is_some()
    }

    /// A request goes to `row`.
    pub fn on_send(&mut self, now: SimTime, row: usize) -> Option<String> {
        self.traffic = true;
        if let Some(ejector) = &mut self.ejector {
            ejector.on_send(now, row);
        }
        None
    }

    /// A request to `row` ended; what was decided.
    pub fn on_result(
        &mut self,
        now: SimTime,
        row: usize,
        outcome: Outcome,
        latency: SimDuration,
    ) -> Option<String> {
        let seen = match seen_as(outcome) {
            detection::Outcome::Success if latency > self.slow_after => detection::Outcome::TimedOut,
            seen => seen,
        };
        let verdict = self.ejector.as_mut()?.on_result(now, row, seen, &mut self.random)?;
        self.note_ejection(verdict.action);
        if let (Action::Check(on_error), Some(check)) = (verdict.action, self.checks.get_mut(row)) {
            check.on_observed(on_error);
        }
        Some(verdict.to_string())
    }

    /// A check of `row` came back; what was decided.
    pub fn on_checked(&mut self, now: SimTime, row: usize, healthy: bool) -> Option<String> {
        let transition = self.checks.get_mut(row)?.on_result(healthy);
        let is_up = self.checks[row].is_up();
        let returned = if healthy && is_up {
            self.ejector.as_mut().and_then(|ejector| ejector.on_check_passed(now, row))
        } else {
            None
        };
        transition.map(|transition| transition.to_string()).or(returned.map(|verdict| verdict.to_string()))
    }

    /// When the next check of `row` starts, its last having ended.
    pub fn next_check(&mut self, now: SimTime, row: usize) -> SimTime {
        let unit = self.random.unit();
        self.checks[row].next_check(now, self.traffic, unit)
    }

    /// When the first check of `row` starts.
    pub fn first_check(&mut self, row: usize) -> SimTime {
        let unit = self.random.unit();
        self.checks[row].first_check(SimTime::ZERO, unit)
    }

    /// The server of `row` fails, suspected or not.
    pub fn on_failure(&mut self, now: SimTime, row: usize, suspected: bool) {
        self.vigilance.on_failure(now, row, suspected);
        if let Some(address) = &mut self.address {
            address.on_failure(now, row);
        }
    }

    /// The server of `row` is well again.
    pub fn on_repair(&mut self, now: SimTime, row: usize) {
        self.vigilance.on_repair(row);
        if let Some(address) = &mut self.address {
            address.on_repair(now, row);
        }
    }

    /// 64 bits of its own chance.
    pub fn bits(&mut self) -> u64 {
        self.random.bits()
    }

    /// A number in [0, 1) by its own chance.
    pub fn unit(&mut self) -> f64 {
        self.random.unit()
    }

    /// The ejector's turn; what it decided, by row.
    pub fn on_tick(&mut self, now: SimTime) -> Vec<(usize, String)> {
        let Self { ejector: Some(ejector), random, .. } = self else { return Vec::new() };
        if ejector.next_tick() > now {
            return Vec::new();
        }
        let verdicts = ejector.on_tick(now, random);
        for verdict in &verdicts {
            self.note_ejection(verdict.action);
        }
        verdicts.iter().map(|verdict| (verdict.backend, verdict.to_string())).collect()
    }

    fn note_ejection(&mut self, action: Action) {
        self.ejections += u64::from(matches!(action, Action::Eject { .. }));
    }

    /// When the controllers want their next turn.
    pub fn next_turn(&self, now: SimTime) -> SimTime {
        let tick = self.ejector.as_ref().map_or(SimTime::NEVER, Eject::next_tick);
        let Some(slow_start) = &self.slow_start else { return tick };
        let changes = self.well_since.iter().flatten().filter_map(|since| {
            let age = now.since(*since);
            slow_start.next_change(age).map(|next| *since + next)
        });
        changes.min().map_or(tick, |change| change.min(tick))
    }

    /// Whether `row` is well, whether it has room, and what share of its weight it gets.
    pub fn standing(&mut self, now: SimTime, row: usize, in_flight: u32) -> (bool, bool, f32) {
        let passes = self.checks.get(row).is_none_or(ActiveCheck::is_up);
        let stays =
            self.ejector.as_ref().is_none_or(|ejector| ejector.in_panic() || !ejector.is_ejected(now, row));
        let heard = self.heartbeats.as_ref().is_none_or(|heartbeats| heartbeats.is_available(now, row));
        let well = passes && stays && heard;
        self.note(now, row, well);
        let room = self.max_connections == 0 || in_flight < self.max_connections;
        let share = match (&self.slow_start, self.well_since[row]) {
            (Some(slow_start), Some(since)) => slow_start.share(now.since(since)),
            (Some(_) | None, None) | (None, Some(_)) => 1.0,
        };
        (well, room, share)
    }

    /// Remembers when a row came back; a row that was never away has no age.
    fn note(&mut self, now: SimTime, row: usize, well: bool) {
        const AWAY: Option<SimTime> = Some(SimTime::NEVER);
        match (well, self.well_since[row]) {
            (false, _) => self.well_since[row] = AWAY,
            (true, AWAY) => self.well_since[row] = Some(now),
            (true, _) => {}
        }
    }
}

/// What a request may choose from.
struct Open<'a> {
    /// The number of the group; 0 if all are open.
    group: usize,
    /// The table, rows of other groups not available.
    rows: &'a [Backend],
    /// Whether health counts for nothing.
    panic: bool,
}

/// The groups a view's rows fall into, and the rule that picks one.
#[derive(Debug)]
pub struct Places {
    locality: Locality,
    /// The group of each row.
    group_of: Vec<usize>,
    /// Requests each row serves at once.
    capacities: Vec<u32>,
    table: Vec<Group>,
    home: Option<usize>,
    /// The rows as the balancer sees them: those of other groups not available.
    masked: Vec<Backend>,
}

impl Places {
    /// Groups by row; `table` holds what of a group does not change.
    pub fn new(
        locality: Locality,
        group_of: Vec<usize>,
        capacities: Vec<u32>,
        table: Vec<Group>,
        home: Option<usize>,
    ) -> Self {
        Self { locality, group_of, capacities, table, home, masked: Vec::new() }
    }

    /// How many groups there are.
    pub fn count(&self) -> usize {
        self.table.len()
    }

    /// Chooses a group and answers the table with all others closed; `None` to fail the request.
    fn choose(&mut self, now: SimTime, rows: &[Backend], most: u32, random: u64) -> Option<Open<'_>> {
        for group in &mut self.table {
            (group.healthy, group.in_flight, group.capacity) = (0, 0, 0);
        }
        for ((row, group), capacity) in rows.iter().zip(&self.group_of).zip(&self.capacities) {
            let group = &mut self.table[*group];
            group.in_flight += row.in_flight;
            if row.available {
                group.healthy += 1;
                group.capacity += capacity;
            }
        }
        let choice = self.locality.choose(&Groups { now, home: self.home, rows: &self.table }, random)?;
        self.masked.clear();
        self.masked.extend(rows.iter().zip(&self.group_of).map(|(row, group)| {
            let inside = match choice.target {
                Target::Everywhere => true,
                Target::Group(chosen) => chosen == *group,
            };
            let room = most == 0 || row.in_flight < most;
            Backend { available: inside && (row.available || choice.panic && room), ..*row }
        }));
        let group = match choice.target {
            Target::Everywhere => 0,
            Target::Group(chosen) => chosen,
        };
        Some(Open { group, rows: &self.masked, panic: choice.panic })
    }
}

/// What a reply tells of its backend.
fn seen_as(outcome: Outcome) -> detection::Outcome {
    match outcome {
        Outcome::Success | Outcome::Degraded => detection::Outcome::Success,
        Outcome::Failure(Reason::Error) => detection::Outcome::Failed,
        Outcome::Failure(
            Reason::QueueFull
            | Reason::Displaced
            | Reason::Expired
            | Reason::NoBackend
            | Reason::TooDeep
            | Reason::CircuitOpen
            | Reason::BulkheadFull
            | Reason::LimitReached
            | Reason::Throttled
            | Reason::NoConnection
            | Reason::NoMemory
            | Reason::NoDescriptor,
        ) => detection::Outcome::Refused,
        Outcome::Failure(Reason::Crashed) => detection::Outcome::Unreachable,
        Outcome::Failure(Reason::TimedOut) => detection::Outcome::TimedOut,
        Outcome::Failure(Reason::Impatient | Reason::Cancelled) => detection::Outcome::Abandoned,
    }
}

#[cfg(test)]
mod tests {
    use sim_core::random::Streams;

    use super::*;
    use crate::policy::{
        balancing::{BalancerSpec, Endpoint},
        locality::LocalitySpec,
    };

    #[test]
    fn each_group_takes_its_own_turns() {
        let group_of = vec![0, 0, 0, 0, 1, 1, 1];
        let group = |hosts, weight| Group { hosts, healthy: hosts, weight, ..Group::default() };
        let locality: LocalitySpec = ron::from_str("LocalityWeighted(())").unwrap();
        let locality = locality.build(2);
        let table = vec![group(4, 2), group(3, 1)];
        let streams = Streams::new(1, 0);
        let mut care = Care::new(7, streams.stream("care"));
        care.places = Some(Places::new(locality, group_of, vec![1; 7], table, None));
        let rows = [Backend { available: true, in_flight: 0, weight: 1, share: 1.0 }; 7];
        let endpoint =
            |row: usize| Endpoint { name: format!("web[{row}]"), address: 0, port: 80, weight: 1, slots: 1 };
        let endpoints: Vec<_> = (0..7).map(endpoint).collect();
        let turns = || BalancerSpec::default().build(&endpoints);
        let (mut first, mut others, mut random) = (turns(), [turns()], streams.stream("choice"));
        let mut counts = [0_u32; 7];
        for _ in 0..10_000 {
            let balancers = (&mut first, &mut others[..]);
            let row = care.pick(SimTime::ZERO, &Ask::default(), &rows, balancers, &mut random).unwrap();
            counts[row] += 1;
        }
        let uneven = |counts: &[u32]| counts.iter().max().unwrap() - counts.iter().min().unwrap();
        assert!(uneven(&counts[..4]) <= 1 && uneven(&counts[4..]) <= 1, "{counts:?}");
        // Four standard deviations of Binomial(10000, 2/3).
        assert!(counts[..4].iter().sum::<u32>().abs_diff(6_667) < 190, "{counts:?}");
    }
}

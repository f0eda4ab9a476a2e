//! Load balancing: which backend takes a request.
//!
//! The node that owns a balancer keeps the table of backends ([`Backends`]); the strategy reads it, answers
//! with an index, and hears what became of each request.

use sim_core::{
    random::Stream,
    time::{SimDuration, SimTime},
};

mod available;
mod bounded_loads;
mod consistent_hash;
mod deadline;
mod dynamic;
mod earliest_deadline_first;
mod first;
mod haproxy_least_connections;
mod hash_of;
mod in_flight;
mod ip_hash;
mod join_idle_queue;
mod jump_hash;
mod ketama_hash;
#[cfg(test)]
mod laws;
mod least_connections;
mod least_outstanding_requests;
mod least_request;
mod least_time;
mod load;
mod maglev;
mod map_hash;
mod peak_ewma;
mod per_backend;
mod power_of_choices;
mod power_of_two_choices;
mod random;
mod rendezvous;
mod ring_hash;
mod roster;
mod round_robin;
mod smooth;
mod static_round_robin;
#[cfg(test)]
mod testing;
mod utilization_weighted;
mod weighted_round_robin;
mod weights;

pub use bounded_loads::Semantics;
pub use dynamic::{Switch, Turn};
pub use hash_of::HashOf;
pub use in_flight::InFlight;
pub use least_outstanding_requests::Ties;
pub use load::LoadMeasure;
pub use weights::Weights;

/// A backend when a balancer is built: what a configuration file would say of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Endpoint {
    /// Its name, `web[3]`: what hashes are made of where the reference hashes an address.
    pub name: String,
    /// Its IPv4 address, host byte order.
    pub address: u32,
    /// Its port.
    pub port: u16,
    /// Its configured weight, at least 1.
    pub weight: u32,
    /// How many requests it serves at once (`maxconn` to those who ask), 0 for no limit.
    pub slots: u32,
}

/// A backend as a balancer sees it while running.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backend {
    /// Whether it may be picked: up, not ejected, not tried before, within its limits.
    pub available: bool,
    /// Requests this balancer has sent it and not seen answered, queued ones included.
    pub in_flight: u32,
    /// Its configured weight, at least 1.
    pub weight: u32,
    /// What slow start leaves of the weight, above 0 up to 1.
    pub share: f32,
}

impl Backend {
    /// The weight that slow start leaves.
    #[inline]
    pub fn effective_weight(&self) -> f64 {
        f64::from(self.weight.max(1)) * f64::from(self.share)
    }
}

/// The table a balancer picks from.
#[derive(Clone, Copy, Debug)]
pub struct Backends<'a> {
    /// The time of asking.
    pub now: SimTime,
    /// One row a backend, in configured order.
    pub rows: &'a [Backend],
    /// The rows' requests in flight with the fewest at hand, if every row is known to be available.
    pub in_flight: Option<&'a InFlight>,
}

impl<'a> Backends<'a> {
    /// These rows, of which nothing is known at a glance.
    #[inline]
    pub const fn new(now: SimTime, rows: &'a [Backend]) -> Self {
        Self { now, rows, in_flight: None }
    }
}

/// What a balancer may know of the request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ask {
    /// What hash policies hash: the request's key.
    pub key: u64,
    /// The client's IPv4 address, host byte order.
    pub address: u32,
}

/// How a request ended, as its balancer heard it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Done {
    /// Who served it.
    pub backend: usize,
    /// From sending to the reply.
    pub latency: SimDuration,
    /// Whether the reply was a success.
    pub success: bool,
    /// What the server told of its load, if it does.
    pub report: Option<LoadReport>,
}

/// A server's own figures, sent with its replies (ORCA).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LoadReport {
    /// Requests a second it serves.
    pub rate: f64,
    /// Errors a second it returns.
    pub errors: f64,
    /// Utilisation, 0 to 1.
    pub utilization: f64,
}

/// What a strategy wants to know beyond its table; what nobody wants is not computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wants {
    /// The request's key and the client's address.
    pub identity: bool,
    /// The servers' own load reports.
    pub reports: bool,
    /// Offers of idle servers.
    pub idle_offers: bool,
}

impl Default for Wants {
    /// Who asks, so that a strategy that hashes cannot forget to say so.
    fn default() -> Self {
        Self { identity: true, reports: false, idle_offers: false }
    }
}

impl Wants {
    /// Nothing but the table.
    pub const NOTHING: Self = Self { identity: false, reports: false, idle_offers: false };
}

/// Picks a backend.
pub trait Balance: std::fmt::Debug {
    /// The index of the backend to use; `None` if none is available.
    fn pick(&mut self, backends: &Backends<'_>, ask: &Ask, random: &mut Stream) -> Option<usize>;

    /// A request was sent to `backend` without asking: a sticky session, say. One that was picked needs no
    /// word.
    fn on_forced(&mut self, _backends: &Backends<'_>, _backend: usize) {}

    /// A request sent earlier ended; `in_flight` no longer counts it.
    fn on_done(&mut self, _backends: &Backends<'_>, _done: &Done) {}

    /// `backend` ran out of work and offers itself to this balancer; so does an idle one at the start.
    fn on_idle(&mut self, _backend: usize) {}

    /// Whether an offer of `backend` is still waiting here to be taken.
    fn holds_offer(&self, _backend: usize) -> bool {
        false
    }

    /// Health, weights or shares changed. Here `available` is to mean health alone: tables are built of
    /// whoever is available now, so one that is merely at a limit or tried before would be left out of them
    /// for good.
    fn on_change(&mut self, _backends: &Backends<'_>) {}

    /// Backends were added at the end of the list or removed from it; the rows of the next table are these.
    fn on_membership(&mut self, _endpoints: &[Endpoint]) {}

    /// Which of several rules is in force, for strategies that switch.
    fn mode(&self) -> usize {
        0
    }

    /// What the owner of the table has to tell.
    fn wants(&self) -> Wants {
        Wants::default()
    }
}

family! {
    /// Which backend takes a request.
    pub trait Balance, spec BalancerSpec, state Balancer, build(endpoints: &[Endpoint]);
    /// Any available backend with equal chance.
    Random = random;
    /// Equal turns in the order of the list.
    RoundRobin = round_robin;
    /// Turns in proportion to weight, spread out smoothly (nginx).
    WeightedRoundRobin = weighted_round_robin;
    /// Turns in proportion to weight, by deadlines 1/weight apart (Envoy).
    EarliestDeadlineFirst = earliest_deadline_first;
    /// Turns in proportion to weight, read from a map drawn up in advance (HAProxy static-rr).
    StaticRoundRobin = static_round_robin;
    /// The backend with the fewest requests outstanding: join the shortest queue.
    LeastOutstandingRequests = least_outstanding_requests;
    /// The fewest requests for its weight, ties by smooth turns (nginx least_conn).
    LeastConnections = least_connections;
    /// The fewest requests for its weight, the one to come included, equals in turn (HAProxy leastconn).
    HaproxyLeastConnections = haproxy_least_connections;
    /// The less loaded of two draws with replacement, or deadlines stretched by load (Envoy).
    LeastRequest = least_request;
    /// The least loaded of d backends drawn at random.
    PowerOfChoices = power_of_choices;
    /// The healthier, then less loaded, of two different backends drawn at random (Finagle).
    PowerOfTwoChoices = power_of_two_choices;
    /// The least expected wait, by a latency average that jumps up at once and comes down slowly (Finagle).
    PeakEwma = peak_ewma;
    /// A server that told it is idle, else any.
    JoinIdleQueue = join_idle_queue;
    /// The shortest time to finish what a server has, by its average latency (nginx least_time).
    LeastTime = least_time;
    /// Turns in proportion to what servers report they could serve (gRPC, ORCA).
    UtilizationWeighted = utilization_weighted;
    /// The client's network decides (nginx ip_hash).
    IpHash = ip_hash;
    /// The hash modulo the total weight: a change of servers moves almost every key (HAProxy map-based).
    MapHash = map_hash;
    /// The nearest of a few nodes a server, load bounded if wished (HAProxy consistent).
    ConsistentHash = consistent_hash;
    /// The next of 160 points a unit of weight on a ring (nginx hash consistent).
    KetamaHash = ketama_hash;
    /// The next point on a ring of at least 1024 (Envoy).
    RingHash = ring_hash;
    /// A table of a prime number of slots with almost exact shares (Maglev, Envoy).
    Maglev = maglev;
    /// The highest bid for the key, by weight.
    Rendezvous = rendezvous;
    /// The bucket by jumps, without a table; only the last can be taken away.
    JumpHash = jump_hash;
    /// Consistent hashing where nobody may exceed a factor of the mean load (HAProxy or Envoy).
    BoundedLoads = bounded_loads;
    /// One strategy at a time, switched by load, imbalance or the clock.
    Dynamic = dynamic;
    /// The first server with a free slot, in the order of the list (HAProxy first).
    First = first;
}

impl Default for BalancerSpec {
    /// Equal turns: what every reference does unless told otherwise.
    fn default() -> Self {
        Self::RoundRobin(round_robin::Spec::default())
    }
}

impl BalancerSpec {
    /// A hash ring as it is by default: what clients of caches find their server by.
    pub fn ring() -> Self {
        Self::RingHash(ring_hash::Spec::default())
    }
}

impl Balance for Balancer {
    #[inline(always)]
    fn pick(&mut self, backends: &Backends<'_>, ask: &Ask, random: &mut Stream) -> Option<usize> {
        on_each!(self, it => it.pick(backends, ask, random))
    }

    fn on_forced(&mut self, backends: &Backends<'_>, backend: usize) {
        on_each!(self, it => it.on_forced(backends, backend));
    }

    #[inline]
    fn on_done(&mut self, backends: &Backends<'_>, done: &Done) {
        on_each!(self, it => it.on_done(backends, done));
    }

    fn on_idle(&mut self, backend: usize) {
        on_each!(self, it => it.on_idle(backend));
    }

    fn holds_offer(&self, backend: usize) -> bool {
        on_each!(self, it => it.holds_offer(backend))
    }

    fn on_change(&mut self, backends: &Backends<'_>) {
        on_each!(self, it => it.on_change(backends));
    }

    fn on_membership(&mut self, endpoints: &[Endpoint]) {
        on_each!(self, it => it.on_membership(endpoints));
    }

    fn mode(&self) -> usize {
        on_each!(self, it => it.mode())
    }

    fn wants(&self) -> Wants {
        on_each!(self, it => it.wants())
    }
}

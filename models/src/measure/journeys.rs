//! Journeys: where the time of some requests went, hop by hop, for typical ones and for the slowest.
//!
//! One request in eight is followed at first, chosen by its luck; whenever there are too many, half of them are forgotten
//! and half as many are followed from then on. So the sample is even over the run, and its size has a bound. The time of a
//! request is taken apart backwards along its critical path: of calls that overlap, the one that was waited for longest
//! counts. Dean & Barroso, *The Tail at Scale*, 2013; Sigelman et al., *Dapper*, 2010.

use sim_core::{random::Luck, time::SimTime};

use crate::request::CallId;

/// Why time passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// In a component's line.
    Queue,
    /// At work there, or waiting for something that is no call.
    Service,
    /// On the way there and back.
    Network,
}

impl Cause {
    /// Every cause.
    pub const ALL: [Self; 3] = [Self::Queue, Self::Service, Self::Network];

    /// Its name in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Service => "service",
            Self::Network => "network",
        }
    }
}

/// A call of a request that is followed, from sending to its end for the caller. Times do not fall from one to the next.
#[derive(Clone, Copy, Debug)]
pub struct Visit {
    /// The call.
    pub call: CallId,
    /// The call that it was made for, if a component made it.
    pub parent: Option<CallId>,
    /// The component it went to.
    pub node: u16,
    /// When it was sent.
    pub sent: SimTime,
    /// When it reached the component, or ended before.
    pub arrived: SimTime,
    /// When its service began, or it ended before.
    pub started: SimTime,
    /// When its reply left, or it ended before.
    pub finished: SimTime,
    /// When it ended for its caller.
    pub ended: SimTime,
}

/// Nanoseconds by component and cause, and between calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Parts {
    /// By component, then cause.
    hops: Vec<[u64; Cause::ALL.len()]>,
    /// No call was out: paused between attempts, or held back by a stage of the client.
    pause: u64,
}

/// One request that was followed to its end.
#[derive(Clone, Debug)]
struct Journey {
    luck: Luck,
    latency: u64,
    parts: Parts,
}

/// Which of the journeys of a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// The tenth around the median.
    Typical,
    /// The slowest hundredth.
    Slowest,
}

impl Group {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Typical, Self::Slowest];

    /// Its name in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Typical => "typical",
            Self::Slowest => "slowest",
        }
    }

    /// Its ranks among so many, in order of latency.
    fn ranks(self, count: usize) -> std::ops::Range<usize> {
        match self {
            Self::Typical => count * 45 / 100..(count * 55).div_ceil(100),
            Self::Slowest => count * 99 / 100..count,
        }
    }
}

/// Says of a request that nobody follows it.
pub const NOT_FOLLOWED: u32 = u32::MAX;

/// The most journeys that are kept of a workload.
const MOST: usize = 4096;

/// The requests of one workload that are followed.
#[derive(Clone, Debug)]
pub struct Journeys {
    /// Luck below this is followed.
    below: u64,
    /// Visits of those under way, by the number their request bears.
    open: Vec<Vec<Visit>>,
    free: Vec<u32>,
    done: Vec<Journey>,
    nodes: usize,
}

impl Journeys {
    /// Nobody was followed yet, through so many components.
    pub fn new(nodes: usize) -> Self {
        Self { below: u64::MAX / 8, open: Vec::new(), free: Vec::new(), done: Vec::new(), nodes }
    }

    /// A request with this luck sets out: its number, or [`NOT_FOLLOWED`].
    #[inline(always)]
    pub fn begin(&mut self, luck: Luck) -> u32 {
        if luck.0 < self.below { self.follow() } else { NOT_FOLLOWED }
    }

    #[cold]
    fn follow(&mut self) -> u32 {
        self.free.pop().unwrap_or_else(|| {
            self.open.push(Vec::new());
            self.open.len() as u32 - 1
        })
    }

    /// A call of the request of that number has ended.
    pub fn visit(&mut self, number: u32, visit: Visit) {
        self.open[number as usize].push(visit);
    }

    /// The request of that number has its outcome; it counts if it ends while measuring.
    pub fn end(&mut self, number: u32, luck: Luck, (from, to): (SimTime, SimTime), measured: bool) {
        if measured && luck.0 < self.below {
            let mut parts = Parts { hops: vec![[0; Cause::ALL.len()]; self.nodes], pause: 0 };
            take_apart(&self.open[number as usize], from, to, &mut parts);
            self.done.push(Journey { luck, latency: to.since(from).as_nanos(), parts });
            if self.done.len() > MOST {
                self.below /= 2;
                let below = self.below;
                self.done.retain(|journey| journey.luck.0 < below);
            }
        }
        self.open[number as usize].clear();
        self.free.push(number);
    }

    /// How many journeys a group has, and their mean time in seconds by component and cause.
    pub fn mean(&self, group: Group) -> Means {
        let mut order: Vec<&Journey> = self.done.iter().collect();
        // Of equal latencies luck decides, so that the sample has no order of its own.
        order.sort_by_key(|journey| (journey.latency, journey.luck.0));
        let those = &order[group.ranks(order.len())];
        let mean = |part: &dyn Fn(&Parts) -> u64| {
            let sum: u64 = those.iter().map(|journey| part(&journey.parts)).sum();
            (!those.is_empty()).then(|| sum as f64 / those.len() as f64 / 1e9)
        };
        Means {
            count: those.len() as u64,
            hops: (0..self.nodes)
                .map(|node| Cause::ALL.map(|cause| mean(&|parts| parts.hops[node][cause as usize])))
                .collect(),
            pause: mean(&|parts| parts.pause),
        }
    }
}

/// Mean seconds of a group of journeys; `None` of an empty group.
#[derive(Clone, Debug, PartialEq)]
pub struct Means {
    /// How many.
    pub count: u64,
    /// By component, then cause.
    pub hops: Vec<[Option<f64>; Cause::ALL.len()]>,
    /// Between calls.
    pub pause: Option<f64>,
}

fn nanos(from: SimTime, to: SimTime) -> u64 {
    to.since(from).as_nanos()
}

/// Takes the time of a request apart.
fn take_apart(visits: &[Visit], from: SimTime, to: SimTime, parts: &mut Parts) {
    let pause = spread(visits, None, from, to, parts);
    parts.pause += pause;
}

/// Hands the time between `from` and `to` out to the calls made for `parent`, latest first; what is left is its own.
fn spread(visits: &[Visit], parent: Option<CallId>, from: SimTime, to: SimTime, parts: &mut Parts) -> u64 {
    let mut calls: Vec<&Visit> = visits.iter().filter(|visit| visit.parent == parent).collect();
    // Stable: of those that ended together the first to be heard was the one that counted.
    calls.sort_by_key(|visit| std::cmp::Reverse(visit.ended));
    let (mut end, mut own) = (to, 0);
    for visit in calls {
        if visit.ended > end || visit.sent < from {
            continue;
        }
        own += nanos(visit.ended, end);
        visit.add_to(visits, parts);
        end = visit.sent;
    }
    own + nanos(from, end)
}

impl Visit {
    fn add_to(&self, visits: &[Self], parts: &mut Parts) {
        let service = spread(visits, Some(self.call), self.started, self.finished, parts);
        let hop = &mut parts.hops[usize::from(self.node)];
        hop[Cause::Queue as usize] += nanos(self.arrived, self.started);
        hop[Cause::Service as usize] += service;
        hop[Cause::Network as usize] += nanos(self.sent, self.arrived) + nanos(self.finished, self.ended);
    }
}

#[cfg(test)]
mod tests {
    use slotmap::SlotMap;

    use super::*;

    fn at(nanos: u64) -> SimTime {
        SimTime::from_nanos(nanos)
    }

    /// Names for calls.
    fn names<const N: usize>() -> [CallId; N] {
        let mut arena: SlotMap<CallId, ()> = SlotMap::with_key();
        std::array::from_fn(|_| arena.insert(()))
    }

    fn visit(call: CallId, parent: Option<CallId>, node: u16, times: [u64; 5]) -> Visit {
        let [sent, arrived, started, finished, ended] = times.map(at);
        Visit { call, parent, node, sent, arrived, started, finished, ended }
    }

    fn parts_of(visits: &[Visit], from: u64, to: u64) -> Parts {
        let mut parts = Parts { hops: vec![[0; 3]; 2], pause: 0 };
        take_apart(visits, at(from), at(to), &mut parts);
        let sum: u64 = parts.hops.iter().flatten().sum::<u64>() + parts.pause;
        assert_eq!(sum, to - from, "every nanosecond is somebody's");
        parts
    }

    #[test]
    fn time_is_taken_apart_hop_by_hop() {
        let [front, first, second] = names();
        // The front calls the back twice, one after the other.
        let visits = [
            visit(first, Some(front), 1, [20, 21, 25, 30, 31]),
            visit(second, Some(front), 1, [35, 36, 36, 40, 41]),
            visit(front, None, 0, [0, 2, 10, 50, 53]),
        ];
        let parts = parts_of(&visits, 0, 53);
        assert_eq!(parts.hops, [[8, 40 - 11 - 6, 5], [4, 9, 4]]);
        assert_eq!(parts.pause, 0);
    }

    #[test]
    fn of_calls_that_overlap_the_last_to_be_waited_for_counts() {
        let [slow, quick, loser] = names();
        let visits = [
            visit(quick, None, 0, [0, 0, 0, 5, 5]),
            visit(slow, None, 1, [0, 0, 0, 30, 30]),
            // The loser of a hedge ends with the winner, and was heard after it.
            visit(loser, None, 0, [10, 10, 10, 30, 30]),
        ];
        let parts = parts_of(&visits, 0, 30);
        assert_eq!(parts.hops, [[0, 0, 0], [0, 30, 0]]);
    }

    #[test]
    fn time_between_attempts_is_nobodys() {
        let [first, second] = names();
        let visits =
            [visit(first, None, 0, [5, 5, 15, 15, 15]), visit(second, None, 0, [40, 40, 40, 60, 60])];
        let parts = parts_of(&visits, 0, 60);
        assert_eq!((parts.hops[0], parts.pause), ([10, 20, 0], 5 + 25));
    }

    #[test]
    fn the_sample_stays_even_and_small() {
        let mut journeys = Journeys::new(0);
        let step = u64::MAX / 100_000;
        for number in 0..100_000_u64 {
            // Luck runs through its range again and again in big steps.
            let luck = Luck((number * 61_803 % 100_000) * step);
            let followed = journeys.begin(luck);
            if followed != NOT_FOLLOWED {
                journeys.end(followed, luck, (at(0), at(number)), true);
            }
        }
        let kept = journeys.done.len();
        assert!((MOST / 2 - 100..=MOST).contains(&kept), "{kept}");
        assert!(journeys.done.iter().all(|journey| journey.luck.0 < journeys.below));
        let early = journeys.done.iter().filter(|journey| journey.latency < 50_000).count();
        assert!(early.abs_diff(kept / 2) < 100, "{early} of {kept} in the first half");
        assert_eq!(journeys.mean(Group::Slowest).count, (kept - kept * 99 / 100) as u64);
    }
}

//! Every discipline beside the formulas of queueing theory, in a loop of one station without an engine.
//!
//! Time is measured in mean service times, held as milliseconds. A figure has the tolerance of its statistical
//! error: about four standard errors at the length of the run, which is fixed by its seed.

use sim_core::{
    random::{Stream, Streams},
    time::{SimDuration, SimTime},
};

use super::{Capacity, Entry, Line, Popped, QueueSpec, Room, WhenFull, fifo, lifo};

/// One mean service time, in nanoseconds.
const UNIT: f64 = 1e6;

fn exponential(random: &mut Stream) -> f64 {
    -libm::log(1.0 - random.unit())
}

/// One station fed by Poisson arrivals of exponential demand.
struct Station {
    queue: QueueSpec,
    /// Arrivals per service time of each priority class.
    rates: Vec<f64>,
    servers: usize,
    /// How long after its arrival a job is still of use.
    patience: Option<f64>,
}

impl Station {
    fn new(queue: QueueSpec, rate: f64) -> Self {
        Self { queue, rates: vec![rate], servers: 1, patience: None }
    }
}

/// What became of the jobs of one class.
#[derive(Clone, Copy, Default)]
struct Tally {
    arrivals: f64,
    served: f64,
    waits: f64,
    responses: f64,
    responses_squared: f64,
    /// Served before their deadline.
    useful: f64,
}

impl Tally {
    fn mean_wait(&self) -> f64 {
        self.waits / self.served
    }

    fn mean_response(&self) -> f64 {
        self.responses / self.served
    }

    fn variance(&self) -> f64 {
        self.responses_squared / self.served - self.mean_response() * self.mean_response()
    }

    fn record(&mut self, entry: &Entry<usize>, start: SimTime) {
        let wait = start.since(entry.arrived).as_nanos() as f64 / UNIT;
        let end = start + entry.demand;
        let response = end.since(entry.arrived).as_nanos() as f64 / UNIT;
        self.served += 1.0;
        self.waits += wait;
        self.responses += response;
        self.responses_squared += response * response;
        self.useful += f64::from(u8::from(end < entry.deadline));
    }
}

/// Serves `jobs` jobs and tallies them by class, but for the first tenth.
fn run(station: &Station, jobs: u32) -> Vec<Tally> {
    let streams = Streams::new(7, 0);
    let [mut gap, mut demand, mut class, mut random] =
        ["gap", "demand", "class", "queue"].map(|name| streams.stream(name));
    let total: f64 = station.rates.iter().sum();
    let mut line = Line::new(&station.queue, SimTime::ZERO);
    let mut tallies = vec![Tally::default(); station.rates.len()];
    let mut free = vec![SimTime::ZERO; station.servers];
    let mut now = SimTime::ZERO;
    for job in 0..jobs {
        now = now + SimDuration::from_nanos_f64(exponential(&mut gap) / total * UNIT);
        serve(&mut line, &mut free, now, &mut random, &mut tallies);
        let class = pick(&station.rates, class.unit() * total);
        if job == jobs / 10 {
            tallies.fill(Tally::default());
        }
        tallies[class].arrivals += 1.0;
        let deadline =
            station.patience.map_or(SimTime::NEVER, |p| now + SimDuration::from_nanos_f64(p * UNIT));
        let demand = SimDuration::from_nanos_f64(exponential(&mut demand) * UNIT);
        let entry = Entry { job: class, arrived: now, priority: class as u8, demand, deadline };
        match free.iter_mut().find(|free| **free <= now) {
            Some(free) => {
                tallies[class].record(&entry, now);
                *free = now + demand;
            }
            None => drop(line.push(entry)),
        }
    }
    tallies
}

/// Serves who is next whenever a server becomes free, up to `now`.
fn serve(
    line: &mut Line<usize>,
    free: &mut [SimTime],
    now: SimTime,
    random: &mut Stream,
    tallies: &mut [Tally],
) {
    while let Some(free) = free.iter_mut().min().filter(|free| **free <= now) {
        match line.pop(*free, random) {
            Popped::Next(entry) => {
                tallies[entry.job].record(&entry, *free);
                *free = *free + entry.demand;
            }
            Popped::Expired(_) => {}
            Popped::Empty => return,
        }
    }
}

fn pick(rates: &[f64], mut at: f64) -> usize {
    for (class, rate) in rates.iter().enumerate() {
        if at < *rate {
            return class;
        }
        at -= rate;
    }
    rates.len() - 1
}

fn named(name: &str) -> QueueSpec {
    let row = QueueSpec::catalog().into_iter().find(|(row, _, _)| *row == name);
    row.expect("a row of the catalogue").2
}

#[track_caller]
fn close(found: f64, expected: f64, relative: f64) {
    let error = found / expected - 1.0;
    assert!(error.abs() < relative, "{found} is {:+.2} % off {expected}", error * 100.0);
}

/// Takács 1963: with E[W²] = 2ρ/(1−ρ)² in order of arrival, in random order it is 2/(2−ρ) times, in reverse
/// order 1/(1−ρ) times as much, while the mean wait is ρ/(1−ρ) in all three.
#[test]
fn orders_that_ignore_demand_differ_in_variance_only() {
    let rate = 0.8;
    let fifo = 2.0 * rate / (0.2 * 0.2);
    for (name, waits_squared, tolerance) in
        [("Fifo", fifo, 0.02), ("Random", fifo * 2.0 / (2.0 - rate), 0.03), ("Lifo", fifo / 0.2, 0.05)]
    {
        let tally = run(&Station::new(named(name), rate), 2_000_000)[0];
        close(tally.mean_response(), 5.0, 0.01);
        // The demand, of variance 1, does not depend on the wait, of mean 4. In all 25, 51.667 and 185.
        close(tally.variance(), waits_squared - 16.0 + 1.0, tolerance);
    }
}

/// Phipps 1956: Wq = ∫ ρ e^(−x) / (1−ρ(1−(1+x)e^(−x)))² dx, integrated numerically.
#[test]
fn shortest_job_first_halves_the_wait() {
    for (rate, wait) in [(0.5, 0.712_686), (0.8, 1.882_219), (0.9, 3.196_913)] {
        let tally = run(&Station::new(named("ShortestJobFirst"), rate), 1_000_000)[0];
        close(tally.mean_wait(), wait, 0.015);
    }
}

/// Cobham 1954: W = W0 / ((1−σ before)(1−σ with)), W0 = Σ λ E[S²]/2; with 4 servers W0 = C(4, 3.2)/4 and σ is
/// the load of a server, C Erlang's.
#[test]
fn priorities_share_out_the_same_wait() {
    let two = [(0.2, 0.8 / 0.8), (0.6, 0.8 / (0.8 * 0.2))];
    let three = [(0.3, 0.9 / 0.7), (0.3, 0.9 / (0.7 * 0.4)), (0.3, 0.9 / (0.4 * 0.1))];
    let four_servers = [(0.8, 0.596_432 / 4.0 / 0.8), (2.4, 0.596_432 / 4.0 / (0.8 * 0.2))];
    for (servers, classes) in [(1, &two[..]), (1, &three[..]), (4, &four_servers[..])] {
        let rates = classes.iter().map(|(rate, _)| *rate).collect();
        let station = Station { rates, servers, ..Station::new(named("Priority"), 0.0) };
        for (tally, (_, wait)) in run(&station, 2_000_000).iter().zip(classes) {
            close(tally.mean_wait(), *wait, 0.02);
        }
    }
}

/// Half again as many arrivals as the station can serve, none of use after 10 service times: the share of the
/// station's time that is of use.
fn useful_under_overload(queue: QueueSpec) -> f64 {
    let tally = run(&Station { patience: Some(10.0), ..Station::new(queue, 1.5) }, 1_000_000)[0];
    tally.useful / tally.arrivals * 1.5
}

fn room_for(capacity: u32) -> Room {
    Room { capacity: Capacity::Limited(capacity), ..Room::default() }
}

#[test]
fn a_long_queue_in_order_does_only_useless_work() {
    assert_eq!(useful_under_overload(QueueSpec::Fifo(fifo::Spec(room_for(100)))), 0.0);
    // M/M/1/6, five waiting: the share of Erlang waits of those let in that end within 10.
    close(useful_under_overload(QueueSpec::Fifo(fifo::Spec(room_for(5)))), 0.9363, 0.01);
}

/// Works on a busy period B of M/M/1 at rate λ: λ P(B + S < 10), B's density
/// e^(−(λ+1)t) I₁(2t√λ) / (t√λ), integrated numerically.
#[test]
fn the_newest_first_is_nearly_all_useful() {
    for capacity in [100, 1000] {
        let room = Room { when_full: WhenFull::DropOldest, ..room_for(capacity) };
        close(useful_under_overload(QueueSpec::Lifo(lifo::Spec(room))), 0.9519, 0.01);
    }
}

/// The workload's density grows as e^(x/2) up to the patience of 10 and falls as e^(−x) beyond, by level crossing.
#[test]
fn dropping_the_expired_leaves_the_barely_late() {
    let room = Room { drop_expired: true, ..room_for(100) };
    close(useful_under_overload(QueueSpec::Fifo(fifo::Spec(room))), 0.6642, 0.01);
}

/// In order P(T < 10) = 1 − e^(−2); newest first (1−λ)(1−e^(−10)) + λ P(B + S < 10).
#[test]
fn below_capacity_the_newest_first_still_meets_more_deadlines() {
    for (name, useful) in [("Fifo", 0.864_66), ("Lifo", 0.904_48)] {
        let tally = run(&Station { patience: Some(10.0), ..Station::new(named(name), 0.8) }, 1_000_000)[0];
        close(tally.useful / tally.arrivals, useful, 0.01);
    }
}

//! Every share beside the formulas of queueing theory, in a loop of one server without an engine.
//!
//! Time is measured in mean service times, held as milliseconds. A figure has the tolerance of its statistical
//! error: about four standard errors at the length of the run, which is fixed by its seed.

use sim_core::{
    random::{Stream, Streams},
    time::{SimDuration, SimTime},
};

use super::{
    Cores, Job, Share, ShareSpec, Task, preemptive_lifo, preemptive_priority, processor_sharing,
    shortest_remaining,
};

/// One mean service time, in nanoseconds.
const UNIT: f64 = 1e6;

fn exponential(random: &mut Stream) -> f64 {
    -libm::log(1.0 - random.unit())
}

/// A demand of mean 1 and squared coefficient of variation 4: two exponentials with balanced means.
fn hyperexponential(random: &mut Stream) -> f64 {
    let rate = if random.unit() < 0.887_298_334_620_741_7 {
        1.774_596_669_241_483_4
    } else {
        0.225_403_330_758_516_6
    };
    exponential(random) / rate
}

fn constant(_: &mut Stream) -> f64 {
    1.0
}

/// One server fed by Poisson arrivals.
struct Server {
    share: ShareSpec,
    /// Arrivals per service time of each priority class.
    rates: Vec<f64>,
    demand: fn(&mut Stream) -> f64,
}

/// The responses of one class.
#[derive(Clone, Copy, Default)]
struct Tally {
    jobs: f64,
    sum: f64,
    squares: f64,
}

impl Tally {
    fn record(&mut self, response: SimDuration) {
        let response = response.as_nanos() as f64 / UNIT;
        self.jobs += 1.0;
        self.sum += response;
        self.squares += response * response;
    }

    fn mean(&self) -> f64 {
        self.sum / self.jobs
    }

    fn variance(&self) -> f64 {
        self.squares / self.jobs - self.mean() * self.mean()
    }
}

/// Serves `jobs` jobs and tallies their responses by class, but for the first tenth.
fn run(server: &Server, jobs: u64) -> Vec<Tally> {
    let streams = Streams::new(7, 0);
    let [mut gap, mut demand, mut class] = ["gap", "demand", "class"].map(|name| streams.stream(name));
    let total: f64 = server.rates.iter().sum();
    let mut share = server.share.build(1.0);
    let mut tallies = vec![Tally::default(); server.rates.len()];
    let mut arrived = Vec::new();
    let mut now = SimTime::ZERO;
    for job in 0..jobs {
        now = now + SimDuration::from_nanos_f64(exponential(&mut gap) / total * UNIT);
        while let Some(at) = share.next_completion().filter(|at| *at <= now) {
            let Some(Job(done)) = share.complete(at) else { panic!("promised at {at}") };
            let (class, since): (u8, SimTime) = arrived[done as usize];
            if done > jobs / 10 {
                tallies[usize::from(class)].record(at.since(since));
            }
        }
        let class = u8::from(class.unit() * total >= server.rates[0]);
        arrived.push((class, now));
        let work = SimDuration::from_nanos_f64((server.demand)(&mut demand) * UNIT);
        share.add(now, &Task { job: Job(job), work, priority: class });
    }
    tallies
}

fn one_class(share: ShareSpec, rate: f64, demand: fn(&mut Stream) -> f64, jobs: u64) -> Tally {
    run(&Server { share, rates: vec![rate], demand }, jobs)[0]
}

fn sharing(cores: u16) -> ShareSpec {
    ShareSpec::ProcessorSharing(processor_sharing::Spec(Cores { cores }))
}

fn latest_first() -> ShareSpec {
    ShareSpec::PreemptiveLifo(preemptive_lifo::Spec::default())
}

#[track_caller]
fn close(found: f64, expected: f64, relative: f64) {
    let error = found / expected - 1.0;
    assert!(error.abs() < relative, "{found} is {:+.2} % off {expected}", error * 100.0);
}

/// M/M/1: both have FIFO's mean of 1/(1−ρ) but not its variance of 1/(1−ρ)².
/// Sharing: (2+ρ)/(2−ρ) times as much (Coffman, Muntz & Trotter 1970). Latest first: a response is a busy period,
/// of variance (1+ρ)/(1−ρ)³.
#[test]
fn sharing_and_the_latest_first_differ_in_variance_only() {
    let shared = one_class(sharing(1), 0.8, exponential, 2_000_000);
    close(shared.mean(), 5.0, 0.01);
    close(shared.variance(), 58.333, 0.04);
    let latest = one_class(latest_first(), 0.8, exponential, 2_000_000);
    close(latest.mean(), 5.0, 0.01);
    close(latest.variance(), 225.0, 0.05);
}

/// M/G/1: neither mean depends on the variance of the demand, where FIFO's wait is 2 or 10 (Kleinrock 1976).
#[test]
fn sharing_and_the_latest_first_do_not_feel_the_variance_of_demand() {
    for demand in [constant, hyperexponential] {
        close(one_class(sharing(1), 0.8, demand, 2_000_000).mean(), 5.0, 0.015);
        close(one_class(latest_first(), 0.8, demand, 2_000_000).mean(), 5.0, 0.015);
    }
}

/// Shared among exponential jobs, four cores leave as fast as four servers do: M/M/4 by Erlang's C.
#[test]
fn four_shared_cores_are_as_fast_as_four_servers() {
    close(one_class(sharing(4), 3.2, exponential, 1_000_000).mean(), 1.745_541, 0.015);
}

/// Schrage & Miller 1966, their integral taken numerically.
#[test]
fn the_shortest_remaining_first_is_the_fastest() {
    for (rate, response) in [(0.5, 1.425_373), (0.7, 1.874_567), (0.8, 2.352_773), (0.9, 3.552_125)] {
        let share = ShareSpec::ShortestRemaining(shortest_remaining::Spec::default());
        close(one_class(share, rate, exponential, 1_000_000).mean(), response, 0.015);
    }
}

/// T = E[S]/(1−σ before) + Σ λ E[S²]/2 / ((1−σ before)(1−σ with)), the sum over classes up to one's own.
#[test]
fn to_the_first_class_the_second_does_not_exist() {
    let share = ShareSpec::PreemptivePriority(preemptive_priority::Spec::default());
    let server = Server { share, rates: vec![0.2, 0.6], demand: exponential };
    let classes = run(&server, 2_000_000);
    close(classes[0].mean(), 1.0 + 0.2 / 0.8, 0.01);
    close(classes[1].mean(), 1.0 / 0.8 + 0.8 / (0.8 * 0.2), 0.015);
}

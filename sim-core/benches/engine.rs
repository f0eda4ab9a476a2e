//! The bare engine beside a hand-written loop, and the calendar from 10² to 10⁶ pending events.
//!
//! Prints ratios of one run: machines are noisy, so both sides are measured in turns and the best turn counts.
#![expect(clippy::disallowed_types, clippy::disallowed_methods, reason = "a bench measures wall time")]

use std::{collections::VecDeque, hint::black_box, ops::ControlFlow, time::Instant};

use sim_core::{
    queue::{Calendar, Order},
    random::{Stream, Streams},
    simulation::{Budget, Context, Model, Simulation},
    time::{SimDuration, SimTime},
};

mod yardstick;

const SERVICE: f64 = 1e6;
const LOAD: f64 = 0.8;
const CUSTOMERS: u64 = 3_000_000;
const TURNS: usize = 7;

/// M/M/1 as a user of the bare engine writes it: named streams, an event enum, a queue.
struct SingleServer {
    gaps: Stream,
    demands: Stream,
    waiting: VecDeque<SimTime>,
    served: u64,
    total: u128,
}

#[derive(Clone, Copy)]
enum Event {
    Arrival,
    Departure,
}

impl SingleServer {
    fn exponential(stream: &mut Stream, mean: f64) -> SimDuration {
        SimDuration::from_nanos((-libm::log(1.0 - stream.unit()) * mean) as u64)
    }
}

impl Model for SingleServer {
    type Event = Event;

    fn order(event: &Event) -> Order {
        match event {
            Event::Arrival => Order::Arrival,
            Event::Departure => Order::Completion,
        }
    }

    #[inline]
    fn handle(&mut self, event: Event, cx: &mut Context<Event>) {
        match event {
            Event::Arrival => {
                self.waiting.push_back(cx.now());
                if self.waiting.len() == 1 {
                    cx.after(Self::exponential(&mut self.demands, SERVICE), Event::Departure);
                }
                cx.after(Self::exponential(&mut self.gaps, SERVICE / LOAD), Event::Arrival);
            }
            Event::Departure => {
                if let Some(came) = self.waiting.pop_front() {
                    self.total += u128::from(cx.now().since(came).as_nanos());
                    self.served += 1;
                }
                if !self.waiting.is_empty() {
                    cx.after(Self::exponential(&mut self.demands, SERVICE), Event::Departure);
                }
            }
        }
    }

    fn in_flight(&self) -> u64 {
        self.waiting.len() as u64
    }
}

fn engine(seed: u64) -> f64 {
    let streams = Streams::new(seed, 0);
    let model = SingleServer {
        gaps: streams.stream("clients/gap"),
        demands: streams.stream("server/demand"),
        waiting: VecDeque::new(),
        served: 0,
        total: 0,
    };
    let mut simulation = Simulation::new(model);
    simulation.context().at(SimTime::ZERO, Event::Arrival);
    let end = SimTime::from_nanos((CUSTOMERS as f64 * SERVICE / LOAD) as u64);
    let budget = Budget { events: u64::MAX, in_flight: u64::MAX };
    simulation.run_until(end, budget, &mut |_| ControlFlow::Continue(())).expect("a stable queue ends");
    simulation.model.total as f64 / simulation.model.served as f64 / SERVICE
}

/// Seconds of the best of some turns.
fn best<T>(mut turn: impl FnMut(u64) -> T) -> impl FnMut(u64, &mut f64) {
    move |seed, best| {
        let start = Instant::now();
        black_box(turn(seed));
        *best = best.min(start.elapsed().as_secs_f64());
    }
}

/// Nanoseconds a hold (pop one, push one) with `pending` events, exponential gaps.
fn hold(pending: usize) -> f64 {
    const HOLDS: u64 = 2_000_000;
    let mut random = Streams::new(1, 0).stream("hold");
    let gaps: Vec<u64> = (0..1 << 16).map(|_| (-libm::log(1.0 - random.unit()) * 1e9) as u64 + 1).collect();
    let mut calendar: Calendar<[u64; 2]> = Calendar::default();
    for index in 0..pending {
        calendar.push(SimTime::from_nanos(gaps[index % gaps.len()] + index as u64), [index as u64; 2]);
    }
    let mut least = f64::INFINITY;
    for _ in 0..3 {
        let start = Instant::now();
        for index in 0..HOLDS {
            let event = calendar.pop(SimTime::NEVER, |_| Order::Tick).expect("never empty");
            calendar.push(calendar.now() + SimDuration::from_nanos(gaps[index as usize % gaps.len()]), event);
        }
        least = least.min(start.elapsed().as_secs_f64() * 1e9 / HOLDS as f64);
    }
    least
}

fn main() {
    let (mut ours, mut theirs) = (f64::INFINITY, f64::INFINITY);
    let (mut ours_turn, mut theirs_turn) =
        (best(engine), best(|seed| yardstick::join_shortest_queue(1, LOAD, CUSTOMERS, seed)));
    for seed in 0..TURNS as u64 {
        ours_turn(seed, &mut ours);
        theirs_turn(seed, &mut theirs);
    }
    println!("M/M/1 at load {LOAD}, customers a second, best of {TURNS} turns");
    println!(
        "  hand-written loop {:8.2} M   mean response {:.3}",
        CUSTOMERS as f64 / theirs / 1e6,
        yardstick::join_shortest_queue(1, LOAD, CUSTOMERS, 1)
    );
    println!("  sim-core          {:8.2} M   mean response {:.3}", CUSTOMERS as f64 / ours / 1e6, engine(1));
    println!("  ratio {:.2} (wanted: at least 0.75)", theirs / ours);

    println!("hold model, nanoseconds a hold");
    let costs: Vec<f64> = [10, 17, 30, 50, 100, 1_000, 10_000, 100_000, 1_000_000]
        .into_iter()
        .map(|pending| {
            let cost = hold(pending);
            println!("  {pending:>9} pending {cost:7.1}");
            cost
        })
        .collect();
    let wide = &costs[4..];
    let (least, most) =
        wide.iter().fold((f64::INFINITY, 0.0_f64), |(least, most), cost| (least.min(*cost), most.max(*cost)));
    println!("  most over least from 10^2 to 10^6: {:.2} (wanted: at most 2)", most / least);
}

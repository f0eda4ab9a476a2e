//! The law of pipelines: every passage is closed exactly once, and a wake reaches only the passage that asked.
//!
//! Random stages stand before two services in a row, with a spy behind each of them that counts what goes in and out.

use std::{cell::RefCell, collections::BTreeSet, ops::ControlFlow, rc::Rc};

use ron::extensions::Extensions;
use sim_core::{
    random::{Stream, Streams},
    simulation::{Budget, Simulation},
    time::{SimDuration, SimTime},
};

use crate::{
    measure::{Window, Windows},
    policy::stage::{AnyStage, Down, Passage, Stage, Up, Woken},
    request::{Outcome, Reason},
    spec::SystemSpec,
    wire,
    world::World,
};

/// Who is inside, and when each wants to be woken.
type Inside = Rc<RefCell<std::collections::BTreeMap<u64, SimTime>>>;

/// Stands behind a stage and checks that what goes in comes out.
#[derive(Debug)]
struct Spy {
    inside: Inside,
    /// Asks to be woken so long after each call.
    patience: Option<SimDuration>,
}

impl Spy {
    fn leave(&self, passage: &Passage) {
        assert!(self.inside.borrow_mut().remove(&passage.id).is_some(), "closed twice, or never opened");
    }
}

impl Stage for Spy {
    fn on_call(&mut self, now: SimTime, passage: &mut Passage) -> Down {
        let at = self.patience.map_or(SimTime::NEVER, |patience| now + patience);
        assert!(self.inside.borrow_mut().insert(passage.id, at).is_none(), "opened twice");
        if at == SimTime::NEVER { Down::Pass } else { Down::PassAndWake(at) }
    }

    fn on_reply(&mut self, _: SimTime, passage: &mut Passage, reply: Outcome) -> Up {
        self.leave(passage);
        Up::Deliver(reply)
    }

    fn on_wake(&mut self, now: SimTime, passage: &mut Passage) -> Woken {
        assert_eq!(self.inside.borrow().get(&passage.id), Some(&now), "woken for another passage");
        self.leave(passage);
        Woken::Deliver(Outcome::Failure(Reason::TimedOut))
    }

    fn on_abandon(&mut self, _: SimTime, passage: &Passage) {
        self.leave(passage);
    }
}

/// Sends copies, tries again and lets wait, as chance decides: every answer a stage can give.
#[derive(Debug)]
struct Whim {
    random: Stream,
    held: Vec<u64>,
}

impl Stage for Whim {
    fn on_call(&mut self, now: SimTime, passage: &mut Passage) -> Down {
        let soon = now + SimDuration::from_millis(1 + self.random.below(30) as u64);
        match self.random.below(5) {
            0 => Down::Refuse(Reason::LimitReached),
            1 => {
                self.held.push(passage.id);
                Down::Hold(soon)
            }
            2 => Down::PassAndWake(soon),
            _ => Down::Pass,
        }
    }

    fn on_reply(&mut self, _: SimTime, passage: &mut Passage, reply: Outcome) -> Up {
        passage.note += 1;
        if passage.note > 3 || reply.is_success() {
            return Up::Deliver(reply);
        }
        Up::Again(SimDuration::from_millis(self.random.below(20) as u64))
    }

    fn on_wake(&mut self, now: SimTime, passage: &mut Passage) -> Woken {
        if let Some(place) = self.held.iter().position(|id| *id == passage.id) {
            self.held.remove(place);
            return Woken::Deliver(Outcome::Failure(Reason::LimitReached));
        }
        match self.random.below(3) {
            0 => Woken::Deliver(Outcome::Degraded),
            1 => Woken::Another(now + SimDuration::from_millis(7)),
            _ => Woken::Sleep,
        }
    }

    fn on_abandon(&mut self, _: SimTime, passage: &Passage) {
        self.held.retain(|id| *id != passage.id);
    }

    fn release(&mut self, _: SimTime) -> Option<u64> {
        if self.random.chance(0.5) { self.held.pop() } else { None }
    }
}

const SYSTEM: &str = r#"(
    workloads: { "clients": OpenLoop(target: "front", load: Rate("300/s"), patience: Exponential(mean: "40ms"),
        calls: { "front": (timeout: "60ms", stages: [FIRST]) }) },
    components: {
        "front": Service(servers: 2, workers_per_server: 3, service_time: Exponential(mean: "4ms"),
            cancel_abandoned_work: CANCELS,
            handles: { "*": [Call("back")] }, calls: { "back": (timeout: "15ms", stages: [SECOND]) }),
        "back": ServerPool(servers: 2, workers_per_server: 2, service_time: Exponential(mean: "8ms")),
    },
    faults: [
        Crash(target: "back", at: "300ms", duration: "100ms"),
        Errors(target: "back", at: "600ms", duration: "100ms", share: 0.5),
        Crash(target: "front[0]", at: "500ms", duration: "50ms"),
    ],
)"#;

/// A system with random stages of the catalogue before both services.
fn system(random: &mut Stream) -> SystemSpec {
    let catalog = crate::policy::stage::StageSpec::catalog();
    let mut stages = || {
        let count = random.below(4);
        let named = (0..count).map(|_| format!("{}()", catalog[random.below(catalog.len())].0));
        named.collect::<Vec<_>>().join(", ")
    };
    let (first, second) = (stages(), stages());
    let cancels = if random.chance(0.5) { "true" } else { "false" };
    let text = SYSTEM.replace("FIRST", &first).replace("SECOND", &second).replace("CANCELS", cancels);
    let options = ron::Options::default().with_default_extension(
        Extensions::IMPLICIT_SOME | Extensions::UNWRAP_NEWTYPES | Extensions::UNWRAP_VARIANT_NEWTYPES,
    );
    options.from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// Puts a whim and a spy behind every stage; the spies' books by pipeline and stage.
fn spy_on(world: &mut World, random: &mut Stream) -> Vec<(usize, usize, Inside)> {
    let mut books = Vec::new();
    for (number, pipeline) in world.pipelines.iter_mut().enumerate() {
        let stages = std::mem::take(&mut pipeline.stages);
        for stage in stages {
            pipeline.stages.push(stage);
            if random.chance(0.3) {
                let whim = Whim { random: random.clone(), held: Vec::new() };
                pipeline.stages.push(("Whim", AnyStage::Custom(Box::new(whim))));
            }
            let inside = Inside::default();
            let patience = random.chance(0.4).then(|| SimDuration::from_millis(1 + random.below(60) as u64));
            books.push((number, pipeline.stages.len(), Rc::clone(&inside)));
            pipeline.stages.push(("Spy", AnyStage::Custom(Box::new(Spy { inside, patience }))));
        }
    }
    books
}

fn play(seed: u64) {
    let mut random = Streams::new(seed, 0).stream("pipelines");
    let spec = system(&mut random);
    let end = SimTime::ZERO + SimDuration::from_secs(1);
    let windows = Windows::new(Window { name: String::new(), from: SimTime::ZERO, to: end }, []);
    let no_traces = &mut |_: &str| Err("no trace".to_owned());
    let bin = SimDuration::from_secs(1);
    let mut world = wire::build(&spec, Streams::new(seed, 1), windows, bin, no_traces).unwrap();
    let books = spy_on(&mut world, &mut random);
    let mut simulation = Simulation::new(world);
    let (world, context) = simulation.parts();
    world.begin(context);
    let budget = Budget { events: 1_000_000, in_flight: 100_000 };
    simulation.run_until(end, budget, &mut |_| ControlFlow::Continue(())).unwrap();
    let world = &simulation.model;
    world.check_books(end).unwrap_or_else(|error| panic!("seed {seed}: {error:?}"));
    for (pipeline, stage, inside) in books {
        let there = |(_, crossing): &(_, &super::Crossing)| {
            crossing.pipeline as usize == pipeline && crossing.stage == stage
        };
        let open: BTreeSet<u64> =
            world.crossings.iter().filter(there).map(|(_, crossing)| crossing.view.id).collect();
        let seen: BTreeSet<u64> = inside.borrow().keys().copied().collect();
        assert_eq!(seen, open, "seed {seed}: pipeline {pipeline}, stage {stage}");
    }
}

#[test]
fn every_passage_is_closed_exactly_once() {
    for seed in 0..400 {
        play(seed);
    }
}

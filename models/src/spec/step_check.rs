//! What can be wrong with steps: numbers out of range, steps that nobody reaches, locks that wait for themselves.

use sim_core::check::Check;

use super::{
    data_step::{IndexRead, MultiGet, RangeRead, Scatter},
    step::{Join, Parallel, Section, Step},
    transaction::Transaction,
};

/// The most steps a request may take at one service, repetitions and copies counted each.
const MOST: u64 = 10_000;

/// Checks a list of steps as a whole.
pub(super) fn check_steps(steps: &[Step], check: &mut Check) {
    check_all(steps, &mut Vec::new(), check);
    let length = length(steps, &|_| 1);
    check.require(length <= MOST, "", || {
        format!("a request would take {length} steps here, repetitions counted each; the most is {MOST}")
    });
}

/// Checks steps that are done while the resources of `held` are.
fn check_all<'a>(steps: &'a [Step], held: &mut Vec<&'a str>, check: &mut Check) {
    for (number, step) in steps.iter().enumerate() {
        check.at(number, |check| step.check(held, check));
    }
    let end = steps.iter().position(Step::always_fails);
    if let Some(end) = end.filter(|end| end + 1 < steps.len()) {
        check.at(end + 1, |check| {
            check.problem_with_help(
                "E0404",
                format!("no request reaches step {}: step {end} always fails", end + 1),
                "take out what comes after it, or let it fail with a probability below 1",
            );
        });
    }
}

/// Places in the program that steps become, with so many shards of each database.
fn length(steps: &[Step], shards: &dyn Fn(&str) -> u64) -> u64 {
    steps.iter().map(|step| step.length(shards)).fold(0_u64, u64::saturating_add)
}

/// Checks that steps are few enough with so many shards of each database, each of which is asked by steps of its own.
pub(crate) fn check_shards(steps: &[Step], shards: &dyn Fn(&str) -> u64, check: &mut Check) {
    let (plain, length) = (length(steps, &|_| 1), length(steps, shards));
    // What is too long whatever the shards is told already.
    check.require(length <= MOST || plain > MOST, "", || {
        format!("a request would take {length} steps here, two for each shard it may ask; the most is {MOST}")
    });
}

impl Step {
    fn length(&self, shards: &dyn Fn(&str) -> u64) -> u64 {
        let sum = |lists: &mut dyn Iterator<Item = &Vec<Self>>| {
            lists.map(|steps| length(steps, shards).saturating_add(1)).fold(1_u64, u64::saturating_add)
        };
        match self {
            Self::Compute(_) | Self::Wait(_) | Self::Call(_) | Self::Fail(_) => 1,
            Self::Scatter(Scatter { database, .. })
            | Self::RangeRead(RangeRead { database, .. })
            | Self::MultiGet(MultiGet { database, .. }) => {
                shards(database).saturating_mul(2).saturating_add(1)
            }
            Self::IndexRead(IndexRead { database, .. }) => {
                shards(database).saturating_mul(2).saturating_add(2)
            }
            Self::Transaction(Transaction { database, .. }) => {
                shards(database).saturating_mul(2).saturating_add(10)
            }
            Self::Sequence(steps) => length(steps, shards),
            Self::Branch(ways) => sum(&mut ways.iter().map(|way| &way.steps)),
            // Only the steps of one class are in a program; the longest counts.
            Self::ByClass(by_class) => {
                by_class.values().map(|steps| length(steps, shards)).max().unwrap_or(0)
            }
            Self::Repeat(repeat) => u64::from(repeat.times).saturating_mul(length(&repeat.steps, shards)),
            Self::Parallel(parallel) => {
                u64::from(parallel.copies).saturating_mul(sum(&mut parallel.branches.iter()))
            }
            Self::Spawn(steps) => length(steps, shards).saturating_add(2),
            Self::Section(section) => length(&section.steps, shards).saturating_add(2),
            Self::CachedRead(read) => {
                let once = length(&read.on_miss, shards).saturating_add(8);
                if read.gutter.is_some() { once.saturating_mul(2).saturating_add(1) } else { once }
            }
            Self::CachedWrite(write) => length(&write.steps, shards).saturating_add(2),
            Self::Try(tried) => sum(&mut [&tried.steps, &tried.on_failure, &tried.on_success].into_iter()),
        }
    }

    /// Whether no request gets beyond it.
    fn always_fails(&self) -> bool {
        let some = |steps: &[Self]| steps.iter().any(Self::always_fails);
        match self {
            Self::Compute(_)
            | Self::Wait(_)
            | Self::Call(_)
            | Self::Spawn(_)
            | Self::Scatter(_)
            | Self::RangeRead(_)
            | Self::MultiGet(_)
            | Self::IndexRead(_)
            | Self::Transaction(_)
            // What it has is answered all the same.
            | Self::CachedRead(_) => false,
            Self::Fail(probability) => *probability >= 1.0,
            Self::Sequence(steps) => some(steps),
            Self::Branch(ways) => !ways.is_empty() && ways.iter().all(|way| some(&way.steps)),
            Self::ByClass(by_class) => {
                by_class.contains_key("*") && by_class.values().all(|steps| some(steps))
            }
            Self::Repeat(repeat) => repeat.times > 0 && some(&repeat.steps),
            Self::Parallel(parallel) => {
                let failing = parallel.branches.iter().filter(|steps| some(steps)).count() as u64;
                parallel.count() - failing * u64::from(parallel.copies) < parallel.needed()
            }
            Self::Section(section) => some(&section.steps),
            Self::CachedWrite(write) => some(&write.steps),
            Self::Try(tried) => some(if some(&tried.steps) { &tried.on_failure } else { &tried.on_success }),
        }
    }

    fn check<'a>(&'a self, held: &mut Vec<&'a str>, check: &mut Check) {
        let mut inside = |field: &str, steps: &'a [Self], check: &mut Check| {
            check.at(field, |check| check_all(steps, held, check));
        };
        match self {
            Self::Compute(time) | Self::Wait(time) => time.check(check),
            // What they name is for the wiring to check.
            Self::Call(_) | Self::IndexRead(_) => {}
            Self::Scatter(scatter) => scatter.check(check),
            Self::RangeRead(read) => read.check(check),
            Self::MultiGet(get) => get.check(check),
            Self::Transaction(transaction) => transaction.check(check),
            Self::Fail(probability) => check.fraction("", *probability),
            Self::Sequence(steps) => check_all(steps, held, check),
            // What is spawned holds nothing of what its request holds.
            Self::Spawn(steps) => check_all(steps, &mut Vec::new(), check),
            Self::Branch(ways) => {
                check.require(!ways.is_empty(), "", || "a branch needs ways to go".into());
                for (number, way) in ways.iter().enumerate() {
                    check.at(number, |check| {
                        check.positive("weight", way.weight);
                        inside("steps", &way.steps, check);
                    });
                }
            }
            Self::ByClass(by_class) => {
                check
                    .require(!by_class.is_empty(), "", || "ByClass needs a kind of request, or \"*\"".into());
                for (class, steps) in by_class {
                    inside(class, steps, check);
                }
            }
            Self::Repeat(repeat) => {
                check.require(repeat.times >= 1, "times", || {
                    "times must be at least 1, got 0: no request reaches these steps".into()
                });
                inside("steps", &repeat.steps, check);
            }
            Self::Parallel(parallel) => {
                parallel.check(check);
                check.at("branches", |check| {
                    for (number, steps) in parallel.branches.iter().enumerate() {
                        inside(&number.to_string(), steps, check);
                    }
                });
            }
            Self::Section(section) => section.check(held, check),
            Self::CachedRead(read) => inside("on_miss", &read.on_miss, check),
            Self::CachedWrite(write) => inside("steps", &write.steps, check),
            Self::Try(tried) => {
                inside("steps", &tried.steps, check);
                inside("on_failure", &tried.on_failure, check);
                inside("on_success", &tried.on_success, check);
            }
        }
    }
}

impl Section {
    fn check<'a>(&'a self, held: &mut Vec<&'a str>, check: &mut Check) {
        let resource = self.resource.as_str();
        check.require(!held.contains(&resource), "resource", || {
            format!("`{resource}` is held here already: its holder would wait for itself")
        });
        held.push(resource);
        check.at("steps", |check| check_all(&self.steps, held, check));
        held.pop();
    }
}

impl Parallel {
    fn check(&self, check: &mut Check) {
        check.require(!self.branches.is_empty(), "branches", || "Parallel needs branches".into());
        check.require(self.copies >= 1, "copies", || "copies must be at least 1, got 0".into());
        let count = self.count();
        if let Join::Quorum(needed) = self.join {
            check.require((1..=count).contains(&u64::from(needed)), "join", || {
                format!("a quorum of {count} branches is 1 to {count}, got {needed}")
            });
        }
    }
}

//! Caches: what they keep and what they do, from what the file says.

use sim_core::time::SimTime;

use super::Builder;
use crate::{
    measure::{Owner, ShelfBook},
    node::{
        cache::{Answers, Keeper, SizeCurve},
        program::{Action, Aside, Program, Shelving},
        shelf::Shelf,
        truth::Truth,
    },
    policy::{hot_keys::HotKeysSpec, pacing::Pacing},
    request::Verb,
    spec::{CacheSpec, Form, Inclusion, OnWrite, PoolSpec, Storage},
};

/// The only component a cache calls: its source.
const SOURCE: u16 = 0;

impl Builder<'_> {
    /// What a pool keeps, if it is a cache.
    pub(super) fn keeper(&self, id: &str, pool: &PoolSpec) -> Option<Box<Keeper>> {
        let cache = pool.keeps.as_deref()?;
        let mut book = ShelfBook::new(&self.windows);
        let servers = self.places(id, &pool.placed_in.0, pool.servers);
        let tells = self.tells(id, cache);
        let shelves = servers.iter().map(|(name, _)| {
            let random = self.streams.stream(&format!("{name}/shelf"));
            let mut shelf = Shelf::new(
                &cache.policy,
                cache.capacity.limit(),
                cache.freshness,
                cache.object_size.build(),
                random,
            );
            shelf.warm(cache.warm, SimTime::ZERO, &mut book);
            if tells {
                shelf.note_victims();
            }
            shelf
        });
        let shelves: Vec<Shelf> = shelves.collect();
        let disks = match cache.storage {
            Storage::Memory => Vec::new(),
            Storage::Disk(disk) => vec![Pacing::new(disk.iops_limit.0, disk.queue_depth); shelves.len()],
        };
        let invalidation = cache.invalidation.as_ref().map(|told| (told.delay.build(), told.loss));
        Some(Box::new(Keeper {
            truth: self.root_of(cache),
            on_concurrent_miss: cache.on_concurrent_miss,
            on_put: cache.on_put,
            on_write: cache.on_write,
            invalidation,
            revalidation: cache.revalidation,
            sweep: cache.sweep,
            size_curve: cache
                .size_curve
                .then(|| SizeCurve::new(cache.capacity.limit().limit(), shelves.len())),
            inclusion: cache.inclusion,
            above: self.inclusive_above(id),
            on_restart: cache.on_restart,
            hot_keys: cache.hot_keys.as_ref().map(HotKeysSpec::build),
            disks,
            answers: answers(),
            owners: Owner::of_cache(self.spec, id),
            saved: vec![Vec::new(); shelves.len()],
            shelves,
            book,
        }))
    }

    /// Whether what has to go here matters to another level.
    fn tells(&self, id: &str, cache: &CacheSpec) -> bool {
        cache.inclusion == Inclusion::Exclusive
            || self.spec.caches_on(id).any(|above| above.inclusion == Inclusion::Inclusive)
    }

    /// The caches that hold nothing this one does not.
    fn inclusive_above(&self, id: &str) -> Vec<u16> {
        let above = self.ids.iter().filter(|(above, _)| {
            let keeps = self.spec.form(above).and_then(Form::keeps);
            keeps.is_some_and(|cache| cache.source == id && cache.inclusion == Inclusion::Inclusive)
        });
        above.map(|(_, number)| *number).collect()
    }

    /// Whether a component is a cache that holds hot keys at several servers.
    pub(super) fn copies_hot_keys(&self, id: &str) -> bool {
        self.spec.form(id).and_then(Form::keeps).is_some_and(|cache| cache.hot_keys.is_some())
    }

    /// Where what a cache keeps is changed: at its source, or beyond the caches that are.
    fn root_of(&self, cache: &CacheSpec) -> u16 {
        let mut id = cache.source.as_str();
        // A circle of caches was refused.
        for _ in 0..self.spec.components.len() {
            let Some(further) = self.spec.form(id).and_then(crate::spec::Form::keeps) else { break };
            id = &further.source;
        }
        self.ids.get(id).copied().unwrap_or_default()
    }

    /// Follows what caches keep, what replicas may have in different versions, and what sagas may undo.
    pub(super) fn truth(&self) -> Truth {
        let mut truth = Truth::default();
        for (number, node) in (0..).zip(&self.nodes) {
            let kept = node.keeper().map(|keeper| keeper.truth);
            let replicated = node.replicas().map(|_| number);
            let undone = node.has_sagas().then_some(number);
            kept.into_iter().chain(replicated).chain(undone).for_each(|followed| truth.follow(followed));
        }
        truth
    }

    /// Which classes of requests change what they ask for.
    pub(super) fn writes(&self) -> Vec<bool> {
        let writes = |class: &&str| {
            self.spec
                .workloads
                .values()
                .any(|workload| workload.common().requests.get(*class).is_some_and(|request| request.writes))
        };
        self.classes.iter().map(writes).collect()
    }
}

/// What a cache does for a class of requests. What is written through one that lends its objects is held above.
pub(super) fn cache_program(cache: &CacheSpec, writes: bool, lends: bool) -> Program {
    if !writes {
        return read();
    }
    match cache.on_write {
        OnWrite::WriteThrough if lends => through(Shelving::Discard),
        OnWrite::WriteThrough => through(Shelving::Store),
        OnWrite::WriteAround => through(Shelving::Discard),
        OnWrite::WriteBack { .. } => back(),
    }
}

/// Looks; fetches what is not there and takes it in; or does so in the background.
fn read() -> Program {
    let mut program = Program::default();
    let look = program.later();
    let fetch = program.end();
    program.push_shelving(Shelving::Fetch(SOURCE));
    let fetched = program.end();
    program.push_shelving(Shelving::Fill);
    let over = program.later();
    let failed = program.end();
    program.catch(fetch, fetched, failed);
    program.push_shelving(Shelving::Missed);
    let made_do = program.later();
    let renew = program.end();
    program.push_shelving(Shelving::Fetch(SOURCE));
    let renewed = program.end();
    program.push_shelving(Shelving::Fill);
    program.push(Action::Aside(Aside::End));
    program.catch(renew, renewed, program.end());
    program.push_shelving(Shelving::Lapsed);
    program.push(Action::Aside(Aside::End));
    let found = program.end();
    program.set_shelving(look, Shelving::LookUp { found, renew: Some(renew), failed });
    program.set(over, Action::Jump(found));
    program.set(made_do, Action::Jump(found));
    program
}

/// Writes the source, then does that here.
fn through(then: Shelving) -> Program {
    let mut program = Program::default();
    program.push(Action::Call(SOURCE));
    program.push_shelving(then);
    program
}

/// Writes here, and the source later, again and again until it has it.
fn back() -> Program {
    let mut program = Program::default();
    let store = program.later();
    let over = program.later();
    let flush = program.end();
    program.push_shelving(Shelving::AwaitFlush);
    let begin = program.later();
    let call = program.end();
    program.push(Action::Call(SOURCE));
    program.catch(call, program.end(), flush);
    program.push_shelving(Shelving::Flushed { again: flush });
    let behind = program.end();
    program.push(Action::Aside(Aside::End));
    program.set_shelving(store, Shelving::StoreLater { flush });
    program.set_shelving(begin, Shelving::Flush { behind });
    let end = program.end();
    program.set(over, Action::Jump(end));
    program
}

/// What a cache does for those who say what they want.
fn answers() -> Answers {
    Answers {
        get: get(),
        put: only(Shelving::Store),
        drop: only(Shelving::Discard),
        take: take(),
        accept: only(Shelving::Accept),
        hand_down: hand_down(),
    }
}

/// Looks, and leaves what is there to whoever asks; fetches what is not there, and keeps nothing of it.
fn take() -> Program {
    let mut program = Program::default();
    let look = program.later();
    let fetch = program.end();
    program.push_shelving(Shelving::Fetch(SOURCE));
    let fetched = program.end();
    program.push_shelving(Shelving::Land);
    let over = program.later();
    let failed = program.end();
    program.catch(fetch, fetched, failed);
    program.push_shelving(Shelving::Missed);
    let found = program.end();
    program.set_shelving(look, Shelving::LookUp { found, renew: None, failed });
    program.set(over, Action::Jump(found));
    program
}

/// Sends what had to go down.
fn hand_down() -> Program {
    let mut program = Program::default();
    program.push_shelving(Shelving::Ask(SOURCE, Verb::Accept));
    program.push(Action::Aside(Aside::End));
    program
}

/// Looks, and says whether it is there.
fn get() -> Program {
    only(Shelving::LookUp { found: 1, renew: None, failed: 1 })
}

fn only(what: Shelving) -> Program {
    let mut program = Program::default();
    program.push_shelving(what);
    program
}

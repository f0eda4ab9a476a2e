//! Caches: what they keep and what they do, from what the file says.

use sim_core::time::SimTime;

use super::Builder;
use crate::{
    measure::ShelfBook,
    node::{
        cache::Keeper,
        program::{Action, Aside, Program, Shelving},
        shelf::Shelf,
        truth::Truth,
    },
    spec::{CacheSpec, OnWrite, PoolSpec},
};

/// The only component a cache calls: its source.
const SOURCE: u16 = 0;

impl Builder<'_> {
    /// What a pool keeps, if it is a cache.
    pub(super) fn keeper(&self, id: &str, pool: &PoolSpec) -> Option<Box<Keeper>> {
        let cache = pool.keeps.as_deref()?;
        let mut book = ShelfBook::new(&self.windows);
        let servers = self.places(id, &pool.placed_in.0, pool.servers);
        let shelves = servers.into_iter().map(|(name, _)| {
            let random = self.streams.stream(&format!("{name}/shelf"));
            let mut shelf = Shelf::new(
                &cache.policy,
                cache.capacity.limit(),
                cache.freshness,
                cache.object_size.build(),
                random,
            );
            shelf.warm(cache.warm, SimTime::ZERO, &mut book);
            shelf
        });
        let shelves = shelves.collect();
        let invalidation = cache.invalidation.as_ref().map(|told| (told.delay.build(), told.loss));
        Some(Box::new(Keeper {
            truth: self.root_of(cache),
            on_concurrent_miss: cache.on_concurrent_miss,
            on_write: cache.on_write,
            invalidation,
            revalidation: cache.revalidation,
            answers: [get(), only(Shelving::Store), only(Shelving::Discard)],
            shelves,
            book,
        }))
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

    /// Follows what caches keep, and what replicas may have in different versions.
    pub(super) fn truth(&self) -> Truth {
        let mut truth = Truth::default();
        for (number, node) in (0..).zip(&self.nodes) {
            let kept = node.keeper().map(|keeper| keeper.truth);
            let replicated = node.replicas().map(|_| number);
            kept.into_iter().chain(replicated).for_each(|followed| truth.follow(followed));
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

/// What a cache does for a class of requests.
pub(super) fn cache_program(cache: &CacheSpec, writes: bool) -> Program {
    if !writes {
        return read();
    }
    match cache.on_write {
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

/// Looks, and says whether it is there.
fn get() -> Program {
    only(Shelving::LookUp { found: 1, renew: None, failed: 1 })
}

fn only(what: Shelving) -> Program {
    let mut program = Program::default();
    program.push_shelving(what);
    program
}

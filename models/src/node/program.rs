//! Programs: the steps of a service made flat, and where a call goes on in them.

use sim_core::random::{distribution::Distribution, name_hash, unit};

use super::{indexing::Indexing, service::Service, transaction::Transacting};
use crate::request::{Asked, Call, Verb};

/// Draws a call makes at its callee, told apart by purpose.
const FAIL: u64 = name_hash("service/fail");
const CHOICE: u64 = name_hash("service/choice");

/// Steps, made flat.
#[derive(Clone, Debug, Default)]
pub struct Program {
    /// What is done, each unless it says otherwise after the one before.
    pub actions: Vec<Action>,
    /// Where failures are caught; those inside others come first.
    pub catches: Vec<Catch>,
}

/// A stretch of actions whose failure is not the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Catch {
    /// The first of them.
    pub from: u16,
    /// The first behind them.
    pub to: u16,
    /// Where a failure goes on.
    pub handler: u16,
    /// Whether the answer is then something else than was asked for.
    pub degrades: bool,
}

/// A step.
#[derive(Clone, Debug)]
pub enum Action {
    /// Computes.
    Compute(Distribution),
    /// Waits without computing.
    Wait(Distribution),
    /// Calls by this route of the node.
    Call(u16),
    /// Fails with that probability.
    Fail(f64),
    /// Goes on at one of several places, by cumulative shares.
    Choose(Vec<(f64, u16)>),
    /// Goes on there.
    Jump(u16),
    /// Does something that few services do.
    Aside(Aside),
}

/// An action that concerns more than the call that comes to it.
#[derive(Clone, Debug)]
pub enum Aside {
    /// Goes on at several places at once.
    Fork(Fork),
    /// Lets what follows go on by itself, and goes on behind it.
    Spawn {
        /// Where.
        behind: u16,
    },
    /// A branch, or what goes on by itself, ends.
    End,
    /// Needs a permit of this resource of the node from here on.
    Enter(u16),
    /// Gives the permit it took last back.
    Leave,
    /// Deals with a cache.
    Shelving(Shelving),
    /// Asks the shards of a database that a query reaches.
    Gather(Gather),
    /// Calls by this route of the node, for a certain purpose.
    Query(u16, Verb),
    /// Deals with the other replicas of a shard.
    Replicate(Replicating),
    /// Deals with an index of a database.
    Index(Indexing),
    /// Deals with a transaction.
    Transact(Transacting),
}

/// An action of a database of several replicas.
#[derive(Clone, Debug)]
pub enum Replicating {
    /// The leader makes the change.
    Commit,
    /// Followers hear of it later, each by what stands at one of these places.
    PassOn(std::sync::Arc<[u16]>),
    /// That replica of the shard could not be told.
    Missed(u8),
    /// Goes on when enough followers have the change.
    Await(Fork),
    /// A read asks the other replicas: a branch for each replica, of which its own is not taken.
    AskOthers(Fork),
}

/// A query of several shards.
#[derive(Clone, Debug)]
pub struct Gather {
    /// The route to the database.
    pub route: u16,
    /// Which shards it reaches.
    pub reach: Reach,
    /// A branch for each shard there is; `needed` is at most as many as it reaches.
    pub fork: Fork,
}

/// Which shards a query reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// All.
    All,
    /// All, each of which has entries of the index that is read.
    Entries,
    /// Those of the keys that have the value of the request's own, by the index of this number.
    Rows(u8),
    /// Those of so many keys in a row, the request's own the first.
    Span(u64),
    /// Those of so many keys, the request's own the first.
    Keys(u32),
}

/// An action of a cache, or of a service that looks into one.
#[derive(Clone, Copy, Debug)]
pub enum Shelving {
    /// Looks for what is asked for: goes on at `found` with it, else here, unless somebody else fetches it. What is found
    /// and is to be fetched anew has that done in the background by what stands at `renew`, if anything does.
    LookUp {
        /// Where whoever finds it goes on.
        found: u16,
        /// The fetch in the background.
        renew: Option<u16>,
        /// Where a failed fetch of somebody else is dealt with.
        failed: u16,
    },
    /// Fetches by this route of the node, and says what it has where a confirmation is cheaper.
    Fetch(u16),
    /// Takes in what was fetched; whoever waits for it goes on.
    Fill,
    /// It could not be fetched: serves what has expired, if that is allowed, else fails.
    Missed,
    /// It could not be fetched in the background.
    Lapsed,
    /// Takes in what was written.
    Store,
    /// Drops what it has.
    Discard,
    /// Takes in what is written, and has what stands at `flush` pass it on later.
    StoreLater {
        /// What passes it on.
        flush: u16,
    },
    /// Waits for the next of the regular times to pass on what was written.
    AwaitFlush,
    /// Is about to pass it on; goes on behind if there is nothing any more.
    Flush {
        /// Behind the passing on.
        behind: u16,
    },
    /// It was passed on; goes on there if more was written meanwhile.
    Flushed {
        /// Where it waits for the next time.
        again: u16,
    },
    /// Asks a cache by this route of the node.
    Ask(u16, Verb),
    /// Goes on there if the cache that was asked had it.
    IfFound(u16),
    /// Fetches alone, or waits for whoever of this server does already for this route of the node.
    Join {
        /// The route to the cache.
        route: u16,
        /// Where whoever waited goes on once it is there.
        there: u16,
        /// Where whoever waited goes on if it could not be fetched.
        failed: u16,
        /// Where whoever waited looks again if whoever fetched has given up.
        again: u16,
    },
    /// What was fetched alone is there.
    Land,
    /// Takes in what the cache above had to let go.
    Accept,
}

/// Several places to go on at.
#[derive(Clone, Debug)]
pub struct Fork {
    /// The places.
    pub starts: std::sync::Arc<[u16]>,
    /// How many of them must come to a good end.
    pub needed: u32,
    /// Whether the rest is ended then.
    pub cancels: bool,
    /// Where it goes on after that.
    pub behind: u16,
}

/// The program that a call takes: that of its class, or of what it is asked for.
#[inline(always)]
pub(super) fn program_of<'a>(service: &'a Service, call: &Call) -> &'a Program {
    let of_class = &service.steps[usize::from(call.class)];
    if call.asked == Asked::Serve {
        return of_class;
    }
    let kept = service.keeper.as_deref().and_then(|keeper| keeper.answer(call.asked));
    let divided = || service.division.as_deref().and_then(|division| division.answer(call.asked));
    kept.or_else(divided).unwrap_or(of_class)
}

/// What a call does next.
pub(super) enum Next<'a> {
    Compute(&'a Distribution),
    Wait(&'a Distribution),
    Call(u16),
    Aside(&'a Aside),
    Fail,
    Done,
}

/// Follows the choices and jumps of a program to what a call does next.
#[inline(always)]
pub(super) fn steer<'a>(program: &'a Program, call: &mut Call) -> Next<'a> {
    while let Some(action) = program.actions.get(usize::from(call.step)) {
        call.step += 1;
        let visit = u64::from(call.step);
        match action {
            Action::Compute(time) => return Next::Compute(time),
            Action::Wait(time) => return Next::Wait(time),
            Action::Call(route) => return Next::Call(*route),
            Action::Fail(probability) => {
                if unit(call.luck.at(FAIL, visit)) < *probability {
                    return Next::Fail;
                }
            }
            Action::Choose(ways) => {
                let drawn = unit(call.need.at(CHOICE, visit));
                let way = ways.iter().find(|(until, _)| drawn < *until).or(ways.last());
                call.step = way.map_or(call.step, |(_, place)| *place);
            }
            Action::Jump(place) => call.step = *place,
            Action::Aside(aside) => return Next::Aside(aside),
        }
    }
    Next::Done
}

//! Caches: lookups, fetches that somebody else may be making already, writes that go on later, and whether what is
//! served is still true.

use sim_core::{
    random::distribution::Distribution,
    simulation::Context,
    time::{SimDuration, SimTime},
};

use super::{
    flights::{Landing, Waiter},
    program::{Program, Shelving},
    shelf::{Found, Held, Shelf},
};
use crate::{
    event::Event,
    measure::{Owner, ShelfBook, Turn},
    policy::{hot_keys::HotKeys, pacing::Pacing, sweep::SweepSpec},
    request::{Asked, Call, CallId},
    spec::{Inclusion, OnConcurrentMiss, OnPut, OnRestart, OnWrite},
    world::World,
};

mod hot;
mod landing;
mod reading;
mod restarting;
mod sizing;
mod sweeping;
mod telling;
mod tiers;
mod writing;

pub(in crate::node) use hot::row_of_copy;
pub use sizing::SizeCurve;

/// What makes a component a cache.
#[derive(Debug)]
pub struct Keeper {
    /// The component whose keys it keeps, and at which they are changed: beyond other caches, if it keeps those of one.
    pub truth: u16,
    /// What becomes of one who finds an object missing that is being fetched.
    pub on_concurrent_miss: OnConcurrentMiss,
    /// Which puts it takes.
    pub on_put: OnPut,
    /// What it does with writes.
    pub on_write: OnWrite,
    /// How long a message takes that a key has changed, and what part of them is lost.
    pub invalidation: Option<(Distribution, f64)>,
    /// The part of the source's work that a confirmation costs.
    pub revalidation: Option<f64>,
    /// How it looks for objects whose lifetime is over.
    pub sweep: Option<SweepSpec>,
    /// What caches of other sizes would hit, if that is counted.
    pub size_curve: Option<SizeCurve>,
    /// What it has to do with what its source holds.
    pub inclusion: Inclusion,
    /// Caches that hold nothing it does not.
    pub above: Vec<u16>,
    /// What a server that comes back begins with.
    pub on_restart: OnRestart,
    /// Keys that several servers hold.
    pub hot_keys: Option<HotKeys>,
    /// The disks its servers keep objects on; empty if they keep them in memory.
    pub disks: Vec<Pacing>,
    /// What is done for those who say what they want.
    pub answers: Answers,
    /// Which figures it has beside those of all stations.
    pub owners: Vec<Owner>,
    /// What each server holds.
    pub shelves: Vec<Shelf>,
    /// What each server held when that was last saved.
    pub saved: Vec<Vec<(u64, Held)>>,
    /// The book of all of them.
    pub book: ShelfBook,
}

/// What is done for those who say what they want.
#[derive(Clone, Debug)]
pub struct Answers {
    /// For [`Asked::Get`].
    pub get: Program,
    /// For [`Asked::Put`].
    pub put: Program,
    /// For [`Asked::Drop`].
    pub drop: Program,
    /// For [`Asked::Take`].
    pub take: Program,
    /// For [`Asked::Accept`].
    pub accept: Program,
    /// For [`Asked::HandDown`].
    pub hand_down: Program,
}

impl Keeper {
    /// What is done for a call, if it is not what its class says.
    pub fn answer(&self, asked: Asked) -> Option<&Program> {
        match asked {
            Asked::Get => Some(&self.answers.get),
            Asked::Put => Some(&self.answers.put),
            Asked::Drop => Some(&self.answers.drop),
            Asked::Take => Some(&self.answers.take),
            Asked::Accept => Some(&self.answers.accept),
            Asked::HandDown => Some(&self.answers.hand_down),
            Asked::Serve
            | Asked::Shard
            | Asked::Lookup
            | Asked::Entry
            | Asked::Validate
            | Asked::Copy
            | Asked::Apply
            | Asked::Peek
            | Asked::Released
            | Asked::Prepare
            | Asked::Alone
            | Asked::Commit
            | Asked::Abort
            | Asked::Undo => None,
        }
    }

    /// How long one may fetch alone, where others wait for that.
    const fn lease(&self) -> Option<SimDuration> {
        match self.on_concurrent_miss {
            OnConcurrentMiss::Fetch => None,
            OnConcurrentMiss::Coalesce { lease } => Some(lease),
        }
    }

    /// Writes down how much is held now.
    fn count(&mut self, now: SimTime) {
        let fills = self.shelves.iter().map(Shelf::fill);
        let (entries, bytes) =
            fills.fold((0, 0_u64), |sum, fill| (sum.0 + fill.0, sum.1.saturating_add(fill.1)));
        let kibibytes = u32::try_from(bytes >> 10).unwrap_or(u32::MAX);
        self.book.set_size(now, u32::try_from(entries).unwrap_or(u32::MAX), kibibytes);
    }

    /// Windows open or close.
    pub fn on_turn(&mut self, now: SimTime, turn: &Turn) {
        self.book.on_turn(now, turn);
    }
}

impl World {
    pub(super) fn keeper(&mut self, node: u16) -> Option<&mut Keeper> {
        self.nodes[usize::from(node)].keeper_mut()
    }

    /// Deals with a cache.
    pub(in crate::node) fn shelve(&mut self, id: CallId, what: Shelving, cx: &mut Context<Event>) {
        match what {
            Shelving::LookUp { found, renew, failed } => self.look_up(id, found, renew, failed, cx),
            Shelving::Fetch(route) => self.fetch(id, route, cx),
            Shelving::Fill => self.fill(id, cx),
            Shelving::Missed => self.make_do(id, cx),
            Shelving::Lapsed => {
                self.land(id, Landing::Failed, cx);
                self.next_step(id, cx);
            }
            Shelving::Store => self.store(id, 0, cx),
            Shelving::Discard => self.discard(id, cx),
            Shelving::StoreLater { flush } => self.store_later(id, flush, cx),
            Shelving::AwaitFlush => self.await_flush(id, cx),
            Shelving::Flush { behind } => self.flush(id, behind, cx),
            Shelving::Flushed { again } => self.flushed(id, again, cx),
            Shelving::Ask(route, verb) => {
                if let Some(call) = self.calls.get_mut(id) {
                    call.found = false;
                }
                self.call_out(id, route, verb, cx);
            }
            Shelving::IfFound(there) => {
                if let Some(call) = self.calls.get_mut(id).filter(|call| call.found) {
                    call.step = there;
                }
                self.next_step(id, cx);
            }
            Shelving::Join { route, there, failed, again } => {
                let waiter = Waiter { call: id, there, failed, again };
                self.join_flight(route, waiter, cx);
            }
            Shelving::Accept => self.accept(id, cx),
            Shelving::Land => {
                self.land(id, Landing::Brought, cx);
                self.next_step(id, cx);
            }
        }
    }

    /// What a call asks for; its request may be over, if it goes on by itself.
    pub(in crate::node) fn key_of(&self, call: &Call) -> u64 {
        let known = self.requests.get(call.request).map(|request| request.key);
        known.or_else(|| self.tasks.outliving(call.request)).unwrap_or(call.need.0)
    }
}

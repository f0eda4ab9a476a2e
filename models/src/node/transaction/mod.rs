//! Transactions: what a coordinator and the shards of a database tell each other, and which keys are held meanwhile.

use std::{collections::BTreeMap, sync::Arc};

use sim_core::{
    random::{distribution::Distribution, name_hash},
    time::{SimDuration, SimTime},
};
use slotmap::{SecondaryMap, SlotMap, new_key_type};

use super::program::{Fork, Program};
use crate::{
    measure::{AbortCause as Cause, Owner, TransactionBook},
    policy::transaction::{Agreement, Exposed, Locks, Protocol, Stage},
    request::{Call, CallId, Instance},
    world::World,
};

mod claims;
mod coordinator;
mod dirty;
mod participant;

new_key_type! {
    /// A transaction of which somebody may still have to hear.
    pub struct TransactionId;
}

/// Who has not answered is told again after so long: as long as RFC 6298 waits for a first answer.
const RETRY: SimDuration = SimDuration::from_secs(1);

/// Draws of a transaction, told apart by purpose.
const LOG: u64 = name_hash("transaction/log");
const REFUSE: u64 = name_hash("transaction/refuse");
const MESSAGE: u64 = name_hash("transaction/message");

/// What a service wants done as one.
#[derive(Clone, Debug)]
pub struct Deed {
    /// The route to the database.
    pub route: u16,
    /// How many keys, the request's own the first.
    pub keys: u32,
    /// Over how many shards they are spread; else each is where it is.
    pub shards: Option<u32>,
    /// How all come to one result.
    pub protocol: Protocol,
    /// How long a forced write to a log takes.
    pub log: Distribution,
    /// The probability that a participant refuses.
    pub refuse: f64,
}

/// An action of a transaction's coordinator, or of a participant.
#[derive(Clone, Debug)]
pub enum Transacting {
    /// The coordinator finds the participants; one alone is asked at `alone`, if it needs nobody else's promise.
    Begin {
        /// What is to be done.
        deed: Arc<Deed>,
        /// Where one participant is asked.
        alone: u16,
    },
    /// The coordinator asks all participants for their promise: a branch for each shard.
    Prepare(Fork),
    /// The coordinator asks the next participant to commit by itself; goes on at `over` if there is none.
    Next {
        /// Where it goes on after the last.
        over: u16,
    },
    /// Somebody waits for a forced write to its log.
    Force,
    /// The coordinator decides.
    Decide(bool),
    /// A participant promises, or refuses.
    Vote,
    /// A participant commits by itself, or refuses.
    CommitAlone,
    /// A participant learns the decision.
    Learn,
}

/// What a database knows of transactions.
#[derive(Debug)]
pub struct Participation {
    /// The keys that are held, by server.
    pub locks: Vec<Locks<Holder>>,
    /// What sagas have written and may undo yet.
    pub exposed: Exposed<TransactionId>,
    /// Computing that each write takes.
    pub write: Distribution,
    /// What is done for those who say what they want.
    pub programs: Programs,
    /// Its book.
    pub book: TransactionBook,
    /// Which figures it has.
    pub owners: Vec<Owner>,
    /// Transactions that some committed and some did not: never any.
    pub broken: u64,
}

/// What a participant does, by what it is asked for.
#[derive(Debug)]
pub struct Programs {
    /// For a promise.
    pub prepare: Program,
    /// For a commit by itself.
    pub alone: Program,
    /// For a decision that is to hold.
    pub commit: Program,
    /// For one that is not.
    pub abort: Program,
}

/// Who holds a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A participant of a transaction.
    Transaction(TransactionId),
    /// A write of one key.
    Write(CallId),
}

/// Keys that somebody needs, in ascending order.
#[derive(Clone, Debug, Default)]
pub(super) struct Claims {
    keys: Vec<u64>,
    /// Since when it holds those that it holds, the first ones.
    since: Vec<SimTime>,
    /// When it came to be there, in order of coming: the older, the smaller.
    age: u64,
    /// Whether it stands in line for the next.
    waits: bool,
}

/// A participant.
#[derive(Debug)]
struct Party {
    shard: u32,
    at: Instance,
    claims: Claims,
    /// Its call that works, if one does.
    call: Option<CallId>,
    /// When it promised.
    promised: SimTime,
}

/// A transaction.
#[derive(Debug)]
struct Transaction {
    deed: Arc<Deed>,
    database: u16,
    /// What its messages are like: the call of its coordinator as it began.
    model: Call,
    agreement: Agreement,
    parties: Vec<Party>,
    /// Why it came to nothing, as far as is known.
    cause: Option<Cause>,
    messages: u64,
    /// How often something was told of the decision.
    told: u64,
    /// Whether it will be told again.
    armed: bool,
}

/// All transactions of which somebody may still have to hear.
#[derive(Debug, Default)]
pub struct Transactions {
    /// Whether there can be any.
    pub used: bool,
    all: SlotMap<TransactionId, Transaction>,
    /// By the coordinator's call, until it has decided.
    owned: SecondaryMap<CallId, TransactionId>,
    /// By the call at a participant.
    parts: SecondaryMap<CallId, (TransactionId, usize)>,
    /// Writes of one key.
    writes: SecondaryMap<CallId, Claims>,
    /// How many have claimed keys.
    came: u64,
}

impl Transactions {
    /// None yet; there can be some if any database's keys are held.
    pub fn new(used: bool) -> Self {
        Self { used, ..Self::default() }
    }

    /// Of a database, how many transactions are not decided, and how many participants are in doubt.
    pub fn open(&self, database: u16) -> (u64, u64) {
        let own = self.all.values().filter(|transaction| transaction.database == database);
        own.fold((0, 0), |(open, doubt), transaction| {
            let undecided = transaction.agreement.stage() == Stage::Open;
            (open + u64::from(undecided), doubt + transaction.agreement.in_doubt() as u64)
        })
    }

    /// Of a database, whether any is as it must never be.
    pub fn are_broken(&self, database: u16) -> bool {
        let own = self.all.values().filter(|transaction| transaction.database == database);
        own.into_iter().any(|transaction| transaction.agreement.is_broken())
    }

    /// By server of a database, how many keys those who claim any say that they hold, and that they wait for.
    pub fn claimed(&self, database: u16, calls: &SlotMap<CallId, Call>) -> BTreeMap<u16, (usize, usize)> {
        let parties =
            self.all.values().flat_map(|known| &known.parties).map(|party| (party.at, &party.claims));
        let writes = self.writes.iter().filter_map(|(id, claims)| Some((calls.get(id)?.callee, claims)));
        let mut claimed = BTreeMap::new();
        for (at, claims) in parties.chain(writes).filter(|(at, _)| at.node == database) {
            let (held, waits) = claimed.entry(at.server).or_insert((0, 0));
            *held += claims.since.len();
            *waits += usize::from(claims.waits);
        }
        claimed
    }

    /// Whether somebody who holds a key can still give it back.
    pub fn lives(&self, holder: Holder) -> bool {
        match holder {
            Holder::Transaction(id) => self.all.contains_key(id),
            Holder::Write(call) => self.writes.contains_key(call),
        }
    }

    fn next_age(&mut self) -> u64 {
        self.came += 1;
        self.came
    }

    /// The transaction that a call works for, as coordinator or as participant.
    fn of(&self, call: CallId) -> Option<TransactionId> {
        self.owned.get(call).copied().or_else(|| self.parts.get(call).map(|(id, _)| *id))
    }
}

impl World {
    pub(super) fn participation(&mut self, node: u16) -> Option<&mut Participation> {
        self.nodes[usize::from(node)].division_mut()?.participation.as_deref_mut()
    }

    /// Whether a server is up.
    pub(super) fn is_up(&self, at: Instance) -> bool {
        self.nodes[usize::from(at.node)].servers[usize::from(at.server)].ailment().up
    }
}

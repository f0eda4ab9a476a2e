//! Coordinators: find the participants, ask them, decide, and tell the decision until everybody has it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use sim_core::{
    simulation::Context,
    time::{SimDuration, SimTime},
};

use super::{Claims, Deed, LOG, MESSAGE, Party, RETRY, Transacting, Transaction, TransactionId};
use crate::{
    event::Event,
    measure::AbortCause as Cause,
    node::{network::Passage, program::Fork},
    policy::{
        partitioning::Partition,
        transaction::{Agreement, Protocol, Stage, Stand},
    },
    request::{Asked, Awaited, Call, CallId, Instance, Phase, Verb},
    world::World,
};

/// A message that nobody waits for travels on the way out.
const OUT: u64 = 0;
/// Its acknowledgement on the way back.
const BACK: u64 = 1;

impl World {
    /// Takes a step of a transaction.
    pub(in crate::node) fn transact(&mut self, id: CallId, what: Transacting, cx: &mut Context<Event>) {
        match what {
            Transacting::Begin { deed, alone } => self.begin_transaction(id, &deed, alone, cx),
            Transacting::Prepare(fork) => self.ask_for_promises(id, &fork, cx),
            Transacting::Next { over } => self.ask_the_next(id, over, cx),
            Transacting::Force => self.force_log(id, cx),
            Transacting::Decide(commit) => {
                if let Some(transaction) = self.transactions.owned.remove(id) {
                    self.decide_transaction(transaction, commit, Cause::Failed, cx);
                }
                self.next_step(id, cx);
            }
            Transacting::Vote => self.vote(id, cx),
            Transacting::CommitAlone => self.commit_alone(id, cx),
            Transacting::Learn => self.learn(id, cx),
        }
    }

    fn begin_transaction(&mut self, id: CallId, deed: &Arc<Deed>, alone: u16, cx: &mut Context<Event>) {
        let Some(model) = self.calls.get(id).copied() else { return };
        let Some(database) = self.database_of(id, deed.route) else { return };
        // All claims of a transaction are as old as it.
        let age = self.transactions.next_age();
        let mut parties = Vec::new();
        for (shard, keys) in self.participants(id, database, deed) {
            let claims = Claims { keys: keys.into_iter().collect(), age, ..Claims::default() };
            let at = Instance { node: database, server: self.leader_of(database, shard) };
            parties.push(Party { shard, at, claims, call: None, promised: SimTime::ZERO });
        }
        let count = parties.len();
        let agreement = Agreement::new(deed.protocol, count);
        let transaction = self.transactions.all.insert(Transaction {
            deed: Arc::clone(deed),
            database,
            model,
            agreement,
            parties,
            cause: None,
            messages: 0,
            told: 0,
            armed: false,
        });
        self.transactions.owned.insert(id, transaction);
        if let Some(own) = self.participation(database) {
            own.book.totals.begun += 1;
        }
        if let Some(division) = self.nodes[usize::from(database)].division_mut() {
            division.book.on_query(count as u64);
        }
        if let (1, Protocol::TwoPhase, Some(call)) = (count, deed.protocol, self.calls.get_mut(id)) {
            call.step = alone;
        }
        self.next_step(id, cx);
    }

    /// The shards that take part, each with its keys.
    fn participants(&self, id: CallId, database: u16, deed: &Deed) -> BTreeMap<u32, BTreeSet<u64>> {
        let mut parties: BTreeMap<u32, BTreeSet<u64>> = BTreeMap::new();
        let Some(division) = self.nodes[usize::from(database)].division() else { return parties };
        let first = division.map.shard_of(self.further_key(id, 0));
        for nth in 0..deed.keys {
            let key = self.further_key(id, u64::from(nth));
            let shard = match deed.shards {
                Some(shards) => (first + nth % shards) % division.map.shards(),
                None => division.map.shard_of(key),
            };
            parties.entry(shard).or_default().insert(key);
        }
        parties
    }

    /// The server that leads a shard.
    fn leader_of(&self, database: u16, shard: u32) -> u16 {
        let division = self.nodes[usize::from(database)].division();
        let leads = |of: &usize| *of == shard as usize;
        division.and_then(|division| division.shard_of.iter().position(leads)).unwrap_or(0) as u16
    }

    fn ask_for_promises(&mut self, id: CallId, fork: &Fork, cx: &mut Context<Event>) {
        let Some(transaction) =
            self.transactions.of(id).and_then(|known| self.transactions.all.get_mut(known))
        else {
            return;
        };
        transaction.messages += transaction.parties.len() as u64;
        let shards = transaction.parties.iter().map(|party| party.shard as usize);
        let starts: Vec<u16> = shards.filter_map(|shard| fork.starts.get(shard).copied()).collect();
        let needed = starts.len() as u32;
        self.fork(id, &Fork { starts: starts.into(), needed, ..fork.clone() }, cx);
    }

    /// Asks the first participant that has not committed; each is a visit of its own, so that each has its own work.
    fn ask_the_next(&mut self, id: CallId, over: u16, cx: &mut Context<Event>) {
        /// Beyond the steps of any program.
        const VISITS: u16 = 0x4000;
        let Some(transaction) =
            self.transactions.of(id).and_then(|known| self.transactions.all.get_mut(known))
        else {
            return;
        };
        let idle = |party: &usize| transaction.agreement.stand(*party) == Stand::Idle;
        let Some(next) = (0..transaction.parties.len()).find(idle) else {
            if let Some(call) = self.calls.get_mut(id) {
                call.step = over;
            }
            return self.next_step(id, cx);
        };
        transaction.messages += 1;
        let (route, shard) = (transaction.deed.route, transaction.parties[next].shard as u16);
        self.call_out_as(id, route, Verb::Alone(shard), VISITS + next as u16, cx);
    }

    fn force_log(&mut self, id: CallId, cx: &mut Context<Event>) {
        let Some(call) = self.calls.get(id).copied() else { return };
        let known = self.transactions.of(id).and_then(|known| self.transactions.all.get(known));
        let length =
            known.map_or(0.0, |known| known.deed.log.sample(call.need.at(LOG, u64::from(call.step))));
        self.go_on_after(id, SimDuration::from_nanos_f64(length), cx);
    }

    /// A transaction is decided; everybody who has to know is told.
    fn decide_transaction(&mut self, id: TransactionId, commit: bool, cause: Cause, cx: &mut Context<Event>) {
        let Some(transaction) = self.transactions.all.get_mut(id) else { return };
        // Who decided for itself has done so, even if its answer was lost.
        let alone = transaction.parties.len() == 1 && transaction.deed.protocol == Protocol::TwoPhase;
        let commit = commit || alone && transaction.agreement.stand(0) == Stand::Committed;
        transaction.agreement.decide(commit);
        let cause = (!commit).then(|| transaction.cause.unwrap_or(cause));
        let database = transaction.database;
        if let Some(own) = self.participation(database) {
            own.book.on_decision(cause);
        }
        if commit {
            self.keep_exposed(id);
        }
        self.tell_parties(id, cx);
    }

    /// Tells those who have to know and have not said that they do; again later, until all have.
    fn tell_parties(&mut self, id: TransactionId, cx: &mut Context<Event>) {
        let Some(transaction) = self.transactions.all.get_mut(id) else { return };
        if transaction.agreement.is_over() {
            return self.close_if_over(id);
        }
        if !std::mem::replace(&mut transaction.armed, true) {
            cx.after(RETRY, Event::Resolve(id));
        }
        for party in transaction.agreement.to_tell() {
            self.send_decision(id, party, cx);
        }
    }

    fn send_decision(&mut self, id: TransactionId, number: usize, cx: &mut Context<Event>) {
        let now = cx.now();
        let Some(transaction) = self.transactions.all.get_mut(id) else { return };
        transaction.messages += 1;
        transaction.told += 1;
        let asked = match (transaction.agreement.stage(), transaction.deed.protocol) {
            (Stage::Committed, _) => Asked::Commit,
            (Stage::Open | Stage::Aborted, Protocol::TwoPhase) => Asked::Abort,
            (Stage::Open | Stage::Aborted, Protocol::Saga) => Asked::Undo,
        };
        let (model, callee) = (transaction.model, transaction.parties[number].at);
        let luck = model.luck.child(MESSAGE, transaction.told);
        let call = Call { asked, callee, luck, need: luck, ..message_like(&model, now) };
        let (from, to) = (self.site(model.callee), self.site(callee));
        if let Passage::Arrives(travel) = self.network.send(from, to, luck, OUT, 0) {
            let message = self.calls.insert(call);
            self.transactions.parts.insert(message, (id, number));
            cx.after(travel, Event::Deliver(message));
        }
    }

    /// A participant has learned the decision: it says so.
    pub(super) fn send_acknowledgement(
        &mut self,
        message: &Call,
        id: TransactionId,
        party: u16,
        cx: &mut Context<Event>,
    ) {
        let Some(transaction) = self.transactions.all.get_mut(id) else { return };
        // Nobody waits for the acknowledgement of an abort: it is not counted as a message.
        transaction.messages += u64::from(message.asked != Asked::Abort);
        let to = transaction.model.callee;
        let (from, to) = (self.site(message.callee), self.site(to));
        if let Passage::Arrives(travel) = self.network.send(from, to, message.luck, BACK, 0) {
            cx.after(travel, Event::Acknowledge { transaction: id, party });
        }
    }

    /// An acknowledgement reaches the coordinator.
    pub(crate) fn on_acknowledge(&mut self, id: TransactionId, party: u16, cx: &mut Context<Event>) {
        let Some(coordinator) = self.transactions.all.get(id).map(|known| known.model.callee) else { return };
        if !self.is_up(coordinator) {
            return;
        }
        let Some(transaction) = self.transactions.all.get_mut(id) else { return };
        transaction.agreement.acknowledge(usize::from(party));
        if transaction.agreement.is_over() {
            self.close_if_over(id);
        } else if transaction.deed.protocol == Protocol::Saga {
            self.tell_parties(id, cx);
        }
    }

    /// Who has not answered is told again, if the coordinator is there to do so.
    pub(crate) fn on_resolve(&mut self, id: TransactionId, cx: &mut Context<Event>) {
        let Some(transaction) = self.transactions.all.get_mut(id) else { return };
        transaction.armed = false;
        let coordinator = transaction.model.callee;
        if self.is_up(coordinator) {
            self.tell_parties(id, cx);
        }
    }

    /// A coordinator's call ends before it has decided: who is up aborts; else nobody knows until it is up again.
    pub(super) fn desert(&mut self, id: TransactionId, cx: &mut Context<Event>) {
        let Some(coordinator) = self.transactions.all.get(id).map(|known| known.model.callee) else { return };
        if self.is_up(coordinator) {
            self.decide_transaction(id, false, Cause::Deserted, cx);
        }
    }

    /// A coordinator is up again: what its log says nothing of is aborted, and everybody is told.
    pub(in crate::node) fn recover_transactions(&mut self, at: Instance, cx: &mut Context<Event>) {
        if !self.transactions.used {
            return;
        }
        let own = self.transactions.all.iter().filter(|(_, known)| known.model.callee == at);
        let own: Vec<(TransactionId, Stage)> = own.map(|(id, known)| (id, known.agreement.stage())).collect();
        for (id, stage) in own {
            match stage {
                Stage::Open => self.decide_transaction(id, false, Cause::Deserted, cx),
                Stage::Committed | Stage::Aborted => self.tell_parties(id, cx),
            }
        }
    }

    /// A transaction is forgotten once everybody knows how it ended and nobody works for it any more.
    pub(super) fn close_if_over(&mut self, id: TransactionId) {
        let Some(known) = self.transactions.all.get(id) else { return };
        if !known.agreement.is_over() || known.parties.iter().any(|party| party.call.is_some()) {
            return;
        }
        let Some(transaction) = self.transactions.all.remove(id) else { return };
        let Some(own) = self.participation(transaction.database) else { return };
        own.book.totals.over += 1;
        own.book.totals.messages += transaction.messages;
        own.broken += u64::from(transaction.agreement.is_broken());
    }
}

/// A message of a coordinator, which nobody waits for.
fn message_like(model: &Call, now: SimTime) -> Call {
    Call {
        hops: model.hops.max(2) - 1,
        phase: Phase::Travelling,
        awaited: false,
        degraded: false,
        followed: false,
        found: false,
        traced: false,
        run: 0,
        step: 0,
        parent: None,
        passage: None,
        awaits: Awaited::Nothing,
        picked: None,
        ticket: None,
        sent: now,
        arrived: now,
        started: now,
        deadline: SimTime::NEVER,
        resumed: now,
        work: SimDuration::ZERO,
        ..*model
    }
}

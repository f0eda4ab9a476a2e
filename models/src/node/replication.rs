//! Replicas of a shard: how writes reach followers, and what reads show of them.

use sim_core::{
    random::distribution::Distribution,
    simulation::Context,
    time::{SimDuration, SimTime},
};
use slotmap::SecondaryMap;

use super::program::{Fork, Program, Replicating};
use crate::{
    event::Event,
    measure::ReplicaBook,
    policy::replication::{Copies, Session, Sessions, Version},
    request::{Asked, Call, CallId, Instance, RequestId},
    world::World,
};

/// What a follower is asked takes the steps of nobody.
pub(super) static NOTHING: Program = Program { actions: Vec::new(), catches: Vec::new() };

/// What a database knows of its replicas.
#[derive(Debug)]
pub struct Replicas {
    /// Copies of each shard.
    pub count: u16,
    /// Computing that applying a write takes, if not as much as the write.
    pub apply: Option<Distribution>,
    /// How long a client that wrote reads from leaders, if it does.
    pub own_writes: Option<SimDuration>,
    /// Which version each replica has.
    pub copies: Copies,
    /// Who wrote what.
    pub sessions: Sessions,
    /// Its book.
    pub book: ReplicaBook,
    /// The change that a call makes or passes on. Calls that are gone find nobody who asks for theirs.
    writing: SecondaryMap<CallId, Written>,
    /// The newest version that a read was told by other replicas.
    heard: SecondaryMap<CallId, Version>,
    /// Servers that missed something and will ask for it.
    pub(super) behind: Vec<bool>,
}

/// A change on its way.
#[derive(Clone, Copy, Debug)]
struct Written {
    key: u64,
    version: Version,
    /// When the leader made it.
    at: SimTime,
}

impl Replicas {
    /// Replicas of so many servers that all have the same.
    pub fn new(
        count: u16,
        apply: Option<Distribution>,
        own_writes: Option<SimDuration>,
        book: ReplicaBook,
        servers: usize,
    ) -> Self {
        Self {
            count,
            apply,
            own_writes,
            copies: Copies::new(usize::from(count)),
            sessions: Sessions::default(),
            book,
            writing: SecondaryMap::new(),
            heard: SecondaryMap::new(),
            behind: vec![false; servers],
        }
    }

    /// Which replica of its shard a server is; 0 leads.
    pub(super) const fn number(&self, server: u16) -> u16 {
        server % self.count
    }

    /// A server has a change.
    fn apply(&mut self, server: u16, written: Written, now: SimTime) {
        self.copies.apply(written.key, usize::from(self.number(server)), written.version);
        self.sessions.forget(written.key, self.copies.least(written.key));
        self.book.on_apply(now.since(written.at));
    }
}

impl World {
    pub(super) fn replicas(&mut self, node: u16) -> Option<&mut Replicas> {
        self.nodes[usize::from(node)].division_mut()?.replicas.as_deref_mut()
    }

    /// Takes a step of a write, or of a read that asks several.
    pub(super) fn replicate(&mut self, id: CallId, what: Replicating, cx: &mut Context<Event>) {
        match what {
            Replicating::Commit => self.commit_at_leader(id, cx.now()),
            Replicating::PassOn(starts) => {
                for start in starts.iter().copied() {
                    self.pass_on_later(id, start, cx);
                }
            }
            Replicating::Missed(replica) => {
                if let Some(at) = self.calls.get(id).map(|call| call.callee) {
                    let follower = Instance { server: at.server + u16::from(replica), ..at };
                    self.fall_behind(follower, cx);
                }
            }
            Replicating::Await(fork) => {
                self.release_worker(id, cx);
                return self.fork(id, &fork, cx);
            }
            Replicating::AskOthers(fork) => {
                self.release_worker(id, cx);
                return self.ask_others(id, &fork, cx);
            }
        }
        self.next_step(id, cx);
    }

    /// A call gives its worker to others while it waits for messages: else two replicas that wait for one another's only
    /// worker would wait for ever.
    pub(super) fn release_worker(&mut self, id: CallId, cx: &mut Context<Event>) {
        let Some(call) = self.calls.get_mut(id).filter(|call| call.asked != Asked::Released) else { return };
        call.asked = Asked::Released;
        let call = *call;
        self.stop(&call, cx);
    }

    /// A leader makes a change; from now on it shows it, whether anybody was told or not.
    fn commit_at_leader(&mut self, id: CallId, now: SimTime) {
        let Some(call) = self.calls.get(id).copied() else { return };
        let key = self.key_of(&call);
        if !self.stores(call.callee, key) {
            return;
        }
        let version = self.truth.begin(call.callee.node, key);
        let Some(replicas) = self.replicas(call.callee.node) else { return };
        replicas.copies.write(key, version);
        replicas.writing.insert(id, Written { key, version, at: now });
    }

    /// Lets a change be passed on to a follower by itself.
    fn pass_on_later(&mut self, id: CallId, start: u16, cx: &mut Context<Event>) {
        let Some(call) = self.calls.get_mut(id) else { return };
        let (node, behind) = (call.callee.node, std::mem::replace(&mut call.step, start));
        let task = self.spawn(id, behind, cx);
        if let (Some(task), Some(replicas)) = (task, self.replicas(node))
            && let Some(written) = replicas.writing.get(id).copied()
        {
            replicas.writing.insert(task, written);
        }
    }

    /// A part of a write is about to tell a follower: it carries the change.
    pub(super) fn carry(&mut self, id: CallId) {
        let whole = self.tasks.whole(id);
        let Some(node) = self.calls.get(id).map(|call| call.callee.node) else { return };
        if let Some(replicas) = self.replicas(node)
            && let Some(written) = replicas.writing.get(whole).copied()
        {
            replicas.writing.insert(id, written);
        }
    }

    /// A read asks all other replicas, and goes on when enough have answered.
    fn ask_others(&mut self, id: CallId, fork: &Fork, cx: &mut Context<Event>) {
        let Some(at) = self.calls.get(id).map(|call| call.callee) else { return };
        let own = self.replicas(at.node).map_or(0, |replicas| usize::from(replicas.number(at.server)));
        let others = fork.starts.iter().enumerate().filter(|(replica, _)| *replica != own);
        let starts: Vec<u16> = others.map(|(_, start)| *start).collect();
        self.fork(id, &Fork { starts: starts.into(), ..fork.clone() }, cx);
    }

    /// Whether a key is one of a server's shard: queries of several shards go to others too.
    pub(super) fn stores(&self, at: Instance, key: u64) -> bool {
        self.nodes[usize::from(at.node)].division().is_some_and(|division| division.stores(at.server, key))
    }

    /// The computing of what a follower is asked; the call knows from now on what it brings.
    pub(super) fn follower_work(&mut self, id: CallId, demand: f64) -> f64 {
        let Some(call) = self.calls.get(id).copied() else { return demand };
        let Some(replicas) = self.replicas(call.callee.node).filter(|_| call.asked == Asked::Apply) else {
            return demand;
        };
        if let Some(written) = call.parent.and_then(|parent| replicas.writing.get(parent).copied()) {
            replicas.writing.insert(id, written);
        }
        let own = replicas.apply.as_ref();
        own.map_or(demand, |time| time.sample(call.need.at(super::service::DEMAND, 0)))
    }

    /// What a call to a database of several replicas, that comes to its end, has shown or changed: the version of its
    /// key.
    pub(super) fn replica_version(&mut self, id: CallId, call: &Call, now: SimTime) -> Option<Version> {
        let (node, server) = (call.callee.node, call.callee.server);
        let key = self.key_of(call);
        let (stores, begun) = (self.stores(call.callee, key), self.truth.begun(node, key));
        let owner = call.parent.map(|parent| self.tasks.whole(parent));
        let replicas = self.replicas(node)?;
        if call.asked == Asked::Apply {
            if let Some(written) = replicas.writing.get(id).copied() {
                replicas.apply(server, written, now);
            }
            return Some(begun);
        }
        if !stores {
            return Some(self.truth.version(node, key));
        }
        let own = replicas.copies.held(key, usize::from(replicas.number(server))).unwrap_or(begun);
        if call.asked == Asked::Peek {
            if let Some(owner) = owner {
                let newest = replicas.heard.get(owner).copied().unwrap_or_default().max(own);
                replicas.heard.insert(owner, newest);
            }
            return Some(own);
        }
        let version = replicas.heard.get(id).copied().unwrap_or_default().max(own);
        if self.writes[usize::from(call.class)] {
            return Some(self.acknowledge(id, call, key, now));
        }
        self.show(call, key, version, now);
        Some(version)
    }

    /// A write is answered: it is true from now on, and its client knows that.
    fn acknowledge(&mut self, id: CallId, call: &Call, key: u64, now: SimTime) -> Version {
        let (node, session) = (call.callee.node, self.session_of(call.request));
        let written = self.replicas(node).and_then(|replicas| replicas.writing.get(id).copied());
        let Some(Written { version, .. }) = written else { return self.truth.version(node, key) };
        self.truth.settle(node, key, version, now);
        if let (Some(session), Some(replicas)) = (session, self.replicas(node)) {
            if replicas.copies.least(key).is_some_and(|least| least < version) {
                replicas.sessions.on_write(session, key, version, now);
            }
            if replicas.own_writes.is_some() {
                replicas.sessions.note(session, now);
            }
        }
        version
    }

    /// A read shows a version. It is stale if that was no longer true when it was sent; what changed while it was under
    /// way it may miss (Herlihy & Wing 1990).
    fn show(&mut self, call: &Call, key: u64, version: Version, now: SimTime) {
        let (node, session) = (call.callee.node, self.session_of(call.request));
        let age = self.truth.age(node, key, version, now).filter(|age| *age > now.since(call.sent));
        let Some(replicas) = self.replicas(node) else { return };
        let violates =
            session.is_some_and(|session| replicas.sessions.violates(session, key, version, call.sent));
        replicas.book.on_read(age, violates);
    }

    /// Who a request's client is: a user of a closed loop, a connection, else an address.
    pub(super) fn session_of(&self, request: RequestId) -> Option<Session> {
        let request = self.requests.get(request)?;
        let workload = &self.workloads[usize::from(request.workload)];
        let who = if workload.knows_users() { request.user } else { request.address };
        Some((request.workload, who))
    }

    /// Whether a request's client wrote lately, so that it reads from leaders.
    pub(super) fn wrote_lately(&self, node: u16, request: RequestId, now: SimTime) -> bool {
        let replicas =
            self.nodes[usize::from(node)].division().and_then(|division| division.replicas.as_deref());
        let Some((replicas, within)) = replicas.and_then(|replicas| Some((replicas, replicas.own_writes?)))
        else {
            return false;
        };
        self.session_of(request).is_some_and(|session| replicas.sessions.wrote_within(session, within, now))
    }
}

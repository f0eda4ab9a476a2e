//! Replicas: what a leader and its followers do for writes and reads, from what the file says.

use sim_core::random::distribution::DistributionSpec;

use super::Builder;
use crate::{
    measure::ReplicaBook,
    node::{
        program::{Action, Aside, Fork, Program, Replicating},
        replication::Replicas,
    },
    request::Verb,
    spec::{DatabaseSpec, ReadFrom, ReplicationSpec},
};

/// The only component that a database calls: itself.
const ITSELF: u16 = 0;

impl Builder<'_> {
    /// What a database of so many servers knows of its replicas, if they may differ.
    pub(super) fn replicas(&self, database: &DatabaseSpec, servers: usize) -> Option<Box<Replicas>> {
        let replication = database.replication.as_ref()?;
        let apply = replication.apply_time().map(DistributionSpec::build);
        let own_writes = match database.read_from {
            ReadFrom::FollowersUnlessWrote(within) => Some(within),
            ReadFrom::Leader | ReadFrom::Followers | ReadFrom::AnyReplica => None,
        };
        let book = ReplicaBook::new(&self.windows);
        let count = database.replicas_per_shard as u16;
        Some(Box::new(Replicas::new(count, apply, own_writes, book, servers)))
    }
}

/// What a database does for a class of requests.
pub(super) fn database_program(database: &DatabaseSpec, writes: bool) -> Program {
    let Some(replication) = &database.replication else { return Program::default() };
    let replicas = database.replicas_per_shard as u8;
    match (writes, replication.awaited(database.replicas_per_shard)) {
        (true, 0) => write_and_pass_on(replication, replicas),
        (true, awaited) => write_and_await(awaited, replicas),
        (false, _) => read(replication.heard(), replicas),
    }
}

/// Writes; followers are told by and by, each by a task of its own.
fn write_and_pass_on(replication: &ReplicationSpec, replicas: u8) -> Program {
    let mut program = Program::default();
    program.push(Action::Aside(Aside::Replicate(Replicating::Commit)));
    let pass_on = program.later();
    let over = program.later();
    let mut starts = Vec::new();
    for replica in 1..replicas {
        starts.push(program.end());
        if let Some(lag) = replication.lag() {
            program.push(Action::Wait(lag.build()));
        }
        program.tell(replica);
        program.push(Action::Aside(Aside::End));
    }
    program.set(pass_on, Action::Aside(Aside::Replicate(Replicating::PassOn(starts.into()))));
    let end = program.end();
    program.set(over, Action::Jump(end));
    program
}

/// Writes; goes on when so many followers have it too.
fn write_and_await(awaited: u32, replicas: u8) -> Program {
    let mut program = Program::default();
    program.push(Action::Aside(Aside::Replicate(Replicating::Commit)));
    let fork = program.later();
    let mut starts = Vec::new();
    for replica in 1..replicas {
        starts.push(program.end());
        program.tell(replica);
        program.push(Action::Fail(1.0));
    }
    let fork_of = Fork { starts: starts.into(), needed: awaited, cancels: false, behind: program.end() };
    program.set(fork, Action::Aside(Aside::Replicate(Replicating::Await(fork_of))));
    program
}

/// Reads, and asks the others, if it has to.
fn read(heard: u32, replicas: u8) -> Program {
    let mut program = Program::default();
    if heard == 0 {
        return program;
    }
    let ask = program.later();
    let mut starts = Vec::new();
    for replica in 0..replicas {
        starts.push(program.end());
        program.push(Action::Aside(Aside::Query(ITSELF, Verb::Peek { shard: 0, replica })));
        program.push(Action::Aside(Aside::End));
    }
    let fork = Fork { starts: starts.into(), needed: heard, cancels: false, behind: program.end() };
    program.set(ask, Action::Aside(Aside::Replicate(Replicating::AskOthers(fork))));
    program
}

impl Program {
    /// Tells a follower and ends; if that fails it is noted, and goes on behind.
    fn tell(&mut self, replica: u8) {
        let told = self.end();
        self.push(Action::Aside(Aside::Query(ITSELF, Verb::Apply { shard: 0, replica })));
        self.push(Action::Aside(Aside::End));
        let missed = self.end();
        self.catch(told, told + 1, missed);
        self.push(Action::Aside(Aside::Replicate(Replicating::Missed(replica))));
    }
}

//! Transactions: what their coordinators and the shards that take part do, from what the file says.

use std::sync::Arc;

use super::{Builder, program::Writer};
use crate::{
    measure::{Owner, TransactionBook},
    node::{
        program::{Action, Aside, Fork, Program},
        transaction::{Deed, Participation, Programs, Transacting},
    },
    policy::transaction::{Exposed, Locks, Protocol},
    request::Verb,
    spec::{DatabaseSpec, Transaction},
};

impl Builder<'_> {
    /// What a database of so many servers knows of transactions, if its shards take part in any.
    pub(super) fn participation(
        &self,
        id: &str,
        database: &DatabaseSpec,
        servers: usize,
    ) -> Option<Box<Participation>> {
        self.spec.transacts(id).then(|| {
            let write = database.write_time.as_ref().unwrap_or(&database.read_time);
            let on_conflict = database.on_lock_conflict.unwrap_or_default();
            Box::new(Participation {
                locks: (0..servers).map(|_| Locks::new(on_conflict)).collect(),
                exposed: Exposed::default(),
                write: write.build(),
                programs: Programs {
                    prepare: steps([Transacting::Force, Transacting::Vote]),
                    alone: steps([Transacting::Force, Transacting::CommitAlone]),
                    commit: steps([Transacting::Force, Transacting::Learn]),
                    // Who is not known to have committed has aborted: nothing has to be written.
                    abort: steps([Transacting::Learn]),
                },
                book: TransactionBook::new(&self.windows),
                owners: Owner::of_transactions(self.spec, id),
                broken: 0,
            })
        })
    }
}

fn steps<const COUNT: usize>(steps: [Transacting; COUNT]) -> Program {
    let mut program = Program::default();
    for step in steps {
        program.transact(step);
    }
    program
}

impl Program {
    fn transact(&mut self, what: Transacting) {
        self.push(Action::Aside(Aside::Transact(what)));
    }
}

impl Writer<'_> {
    /// A transaction: its participants are found, asked, and told.
    pub(super) fn transaction(&self, transaction: &Transaction, program: &mut Program) {
        let route = (self.route)(&transaction.database);
        let deed = Arc::new(Deed {
            route,
            keys: transaction.keys,
            shards: transaction.shards,
            protocol: transaction.protocol,
            log: transaction.log_time.build(),
            refuse: transaction.refuse,
        });
        let begin = program.later();
        match transaction.protocol {
            Protocol::TwoPhase => self.two_phases(&transaction.database, deed, begin, program),
            Protocol::Saga => saga(deed, begin, program),
        }
    }

    fn two_phases(&self, database: &str, deed: Arc<Deed>, begin: usize, program: &mut Program) {
        let route = deed.route;
        let prepare = program.end();
        let fork = program.later();
        let mut starts = Vec::new();
        for shard in 0..(self.shards)(database) {
            starts.push(program.end());
            program.push(Action::Aside(Aside::Query(route, Verb::Prepare(shard))));
            program.push(Action::Aside(Aside::End));
        }
        let promised = program.end();
        let starts: Arc<[u16]> = starts.into();
        let fork_of = Fork { needed: starts.len() as u32, starts, cancels: false, behind: promised };
        program.set(fork, Action::Aside(Aside::Transact(Transacting::Prepare(fork_of))));
        program.transact(Transacting::Force);
        program.transact(Transacting::Decide(true));
        let committed = program.later();
        let alone = program.end();
        let over = alone + 1;
        program.transact(Transacting::Next { over });
        program.transact(Transacting::Decide(true));
        let decided = program.later();
        let failed = program.end();
        program.catch(prepare, promised, failed);
        program.catch(alone, over, failed);
        program.transact(Transacting::Decide(false));
        program.push(Action::Fail(1.0));
        let behind = program.end();
        program.set(committed, Action::Jump(behind));
        program.set(decided, Action::Jump(behind));
        program.set(begin, Action::Aside(Aside::Transact(Transacting::Begin { deed, alone })));
    }
}

/// One after another; if one fails, those before it are undone.
fn saga(deed: Arc<Deed>, begin: usize, program: &mut Program) {
    let next = program.end();
    let over = next + 2;
    program.transact(Transacting::Next { over });
    program.push(Action::Jump(next));
    program.transact(Transacting::Decide(true));
    let done = program.later();
    let failed = program.end();
    program.catch(next, next + 1, failed);
    program.transact(Transacting::Decide(false));
    program.push(Action::Fail(1.0));
    let behind = program.end();
    program.set(done, Action::Jump(behind));
    program.set(begin, Action::Aside(Aside::Transact(Transacting::Begin { deed, alone: next })));
}

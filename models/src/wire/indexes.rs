//! Indexes: what a database does to keep them, and a service to read by them, from what the file says.

use sim_core::{
    random::{
        distribution::{Distribution, DistributionSpec},
        name_hash,
    },
    time::SimDuration,
};

use super::{Builder, program::Writer};
use crate::{
    measure::IndexBook,
    node::{
        indexing::{Index, Indexes, Indexing},
        program::{Action, Aside, Fork, Program, Reach},
    },
    policy::indexing::Entries,
    spec::{DatabaseSpec, IndexRead, IndexSpec, Join},
};

/// An entry that cannot be written is tried again after so long: as long as RFC 6298 waits for a first answer.
const RETRY: SimDuration = SimDuration::from_secs(1);

impl Builder<'_> {
    /// What a database knows of its indexes, if it has any.
    pub(super) fn indexes(&self, database: &DatabaseSpec) -> Option<Box<Indexes>> {
        if database.indexes.is_empty() {
            return None;
        }
        let index = |(name, spec): (&String, &IndexSpec)| Index {
            place: name_hash(name),
            values: spec.global().map_or(1, |global| global.different(database.keys)),
            update: spec.update_time().map(DistributionSpec::build),
            later: spec.later().map(|_| Entries::default()),
        };
        let each = database.indexes.iter().map(index).collect();
        let only = |what| {
            let mut program = Program::default();
            program.push_indexing(what);
            program
        };
        let (lookup, entry) = (only(Indexing::Shown), only(Indexing::Written));
        Some(Box::new(Indexes::new(database.keys, each, (lookup, entry), IndexBook::new(&self.windows))))
    }
}

/// What a database with indexes does for a class of requests.
pub(super) fn indexed_program(database: &DatabaseSpec, writes: bool) -> Program {
    let mut program = Program::default();
    if !writes {
        return program;
    }
    let write = database.write_time.as_ref().unwrap_or(&database.read_time);
    let (mut together, mut later) = (Vec::new(), Vec::new());
    for (number, index) in (0_u8..).zip(database.indexes.values()) {
        match (index.global(), index.later()) {
            (None, _) => program.push(Action::Compute(index.update_time().unwrap_or(write).build())),
            (Some(_), None) => together.push(number),
            (Some(_), Some(after)) => later.push((number, after.build())),
        }
    }
    if !together.is_empty() {
        program.await_entries(&together);
    }
    if !later.is_empty() {
        program.pass_entries_on(later);
    }
    program
}

impl Writer<'_> {
    /// A query by an index: of all shards, or of the one of the value and then of those of the keys.
    pub(super) fn index_read(&self, read: &IndexRead, program: &mut Program) {
        let Some((number, index)) = (self.index)(&read.database, &read.index) else { return };
        let Some(global) = index.global() else {
            return self.gather(&read.database, Reach::Entries, Join::All, program);
        };
        let (route, alone) = ((self.route)(&read.database), global.covers);
        program.push_indexing(Indexing::Look { route, index: number, alone });
        if !alone {
            self.gather(&read.database, Reach::Rows(number), Join::All, program);
        }
    }
}

impl Program {
    fn push_indexing(&mut self, what: Indexing) {
        self.push(Action::Aside(Aside::Index(what)));
    }

    /// Goes on when the entries of all these indexes are written.
    fn await_entries(&mut self, indexes: &[u8]) {
        let fork = self.later();
        let mut starts = Vec::new();
        for index in indexes {
            starts.push(self.end());
            self.push_indexing(Indexing::Write(*index));
            self.push(Action::Aside(Aside::End));
        }
        let needed = starts.len() as u32;
        let fork_of = Fork { starts: starts.into(), needed, cancels: false, behind: self.end() };
        self.set(fork, Action::Aside(Aside::Index(Indexing::Await(fork_of))));
    }

    /// Lets the entries of these indexes be written later, each by a task of its own that tries until it is done.
    fn pass_entries_on(&mut self, indexes: Vec<(u8, Distribution)>) {
        let pass_on = self.later();
        let over = self.later();
        let mut starts = Vec::new();
        for (index, after) in indexes {
            starts.push((index, self.end()));
            self.push(Action::Wait(after));
            let written = self.end();
            self.push_indexing(Indexing::Write(index));
            self.push(Action::Aside(Aside::End));
            self.catch(written, written + 1, self.end());
            self.push(Action::Wait(DistributionSpec::constant(RETRY).build()));
            self.push(Action::Jump(written));
        }
        self.set(pass_on, Action::Aside(Aside::Index(Indexing::PassOn(starts.into()))));
        let behind = self.end();
        self.set(over, Action::Jump(behind));
    }
}

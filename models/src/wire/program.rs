//! A service's steps, made flat: a list of actions, each of which tells where to go on.

use crate::{
    node::program::{Action, Aside, Catch, Fork, Gather, Program, Reach, Shelving},
    request::Verb,
    spec::{CachedRead, CachedWrite, IndexSpec, Join, Parallel, Step, ThenCache, Try, of_class},
};

/// An index with its number.
pub(super) type Numbered<'a> = (u8, &'a IndexSpec);

/// Writes the program of a class of requests.
pub(super) struct Writer<'a> {
    /// The class.
    pub(super) class: &'a str,
    /// The number of the route to a component.
    pub(super) route: &'a dyn Fn(&str) -> u16,
    /// The number of a resource.
    pub(super) resource: &'a dyn Fn(&str) -> u16,
    /// How many shards a database has.
    pub(super) shards: &'a dyn Fn(&str) -> u16,
    /// The number of an index of a database, and what it is.
    pub(super) index: &'a dyn Fn(&str, &str) -> Option<Numbered<'a>>,
}

impl Writer<'_> {
    /// The program that some steps stand for.
    pub(super) fn program(&self, steps: &[Step]) -> Program {
        let mut program = Program::default();
        self.append(steps, &mut program);
        program
    }

    fn append(&self, steps: &[Step], program: &mut Program) {
        for step in steps {
            match step {
                Step::Compute(time) => program.push(Action::Compute(time.build())),
                Step::Wait(time) => program.push(Action::Wait(time.build())),
                Step::Call(id) => program.push(Action::Call((self.route)(id))),
                Step::Fail(probability) => program.push(Action::Fail(*probability)),
                Step::Sequence(steps) => self.append(steps, program),
                Step::Branch(ways) => {
                    let ways: Vec<(f64, &[Step])> =
                        ways.iter().map(|way| (way.weight, way.steps.as_slice())).collect();
                    self.branch(&ways, program);
                }
                Step::ByClass(by_class) => self.append(of_class(by_class, self.class), program),
                Step::Repeat(repeat) => {
                    (0..repeat.times).for_each(|_| self.append(&repeat.steps, program));
                }
                Step::Parallel(parallel) => self.parallel(parallel, program),
                Step::Spawn(steps) => {
                    let spawn = program.later();
                    self.append(steps, program);
                    program.push(Action::Aside(Aside::End));
                    let behind = program.end();
                    program.set(spawn, Action::Aside(Aside::Spawn { behind }));
                }
                Step::Section(section) => {
                    let resource = (self.resource)(&section.resource);
                    program.push(Action::Aside(Aside::Enter(resource)));
                    self.append(&section.steps, program);
                    program.push(Action::Aside(Aside::Leave));
                }
                Step::CachedRead(read) => self.cached_read(read, program),
                Step::CachedWrite(write) => self.cached_write(write, program),
                Step::Scatter(scatter) => self.gather(&scatter.database, Reach::All, scatter.join, program),
                Step::RangeRead(read) => {
                    self.gather(&read.database, Reach::Span(read.span), Join::All, program);
                }
                Step::MultiGet(get) => self.gather(&get.database, Reach::Keys(get.keys), Join::All, program),
                Step::IndexRead(read) => self.index_read(read, program),
                Step::Transaction(transaction) => self.transaction(transaction, program),
                Step::Try(tried) => self.tried(tried, program),
            }
        }
    }

    /// A choice, then each way with a jump behind all of them.
    fn branch(&self, ways: &[(f64, &[Step])], program: &mut Program) {
        let total: f64 = ways.iter().map(|(weight, _)| weight).sum();
        let choice = program.later();
        let (mut until, mut table, mut jumps) = (0.0, Vec::new(), Vec::new());
        for (weight, steps) in ways {
            until += weight / total;
            table.push((until, program.end()));
            self.append(steps, program);
            jumps.push(program.later());
        }
        let behind = program.end();
        program.set(choice, Action::Choose(table));
        for jump in jumps {
            program.set(jump, Action::Jump(behind));
        }
    }

    /// A fork, then each branch with an end.
    fn parallel(&self, parallel: &Parallel, program: &mut Program) {
        let fork = program.later();
        let mut starts = Vec::new();
        for steps in parallel.all() {
            starts.push(program.end());
            self.append(steps, program);
            program.push(Action::Aside(Aside::End));
        }
        let (needed, cancels, behind) = (parallel.needed() as u32, parallel.cancels(), program.end());
        let fork_of = Fork { starts: starts.into(), needed, cancels, behind };
        program.set(fork, Action::Aside(Aside::Fork(fork_of)));
    }

    /// A query, then a call to each shard with an end.
    pub(super) fn gather(&self, database: &str, reach: Reach, join: Join, program: &mut Program) {
        let (gather, route) = (program.later(), (self.route)(database));
        let mut starts = Vec::new();
        for shard in 0..(self.shards)(database) {
            starts.push(program.end());
            program.push(Action::Aside(Aside::Query(route, Verb::Shard(shard))));
            program.push(Action::Aside(Aside::End));
        }
        let (needed, cancels) = match join {
            Join::All => (u32::MAX, false),
            Join::Any => (1, true),
            Join::Quorum(needed) => (needed, true),
        };
        let fork = Fork { starts: starts.into(), needed, cancels, behind: program.end() };
        program.set(gather, Action::Aside(Aside::Gather(Gather { route, reach, fork })));
    }

    /// A look into a cache; where that does not answer, one into the spare cache, if there is one.
    fn cached_read(&self, read: &CachedRead, program: &mut Program) {
        let asked = program.end();
        let missed = self.look_aside(&read.cache, read, program);
        let Some(gutter) = &read.gutter else { return program.catch(asked, asked + 1, missed) };
        let over = program.later();
        let spare = program.end();
        program.catch(asked, asked + 1, spare);
        let missed = self.look_aside(gutter, read, program);
        program.catch(spare, spare + 1, missed);
        let behind = program.end();
        program.set(over, Action::Jump(behind));
    }

    /// A look into a cache, then what is done if that has it not, alone where that is wished, and what it brought is put
    /// there. Where it goes on if the cache has it not.
    fn look_aside(&self, cache: &str, read: &CachedRead, program: &mut Program) -> u16 {
        let route = (self.route)(cache);
        let again = program.end();
        program.push_shelving(Shelving::Ask(route, Verb::Get));
        let if_found = program.later();
        let missed = program.end();
        let join = read.coalesce.then(|| program.later());
        let from = program.end();
        self.append(&read.on_miss, program);
        let to = program.end();
        program.push_shelving(Shelving::Ask(route, Verb::Put));
        program.catch(to, program.end(), program.end());
        if let Some(join) = join {
            program.push_shelving(Shelving::Land);
            let over = program.later();
            program.catch(from, to, program.end());
            program.push_shelving(Shelving::Lapsed);
            let failed = program.end();
            program.push(Action::Fail(1.0));
            let there = program.end();
            program.set(over, Action::Jump(there));
            program.set_shelving(join, Shelving::Join { route, there, failed, again });
        }
        let there = program.end();
        program.set_shelving(if_found, Shelving::IfFound(there));
        missed
    }

    /// A change, then what the cache is told of it, which may be lost.
    fn cached_write(&self, write: &CachedWrite, program: &mut Program) {
        self.append(&write.steps, program);
        let verb = match write.then {
            ThenCache::Invalidate => Verb::Drop,
            ThenCache::Update => Verb::Put,
            ThenCache::Nothing => return,
        };
        let told = program.end();
        program.push_shelving(Shelving::Ask((self.route)(&write.cache), verb));
        program.catch(told, program.end(), program.end());
    }

    /// What is tried with a jump behind what is done if it fails, then what is done if it does not.
    fn tried(&self, tried: &Try, program: &mut Program) {
        let from = program.end();
        self.append(&tried.steps, program);
        let to = program.end();
        let succeeded = program.later();
        let handler = program.end();
        // Found innermost first: those inside were written before.
        program.catches.push(Catch { from, to, handler, degrades: true });
        self.append(&tried.on_failure, program);
        let failed = program.later();
        let success = program.end();
        program.set(succeeded, Action::Jump(success));
        self.append(&tried.on_success, program);
        let behind = program.end();
        program.set(failed, Action::Jump(behind));
    }
}

impl Program {
    pub(super) fn push(&mut self, action: Action) {
        self.actions.push(action);
    }

    pub(super) fn push_shelving(&mut self, what: Shelving) {
        self.push(Action::Aside(Aside::Shelving(what)));
    }

    pub(super) fn set_shelving(&mut self, place: usize, what: Shelving) {
        self.set(place, Action::Aside(Aside::Shelving(what)));
    }

    /// Lets a failure within `from..to` go on at `handler`; the answer is none the worse for it.
    pub(super) fn catch(&mut self, from: u16, to: u16, handler: u16) {
        self.catches.push(Catch { from, to, handler, degrades: false });
    }

    /// Where the next action will stand. A file's steps are few enough for it: that was checked.
    pub(super) fn end(&self) -> u16 {
        self.actions.len() as u16
    }

    /// Leaves a place for an action that is known later.
    pub(super) fn later(&mut self) -> usize {
        self.actions.push(Action::Jump(0));
        self.actions.len() - 1
    }

    pub(super) fn set(&mut self, place: usize, action: Action) {
        self.actions[place] = action;
    }
}

//! A service's steps, made flat: a list of actions, each of which tells where to go on.

use crate::{
    node::program::{Action, Aside, Catch, Fork, Program},
    spec::{Parallel, Step, Try, of_class},
};

/// Writes the program of a class of requests.
pub(super) struct Writer<'a> {
    /// The class.
    pub(super) class: &'a str,
    /// The number of the route to a component.
    pub(super) route: &'a dyn Fn(&str) -> u16,
    /// The number of a resource.
    pub(super) resource: &'a dyn Fn(&str) -> u16,
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

    /// What is tried with a jump behind what is done if it fails, then what is done if it does not.
    fn tried(&self, tried: &Try, program: &mut Program) {
        let from = program.end();
        self.append(&tried.steps, program);
        let to = program.end();
        let succeeded = program.later();
        let handler = program.end();
        // Found innermost first: those inside were written before.
        program.catches.push(Catch { from, to, handler });
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
    fn push(&mut self, action: Action) {
        self.actions.push(action);
    }

    /// Where the next action will stand. A file's steps are few enough for it: that was checked.
    fn end(&self) -> u16 {
        self.actions.len() as u16
    }

    /// Leaves a place for an action that is known later.
    fn later(&mut self) -> usize {
        self.actions.push(Action::Jump(0));
        self.actions.len() - 1
    }

    fn set(&mut self, place: usize, action: Action) {
        self.actions[place] = action;
    }
}

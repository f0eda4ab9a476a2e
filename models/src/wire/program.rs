//! A service's steps, made flat: a list of actions, each of which tells where to go on.

use crate::{node::service::Action, spec::Step};

/// The actions that some steps stand for; `route` tells the number of the route to a component.
pub(super) fn program(steps: &[Step], route: &dyn Fn(&str) -> u16) -> Vec<Action> {
    let mut actions = Vec::new();
    append(steps, route, &mut actions);
    actions
}

fn append(steps: &[Step], route: &dyn Fn(&str) -> u16, actions: &mut Vec<Action>) {
    for step in steps {
        match step {
            Step::Compute(time) => actions.push(Action::Compute(time.build())),
            Step::Wait(time) => actions.push(Action::Wait(time.build())),
            Step::Call(id) => actions.push(Action::Call(route(id))),
            Step::Fail(probability) => actions.push(Action::Fail(*probability)),
            Step::Sequence(steps) => append(steps, route, actions),
            Step::Branch(ways) => {
                let ways: Vec<(f64, &[Step])> =
                    ways.iter().map(|way| (way.weight, way.steps.as_slice())).collect();
                branch(&ways, route, actions);
            }
            Step::Repeat(repeat) => {
                (0..repeat.times).for_each(|_| append(&repeat.steps, route, actions));
            }
        }
    }
}

/// A choice, then each way with a jump behind all of them.
fn branch(ways: &[(f64, &[Step])], route: &dyn Fn(&str) -> u16, actions: &mut Vec<Action>) {
    let total: f64 = ways.iter().map(|(weight, _)| weight).sum();
    let choice = actions.len();
    actions.push(Action::Choose(Vec::new()));
    let (mut until, mut table, mut jumps) = (0.0, Vec::new(), Vec::new());
    for (weight, steps) in ways {
        until += weight / total;
        table.push((until, actions.len() as u16));
        append(steps, route, actions);
        jumps.push(actions.len());
        actions.push(Action::Jump(0));
    }
    let behind = actions.len() as u16;
    actions[choice] = Action::Choose(table);
    for jump in jumps {
        actions[jump] = Action::Jump(behind);
    }
}

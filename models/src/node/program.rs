//! Programs: the steps of a service made flat, and where a call goes on in them.

use sim_core::random::{distribution::Distribution, name_hash, unit};

use crate::request::Call;

/// Draws a call makes at its callee, told apart by purpose.
const FAIL: u64 = name_hash("service/fail");
const CHOICE: u64 = name_hash("service/choice");

/// Steps, made flat.
#[derive(Clone, Debug, Default)]
pub struct Program {
    /// What is done, each unless it says otherwise after the one before.
    pub actions: Vec<Action>,
    /// Where failures are caught; those inside others come first.
    pub catches: Vec<Catch>,
}

/// A stretch of actions whose failure is not the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Catch {
    /// The first of them.
    pub from: u16,
    /// The first behind them.
    pub to: u16,
    /// Where a failure goes on.
    pub handler: u16,
}

/// A step.
#[derive(Clone, Debug)]
pub enum Action {
    /// Computes.
    Compute(Distribution),
    /// Waits without computing.
    Wait(Distribution),
    /// Calls by this route of the node.
    Call(u16),
    /// Fails with that probability.
    Fail(f64),
    /// Goes on at one of several places, by cumulative shares.
    Choose(Vec<(f64, u16)>),
    /// Goes on there.
    Jump(u16),
    /// Does something that few services do.
    Aside(Aside),
}

/// An action that concerns more than the call that comes to it.
#[derive(Clone, Debug)]
pub enum Aside {
    /// Goes on at several places at once.
    Fork(Fork),
    /// Lets what follows go on by itself, and goes on behind it.
    Spawn {
        /// Where.
        behind: u16,
    },
    /// A branch, or what goes on by itself, ends.
    End,
    /// Needs a permit of this resource of the node from here on.
    Enter(u16),
    /// Gives the permit it took last back.
    Leave,
}

/// Several places to go on at.
#[derive(Clone, Debug)]
pub struct Fork {
    /// The places.
    pub starts: std::sync::Arc<[u16]>,
    /// How many of them must come to a good end.
    pub needed: u32,
    /// Whether the rest is ended then.
    pub cancels: bool,
    /// Where it goes on after that.
    pub behind: u16,
}

/// What a call does next.
pub(super) enum Next<'a> {
    Compute(&'a Distribution),
    Wait(&'a Distribution),
    Call(u16),
    Aside(&'a Aside),
    Fail,
    Done,
}

/// Follows the choices and jumps of a program to what a call does next.
#[inline(always)]
pub(super) fn steer<'a>(program: &'a Program, call: &mut Call) -> Next<'a> {
    while let Some(action) = program.actions.get(usize::from(call.step)) {
        call.step += 1;
        let visit = u64::from(call.step);
        match action {
            Action::Compute(time) => return Next::Compute(time),
            Action::Wait(time) => return Next::Wait(time),
            Action::Call(route) => return Next::Call(*route),
            Action::Fail(probability) => {
                if unit(call.luck.at(FAIL, visit)) < *probability {
                    return Next::Fail;
                }
            }
            Action::Choose(ways) => {
                let drawn = unit(call.need.at(CHOICE, visit));
                let way = ways.iter().find(|(until, _)| drawn < *until).or(ways.last());
                call.step = way.map_or(call.step, |(_, place)| *place);
            }
            Action::Jump(place) => call.step = *place,
            Action::Aside(aside) => return Next::Aside(aside),
        }
    }
    Next::Done
}

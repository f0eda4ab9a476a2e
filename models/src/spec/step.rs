//! Steps: what a service does with a request, one after the other.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::distribution::DistributionSpec};

/// What a service does with a request, one after the other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Step {
    /// Computes for so long, at speed 1.
    Compute(DistributionSpec),
    /// Waits for so long without computing: a disk, a timer, somebody else's system. A worker that serves one
    /// request at a time is held meanwhile; a server that shares its cores gives them to others.
    Wait(DistributionSpec),
    /// Calls a component and waits for its reply; a failure ends the request.
    Call(String),
    /// Fails with an error, with that probability.
    Fail(f64),
    /// Several steps as one.
    Sequence(Vec<Step>),
    /// One of several ways, by chance: `Branch([(weight: 0.9, steps: [Wait(…)]), (weight: 0.1, steps: [])])`.
    Branch(Vec<Way>),
    /// The same steps several times.
    Repeat(Repeat),
}

/// One of the ways a `Branch` may go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Way {
    /// How common it is beside the others. Default 1.
    pub weight: f64,
    /// What is done then.
    pub steps: Vec<Step>,
}

impl Default for Way {
    fn default() -> Self {
        Self { weight: 1.0, steps: Vec::new() }
    }
}

/// Steps to do several times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Repeat {
    /// How often. Default 1.
    pub times: u32,
    /// What.
    pub steps: Vec<Step>,
}

impl Default for Repeat {
    fn default() -> Self {
        Self { times: 1, steps: Vec::new() }
    }
}

/// The most steps a request may take at one service, repetitions counted each.
const MOST: u64 = 10_000;

impl Step {
    /// Visits every step inside, with how often a request takes it on average.
    pub fn visit<'a>(&'a self, often: f64, each: &mut dyn FnMut(&'a Self, f64)) {
        each(self, often);
        match self {
            Self::Compute(_) | Self::Wait(_) | Self::Call(_) | Self::Fail(_) => {}
            Self::Sequence(steps) => steps.iter().for_each(|step| step.visit(often, each)),
            Self::Branch(ways) => {
                let total: f64 = ways.iter().map(|way| way.weight).sum();
                for way in ways {
                    way.steps.iter().for_each(|step| step.visit(often * way.weight / total, each));
                }
            }
            Self::Repeat(repeat) => {
                repeat.steps.iter().for_each(|step| step.visit(often * f64::from(repeat.times), each));
            }
        }
    }

    /// The components it calls, each time it is mentioned.
    pub fn calls(&self) -> Vec<&str> {
        let mut calls = Vec::new();
        self.visit(1.0, &mut |step, _| {
            if let Self::Call(id) = step {
                calls.push(id.as_str());
            }
        });
        calls
    }

    /// Nanoseconds of computing it takes on average.
    pub fn mean_computing(&self) -> f64 {
        let mut sum = 0.0;
        self.visit(1.0, &mut |step, often| {
            if let Self::Compute(time) = step {
                sum += often * time.mean();
            }
        });
        sum
    }

    /// Fills in every column of a file that a time inside needs.
    pub(super) fn fill<E>(&mut self, read: super::ReadColumn<'_, E>) -> Result<(), E> {
        match self {
            Self::Compute(time) | Self::Wait(time) => time.fill(read),
            Self::Call(_) | Self::Fail(_) => Ok(()),
            Self::Sequence(steps) | Self::Repeat(Repeat { steps, .. }) => {
                steps.iter_mut().try_for_each(|step| step.fill(read))
            }
            Self::Branch(ways) => {
                ways.iter_mut().flat_map(|way| &mut way.steps).try_for_each(|step| step.fill(read))
            }
        }
    }

    /// Places in the program it becomes.
    fn length(&self) -> u64 {
        let sum = |steps: &[Self]| steps.iter().map(Self::length).fold(0_u64, u64::saturating_add);
        match self {
            Self::Compute(_) | Self::Wait(_) | Self::Call(_) | Self::Fail(_) => 1,
            Self::Sequence(steps) => sum(steps),
            Self::Branch(ways) => 1 + ways.iter().map(|way| 1 + sum(&way.steps)).sum::<u64>(),
            Self::Repeat(repeat) => u64::from(repeat.times).saturating_mul(sum(&repeat.steps)),
        }
    }

    fn check(&self, check: &mut Check) {
        match self {
            Self::Compute(time) | Self::Wait(time) => time.check(check),
            Self::Call(_) => {}
            Self::Fail(probability) => {
                check.require((0.0..=1.0).contains(probability), "", || {
                    format!("a probability is between 0 and 1, got {probability}")
                });
            }
            Self::Sequence(steps) => check_all(steps, check),
            Self::Branch(ways) => {
                check.require(!ways.is_empty(), "", || "a branch needs ways to go".into());
                for (number, way) in ways.iter().enumerate() {
                    check.at(number, |check| {
                        check.positive("weight", way.weight);
                        check.at("steps", |check| check_all(&way.steps, check));
                    });
                }
            }
            Self::Repeat(repeat) => check.at("steps", |check| check_all(&repeat.steps, check)),
        }
    }
}

fn check_all(steps: &[Step], check: &mut Check) {
    for (number, step) in steps.iter().enumerate() {
        check.at(number, |check| step.check(check));
    }
}

/// Checks a list of steps as a whole.
pub(super) fn check_steps(steps: &[Step], check: &mut Check) {
    check_all(steps, check);
    let length = steps.iter().map(Step::length).fold(0_u64, u64::saturating_add);
    check.require(length <= MOST, "", || {
        format!("a request would take {length} steps here, repetitions counted each; the most is {MOST}")
    });
}

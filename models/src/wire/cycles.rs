//! Calls that form a circle: an error where nothing bounds how deep they nest.

use std::collections::BTreeSet;

use sim_core::check::Check;

use super::references::descend;
use crate::spec::{Form, Step, SystemSpec, WorkloadSpec};

pub(super) fn check(spec: &SystemSpec, check: &mut Check) {
    Cycles { spec }.find(check);
}

struct Cycles<'a> {
    spec: &'a SystemSpec,
}

impl Cycles<'_> {
    /// Components that call each other without end, for requests whose calls may nest as deep as they like.
    fn find(&self, check: &mut Check) {
        let workloads = || self.spec.workloads.values().map(WorkloadSpec::common);
        if !self.spec.workloads.is_empty() && workloads().all(|workload| workload.max_call_depth.is_some()) {
            return;
        }
        let (mut bounded, mut boundless) = (BTreeSet::new(), BTreeSet::new());
        for workload in workloads() {
            let reached = if workload.max_call_depth.is_some() { &mut bounded } else { &mut boundless };
            self.reach(workload.target, reached);
        }
        // Whom only bounded requests reach is not looked at.
        let mut done = bounded.difference(&boundless).copied().collect();
        for id in self.spec.components.keys() {
            if let Some(cycle) = self.follow(id, &mut done) {
                let what = format!("synchronous calls form a cycle: {}", cycle.join(" → "));
                let help = "break it, or set max_call_depth on the workload if recursion is intended";
                let told = |check: &mut Check| check.problem_with_help("E0304", what, help);
                self.at_call(cycle[cycle.len() - 2], cycle[cycle.len() - 1], check, told);
                return;
            }
        }
    }

    /// Goes to where a component calls another.
    fn at_call(&self, caller: &str, callee: &str, check: &mut Check, told: impl FnOnce(&mut Check)) {
        let place = match self.spec.form(caller) {
            Some(Form::Balancer(_)) => vec!["backends".to_owned()],
            Some(Form::Pool(pool)) => {
                let calls = |step: &Step| step.calls().contains(&callee);
                let found = pool
                    .handles
                    .iter()
                    .find_map(|(class, steps)| Some((class, steps.iter().position(calls)?)));
                found.map_or_else(Vec::new, |(class, step)| {
                    vec!["handles".to_owned(), class.clone(), step.to_string()]
                })
            }
            None => Vec::new(),
        };
        let whole = ["components".to_owned(), caller.to_owned()].into_iter().chain(place);
        descend(&whole.collect::<Vec<_>>(), check, Box::new(told));
    }

    /// A component and all that calls from there may reach.
    fn reach<'s>(&'s self, id: &'s str, reached: &mut BTreeSet<&'s str>) {
        let mut next = vec![id];
        while let Some(id) = next.pop() {
            if reached.insert(id) {
                next.extend(self.callees(id));
            }
        }
    }

    fn callees(&self, id: &str) -> Vec<&str> {
        match self.spec.form(id) {
            Some(Form::Pool(pool)) => pool.callees(),
            Some(Form::Balancer(balancer)) => balancer.callees().into_iter().flatten().collect(),
            None => Vec::new(),
        }
    }

    /// A circle that calls from a component lead into, its first again as its last. By a stack of its own: a chain of
    /// components may be longer than the program's.
    fn follow<'s>(&'s self, id: &'s str, done: &mut BTreeSet<&'s str>) -> Option<Vec<&'s str>> {
        let mut path: Vec<(&str, std::vec::IntoIter<&str>)> = Vec::new();
        let mut next = Some(id);
        loop {
            if let Some(id) = next {
                if let Some(start) = path.iter().position(|(known, _)| *known == id) {
                    let circle = path[start..].iter().map(|(known, _)| *known);
                    return Some(circle.chain([id]).collect());
                }
                if done.insert(id) {
                    path.push((id, self.callees(id).into_iter()));
                }
            }
            let (_, callees) = path.last_mut()?;
            next = callees.next();
            if next.is_none() {
                path.pop();
            }
        }
    }
}

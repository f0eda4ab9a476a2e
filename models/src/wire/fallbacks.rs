//! Services that answer in a callee's place: whether they exist.

use std::collections::BTreeMap;

use sim_core::check::Check;

use super::references::descend;
use crate::spec::{CallSpec, Form, SystemSpec};

/// Checks every fallback service that a caller names.
pub(super) fn check(spec: &SystemSpec, check: &mut Check) {
    for (id, workload) in &spec.workloads {
        calls(spec, ["workloads", id], workload.common().calls, check);
    }
    for (id, component) in &spec.components {
        match component.form() {
            Form::Balancer(_) => {}
            Form::Pool(pool) => {
                calls(spec, ["components", id], &pool.calls, check);
            }
        }
    }
}

fn calls(
    spec: &SystemSpec,
    [kind, caller]: [&str; 2],
    calls: &BTreeMap<String, CallSpec>,
    check: &mut Check,
) {
    for (callee, call) in calls {
        for (stage, service) in call.fallback_services() {
            if service.is_empty() || spec.components.contains_key(service) {
                continue;
            }
            let what = format!("`{caller}.calls.{callee}` falls back to `{service}`, which does not exist");
            let names: Vec<&str> = spec.components.keys().map(String::as_str).collect();
            let help = format!("known components: {}", names.join(", "));
            let stage = stage.to_string();
            let place =
                [kind, caller, "calls", callee, "stages", &stage, "Fallback", "to"].map(str::to_owned);
            descend(&place, check, Box::new(|check| check.problem_with_help("E0301", what, help)));
        }
    }
}

//! What is simulated: the diagram.

use super::super::{album::Draft, view::View, words};
use crate::charts::{Diagram, Edge, Node, data::Heading};

pub(super) fn draft(view: &View<'_>) -> Draft {
    let system = &view.study.system;
    let node = |part: &crate::study::Part| Node {
        id: part.id.clone(),
        kind: part.kind.clone(),
        details: part.facts.iter().cloned().chain(odd_servers(view, &part.id)).collect(),
    };
    let edge = |call: &crate::study::Call| Edge {
        from: call.from.clone(),
        to: call.to.clone(),
        label: call.label.clone(),
        asynchronous: false,
    };
    let diagram = Diagram {
        heading: Heading::new(
            title(view),
            "Calls run from left to right; what arms or the sweep change is said to vary.",
        ),
        nodes: system.parts.iter().map(node).collect(),
        edges: system.calls.iter().map(edge).collect(),
    };
    Draft {
        number: 0,
        name: "system",
        heading: "What is simulated?".into(),
        charts: vec![Box::new(diagram)],
        ..Draft::default()
    }
}

/// `clients call lb, which calls web`.
fn title(view: &View<'_>) -> String {
    let system = &view.study.system;
    let callees = |id: &str| -> Vec<&str> {
        system.calls.iter().filter(|call| call.from == id).map(|call| call.to.as_str()).collect()
    };
    let Some(first) = view.study.workloads.first() else { return "The system".to_owned() };
    let mut title = words::sentence(first);
    let (mut here, mut verb) = (first.as_str(), " calls ");
    let mut seen = vec![here];
    while let [only] = callees(here).as_slice() {
        if seen.contains(only) {
            break;
        }
        title = format!("{title}{verb}{only}");
        (here, verb) = (only, ", which calls ");
        seen.push(here);
    }
    match callees(here).as_slice() {
        [] | [_] => title,
        several => format!("{title}{verb}{}", words::list(several)),
    }
}

/// What sets servers of a component apart, a line each, the rest counted.
fn odd_servers(view: &View<'_>, id: &str) -> Vec<String> {
    const NAMED: usize = 3;
    let mine = |name: &str| name.strip_prefix(id).is_some_and(|rest| rest.starts_with('['));
    let odd: Vec<_> = view.study.system.odd_servers.iter().filter(|odd| mine(&odd.name)).collect();
    let mut lines: Vec<String> =
        odd.iter().take(NAMED).map(|odd| format!("{}: {}", odd.name, odd.what)).collect();
    if odd.len() > NAMED {
        lines.push(format!("and {} more unlike the rest", odd.len() - NAMED));
    }
    lines
}

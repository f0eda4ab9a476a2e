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

/// `Requests go from clients to lb and from there to web`.
fn title(view: &View<'_>) -> String {
    let system = &view.study.system;
    let callees = |id: &str| -> Vec<&str> {
        system.calls.iter().filter(|call| call.from == id).map(|call| call.to.as_str()).collect()
    };
    if view.study.workloads.len() > 1 {
        let workloads: Vec<&str> = view.study.workloads.iter().map(String::as_str).collect();
        return format!(
            "{} call {} components",
            words::list(&workloads),
            system.parts.len() - workloads.len()
        );
    }
    let Some(first) = view.study.workloads.first() else { return "The system".to_owned() };
    let (mut title, mut here) = (format!("Requests go from {first}"), first.as_str());
    let mut seen = vec![here];
    loop {
        let next = callees(here);
        let [first, ..] = next.as_slice() else { return title };
        let from = if seen.len() == 1 { "" } else { " and from there" };
        title = format!("{title}{from} to {}", words::list(&next));
        if next.len() > 1 || seen.contains(first) {
            return title;
        }
        here = first;
        seen.push(here);
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

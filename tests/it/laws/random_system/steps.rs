//! Steps of random services: calls and queries, bare or inside others.

use super::{super::tape::Tape, words::time};

/// A step as it is, or inside others, up to three deep.
pub(super) fn dressed(step: String, classes: bool, tape: &mut Tape<'_>) -> String {
    let depth = tape.below(4);
    let inside = (0..depth).fold(step, |step, _| dressed_once(step, classes, tape));
    // A resource is never asked for by somebody who holds it.
    if tape.chance(20) { format!("Section(resource: \"lock\", steps: [{inside}])") } else { inside }
}

fn dressed_once(step: String, classes: bool, tape: &mut Tape<'_>) -> String {
    match tape.below(12) {
        0 => format!("Wait({}), {step}", time(tape)),
        1 => format!("Fail(0.2), {step}"),
        2 => format!("Sequence([{step}, Wait({})])", time(tape)),
        3 => format!("Branch([(weight: 2.0, steps: [{step}]), (steps: [Compute({})])])", time(tape)),
        4 => format!("Repeat(times: 2, steps: [{step}])"),
        5 | 6 => {
            let join = tape.one_of(&["All", "Any", "Quorum(2)"]);
            let cancels = tape.maybe(40, |tape| format!("cancel_stragglers: {}, ", tape.chance(50)));
            let branches = [step, format!("Compute({})", time(tape)), format!("Wait({})", time(tape))];
            let copies = tape.between(1, 2);
            format!(
                "Parallel(join: {join}, {}copies: {copies}, branches: [[{}]])",
                cancels.unwrap_or_default(),
                branches.join("], [")
            )
        }
        7 => format!("Spawn([{step}, Compute({})])", time(tape)),
        8 => format!("Try(steps: [{step}, Fail(0.3)], on_failure: [Wait({})])", time(tape)),
        9 => format!("Try(steps: [Fail(0.5)], on_failure: [{step}], on_success: [Compute({})])", time(tape)),
        10 if classes => format!("ByClass({{\"put\": [{step}], \"*\": [Wait({})]}})", time(tape)),
        _ => step,
    }
}

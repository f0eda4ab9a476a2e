//! Systems that once broke a law, each small and under the name of what was wrong.

use super::{broken_laws, told};

#[track_caller]
fn keeps_the_laws(system: &str) {
    let text = format!(
        "(name: \"once_broken\", question: \"Does it hold now?\", {system} \
         run: (seed: 0, replications: 1, horizon: Terminating(end: \"2s\")))"
    );
    let broken = broken_laws(&text);
    assert!(broken.is_empty(), "{}", told(&text, &broken));
}

/// Windows are half open, so the hundredth request, which comes as the run ends, is not counted as come; it was
/// counted as still inside.
#[test]
fn a_request_that_comes_as_the_run_ends() {
    keeps_the_laws(
        r#"workloads: { "load0": OpenLoop(target: "pool0", load: Rate("50/s"), arrivals: Deterministic) },
           components: { "pool0": Service(service_time: Constant("10ms")) },"#,
    );
}

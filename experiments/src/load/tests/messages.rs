//! One broken input after another: what is said of each, and where.

use super::{broken, *};

/// Every diagnostic on a line of its own: code, place, what.
fn told(text: &str, flags: &Overrides) -> String {
    let wrong = match load(text, flags) {
        Ok(plan) => plan.warnings,
        Err(wrong) => wrong,
    };
    let line = |found: &&crate::diagnostic::Diagnostic| {
        let place = found.labels.first().map_or_else(String::new, |label| {
            let before = &wrong.sources().text(label.span.source)[..label.span.start];
            let line = before.matches('\n').count() + 1;
            let column = before.chars().rev().take_while(|character| *character != '\n').count() + 1;
            format!(" {line}:{column}")
        });
        format!("{}{place} {}", found.code, found.what)
    };
    wrong.sorted().iter().map(line).collect::<Vec<_>>().join("\n")
}

fn told_with(piece: &str, replacement: &str) -> String {
    told(&slow_server_with(piece, replacement), &Overrides::default())
}

fn shown(text: &str) -> String {
    load(text, &Overrides::default()).unwrap_err().render(false)
}

#[test]
fn mistakes_of_writing() {
    for (piece, wrong, expected) in broken::WRITING {
        assert_eq!(told_with(piece, wrong), *expected, "{wrong}");
    }
    for (text, expected) in broken::FILES {
        assert_eq!(told(text, &Overrides::default()), *expected, "{text}");
    }
}

#[test]
fn mistakes_of_naming_and_typing() {
    for (piece, wrong, expected) in broken::TYPING {
        assert_eq!(told_with(piece, wrong), *expected, "{wrong}");
    }
}

#[test]
fn mistakes_of_meaning() {
    for (piece, wrong, expected) in broken::MEANING {
        assert_eq!(told_with(piece, wrong), *expected, "{wrong}");
    }
    assert_eq!(
        told(&RETRY_STORM.replace("remaining: 0.5", "remaining: 50"), &Overrides::default()),
        "E0402 30:82 remaining must be between 0 and 1, got 50"
    );
}

#[test]
fn mistakes_in_claims() {
    for (wrong, expected) in broken::CLAIMS {
        assert_eq!(told_with(broken::CLAIM, wrong), *expected, "{wrong}");
    }
    // What components tell beyond the known figures is compared in the claim's own unit.
    for right in ["web.gc_pauses.count == 0", "web[15].utilization.mean < 0.99", "lb.pick_delay.max < 1ms"] {
        assert_eq!(told_with(broken::CLAIM, right), "", "{right}");
    }
}

/// The overrides of one flag.
fn flag(name: &str, text: &str) -> Overrides {
    let only = |wanted: &str| Some(text.to_owned()).filter(|_| name == wanted);
    let list = |wanted: &str| only(wanted).into_iter().collect();
    Overrides {
        set: list("--set"),
        sweep: list("--sweep"),
        slo: list("--slo"),
        arm: list("--arm"),
        where_: only("--where"),
        ..Overrides::default()
    }
}

#[test]
fn mistakes_in_flags() {
    for (name, text, expected) in broken::FLAGS {
        assert_eq!(told(SLOW_SERVER, &flag(name, text)), *expected, "{name} {text}");
    }
    let none = Overrides { replications: Some(0), ..Overrides::default() };
    assert_eq!(told(SLOW_SERVER, &none), "E0404 1:1 replications must be 1 or more");
    let single = Overrides { replications: Some(1), allow_single: true, ..Overrides::default() };
    assert_eq!(told(SLOW_SERVER, &single), "");
}

#[test]
fn all_mistakes_of_a_file_are_told_at_once() {
    let text = SLOW_SERVER
        .replace("servers: 16,", "servers: 16")
        .replace("workers_per_server", "worker_per_server")
        .replace("RoundRobin, ", "RoundRobbin, ")
        .replace("\"20ms\", cv: 1.0", "\"20\", cv: \"high\"")
        .replace("target: \"lb\"", "target: lb")
        .replace("\"lb.strategy\": Random", "\"lb.stratgy\": Random")
        .replace("measure", "measur")
        .replace("seed: 1", "seed: -1");
    let expected = "\
E0204 8:21 `target` must be a text in quotes, found the bare word `lb`
E0202 17:23 unknown load-balancing strategy `RoundRobbin`
E0101 20:24 missing comma after `servers: 16`
E0201 21:13 ServerPool has no field `worker_per_server`
E0401 22:43 a duration needs a unit
E0204 22:53 `cv` must be a number, found the text \"high\"
E0501 30:32 arm `random` sets `lb.stratgy`, but `lb` (LoadBalancer) has no such field
E0205 41:15 `seed` must be a whole number, 0 or more, got -1
E0201 43:45 SteadyState has no field `measur`";
    assert_eq!(told(&text, &Overrides::default()), expected);
}

#[test]
fn twenty_are_shown_and_the_rest_counted() {
    let claims: Vec<_> = (0..30).map(|index| format!("\"clients.latency.p{index} < 1s\"")).collect();
    let text = slow_server_with("\"clients.latency.p99 < 250ms\"", &claims.join(",\n"));
    let shown = shown(&text);
    assert_eq!(shown.matches("error[E0605]").count(), 20);
    assert!(shown.ends_with("… and 10 more\n"), "{shown}");
}

#[test]
fn messages_have_the_form_of_a_compiler() {
    assert_eq!(
        shown(&slow_server_with("worker", "woker")),
        "\
error[E0201]: ServerPool has no field `wokers_per_server`
   ┌─ file.ron:21:13
   │
21 │             wokers_per_server: 4,
   │             ^^^^^^^^^^^^^^^^^ did you mean `workers_per_server`?

"
    );
    assert_eq!(
        shown(&slow_server_with("\"round_robin\":       {", "\"random\": {")),
        "\
error[E0103]: arm `random` is defined twice
   ┌─ file.ron:31:9
   │
30 │         \"random\":            { \"lb.strategy\": Random },
   │         -------- first here
31 │         \"random\": { \"lb.strategy\": RoundRobin },
   │         ^^^^^^^^ again here; rename one of them

"
    );
    assert_eq!(
        shown(&slow_server_with("slos:", "windows: {\"late\": (\"300s\", \"900s\")}, slos:")),
        "\
error[E0602]: window `late` ends at 900s, but the run ends at 120s
   ┌─ file.ron:47:32
   │
47 │     windows: {\"late\": (\"300s\", \"900s\")}, slos: [\"clients.latency.p99 < 250ms\"],
   │                                ^^^^^^
   │
   = note: horizon: SteadyState(warmup: \"20s\", measure: \"100s\")
   = help: extend the horizon or end the window at \"120s\"

"
    );
    let colored = load("", &Overrides::default()).unwrap_err().render(true);
    assert!(colored.contains("\u{1b}["), "{colored}");
}

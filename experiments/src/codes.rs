//! Every error and warning code: what it means, why it is refused, and an example put right.
//!
//! `stampede explain E0301` prints an entry; a code that is used anywhere and missing here fails a test.

use std::fmt;

/// What a code means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// `E0301`; `W….` for warnings.
    pub code: &'static str,
    /// What it is about, in a few words.
    pub title: &'static str,
    /// Why it is refused and what to do, in one or two sentences.
    pub explanation: &'static str,
    /// What is wrong, as it stands in a file or on a command line.
    pub wrong: &'static str,
    /// The same, right.
    pub right: &'static str,
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}\n\n{}", self.code, self.title, self.explanation)?;
        for (title, example) in [("wrong", self.wrong), ("right", self.right)] {
            if !example.is_empty() {
                writeln!(f, "\n{title}:\n    {example}")?;
            }
        }
        Ok(())
    }
}

/// The entry of a code, whatever its case.
pub fn find(code: &str) -> Option<&'static Code> {
    CODES.iter().find(|entry| entry.code.eq_ignore_ascii_case(code))
}

const fn code(
    code: &'static str,
    title: &'static str,
    explanation: &'static str,
    wrong: &'static str,
    right: &'static str,
) -> Code {
    Code { code, title, explanation, wrong, right }
}

/// Every code, in order.
#[rustfmt::skip]
pub const CODES: [Code; 49] = [
    code("E0001", "the file cannot be read",
        "It does not exist, is a folder, may not be read, or is longer than any experiment. Exit status 1.",
        "stampede check experiments/", "stampede check experiments/lb_one_slow_server.ron"),
    code("E0002", "the resolved system cannot be printed",
        "A mistake of the tool, not of the file: please report it with the file.", "", ""),
    code("E0101", "a comma is missing",
        "Fields, entries and items are separated by commas; one after the last is welcome.",
        "(servers: 16 workers_per_server: 4)", "(servers: 16, workers_per_server: 4)"),
    code("E0102", "something else was expected",
        "( … ) holds fields `name: value`, { … } holds entries `\"key\": value`, [ … ] holds values.",
        "(seed = 1)", "(seed: 1)"),
    code("E0103", "a name is defined twice",
        "Only the last would count, and the first would be lost without a word.",
        "{ \"random\": {}, \"random\": {} }", "{ \"random\": {}, \"round_robin\": {} }"),
    code("E0104", "brackets do not match",
        "Every bracket needs its partner; the first one that does not fit is shown.",
        "servers: (16]", "servers: (16)"),
    code("E0105", "a text or comment is not closed",
        "A text ends on the line it begins on; inside, \\n is a line break, \\\" a quote, \\\\ a backslash.",
        "name: \"slow server", "name: \"slow server\""),
    code("E0106", "not a number",
        "Numbers are decimal (1_000, 0.5, 1e6) or 0x…; a quantity with a unit is a text.",
        "timeout: 250ms", "timeout: \"250ms\""),
    code("E0107", "not UTF-8 text",
        "The file holds bytes that are no character: it was saved in another encoding, or is no text.", "", ""),
    code("E0108", "brackets are nested too deeply",
        "More than 64 levels are not read; no experiment needs a dozen.", "((((…", "(…)"),
    code("E0109", "not an experiment",
        "An experiment is one value in parentheses with named fields.",
        "[1, 2]", "(name: \"…\", question: \"…\", workloads: { … }, components: { … }, run: ( … ))"),
    code("E0201", "unknown field",
        "Misspelled fields are never ignored, since a default would silently take their place.",
        "ServerPool(worker_per_server: 4)", "ServerPool(workers_per_server: 4)"),
    code("E0202", "unknown name of a choice",
        "`stampede list` shows the strategies, components, faults and distributions there are.",
        "strategy: RoundRobbin", "strategy: RoundRobin"),
    code("E0203", "a field is missing",
        "The field has no default, because no value would be right for most systems.",
        "ServerPool(servers: 4)", "ServerPool(servers: 4, service_time: Exponential(mean: \"20ms\"))"),
    code("E0204", "a value of another kind was expected",
        "Numbers have no quotes; texts and quantities with a unit have them; names of choices have none.",
        "servers: \"16\"", "servers: 16"),
    code("E0205", "a number does not fit",
        "Counts are whole and not negative; every number is finite.", "servers: -1", "servers: 1"),
    code("E0206", "a name cannot be used",
        "Names of experiments, arms, windows and ids become parts of paths and file names: letters, digits, `_` and `-`.",
        "name: \"lb/one\"", "name: \"lb_one\""),
    code("E0301", "a reference leads nowhere",
        "The name is no id of a workload or component (or of what else the field refers to).",
        "target: \"lbb\"", "target: \"lb\""),
    code("E0302", "a reference leads to the wrong kind of thing",
        "What it names exists but cannot do what is asked of it here: a queue cannot be called, a service holds no messages.",
        "consumes: \"gateway\"", "consumes: \"orders\""),
    code("E0303", "an id is used twice",
        "Ids are unique over workloads and components, since paths and metric names start with them.",
        "workloads: { \"web\": … }, components: { \"web\": … }", "workloads: { \"clients\": … }, components: { \"web\": … }"),
    code("E0304", "synchronous calls form a cycle",
        "Each call would wait for itself. Break the cycle with a queue, or limit the depth if recursion is meant.",
        "\"profile\": handles: { \"*\": [Call(\"gateway\")] }", "\"profile\": handles: { \"*\": [Publish(\"events\")] }"),
    code("E0305", "nothing would happen",
        "A system without a workload has no requests.", "workloads: {}", "workloads: { \"clients\": OpenLoop(target: \"web\") }"),
    code("E0401", "a unit is missing",
        "Every duration, rate and size carries its unit, so that nobody has to guess.",
        "timeout: \"20\"", "timeout: \"20ms\""),
    code("E0402", "not a fraction",
        "Shares and probabilities are written 0..1, never in percent.",
        "failure_rate_threshold: 50", "failure_rate_threshold: 0.50"),
    code("E0403", "a figure is compared with another kind of quantity",
        "A duration can only be less or more than a duration, a rate than a rate.",
        "clients.latency.p99 < 250/s", "clients.latency.p99 < 250ms"),
    code("E0404", "a value is out of range",
        "The value has the right kind but cannot be: nothing serves in no time, no part exceeds its whole.",
        "servers: 0", "servers: 1"),
    code("E0405", "unknown unit",
        "Durations: ns, us, ms, s, min, h. Rates: /s, /min, /h. Sizes: B, KB, MB, GB, TB and KiB, MiB, GiB, TiB.",
        "timeout: \"2 sec\"", "timeout: \"2s\""),
    code("E0406", "a field does not belong here",
        "Faults and strategies take the fields they have a use for; others would be ignored without a word.",
        "Crash(target: \"web\", at: \"60s\", factor: 2.0)", "Slow(target: \"web\", at: \"60s\", factor: 2.0)"),
    code("E0501", "a path leads nowhere",
        "A path is <id>.<field>…, with [n] for items: each segment must be a field of what stands before it.",
        "\"lb.stratgy\": Random", "\"lb.strategy\": Random"),
    code("E0503", "no steady state exists",
        "More work arrives than can be served and nothing bounds the queue: every figure grows with the run's length.",
        "horizon: SteadyState(warmup: \"20s\", measure: \"100s\")", "horizon: Terminating(end: \"600s\")"),
    code("E0504", "a sweep has no effect in an arm",
        "The arm sets the swept field or all that holds it, so every point of the sweep would be the same run.",
        "arms: { \"no_timeout\": { \"clients.timeout\": None } }, sweep: { \"clients.timeout\": […] }",
        "sweep: { \"clients.timeout\": […] }"),
    code("E0505", "a sweep axis cannot be used",
        "An axis is a path and a list of different values; on the command line PATH=V1,V2 or PATH=A..=B/STEP.",
        "--sweep web.servers=1..=9", "--sweep web.servers=1..=9/2"),
    code("E0506", "the baseline is no arm",
        "Differences are taken against the baseline, so it must be one of the arms.",
        "baseline: \"round\"", "baseline: \"round_robin\""),
    code("E0507", "a filter cannot be read",
        "--where compares sweep axes with values, joined by && || ! and parentheses; --arm takes a pattern.",
        "--where 'load > 0.8'", "--where 'clients.load.fraction > 0.8'"),
    code("E0508", "nothing matches the filters",
        "No cell is left to run. Exit status 8.", "--arm 'p3c*'", "--arm 'p2c*'"),
    code("E0509", "too many cells",
        "Arms times the values of all axes exceed 10 000: a mistake in a sweep, or more than one experiment.", "", ""),
    code("E0601", "too few replications",
        "One run gives a number but no interval, so a claim could not be decided.",
        "replications: 1", "replications: 10"),
    code("E0602", "a window does not fit the run",
        "A window starts before it ends and ends no later than the run.",
        "\"late\": (\"300s\", \"900s\")", "\"late\": (\"300s\", \"600s\")"),
    code("E0603", "unknown window",
        "What follows the @ of a claim is one of the named windows.",
        "clients.goodput.mean@later > 665/s", "clients.goodput.mean@late > 665/s"),
    code("E0604", "a claim cannot be read",
        "A claim is <id>.<metric>.<statistic>[@<window>] <op> <value>, with one of < <= > >= ==.",
        "clients.latency < 250ms", "clients.latency.p99 < 250ms"),
    code("E0605", "unknown metric or statistic",
        "Statistics are mean, p50, p90, p95, p99, p999, max, min, rate, count, of shares max_over_mean, cv, jain; `stampede list metrics` shows the metrics.",
        "clients.latency.p98 < 250ms", "clients.latency.p99 < 250ms"),
    code("E0606", "expectations for an arm that does not exist",
        "The keys of `expect` are names of arms; a file without arms has one, `base`.",
        "expect: { \"retries\": […] }", "expect: { \"retry\": […] }"),
    code("E0607", "expectations for a sweep point that does not exist",
        "A key of `expect` may name one point behind an @: a value of each axis, in the axes' order, between commas.",
        "expect: { \"retry@0.8\": […] }", "expect: { \"retry@0.85\": […] }"),
    code("E0701", "a file the experiment names cannot be read",
        "Traces and columns of values stand beside the experiment file; paths are relative to it.", "", ""),
    code("E0702", "a column of values cannot be used",
        "The file lacks the column, or a value in it is no quantity with a unit.", "", ""),
    code("E0703", "a trace cannot be used",
        "A line is no record of a request in the format named, or the file holds none.", "", ""),
    code("W0502", "unstable cells",
        "By the traffic equations some stations get more work than they serve: their latency grows with the run's length.",
        "", ""),
    code("W0504", "a flag has no effect",
        "Every arm, or the sweep, sets the field again after --set did.",
        "--set lb.strategy=Random", "--arm random"),
    code("W0505", "two arms are the same system",
        "They differ in their names only, so their results are equal to the last digit.", "", ""),
];

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;

    /// Every `"E1234"` and `"W1234"` in the sources under `folder`.
    fn used(folder: &Path, codes: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                used(&path, codes);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let quoted =
                    text.split('"').filter(|piece| piece.len() == 5 && piece.starts_with(['E', 'W']));
                codes.extend(
                    quoted
                        .filter(|code| code[1..].parse::<u16>().is_ok() && !code.ends_with("1234"))
                        .map(str::to_owned),
                );
            }
        }
    }

    #[test]
    fn every_code_that_is_used_is_explained() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut codes = BTreeSet::new();
        for package in ["sim-core", "models", "experiments"] {
            used(&root.join(package).join("src"), &mut codes);
        }
        let missing: Vec<_> = codes.iter().filter(|code| find(code).is_none()).collect();
        assert!(missing.is_empty(), "{missing:?}");
        assert!(codes.contains("E0402") && codes.len() > 30);
    }

    #[test]
    fn codes_are_sorted_and_unique() {
        let codes: Vec<_> = CODES.iter().map(|entry| entry.code).collect();
        let mut sorted = codes.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(codes, sorted);
        let text = find("e0301").unwrap().to_string();
        assert!(text.starts_with("E0301: a reference leads nowhere\n\nThe name is no id"), "{text}");
    }
}

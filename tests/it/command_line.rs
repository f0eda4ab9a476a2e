//! `check` and `run` with every flag, through the built binary: what they say, where they say it, and how they end.

use std::{fs, process::Command, thread, time::Duration};

use crate::desk::{COUNTER, Desk, counter_with, finished};

/// The value after a heading in a table for people, such as the plan of `check`.
fn fact(out: &str, name: &str) -> String {
    let line = out.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap_or_else(|| panic!("no {name}\n{out}")).trim().to_owned()
}

#[test]
fn results_go_to_stdout_and_narration_to_stderr() {
    let said = Desk::new().say("run counter.ron");
    let out = said.ended(0);
    for piece in ["clients.latency.p99 < 500ms", "least", "round_robin", "random", "results/counter/"] {
        assert!(out.contains(piece), "{piece}\n{out}");
    }
    for piece in ["counter  seed 1", "[100%] 18/18 runs"] {
        assert!(said.err.contains(piece) && !out.contains(piece), "{piece}\n{}", said.err);
    }
    assert!(!out.contains('\u{1b}') && !said.err.contains('\u{1b}'), "no colour without a terminal");
}

#[test]
fn colour_comes_only_when_it_is_wanted() {
    let desk = finished();
    let colored = |words: &str, variables: &[(&str, &str)]| {
        let said = desk.say_with(words, variables);
        said.ended(0);
        said.out.contains('\u{1b}')
    };
    assert!(colored("report latest --color always", &[]));
    assert!(colored("report latest", &[("CLICOLOR_FORCE", "1")]));
    assert!(!colored("report latest", &[("NO_COLOR", "1")]));
    assert!(!colored("report latest", &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")]));
    assert!(!colored("report latest --color never", &[("CLICOLOR_FORCE", "1")]));
}

#[test]
fn a_run_leaves_a_whole_folder_whose_tables_agree() {
    let desk = finished();
    let folder = desk.results("results", "counter");
    for name in [
        "experiment.ron",
        "resolved.ron",
        "manifest.json",
        "summary.json",
        "summary.md",
        "cells.csv",
        "replications.csv",
        "comparisons.csv",
        "slos.csv",
        "junit.xml",
    ] {
        assert!(folder.join(name).is_file(), "{name}");
    }
    assert_eq!(fs::read_to_string(folder.join("experiment.ron")).unwrap(), COUNTER);
    let slos = fs::read_to_string(folder.join("slos.csv")).unwrap();
    assert_eq!(slos.lines().count(), 1 + 6 + 2, "6 cells have the wish, 2 the claim\n{slos}");
    let found: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(folder.join("summary.json")).unwrap()).unwrap();
    assert!(found.is_object());
    let latest = fs::read_to_string(desk.path("results/latest.txt")).unwrap();
    assert_eq!(desk.path("results").join(latest.trim()), folder);
}

#[test]
fn the_resolved_experiment_runs_on_its_own_and_gives_the_same() {
    let desk = finished();
    let resolved = fs::read_to_string(desk.results("results", "counter").join("resolved.ron")).unwrap();
    desk.write("resolved.ron", &resolved);
    desk.say("run resolved.ron -o again -q").ended(0);
    let cells = |root: &str| fs::read_to_string(desk.results(root, "counter").join("cells.csv")).unwrap();
    assert_eq!(cells("again"), cells("results"));
}

#[test]
fn stdout_speaks_every_format() {
    let desk = finished();
    let out = |format: &str| desk.say(&format!("report latest --format {format}")).ended(0).to_owned();
    let found: serde_json::Value = serde_json::from_str(&out("json")).unwrap();
    assert!(found.is_object());
    let lines = out("jsonl");
    assert!(lines.lines().count() > 6);
    for line in lines.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
    assert!(out("markdown").contains("| "));
    assert_eq!(out("quiet"), "");
    assert!(out("human").contains("least"));
    let said = desk.say("run counter.ron --format json");
    serde_json::from_str::<serde_json::Value>(said.ended(0)).unwrap();
    assert!(said.err.contains("every run was stored already"), "{}", said.err);
}

#[test]
fn ascii_means_ascii() {
    let desk = Desk::new();
    for words in [
        "check counter.ron --ascii",
        "run counter.ron --ascii",
        "report latest --ascii",
        "compare latest --ascii",
    ] {
        let said = desk.say(words);
        assert!(said.ended(0).is_ascii(), "{words}\n{}", said.out);
        assert!(said.err.is_ascii(), "{words}\n{}", said.err);
    }
    desk.write("broken.ron", counter_with("servers: 2,", "servers: 2"));
    let said = desk.say("check broken.ron --ascii");
    assert!(said.complained(3).is_ascii(), "{}", said.err);
}

#[test]
fn the_unit_of_time_is_the_readers_choice() {
    let desk = finished();
    for (unit, shown) in [("us", "µs"), ("ms", "ms"), ("s", ", s")] {
        let said = desk.say(&format!("report latest --time-unit {unit}"));
        assert!(said.ended(0).contains(shown), "{unit}\n{}", said.out);
    }
    desk.say("report latest --time-unit weeks").complained(2);
}

#[test]
fn quiet_and_verbose_change_only_the_narration() {
    let desk = Desk::new();
    let loud = desk.say("run counter.ron -v -o loud");
    let quiet = desk.say("run counter.ron -q -o quiet");
    assert!(loud.err.contains("0 runs stored, 18 to do"), "{}", loud.err);
    assert_eq!(quiet.err, "");
    assert_eq!(quiet.ended(0).replace("quiet", "loud").lines().next(), loud.ended(0).lines().next());
    desk.say("run counter.ron -q -v").complained(2);
    let none = desk.say("run counter.ron --progress none --fresh -o none");
    assert!(!none.err.contains('%'), "{}", none.err);
    assert!(desk.say("run counter.ron --progress plain -o plain").err.contains("[ 50%]"));
}

#[test]
fn a_dry_run_writes_nothing() {
    let desk = Desk::new();
    let said = desk.say("run counter.ron --dry-run");
    assert_eq!(said.ended(0).lines().count(), 1 + 18, "{}", said.out);
    assert!(said.err.contains("about"), "{}", said.err);
    assert!(!desk.path("results").exists());
    assert_eq!(desk.say("list counter.ron").ended(0), said.out);
    assert_eq!(desk.say("run counter.ron -n").ended(0), said.out);
}

#[test]
fn check_predicts_and_runs_nothing() {
    let desk = Desk::new();
    let said = desk.say("check counter.ron");
    let out = said.ended(0);
    assert_eq!(
        fact(out, "Plan"),
        "3 arms × 2 load × 3 replications = 18 runs, seed 1, common random numbers on"
            .replace("2 load", "2 loads")
    );
    assert!(fact(out, "Capacity").contains("web: 2 × 100/s = 200/s"), "{out}");
    assert!(out.contains("✓ valid"), "{out}");
    assert!(!desk.path("results").exists());
    desk.write("second.ron", counter_with("\"counter\"", "\"second\""));
    assert_eq!(desk.say("check counter.ron second.ron").ended(0).matches("valid").count(), 2);
}

#[test]
fn more_replications_extend_and_fewer_delete_nothing() {
    let desk = finished();
    assert!(desk.say("run counter.ron -r 4 -v").complained(0).contains("18 runs stored, 6 to do"));
    assert!(desk.say("run counter.ron -r 2 -v").complained(0).contains("every run was stored already"));
    assert!(
        desk.say("run counter.ron --replications 4 -v")
            .complained(0)
            .contains("every run was stored already")
    );
    assert!(
        desk.say("run counter.ron -r 4 -v --resume").complained(0).contains("every run was stored already")
    );
    assert!(desk.say("run counter.ron -v --fresh").complained(0).contains("0 runs stored, 18 to do"));
    desk.say("run counter.ron -r 0").complained(2);
}

#[test]
fn arms_and_conditions_choose_cells() {
    let desk = Desk::new();
    let count = |options: &str| desk.say(&format!("list counter.ron {options}")).ended(0).lines().count() - 1;
    for (options, runs) in [
        ("", 18),
        ("--arm least", 6),
        ("--arm 'r*'", 12),
        ("--arm least --arm random", 12),
        ("--where 'clients.load.fraction > 0.5'", 9),
        ("--where 'clients.load.fraction < 0.5 || clients.load.fraction == 0.6'", 18),
        ("--arm '{least,random}' --where '!(clients.load.fraction == 0.3)'", 6),
        ("-r 5 --arm least", 10),
        ("--sweep clients.load.fraction=0.1,0.2,0.3", 27),
        ("--sweep clients.load.fraction=0.1..=0.5/0.1", 45),
        ("--sweep web.servers=2,3", 36),
    ] {
        assert_eq!(count(options), runs, "{options}");
    }
    for words in ["run counter.ron --arm nobody", "list counter.ron --where 'clients.load.fraction > 2'"] {
        desk.say(words).complained(8);
    }
    assert!(!desk.path("results").exists());
}

#[test]
fn set_changes_a_field_and_the_folder() {
    let desk = finished();
    desk.say("run counter.ron -q -s web.servers=4 -s 'clients.timeout=\"5s\"'").ended(0);
    let folders = fs::read_dir(desk.path("results/counter")).unwrap().map(|entry| entry.unwrap().path());
    let resolved: Vec<String> = folders
        .filter(|path| path.is_dir() && !path.is_symlink())
        .map(|path| fs::read_to_string(path.join("resolved.ron")).unwrap())
        .collect();
    assert_eq!(resolved.len(), 2);
    assert!(resolved.iter().any(|text| text.contains("servers: 4") && text.contains("\"5s\"")));
    let said = desk.say("check counter.ron --set web.servers=4");
    assert!(fact(said.ended(0), "Capacity").contains("4 × 100/s = 400/s"), "{}", said.out);
}

#[test]
fn another_seed_tells_another_story() {
    let desk = Desk::new();
    let figures =
        |options: &str| desk.say(&format!("run counter.ron -q --format json {options}")).ended(0).to_owned();
    assert_ne!(figures("--seed 2 -o two"), figures("-o one"));
    assert!(desk.say("run counter.ron --seed 2 -o two").err.contains("seed 2"));
}

#[test]
fn claims_decide_the_exit() {
    let desk = Desk::new();
    desk.write("broken.ron", counter_with("clients.latency.mean < 100ms", "clients.latency.mean < 1ms"));
    let said = desk.say("run broken.ron");
    assert!(said.ended(4).contains('✗'), "{}", said.out);
    desk.write("doubtful.ron", counter_with("clients.latency.mean < 100ms", "clients.in_flight.max < 13"));
    let code = desk.say("run doubtful.ron -r 2").code;
    assert!(matches!(code, Some(4 | 5)), "{code:?}");
    desk.say("run counter.ron -q").ended(0);
    let said = desk.say("run counter.ron -q --slo 'clients.latency.p99 < 1ms'");
    assert!(said.ended(0).contains('✗'), "a missed wish is no error\n{}", said.out);
    desk.say("run counter.ron -q --slo 'clients.latency.p99 < 1ms' --gate").ended(4);
    desk.say("run counter.ron -q --gate").ended(0);
}

#[test]
fn what_two_runs_cannot_tell_is_inconclusive() {
    let desk = Desk::new();
    let mean = {
        let said = desk
            .say("run counter.ron -q -r 2 --format json --arm least --where 'clients.load.fraction == 0.6'");
        let summary: serde_json::Value = serde_json::from_str(said.ended(0)).unwrap();
        let text = summary.to_string();
        assert!(text.contains("clients.latency"), "{text}");
        mean_latency(&desk)
    };
    let claim = format!("clients.latency.mean < {:.4}ms", mean * 1e3);
    desk.write("doubtful.ron", counter_with("clients.latency.mean < 100ms", &claim));
    let said = desk.say("run doubtful.ron -q -r 2 --arm least --where 'clients.load.fraction == 0.6'");
    assert!(said.ended(5).contains('?'), "{}", said.out);
}

/// The mean latency that the only cell of the latest results tells.
fn mean_latency(desk: &Desk) -> f64 {
    let cells = fs::read_to_string(desk.results("results", "counter").join("cells.csv")).unwrap();
    let row = cells.lines().find(|line| line.contains(",clients.latency.mean,")).unwrap();
    row.split(',').nth(5).unwrap().parse().unwrap()
}

#[test]
fn a_run_that_breaks_leaves_the_others() {
    let desk = Desk::new();
    let run = "replications: 3, budget: (events: 1000),";
    desk.write("costly.ron", counter_with("replications: 3,", run));
    let said = desk.say("run costly.ron");
    assert!(said.ended(7).contains("the run needed more than its budget of 1000 events"), "{}", said.out);
    assert!(said.out.contains("stampede run costly.ron"), "a line to reproduce it\n{}", said.out);
    assert!(desk.say("run costly.ron --fail-fast -j 1 -o fast").ended(7).contains("budget"));
    // The clock is looked at every 32 768 events, so there must be more of them.
    let late = counter_with("replications: 3,", "replications: 2, budget: (wall_time: \"1us\"),")
        .replace("measure: \"20s\"", "measure: \"2000s\"");
    desk.write("late.ron", late);
    let said = desk.say("run late.ron --arm least");
    let told = "the run took longer than its budget of 1us of real time";
    assert!(said.ended(7).contains(told), "{}", said.out);
    desk.say("run costly.ron --keep-going -o on").ended(7);
    desk.say("verify costly.ron --accept").complained(7);
}

#[test]
fn precision_adds_replications_until_it_is_reached() {
    let desk = Desk::new();
    let one = "--arm least --where 'clients.load.fraction == 0.3'";
    let said = desk.say(&format!("run counter.ron -v {one} --precision 50%@clients.latency.mean"));
    assert!(said.complained(0).contains("15/15"), "{}", said.err);
    let bound = "--precision 0.001%@clients.latency.p99 --max-replications 17 -o bound";
    assert!(desk.say(&format!("run counter.ron -v {one} {bound}")).complained(0).contains("2/2 runs"));
    let said = desk.say(&format!("run counter.ron {one} -o none --precision 5%@clients.patience.p99"));
    assert!(said.err.contains("no run tells clients.patience.p99"), "{}", said.err);
    for wrong in ["--precision 5", "--precision 5%@p99", "--max-replications 5", "--precision 5%@a.b.c -r 3"]
    {
        desk.say(&format!("run counter.ron {wrong}")).complained(2);
    }
}

#[test]
fn shards_add_up() {
    let desk = Desk::new();
    let said = desk.say("run counter.ron --shard 1/2");
    assert_eq!(said.ended(0), "");
    assert!(said.err.contains("runs are left to others"), "{}", said.err);
    assert!(!desk.results("results", "counter").join("cells.csv").exists());
    assert!(desk.say("run counter.ron --shard 2/2").ended(0).contains("least"));
    for wrong in ["0/2", "3/2", "x", "1/0"] {
        desk.say(&format!("run counter.ron --shard {wrong}")).complained(2);
    }
}

#[test]
fn jobs_are_a_number_above_0() {
    let desk = Desk::new();
    desk.say("run counter.ron -q --jobs 2").ended(0);
    desk.say("run counter.ron -j 0").complained(2);
    desk.say("run counter.ron -j many").complained(2);
}

#[cfg(unix)]
#[test]
fn interrupted_it_says_130_and_keeps_what_is_done() {
    let desk = Desk::new();
    desk.write("long.ron", counter_with("measure: \"20s\"", "measure: \"2000s\""));
    let mut child = desk.spawn("run long.ron -r 20 -j 1");
    let stored = || {
        fs::read_dir(desk.path("results/counter")).is_ok_and(|folders| {
            folders
                .flatten()
                .any(|folder| fs::read_dir(folder.path().join("runs")).is_ok_and(|runs| runs.count() > 0))
        })
    };
    while !stored() {
        thread::sleep(Duration::from_millis(20));
    }
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(!desk.results("results", "counter").join("cells.csv").exists());
    let said = desk.say("run long.ron -r 1 --arm least --allow-single -v");
    assert!(said.complained(0).contains("runs stored"), "{}", said.err);
}

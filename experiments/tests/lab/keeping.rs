//! What a run keeps, and how it ends: threads, shards, kills, damage, precision, exit codes.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::Duration,
};

use experiments::exit::Exit;

use crate::desk::{Desk, assert_same, reference};

#[test]
fn threads_leave_no_trace() {
    let desk = Desk::with("plain");
    desk.run("-j 4");
    let expected = reference("plain");
    assert!(expected.len() > 54 + 18, "54 runs and the tables: {}", expected.len());
    assert_same(&desk.contents(), &expected);
}

#[test]
fn shards_make_the_same_folder_as_one_machine() {
    let desk = Desk::with("plain");
    for shard in ["2/3", "3/3"] {
        let said = desk.run(&format!("--shard {shard}"));
        assert_eq!(said.exit, Exit::Done);
        assert!(said.err.contains("runs are left to others") && said.out.is_empty(), "{}", said.err);
    }
    assert!(!desk.results().join("cells.csv").exists());
    desk.run("--shard 1/3");
    let said = desk.run("");
    assert!(said.err.contains("every run was stored already"), "{}", said.err);
    assert_same(&desk.contents(), &reference("plain"));
}

#[test]
fn killed_at_any_moment_a_run_goes_on() {
    let desk = Desk::with("slow");
    for (round, milliseconds) in [120, 40, 200, 90, 150].into_iter().enumerate() {
        let mut child = desk.spawn("run FILE -o ROOT -j 2 --progress none");
        thread::sleep(Duration::from_millis(milliseconds));
        child.kill().unwrap();
        child.wait().unwrap();
        if round == 2 {
            // As if it had been killed in the middle of a write.
            fs::create_dir_all(desk.results().join("runs/x")).unwrap();
            fs::write(desk.results().join("runs/x/.0.bin.1.1.tmp"), "half").unwrap();
        }
    }
    assert_eq!(desk.run("").exit, Exit::Done);
    fs::remove_dir(desk.results().join("runs/x")).expect("the leftover in it is gone");
    assert_same(&desk.contents(), &reference("slow"));
}

#[test]
fn two_processes_share_a_store() {
    let desk = Desk::with("slow");
    let children = [desk.spawn("run FILE -o ROOT -j 1"), desk.spawn("run FILE -o ROOT -j 2")];
    for mut child in children {
        assert_eq!(child.wait().unwrap().code(), Some(0));
    }
    assert_same(&desk.contents(), &reference("slow"));
}

#[cfg(unix)]
#[test]
fn ctrl_c_keeps_what_is_done_and_says_130() {
    let desk = Desk::with("slow");
    let mut child = desk.spawn("run FILE -o ROOT -j 1");
    desk.wait_for_runs(3);
    let interrupted = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(interrupted.success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(!desk.results().join("cells.csv").exists());
    let said = desk.run("-v");
    let stored = said.err.lines().find_map(|line| line.split_once(" runs stored")).unwrap();
    assert!(stored.0.parse::<u64>().unwrap() > 0, "{}", said.err);
    assert_same(&desk.contents(), &reference("slow"));
}

#[test]
fn damaged_files_are_computed_again_with_a_note() {
    let desk = Desk::with("plain");
    desk.run("");
    let runs: Vec<PathBuf> = desk.contents().into_keys().filter(|path| path.starts_with("runs")).collect();
    let damage: [fn(&mut Vec<u8>); 3] =
        [|bytes| bytes.truncate(50), |bytes| bytes[70] ^= 1, |bytes| *bytes = vec![b'x'; 500]];
    for (path, damage) in runs.iter().zip(damage) {
        let path = desk.results().join(path);
        let mut bytes = fs::read(&path).unwrap();
        damage(&mut bytes);
        fs::write(&path, bytes).unwrap();
    }
    let said = desk.run("");
    assert_eq!(said.err.matches("computed again").count(), 3, "{}", said.err);
    for reason in ["is cut short", "is damaged", "is not a stored run"] {
        assert!(said.err.contains(reason), "{}", said.err);
    }
    assert_same(&desk.contents(), &reference("plain"));
}

#[test]
fn more_replications_extend_and_fewer_delete_nothing() {
    let desk = Desk::with("plain");
    desk.run("-r 4");
    let said = desk.run("-r 6 -v");
    assert!(said.err.contains("36 runs stored, 18 to do"), "{}", said.err);
    assert_same(&desk.contents(), &reference("plain"));
    desk.run("-r 3");
    assert!(desk.read("cells.csv").contains("clients.latency.p99,s,3,"));
    assert_eq!(desk.contents().keys().filter(|path| path.starts_with("runs")).count(), 54);
}

#[test]
fn precision_decides_the_replications_whatever_the_threads() {
    let goal = "--precision 0.7%@clients.latency.p99 --max-replications 40";
    let [one, four] = ["-j 1", "-j 4"].map(|jobs| {
        let desk = Desk::with("plain");
        assert_eq!(desk.run(&format!("{goal} {jobs}")).exit, Exit::Done);
        desk.contents()
    });
    assert_same(&four, &one);
    let cells = String::from_utf8(one[Path::new("cells.csv")].clone()).unwrap();
    let count = |row: &str| {
        let line = cells.lines().find(|line| line.starts_with(row)).unwrap();
        line.split(',').nth(4).unwrap().parse::<u64>().unwrap()
    };
    // An unstable cell stops at once, a noisy one goes on.
    assert_eq!(count("blind,0.95,clients.latency.p99"), 15);
    assert!(
        (16..40).contains(&count("fast,0.5,clients.latency.p99")),
        "{}",
        count("fast,0.5,clients.latency.p99")
    );
}

#[test]
fn every_ending_has_its_code() {
    let endings = [
        ("plain", "run FILE -o ROOT", Exit::Done),
        ("plain", "run FILE -o FILE", Exit::Internal),
        ("plain", "run FILE --no-such-flag", Exit::Usage),
        ("plain", "run FILE --shard 9/3", Exit::Usage),
        ("wrong", "run FILE -o ROOT", Exit::Invalid),
        ("expect", "run FILE -o ROOT", Exit::Failed),
        ("plain", "run FILE -o ROOT --gate", Exit::Failed),
        ("doubt", "run FILE -o ROOT", Exit::Inconclusive),
        ("plain", "verify FILE", Exit::Drifted),
        ("crash", "run FILE -o ROOT", Exit::Crashed),
        ("crash expect", "run FILE -o ROOT", Exit::Crashed),
        ("plain", "run FILE -o ROOT --arm nobody", Exit::NothingMatched),
        ("plain", "report nothing -o ROOT", Exit::NothingMatched),
        ("wrong", "check FILE", Exit::Invalid),
        ("plain", "--version", Exit::Done),
    ];
    for (text, words, exit) in endings {
        let said = Desk::with(text).say(words);
        assert_eq!(said.exit, exit, "{words} of {text}\n{}\n{}", said.out, said.err);
    }
}

#[test]
fn a_store_that_cannot_be_written_is_named_once() {
    let said = Desk::with("plain").say("run FILE -o FILE");
    assert!(said.err.contains("error: cannot create DESK/fake.ron/fake/3f9c2a71"), "{}", said.err);
    assert_eq!(said.err.matches("error").count(), 2, "the system's own words follow once: {}", said.err);
}

#[test]
fn a_crash_leaves_partial_results_and_a_way_to_see_it_again() {
    let desk = Desk::with("crash");
    let said = desk.run("");
    assert!(said.out.contains("Crashed  3 of the runs broke"), "{}", said.out);
    assert!(said.out.contains("the books of web do not balance: 7 arrived, 6 left"), "{}", said.out);
    let again = "stampede run DESK/fake.ron -o DESK/results --arm even --where 'clients.load.fraction == 0.5' --seed 1 -r 3";
    assert!(said.out.contains(again), "{}", said.out);
    assert!(desk.read("cells.csv").contains("even,0.5,clients.latency.p99,s,5,"));
    assert!(desk.read("manifest.json").contains("do not balance"));
}

#[test]
fn plain_progress_is_ten_lines() {
    let said = Desk::with("plain").run("-j 1");
    assert_eq!(said.err.lines().filter(|line| line.starts_with('[')).count(), 10, "{}", said.err);
    assert!(said.err.contains("[100%] 54/54 runs"), "{}", said.err);
    assert!(said.err.contains("requests/s, ") && said.err.contains("events/s (1 jobs)"), "{}", said.err);
}

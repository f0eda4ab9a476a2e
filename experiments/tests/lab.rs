//! The laboratory as a user meets it: whole commands on a house whose simulator is a formula.

mod fake;

use std::{
    collections::BTreeMap,
    env, fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use experiments::{
    cli::{self, Streams},
    exit::Exit,
};
use fake::Fake;
use tempfile::TempDir;

/// A folder with an experiment file, and room for results.
struct Desk {
    folder: TempDir,
}

/// What a command said and how it ended.
struct Said {
    exit: Exit,
    out: String,
    err: String,
}

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Buffer {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Desk {
    fn with(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("fake.ron"), text).unwrap();
        Self { folder }
    }

    fn file(&self) -> String {
        self.folder.path().join("fake.ron").display().to_string()
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("results")
    }

    fn results(&self) -> PathBuf {
        self.root().join("fake/3f9c2a71")
    }

    /// Words of a command; `FILE` and `ROOT` stand for this desk's.
    fn arguments(&self, words: &str) -> Vec<String> {
        let word = |word: &str| {
            word.replace("FILE", &self.file()).replace("ROOT", &self.root().display().to_string())
        };
        std::iter::once("stampede".to_owned()).chain(words.split_whitespace().map(word)).collect()
    }

    fn say(&self, words: &str) -> Said {
        let (out, err) = (Buffer::default(), Buffer::default());
        let streams = Streams::captured(Box::new(out.clone()), Box::new(err.clone()));
        let exit = cli::main(self.arguments(words).into_iter().map(Into::into), &Fake, streams);
        let plain = |text: String| text.replace(&self.folder.path().display().to_string(), "DESK");
        Said { exit, out: plain(out.text()), err: plain(err.text()) }
    }

    fn run(&self, options: &str) -> Said {
        self.say(&format!("run FILE -o ROOT {options}"))
    }

    /// The same command in a process of its own, which can be killed.
    fn spawn(&self, words: &str) -> Child {
        Command::new(env::current_exe().unwrap())
            .args(["--exact", "child", "--ignored", "--nocapture"])
            .env("LAB_CHILD", self.arguments(words).join("\u{1f}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    /// Every file of the results folder but the manifest.
    fn contents(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        collect(&self.results(), &self.results(), &mut files);
        files.remove(Path::new("manifest.json"));
        files
    }

    /// Waits until another process has stored that many runs.
    fn wait_for_runs(&self, count: usize) {
        let stored = || {
            let cells = fs::read_dir(self.results().join("runs")).into_iter().flatten().flatten();
            cells.flat_map(|cell| fs::read_dir(cell.path()).into_iter().flatten()).count()
        };
        for _ in 0..6000 {
            if stored() >= count {
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
        panic!("no run was stored in 30 s");
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.results().join(name)).unwrap()
    }
}

fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, files);
        } else {
            files.insert(path.strip_prefix(root).unwrap().to_owned(), fs::read(&path).unwrap());
        }
    }
}

/// The folder of one quiet run on one thread.
fn reference(text: &str) -> BTreeMap<PathBuf, Vec<u8>> {
    let desk = Desk::with(text);
    assert_eq!(desk.run("-j 1").exit, Exit::Done);
    desk.contents()
}

fn assert_same(found: &BTreeMap<PathBuf, Vec<u8>>, expected: &BTreeMap<PathBuf, Vec<u8>>) {
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    for (path, bytes) in expected {
        assert!(found[path] == *bytes, "{} differs", path.display());
    }
}

/// Not a test: a process that other tests start and kill.
#[test]
#[ignore = "started by other tests"]
fn child() {
    let Ok(arguments) = env::var("LAB_CHILD") else { return };
    let arguments = arguments.split('\u{1f}').map(Into::into);
    std::process::exit(cli::main(arguments, &Fake, Streams::standard()).code().into());
}

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

#[test]
fn the_result_on_a_terminal() {
    insta::assert_snapshot!(Desk::with("doubt").run("").out, @r#"
    fake   DESK/results/fake/3f9c2a71   seed 1   6 replications   CRN

      SLO  clients.latency.p99 < 250ms   mean ± 95 % CI, ms

      load        0.50        0.70        0.95
      fast     112±1.6 ✓   112±1.7 ✓▴  112±1.8 ✓▴
      even     106±1.9 ✓▴  112±1.5 ✓▴  120±2.0 ✓
      blind ◇  801±1.3 ✗   +20.1/s ✗   +45.1/s ✗

      ✓ pass  ✗ fail  ? inconclusive   ▴ best or tied (paired, Holm 5 %)   ◇ baseline
      +20.1/s = unstable: that many requests per second pile up at web[15]; no steady-state latency exists

    Answer
      At load 0.50 even has the lowest p99; at 0.70 even and fast tie; at 0.95 fast.
      clients.latency.p99 < 250ms: even and fast pass at every load; blind fails at every load.

    Paired differences in p99 at load 0.95, each minus fast (95 % CI each, Holm-adjusted p)
      even  +7.32 ms  [+6.206, +8.439]  Holm p 1e-5  CRN saved 5.6×

    Expectations  0 of 3 hold
      ? fast@0.5  clients.latency.mean < 55.599999999999994ms   found 55.9±0.78 ms   about 57 replications would decide
      ? fast@0.7  clients.latency.mean < 55.599999999999994ms   found 56.1±0.83 ms   about 15 replications would decide
      ? fast@0.95  clients.latency.mean < 55.599999999999994ms   found 56.2±0.88 ms   about 15 replications would decide

    Checks   conservation ✓   Little's law ✓   warm-up 20 s ≥ MSER-5 ✓   re-run of 1 cell identical ✓
    Report   DESK/results/fake/3f9c2a71/report.html
    "#);
}

#[test]
fn the_story_of_a_storm() {
    insta::assert_snapshot!(Desk::with("storm").run("").out, @r#"
    fake   DESK/results/fake/3f9c2a71   seed 100   10 replications   CRN

                                   ┌120─150┐
      clients goodput  t=0                                                    600 s  recovered   goodput@late
      no_retry         ████████████▄▄▄▁▂███████████████████████████████████████████  10/10 18 s  700±0.2/s ✓▴
      retry ◇          ████████████▄▄▄▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁      0/10 –        0/s ✗
      retry_budget     ████████████▄▄▄▁▁▁▆█████████████████████████████████████████  10/10 33 s  700±0.2/s ✓▴

      METASTABLE  retry: the trigger ended at 150 s, the system is still down at 600 s in 10 of 10 replications
                  (goodput 0/s, before the fault 700/s)

      ✓ pass  ✗ fail  ? inconclusive   ▴ best or tied (paired, Holm 5 %)   ◇ baseline

    Answer
      no_retry and retry_budget tie for the highest goodput@late.
      clients.goodput.mean@late > 665/s: no_retry and retry_budget pass; retry fails.

    Paired differences in goodput@late, each minus no_retry (95 % CI each, Holm-adjusted p)
      retry_budget     0/s  [0, 0]            Holm p 1
      retry         -700/s  [-700.2, -699.8]  Holm p <1e-15  CRN saved 1.0×

    Expectations  2 of 2 hold

    Checks   conservation ✓   Little's law ✓   re-run of 1 cell identical ✓
    Report   DESK/results/fake/3f9c2a71/report.html
    "#);
}

#[test]
fn the_result_in_ascii_and_seconds() {
    insta::assert_snapshot!(Desk::with("plain").run("--ascii --time-unit s").out, @r#"
    fake   DESK/results/fake/3f9c2a71   seed 1   6 replications   CRN

      SLO  clients.latency.p99 < 250ms   mean +- 95 % CI, s

      load              0.50              0.70              0.95
      fast     0.112+-0.0016 +   0.112+-0.0017 +*  0.112+-0.0018 +*
      even     0.106+-0.0019 +*  0.112+-0.0015 +*  0.120+-0.0020 +
      blind o  0.801+-0.0013 x   +20.1/s       x   +45.1/s       x

      + pass  x fail  ? inconclusive   * best or tied (paired, Holm 5 %)   o baseline
      +20.1/s = unstable: that many requests per second pile up at web[15]; no steady-state latency exists

    Answer
      At load 0.50 even has the lowest p99; at 0.70 even and fast tie; at 0.95 fast.
      clients.latency.p99 < 250ms: even and fast pass at every load; blind fails at every load.

    Paired differences in p99 at load 0.95, each minus fast (95 % CI each, Holm-adjusted p)
      even  +0.00732 s  [+0.006206, +0.008439]  Holm p 1e-5  CRN saved 5.6x

    Checks   conservation +   Little's law +   warm-up 20 s >= MSER-5 +   re-run of 1 cell identical +
    Report   DESK/results/fake/3f9c2a71/report.html
    "#);
}

#[test]
fn the_result_as_markdown() {
    insta::assert_snapshot!(Desk::with("plain").run("--format markdown -q").out, @r#"
    # fake

    Who keeps p99 below 250 ms?

    > At load 0.50 even has the lowest p99; at 0.70 even and fast tie; at 0.95 fast.

    > clients.latency.p99 < 250ms: even and fast pass at every load; blind fails at every load.

    ## clients.latency.p99 < 250ms (ms)

    | load | 0.50 | 0.70 | 0.95 |
    | --- | ---: | ---: | ---: |
    | blind (baseline) | 801±1.3 ✗ | unstable, +20.1/s at web[15] ✗ | unstable, +45.1/s at web[15] ✗ |
    | even | 106±1.9 ✓ ▴ | 112±1.5 ✓ ▴ | 120±2.0 ✓ |
    | fast | 112±1.6 ✓ | 112±1.7 ✓ ▴ | 112±1.8 ✓ ▴ |

    ## Paired differences

    Base units; 95 % intervals each; p adjusted by Holm's method.

    | metric | at | arm | minus | difference | 95 % CI | p |
    |---|---|---|---|---:|---|---:|
    | clients.latency.p99 | 0.50 | even | blind | -0.694 | [-0.6953, -0.6936] | <1e-15 |
    | clients.latency.p99 | 0.50 | fast | blind | -0.689 | [-0.6897, -0.6883] | <1e-15 |
    | clients.latency.p99 | 0.50 | blind | even | +0.694 | [+0.6936, +0.6953] | 1e-15 |
    | clients.latency.p99 | 0.50 | fast | even | +0.00541 | [+0.004602, +0.006222] | 1e-5 |
    | clients.latency.p99 | 0.70 | fast | even | +0.000111 | [-0.0006655, +0.0008874] | 0.73 |
    | clients.latency.p99 | 0.95 | even | fast | +0.00732 | [+0.006206, +0.008439] | 1e-5 |

    Seed 1, experiment `3f9c2a71`, cells in `cells.csv`.
    "#);
}

#[test]
fn the_check_page() {
    insta::assert_snapshot!(Desk::with("plain").say("check FILE").out, @r#"
    fake   Who keeps p99 below 250 ms?

    Plan        3 arms × 3 loads × 6 replications = 54 runs, seed 1, common random numbers on
    Size        ≈ 99 million requests, ≈ 15 s of CPU
    Capacity    web: 15 × 200/s + 1 × 100/s = 3100/s

    Stability   arm    0.50   0.70   0.95   busiest
                blind  0.95   1.33✗  1.80✗  web[15]
                even      –      –      –   web[15]
                fast      –      –      –   web[15]
                –  no closed form: the strategy looks at the state, or the load is a trace

    Precision   ≥ 155 000 requests a run, ≥ 1550 beyond the farthest quantile claimed
    Warm-up     20 s   verified at run time (MSER-5)

    ✓ valid
    "#);
}

#[test]
fn the_tables_for_machines() {
    let desk = Desk::with("doubt");
    desk.run("");
    let head = |name: &str| desk.read(name).lines().take(3).collect::<Vec<_>>().join("\n");
    let names = ["cells.csv", "replications.csv", "comparisons.csv", "slos.csv", "timeseries/fast@0.95.csv"];
    insta::assert_snapshot!(names.map(head).join("\n\n"), @r#"
    arm,clients.load.fraction,metric,unit,n,mean,ci_low,ci_high,method,flags
    blind,0.5,clients.goodput.mean,1/s,6,500.22567196259746,499.86223143302124,500.5891124921737,student,
    blind,0.5,clients.in_flight.mean,count,6,200.18625486775238,199.86963215327862,200.50287758222615,student,

    arm,clients.load.fraction,replication,metric,value
    blind,0.5,0,clients.goodput.mean,499.53401170130434
    blind,0.5,0,clients.in_flight.mean,199.65238214740484

    metric,arm,baseline,clients.load.fraction,diff,ci_low,ci_high,p,p_holm,corr,vrf,pairs,reference
    clients.latency.p99,even,blind,0.5,-0.6944457051937085,-0.6953197034890107,-0.6935717068984063,5.339579046e-16,5.339579046e-16,0.9268873037551915,6.862185976563294,6,baseline
    clients.latency.p99,fast,blind,0.5,-0.6890337440024841,-0.6897300795760397,-0.6883374084289284,1.7825282734e-16,3.5650565468e-16,0.9010631851185787,8.386329870304897,6,baseline

    expression,arm,clients.load.fraction,verdict,value,ci_low,ci_high,replications_needed,kind,basis,note
    clients.latency.p99 < 250ms,blind,0.5,fail,0.8007450194710094,0.7994785286131144,0.8020115103289046,,slo,share_over_limit,
    clients.latency.p99 < 250ms,blind,0.7,fail,1.001067159060706,,,,slo,unstable,"unstable: web[15] falls behind, the figure grows with the run"

    t,metric,mean,ci_low,ci_high
    0,clients.in_flight,53.48992648901351,52.61289153589981,54.36696144212721
    1,clients.in_flight,53.58950948088594,52.41051366706165,54.76850529471022
    "#);
}

#[test]
fn the_junit_file() {
    let desk = Desk::with("expect");
    desk.run("--arm fast");
    insta::assert_snapshot!(desk.read("junit.xml"), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuite name="fake" tests="6" failures="3" skipped="0" errors="0">
      <testcase classname="fake.slo.fast@0.5" name="clients.latency.p99 &lt; 250ms"/>
      <testcase classname="fake.slo.fast@0.7" name="clients.latency.p99 &lt; 250ms"/>
      <testcase classname="fake.slo.fast@0.95" name="clients.latency.p99 &lt; 250ms"/>
      <testcase classname="fake.expect.fast@0.5" name="clients.latency.p99 &lt; 50ms">
        <failure message="fail: 0.111711 [0.110142, 0.113280] against 0.05"/>
      </testcase>
      <testcase classname="fake.expect.fast@0.7" name="clients.latency.p99 &lt; 50ms">
        <failure message="fail: 0.112274 [0.110621, 0.113926] against 0.05"/>
      </testcase>
      <testcase classname="fake.expect.fast@0.95" name="clients.latency.p99 &lt; 50ms">
        <failure message="fail: 0.112345 [0.110583, 0.114107] against 0.05"/>
      </testcase>
    </testsuite>
    "#);
}

#[test]
fn report_and_export_need_no_experiment() {
    let desk = Desk::with("plain");
    let first = desk.run("").out;
    fs::remove_file(desk.file()).unwrap();
    let report = desk.say("report fake -o ROOT").out;
    let without_rerun = first.replace("   re-run of 1 cell identical ✓", "");
    assert_eq!(report, without_rerun);
    assert_eq!(desk.say("export latest -o ROOT --to csv").out, desk.read("cells.csv"));
    assert_eq!(desk.say("export latest -o ROOT --to json").out, desk.read("summary.json"));
    let table = desk.say("export latest -o ROOT --to hgrm --arm fast --metric clients.latency").out;
    assert_eq!(table.matches("#[Max").count(), 3, "{table}");
    assert_eq!(desk.say("export latest -o ROOT --to hgrm --arm nobody").exit, Exit::NothingMatched);
}

#[test]
fn every_chart_and_the_report_are_rebuilt_byte_for_byte() {
    for kind in ["plain", "storm"] {
        let desk = Desk::with(kind);
        desk.run("");
        let first = desk.contents();
        fs::remove_dir_all(desk.results().join("charts")).unwrap();
        fs::remove_file(desk.results().join("report.html")).unwrap();
        // A chart of an earlier report that this one does not have.
        fs::create_dir(desk.results().join("charts")).unwrap();
        fs::write(desk.results().join("charts/11_misses.svg"), "old").unwrap();
        desk.say("report fake -o ROOT");
        assert_same(&desk.contents(), &first);
    }
}

#[test]
fn the_report_shows_what_the_study_has_data_for() {
    let charts = |kind: &str| {
        let desk = Desk::with(kind);
        desk.run("");
        let page = desk.read("report.html");
        assert!(page.len() < 2_000_000, "{} bytes", page.len());
        let names = desk.contents().into_keys().filter_map(|path| {
            let name = path.strip_prefix("charts").ok()?.to_str()?.strip_suffix(".csv")?.to_owned();
            assert!(page.contains(&format!("href=\"./charts/{name}.csv\"")), "{name}");
            Some(name)
        });
        names.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(
        charts("plain"),
        "01_slo_matrix 02_hockey_stick 04_latency_distribution 05_paired_differences 15_precision 15_warm_up"
    );
    assert_eq!(charts("storm"), "01_slo_matrix 05_paired_differences 06_time_series 15_precision");
}

#[test]
fn titles_are_sentences_about_the_data() {
    let title = |kind: &str, chart: &str| {
        let desk = Desk::with(kind);
        desk.run("");
        let svg = desk.read(&format!("charts/{chart}.svg"));
        let label = svg.split_once("aria-label=\"").unwrap().1.split_once('"').unwrap().0;
        label.split_once(". ").map_or(label, |(first, _)| first).to_owned()
    };
    assert_eq!(title("plain", "02_hockey_stick"), "At every load only even and fast keep p99 under 250 ms");
    assert!(
        title("storm", "06_time_series").starts_with(
            "CapacityLoss checkout takes goodput from 700/s to 250/s; goodput is back within 18 s (no_retry) to 33 s \
             (retry_budget) of its end; retry does not recover"
        ),
        "{}",
        title("storm", "06_time_series")
    );
}

#[test]
fn jsonl_is_an_object_a_line() {
    let said = Desk::with("plain").run("--format jsonl");
    let kinds: Vec<String> = said
        .out
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["kind"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(kinds.iter().filter(|kind| *kind == "figure").count(), 9 * 6);
    assert_eq!(kinds.iter().filter(|kind| *kind == "verdict").count(), 9);
}

#[test]
fn two_results_are_compared_cell_by_cell() {
    let (before, after) = (Desk::with("plain"), Desk::with("drift"));
    before.run("");
    after.run("");
    let words = format!(
        "compare {} {} -o ROOT --metric clients.latency.p99",
        before.results().display(),
        after.results().display()
    );
    insta::assert_snapshot!(before.say(&words).out, @r#"
    figure               cell          first   second  difference  95 % CI           Holm p
    clients.latency.p99  blind@0.5   801±1.3  849±1.3    +48.0 ms  [+48.00, +48.00]  <1e-15
    clients.latency.p99  blind@0.7      1001     1061    +60.0 ms  [+60.00, +60.00]  <1e-15
    clients.latency.p99  blind@0.95     1251     1326    +75.0 ms  [+75.00, +75.00]  <1e-15
    clients.latency.p99  even@0.5    106±1.9  113±1.9    +6.32 ms  [+6.324, +6.324]  <1e-15
    clients.latency.p99  even@0.7    112±1.5  119±1.5    +6.68 ms  [+6.684, +6.684]  <1e-15
    clients.latency.p99  even@0.95   120±2.0  127±2.0    +7.13 ms  [+7.134, +7.134]  <1e-15
    clients.latency.p99  fast@0.5    112±1.6  118±1.6    +6.66 ms  [+6.660, +6.660]  <1e-15
    clients.latency.p99  fast@0.7    112±1.7  119±1.7    +6.68 ms  [+6.684, +6.684]  <1e-15
    clients.latency.p99  fast@0.95   112±1.8  119±1.8    +6.71 ms  [+6.714, +6.714]  <1e-15
    "#);
}

#[test]
fn arms_are_compared_with_the_baseline() {
    let desk = Desk::with("plain");
    desk.run("");
    insta::assert_snapshot!(desk.say("compare latest -o ROOT").out, @r#"
    figure               at    arm    minus  difference  95 % CI             Holm p  CRN saved
    clients.latency.p99  0.50  even   blind     -694 ms  [-695.3, -693.6]    <1e-15       6.9×
    clients.latency.p99  0.50  fast   blind     -689 ms  [-689.7, -688.3]    <1e-15       8.4×
    clients.latency.p99  0.50  blind  even      +694 ms  [+693.6, +695.3]    1e-15        6.9×
    clients.latency.p99  0.50  fast   even     +5.41 ms  [+4.602, +6.222]    1e-5         9.3×
    clients.latency.p99  0.70  fast   even    +0.111 ms  [-0.6655, +0.8874]  0.73         8.1×
    clients.latency.p99  0.95  even   fast     +7.32 ms  [+6.206, +8.439]    1e-5         5.6×
    "#);
}

#[test]
fn a_snapshot_is_kept_and_a_drift_told() {
    let desk = Desk::with("plain");
    assert_eq!(desk.say("verify FILE --accept").exit, Exit::Done);
    assert_eq!(desk.say("verify FILE").exit, Exit::Done);
    assert_eq!(desk.say("verify FILE --quick").exit, Exit::Done);
    let snapshot = fs::read_to_string(desk.folder.path().join("fake.snapshot.ron")).unwrap();
    insta::assert_snapshot!(snapshot.lines().take(14).collect::<Vec<_>>().join("\n"), @r#"
    // What `stampede verify` compares with. Written by `stampede verify --accept`.
    (
        tool: "0.1.0",
        target: "x86_64-unknown-linux-gnu",
        seed: 1,
        replications: 6,
        cells: [
            (
                cell: "blind@0.5",
                all: (
                    events: 6300,
                    digest: "8f8119cc628d45e7",
                ),
                first: (
    "#);
    fs::write(desk.file(), "drift").unwrap();
    let said = desk.say("verify FILE");
    assert_eq!(said.exit, Exit::Drifted);
    insta::assert_snapshot!(said.out.lines().take(4).collect::<Vec<_>>().join("\n"), @r#"
    verify: 9 of 9 cells differ:
      blind@0.5  clients.latency.p99 800.745 → 848.745 ms (+6.0 %, outside the stored CI)
      blind@0.5  events 6300 → 6300, digest 8f8119cc628d45e7 → 42bf9d8030939460
      blind@0.7  clients.latency.p99 1001.07 → 1061.07 ms (+6.0 %, outside the stored CI)
    "#);
    assert_eq!(desk.say("verify FILE --quick").exit, Exit::Drifted);
    assert_eq!(desk.say("verify FILE --review").exit, Exit::Drifted);
    assert_eq!(desk.say("verify FILE --accept").exit, Exit::Done);
    assert_eq!(desk.say("verify FILE").exit, Exit::Done);
}

#[test]
fn other_commands_answer() {
    let desk = Desk::with("plain");
    assert!(desk.say("list strategies").out.contains("balancing\n  Random  any of them\n"));
    let planned = desk.say("list FILE -r 2 --arm fast").out;
    assert_eq!(planned.lines().count(), 1 + 6, "{planned}");
    assert_eq!(desk.say("run FILE -o ROOT --dry-run").out.lines().count(), 1 + 54);
    assert!(!desk.root().exists());
    assert_eq!(desk.say("explain Random").out, "Random: any of them\n");
    assert!(desk.say("explain Randon").err.contains("did you mean Random?"));
    assert_eq!(desk.say("init plain").out, "( name: \"fake\" )\n");
    assert_eq!(desk.say("init plain -o FILE").exit, Exit::Usage);
    let selftest = desk.say("selftest --quick");
    assert!(selftest.exit == Exit::Done && selftest.err.contains("2 of 2 checks pass"), "{}", selftest.out);
    for shell in ["bash", "zsh", "fish", "powershell", "nushell"] {
        assert!(desk.say(&format!("completions {shell}")).out.contains("selftest"), "{shell}");
    }
    assert!(desk.say("man").out.starts_with(".ie"));
}

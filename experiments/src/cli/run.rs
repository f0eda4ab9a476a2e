//! `stampede run`: run what is not stored, then summarise.

use std::{
    num::NonZero,
    path::{Path, PathBuf},
    thread,
};

use clap::Args;

use super::{
    Loaded, Overrides, ResultsRoot, Sources,
    console::Console,
    list,
    options::Format,
    trace::{Traced, resolve},
};
use crate::{
    campaign::{self, Ending, Finished, Listener, Order},
    exit::Exit,
    output,
    runner::{
        Goal, Settings, Shard, Supervisor, listen_for_interrupts,
        progress::{seconds_in_words, short_rate},
    },
    study::Study,
};

/// Run all cells not yet in the results store, then summarise
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  stampede run my.ron                                    run, or finish what was interrupted
  stampede run my.ron -r 30                              20 replications more than the first 10
  stampede run my.ron --precision 5%@clients.latency.p99 until p99 is known within 5 %
  stampede run my.ron -s web.servers=32 --arm 'least*'   what if?
  stampede run my.ron --shard 2/8                        one of eight machines' part; copy the folders together
  stampede run my.ron --trace retry@0.95#3               every request of one replication, for ui.perfetto.dev
  stampede run my.ron --gate --format quiet              in CI: only the exit code")]
pub(super) struct Run {
    /// Experiment files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    overrides: Overrides,
    #[command(flatten)]
    root: ResultsRoot,
    #[command(flatten)]
    how: How,
    /// Run one replication again and record its requests for Perfetto: trace/ in the results folder
    ///
    /// ARM at its only sweep point, or ARM@POINT; #REP is a replication, the first (#0) if not said. Written are all
    /// requests from arrival to the last work done for them, with calls, attempts, queues, service and pauses; of a run
    /// with more than 200 000 such spans one request in two, four, eight … is recorded.
    #[arg(long, value_name = "ARM[@POINT][#REP]", conflicts_with_all = ["plan_only", "shard"])]
    trace: Option<Traced>,
    /// Let SLO verdicts set the exit code too
    #[arg(long)]
    gate: bool,
    /// Show the planned runs and run nothing
    #[arg(short = 'n', long = "dry-run")]
    plan_only: bool,
}

/// How the runs are made; nothing here changes a result but the number of replications.
#[derive(Debug, Args)]
struct How {
    /// Threads; one for each core by default. Never changes results
    #[arg(short, long, value_name = "N")]
    jobs: Option<NonZero<usize>>,
    #[command(flatten)]
    stored: Stored,
    #[command(flatten)]
    broken: Broken,
    /// Add replications until a figure is known this well: 5%@clients.latency.p99
    #[arg(long, value_name = "GOAL", conflicts_with_all = ["replications", "shard"])]
    precision: Option<Goal>,
    /// With --precision, no more replications than these
    #[arg(long, value_name = "N", default_value_t = 100, requires = "precision")]
    max_replications: u64,
    /// Compute only this part of the runs: 2/8 is the second of eight
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
}

/// What becomes of runs that are stored already.
#[derive(Debug, Args)]
struct Stored {
    /// Ignore stored runs
    #[arg(long, overrides_with = "resume")]
    fresh: bool,
    /// Use stored runs (the default)
    #[arg(long, overrides_with = "fresh")]
    resume: bool,
}

/// What becomes of the others when a run breaks.
#[derive(Debug, Args)]
struct Broken {
    /// Start nothing after the first run that breaks
    #[arg(long, overrides_with = "keep_going")]
    fail_fast: bool,
    /// Go on after a run that breaks (the default)
    #[arg(long, overrides_with = "fail_fast")]
    keep_going: bool,
}

impl Run {
    pub(super) fn run(&self, sources: &dyn Sources, console: &Console) -> Exit {
        self.how.size_the_pool();
        let supervisor = listen_for_interrupts();
        let mut exit = Exit::Done;
        for file in &self.files {
            exit = exit.worse(self.one(file, sources, console, &supervisor));
            if supervisor.stopped() {
                break;
            }
        }
        exit
    }

    fn one(&self, file: &Path, sources: &dyn Sources, console: &Console, supervisor: &Supervisor) -> Exit {
        match sources.load(file, &self.overrides) {
            Ok(loaded) => {
                console.warn(&loaded.warnings);
                if self.plan_only {
                    self.plan(&loaded, console)
                } else {
                    self.execute(file, loaded, console, supervisor)
                }
            }
            Err(failure) => console.refuse(&failure),
        }
    }

    fn plan(&self, loaded: &Loaded, console: &Console) -> Exit {
        list::runs(&loaded.study).print(console);
        if let Some(forecast) = loaded.experiment.forecast() {
            let (requests, seconds) = (short_rate(forecast.requests), seconds_in_words(forecast.cpu_seconds));
            console.narrate(&format!("about {requests} requests, about {seconds} of CPU"));
        }
        Exit::Done
    }

    fn execute(&self, file: &Path, mut loaded: Loaded, console: &Console, supervisor: &Supervisor) -> Exit {
        if let Some(wanted) = &self.trace {
            let cell = resolve(wanted, &loaded.study, console);
            let written =
                cell.and_then(|cell| wanted.write(&loaded, cell, &self.root.out, supervisor, console));
            if let Err(exit) = written {
                return exit;
            }
        }
        let order = self.order(file);
        loaded.study.command = self.again(file, &loaded.study);
        let threads = self.how.threads();
        console.narrate(&format!("{}  seed {}", loaded.study.name, loaded.study.seed));
        let listener = Listener {
            supervisor,
            progress: &|study, pending| {
                console.detail(&format!(
                    "{} runs stored, {} to do",
                    pending.stored.len(),
                    pending.jobs.len()
                ));
                console.progress(study, pending, threads)
            },
            narrate: &|text| console.narrate(text),
        };
        let execute = |cell, replication, supervisor: &Supervisor| {
            loaded.experiment.execute(cell, replication, supervisor)
        };
        match campaign::run(&self.root.out, loaded.study, &loaded.texts, &execute, &order, &listener) {
            Ok(ending) => self.end(&ending, console),
            Err(error) => console.fail(&error),
        }
    }

    fn order(&self, file: &Path) -> Order {
        Order {
            settings: Settings { threads: self.how.threads(), fail_fast: self.how.broken.fail_fast },
            fresh: self.how.stored.fresh,
            shard: self.how.shard,
            precision: self.how.precision.clone().map(|goal| (goal, self.how.max_replications)),
            gate: self.gate,
            command: self.command(file),
        }
    }

    /// The words that decide what is run of a file, without filters.
    fn words(&self, file: &Path) -> Vec<String> {
        let mut words = vec!["stampede run".to_owned(), quoted(&file.display().to_string())];
        let changes = &self.overrides;
        for (flag, values) in [("-s", &changes.set), ("--sweep", &changes.sweep), ("--slo", &changes.slo)] {
            words.extend(values.iter().map(|value| format!("{flag} {}", quoted(value))));
        }
        words
    }

    /// The command that gives the same results: with filters, without where they go or how they are run.
    ///
    /// It stands in the report, whose bytes are the same on any machine: a path from the root is not.
    fn again(&self, file: &Path, study: &Study) -> String {
        let name = file.file_name().filter(|_| file.is_absolute()).map_or(file, Path::new);
        let mut words = self.words(name);
        words.extend(self.overrides.arm.iter().map(|arm| format!("--arm {}", quoted(arm))));
        words.extend(self.overrides.condition.iter().map(|place| format!("--where {}", quoted(place))));
        words.push(format!("--seed {}", study.seed));
        words.push(match &self.how.precision {
            Some(goal) => {
                let relative = output::number::short(100.0 * goal.relative);
                let most = self.how.max_replications;
                format!("--precision {relative}%@{} --max-replications {most}", goal.figure)
            }
            None => format!("-r {}", study.replications),
        });
        if self.overrides.allow_single {
            words.push("--allow-single".to_owned());
        }
        words.join(" ")
    }

    /// The command without what only filters cells or decides how they are run.
    fn command(&self, file: &Path) -> String {
        let mut words = self.words(file);
        if self.root.out != Path::new("results") {
            words.push(format!("-o {}", quoted(&self.root.out.display().to_string())));
        }
        words.join(" ")
    }

    fn end(&self, ending: &Ending, console: &Console) -> Exit {
        match ending {
            Ending::Finished(finished) => {
                tell_speed(finished, self.how.threads(), console);
                print(finished, console);
                finished.exit(self.gate)
            }
            Ending::ShardDone { missing, total } => {
                console.narrate(&format!(
                    "this shard is done; {missing} of {total} runs are left to others\n  = help: copy the folders together, then run once without --shard"
                ));
                Exit::Done
            }
            Ending::Interrupted { missing, total } => {
                console.complain(&format!(
                    "interrupted; {} of {total} runs are stored\n  = help: the same command goes on from here",
                    total - missing
                ));
                Exit::Interrupted
            }
        }
    }
}

impl How {
    fn threads(&self) -> usize {
        let cores = || thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
        self.jobs.unwrap_or_else(cores).get()
    }

    /// Analysis keeps to as many threads as the runs. A pool that stands already stays as it is.
    fn size_the_pool(&self) {
        if let Some(jobs) = self.jobs {
            let _ = rayon::ThreadPoolBuilder::new().num_threads(jobs.get()).build_global();
        }
    }
}

/// A word as a shell takes it; plain words stay as they are.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/=".contains(c);
    if word.chars().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

fn tell_speed(finished: &Finished, threads: usize, console: &Console) {
    let tally = &finished.tally;
    if tally.computed == 0 && tally.crashes.is_empty() {
        console.narrate("every run was stored already");
        return;
    }
    let rate = |count: u64| short_rate(count as f64 / tally.seconds.max(1e-9));
    console.narrate(&format!(
        "{} runs in {}: {} requests/s, {} events/s ({threads} jobs)",
        tally.computed,
        seconds_in_words(tally.seconds),
        rate(tally.requests),
        rate(tally.events),
    ));
}

/// Prints a finished study in the format the user wants.
pub(super) fn print(finished: &Finished, console: &Console) {
    let (study, analysis) = (&finished.study, &finished.analysis);
    let text = match console.format {
        Format::Human => output::terminal::terminal(study, analysis, &finished.closing, console.look),
        Format::Json => output::pretty(&output::summary(study, analysis)),
        Format::Jsonl => output::lines(study, analysis),
        Format::Markdown => output::markdown(study, analysis),
        Format::Quiet => String::new(),
    };
    console.print(&text);
}

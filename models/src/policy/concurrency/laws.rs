//! What every share obeys, tried on the whole catalogue, and the words the members' tests are written in.

use proptest::prelude::*;
use sim_core::{
    check::Check,
    time::{SimDuration, SimTime},
};

use super::{Cores, Job, Share, ShareSpec, Sharing, Task};

/// RON as files are written in.
fn ron_options() -> ron::Options {
    use ron::extensions::Extensions as On;
    ron::Options::default()
        .with_default_extension(On::IMPLICIT_SOME | On::UNWRAP_NEWTYPES | On::UNWRAP_VARIANT_NEWTYPES)
}

fn read(text: &str) -> ShareSpec {
    ron_options().from_str(text).expect("a spec")
}

const SECOND: u64 = 1_000_000_000;

/// Plays `job:work:priority@time`, `-job@time` and `speed:s@time` words, in seconds, and tells who is done when
/// and who left with how much undone.
pub(super) fn story(spec: &str, words: &str) -> String {
    let mut share = read(spec).build(1.0);
    let mut told = Vec::new();
    for word in words.split(' ') {
        let (what, at) = word.split_once('@').expect("a time");
        let now = SimTime::from_nanos(at.parse::<u64>().expect("seconds") * SECOND);
        finish(&mut share, now, &mut told);
        if let Some(job) = what.strip_prefix('-') {
            let left = share.remove(now, named(job)).map_or_else(|| "?".to_owned(), |left| left.to_string());
            told.push(format!("{job}-{left}@{at}"));
        } else if let Some(speed) = what.strip_prefix("speed:") {
            share.set_speed(now, speed.parse().expect("a speed"));
        } else {
            share.add(now, &parse(what));
        }
    }
    finish(&mut share, SimTime::NEVER, &mut told);
    told.join(" ")
}

fn parse(word: &str) -> Task {
    let mut parts = word.split(':');
    let job = named(parts.next().expect("a name"));
    let mut number = || parts.next().map_or(0, |number| number.parse::<u64>().expect("a number"));
    Task { job, work: SimDuration::from_secs(number()), priority: number() as u8 }
}

fn named(name: &str) -> Job {
    Job(u64::from(name.as_bytes()[0]))
}

/// Completes what is done by `until`.
fn finish(share: &mut Sharing, until: SimTime, told: &mut Vec<String>) {
    while let Some(at) = share.next_completion().filter(|at| *at <= until) {
        let job = share.complete(at).expect("the completion that was promised");
        told.push(format!("{}@{}", char::from(job.0 as u8), at.as_nanos() / SECOND));
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Add { work: u64, priority: u8 },
    Remove { nth: usize },
    Speed { speed: f64 },
}

fn step() -> impl Strategy<Value = (u64, Step)> {
    let kind = prop_oneof![
        6 => (0..5_000_u64, 0..3_u8).prop_map(|(work, priority)| Step::Add { work, priority }),
        1 => any::<usize>().prop_map(|nth| Step::Remove { nth }),
        1 => prop_oneof![Just(0.0), Just(0.5), Just(1.0), 0.01..3.0].prop_map(|speed| Step::Speed { speed }),
    ];
    (0..3_000_u64, kind)
}

/// The books of one server: work asked for, work handed back undone, work its cores can have done.
struct Books {
    share: Sharing,
    now: SimTime,
    speed: f64,
    asked: u64,
    undone: u64,
    /// Busy cores × speed × time.
    given: f64,
    held: Vec<Job>,
    added: u64,
    /// Times the work was rounded to whole nanoseconds.
    roundings: u64,
}

impl Books {
    /// Lets the time come, completing all that is promised before.
    fn pass(&mut self, until: SimTime) {
        while let Some(at) = self.share.next_completion().filter(|at| *at <= until) {
            assert!(at >= self.now, "a completion in the past");
            self.work(at);
            let job = self.share.complete(at).expect("the completion that was promised");
            self.let_go(job);
            while let Some(job) = self.share.complete(at) {
                self.let_go(job);
            }
        }
        self.work(until);
        assert_eq!(self.share.complete(until), None, "a completion nobody promised");
    }

    fn work(&mut self, until: SimTime) {
        let elapsed = until.since(self.now).as_nanos() as f64;
        self.given += f64::from(self.share.busy_cores()) * self.speed * elapsed;
        self.now = until;
    }

    fn let_go(&mut self, job: Job) {
        let index = self.held.iter().position(|held| *held == job).expect("a job it holds");
        self.held.swap_remove(index);
        self.roundings += 1;
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Add { work, priority } => {
                let job = Job(self.added);
                self.added += 1;
                self.asked += work;
                self.held.push(job);
                self.share.add(self.now, &Task { job, work: SimDuration::from_nanos(work), priority });
            }
            Step::Remove { nth } if !self.held.is_empty() => {
                let job = self.held[nth % self.held.len()];
                self.undone += self.share.remove(self.now, job).expect("a job it holds").as_nanos();
                self.let_go(job);
                assert_eq!(self.share.remove(self.now, job), None);
            }
            Step::Remove { .. } => assert_eq!(self.share.remove(self.now, Job(u64::MAX)), None),
            Step::Speed { speed } => {
                self.speed = speed;
                self.share.set_speed(self.now, speed);
            }
        }
    }
}

fn keeps_its_books(spec: &ShareSpec, cores: u16, steps: &[(u64, Step)]) {
    let share = spec.build(1.0);
    let (now, held) = (SimTime::ZERO, Vec::new());
    let mut books =
        Books { share, now, speed: 1.0, asked: 0, undone: 0, given: 0.0, held, added: 0, roundings: 0 };
    for &(gap, step) in steps {
        books.pass(books.now + SimDuration::from_nanos(gap));
        books.take(step);
        assert_eq!(books.share.held(), books.held.len());
        // Work conservation: no core idles while a job could use it.
        assert_eq!(usize::from(books.share.busy_cores()), books.held.len().min(usize::from(cores)));
    }
    books.take(Step::Speed { speed: 1.0 });
    books.pass(SimTime::from_nanos(SECOND));
    assert_eq!(books.held, [], "everyone is done in the end");
    let error = books.given - (books.asked - books.undone) as f64;
    // A completion falls on the nanosecond after it is due, on cores of speed 3 at most.
    let allowed = 3.0 * f64::from(cores) * (books.roundings + 1) as f64;
    assert!(
        (-1.0 - books.roundings as f64..=allowed).contains(&error),
        "{spec:?}: {error} ns of {}",
        books.asked
    );
}

fn members(cores: u16) -> Vec<ShareSpec> {
    let names = ShareSpec::catalog().into_iter().map(|(name, _, _)| format!("{name}(cores: {cores})"));
    names.map(|text| read(&text)).collect()
}

proptest! {
    #[test]
    fn work_given_is_work_asked(steps in prop::collection::vec(step(), 1..200), cores in 1..5_u16) {
        for member in members(cores) {
            keeps_its_books(&member, cores, &steps);
        }
    }
}

#[test]
fn a_server_without_cores_is_told() {
    for member in members(0) {
        let mut check = Check::default();
        member.check(&mut check);
        assert_eq!(check.into_problems()[0].path, [member.name(), "cores"]);
    }
    assert_eq!(Cores::default().cores, 1);
    assert!(ron_options().from_str::<ShareSpec>("ProcessorSharing(core: 1)").is_err());
}

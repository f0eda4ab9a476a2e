//! What every discipline obeys, tried on the whole catalogue, and the words the members' tests are written in.

use std::collections::VecDeque;

use proptest::prelude::*;
use sim_core::{
    check::Check,
    random::{Stream, Streams},
    time::{SimDuration, SimTime},
};

use super::{Capacity, Entry, Line, Popped, Pushed, QueueSpec, Room, Ticket, WhenFull, adaptive_lifo, codel};

/// A job that arrived at the start, of priority 0, without demand or deadline.
pub(super) fn entry<J>(job: J) -> Entry<J> {
    Entry { job, arrived: SimTime::ZERO, priority: 0, demand: SimDuration::ZERO, deadline: SimTime::NEVER }
}

/// RON as files are written in.
fn ron_options() -> ron::Options {
    use ron::extensions::Extensions as On;
    ron::Options::default()
        .with_default_extension(On::IMPLICIT_SOME | On::UNWRAP_NEWTYPES | On::UNWRAP_VARIANT_NEWTYPES)
}

fn read(text: &str) -> ron::error::SpannedResult<QueueSpec> {
    ron_options().from_str(text)
}

fn stream() -> Stream {
    Streams::new(1, 0).stream("web/queue")
}

/// Pushes `name:priority,demand,deadline` words, pops everything at 10 s and tells the story: `d!` was dropped or
/// refused, `d?` had expired, `d` was served.
pub(super) fn served(spec: &str, jobs: &str) -> String {
    let mut line = Line::new(&read(spec).expect("a spec"), SimTime::ZERO);
    let mut story = Vec::new();
    for word in jobs.split(' ') {
        match line.push(parse(word)) {
            Pushed::Queued(_) => {}
            Pushed::Displaced(_, Entry { job, .. }) | Pushed::Refused(job) => story.push(format!("{job}!")),
        }
    }
    loop {
        match line.pop(SimTime::from_nanos(10_000_000_000), &mut stream()) {
            Popped::Next(entry) => story.push(entry.job.to_string()),
            Popped::Expired(entry) => story.push(format!("{}?", entry.job)),
            Popped::Empty => return story.join(" "),
        }
    }
}

fn parse(word: &str) -> Entry<&str> {
    let (job, numbers) = word.split_once(':').unwrap_or((word, ""));
    let mut numbers = numbers.split(',').map(|number| number.parse::<u64>().ok());
    let mut number = || numbers.next().flatten();
    Entry {
        priority: number().unwrap_or(0) as u8,
        demand: SimDuration::from_secs(number().unwrap_or(0)),
        deadline: number().map_or(SimTime::NEVER, |secs| SimTime::from_nanos(secs * 1_000_000_000)),
        ..entry(job)
    }
}

/// The catalogue in every kind of room.
fn members(capacity: Capacity, when_full: WhenFull, drop_expired: bool) -> Vec<QueueSpec> {
    let mut members: Vec<_> = QueueSpec::catalog().into_iter().map(|(_, _, spec)| spec).collect();
    let room = Room { capacity, when_full, drop_expired };
    for member in &mut members {
        match member {
            QueueSpec::Fifo(spec) => spec.0 = room,
            QueueSpec::Lifo(spec) => spec.0 = room,
            QueueSpec::Random(spec) => spec.0 = room,
            QueueSpec::Priority(spec) => spec.0 = room,
            QueueSpec::ShortestJobFirst(spec) => spec.0 = room,
            QueueSpec::EarliestDeadline(spec) => spec.0 = room,
            QueueSpec::CoDel(spec) => *spec = codel::Spec { capacity, when_full, drop_expired, ..*spec },
            QueueSpec::AdaptiveLifo(spec) => {
                *spec = adaptive_lifo::Spec { capacity, when_full, drop_expired, ..*spec };
            }
        }
    }
    members
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Push { priority: u8, demand: u64, patience: u64 },
    Pop,
    Remove { nth: usize },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => (0..3_u8, 0..50_u64, 0..60_u64)
            .prop_map(|(priority, demand, patience)| Step::Push { priority, demand, patience }),
        3 => Just(Step::Pop),
        2 => any::<usize>().prop_map(|nth| Step::Remove { nth }),
    ]
}

/// The books of one line: how often each job entered and left, and what is to wait now.
#[derive(Debug, Default)]
struct Books {
    entered: usize,
    left: Vec<usize>,
    waiting: Vec<(Ticket, Entry<usize>)>,
}

impl Books {
    fn leave(&mut self, job: usize) {
        self.left.push(job);
        self.waiting.retain(|(_, entry)| entry.job != job);
    }

    fn enter(&mut self, ticket: Ticket, entry: Entry<usize>) {
        self.waiting.push((ticket, entry));
    }

    fn push(&mut self, line: &mut Line<usize>, entry: Entry<usize>, when_full: WhenFull) {
        self.entered += 1;
        let lowest = when_full == WhenFull::DropLowest;
        match line.push(entry) {
            Pushed::Queued(ticket) => self.enter(ticket, entry),
            Pushed::Refused(job) => {
                let less_important = |(_, waits): &(Ticket, Entry<usize>)| waits.priority > entry.priority;
                assert!(!lowest || !self.waiting.iter().any(less_important), "{entry:?} was refused");
                self.leave(job);
            }
            Pushed::Displaced(ticket, oldest) => {
                let of = if lowest {
                    // Of equal keys `max_by_key` takes the last, who joined after the others.
                    self.waiting.iter().map(|(_, entry)| entry).max_by_key(|waits| waits.priority)
                } else {
                    self.waiting.first().map(|(_, entry)| entry)
                };
                assert_eq!(Some(&oldest), of, "who is displaced");
                assert!(!lowest || oldest.priority > entry.priority, "{oldest:?} gave way to {entry:?}");
                self.leave(oldest.job);
                self.enter(ticket, entry);
            }
        }
    }

    fn pop(&mut self, spec: &QueueSpec, line: &mut Line<usize>, now: SimTime, random: &mut Stream) {
        let expected = self.next(spec);
        match line.pop(now, random) {
            Popped::Next(entry) | Popped::Expired(entry) => {
                assert!(self.waiting.iter().any(|(_, waits)| *waits == entry), "{entry:?} waits");
                assert_eq!(entry.job, expected.unwrap_or(entry.job), "{spec:?} of {:?}", self.waiting);
                self.leave(entry.job);
            }
            Popped::Empty => assert!(self.waiting.is_empty()),
        }
    }

    /// Who is next by definition, found the slow way; `None` if chance decides.
    fn next(&self, spec: &QueueSpec) -> Option<usize> {
        let mut waiting = self.waiting.iter().map(|(_, entry)| entry);
        // Of equal keys `min_by_key` takes the first, who joined before the others.
        let next = match spec {
            // The steps are nanoseconds, below the patience of the two that would act otherwise.
            QueueSpec::Fifo(_) | QueueSpec::CoDel(_) | QueueSpec::AdaptiveLifo(_) => waiting.next(),
            QueueSpec::Lifo(_) => waiting.next_back(),
            QueueSpec::Random(_) => None,
            QueueSpec::Priority(_) => waiting.min_by_key(|entry| entry.priority),
            QueueSpec::ShortestJobFirst(_) => waiting.min_by_key(|entry| entry.demand),
            QueueSpec::EarliestDeadline(_) => waiting.min_by_key(|entry| entry.deadline),
        };
        next.map(|entry| entry.job)
    }

    fn remove(&mut self, line: &mut Line<usize>, nth: usize, now: SimTime) {
        if self.waiting.is_empty() {
            return;
        }
        let (ticket, entry) = self.waiting[nth % self.waiting.len()];
        assert_eq!(line.remove(ticket, now), Some(entry));
        assert_eq!(line.remove(ticket, now), None, "a ticket is used once");
        self.leave(entry.job);
    }
}

fn obeys(spec: &QueueSpec, capacity: Capacity, when_full: WhenFull, steps: &[Step]) {
    let (mut line, mut random, mut books) = (Line::new(spec, SimTime::ZERO), stream(), Books::default());
    for (at, &step) in steps.iter().enumerate() {
        let now = SimTime::from_nanos(at as u64);
        match step {
            Step::Push { priority, demand, patience } => {
                let demand = SimDuration::from_nanos(demand);
                let deadline = now + SimDuration::from_nanos(patience);
                let job = books.entered;
                books.push(&mut line, Entry { job, arrived: now, priority, demand, deadline }, when_full);
            }
            Step::Pop => books.pop(spec, &mut line, now, &mut random),
            Step::Remove { nth } => books.remove(&mut line, nth, now),
        }
        assert_eq!(line.len(), books.waiting.len());
        assert_eq!(line.oldest_arrival(), books.waiting.first().map(|(_, entry)| entry.arrived));
        if let Capacity::Limited(most) = capacity {
            assert!(line.len() <= most as usize);
        }
    }
    while !line.is_empty() {
        books.pop(spec, &mut line, SimTime::ZERO, &mut random);
    }
    books.left.sort_unstable();
    assert_eq!(books.left, (0..books.entered).collect::<Vec<_>>(), "who enters leaves exactly once");
}

proptest! {
    #[test]
    fn who_enters_leaves_exactly_once(steps in prop::collection::vec(step(), 0..400), most in 0..20_u32) {
        for capacity in [Capacity::Unbounded, Capacity::Limited(most)] {
            for when_full in [WhenFull::Reject, WhenFull::DropOldest, WhenFull::DropLowest] {
                for member in members(capacity, when_full, most % 2 == 0) {
                    obeys(&member, capacity, when_full, &steps);
                }
            }
        }
    }

    #[test]
    fn the_same_seed_tells_the_same_story(jobs in prop::collection::vec((0..3_u8, 0..9_u64), 1..60)) {
        for member in members(Capacity::Unbounded, WhenFull::Reject, false) {
            let story = || {
                let (mut line, mut random) = (Line::new(&member, SimTime::ZERO), stream());
                for (job, &(priority, demand)) in jobs.iter().enumerate() {
                    let demand = SimDuration::from_nanos(demand);
                    assert!(matches!(line.push(Entry { priority, demand, ..entry(job) }), Pushed::Queued(_)));
                }
                jobs.iter().map(|_| line.pop(SimTime::ZERO, &mut random)).collect::<Vec<_>>()
            };
            prop_assert_eq!(story(), story());
        }
    }
}

#[test]
fn a_file_writes_a_number_or_unbounded_and_no_other_word() {
    let spec = read("Fifo(capacity: 20000)").unwrap();
    assert_eq!(spec, members(Capacity::Limited(20_000), WhenFull::Reject, false)[0]);
    assert_eq!(read("Fifo(capacity: Unbounded)").unwrap(), QueueSpec::default());
    for wrong in ["Unbouned", "-1", "5000000000", "\"20\"", "Limited(5)", "1.5"] {
        let error = read(&format!("Fifo(capacity: {wrong})")).unwrap_err().to_string();
        assert!(error.contains("`Unbounded` or a whole number"), "{wrong}: {error}");
    }
    assert!(read("Fifo(capcity: 1)").is_err());
    for (_, _, spec) in QueueSpec::catalog() {
        assert_eq!(read(&ron_options().to_string(&spec).unwrap()).unwrap(), spec);
    }
}

/// A line that blocks beside one that refuses with a queue before it, which does by definition the same.
fn blocks_as_a_queue_before_it_would(spec: &QueueSpec, plain: &QueueSpec, most: u32, steps: &[Step]) {
    let (mut line, mut random) = (Line::new(spec, SimTime::ZERO), stream());
    let (mut inside, mut chance) = (Line::new(plain, SimTime::ZERO), stream());
    let (mut outside, mut tickets, mut came) = (VecDeque::new(), Vec::new(), 0);
    for (at, &step) in steps.iter().enumerate() {
        let now = SimTime::from_nanos(at as u64);
        match step {
            Step::Push { priority, demand, patience } => {
                let demand = SimDuration::from_nanos(demand);
                let deadline = now + SimDuration::from_nanos(patience);
                let entry = Entry { job: came, arrived: now, priority, demand, deadline };
                let Pushed::Queued(ticket) = line.push(entry) else { panic!("nobody is turned away") };
                outside.push_back(entry);
                tickets.push((ticket, None));
                came += 1;
            }
            Step::Pop => assert_eq!(line.pop(now, &mut random), inside.pop(now, &mut chance)),
            Step::Remove { nth } if came > 0 => {
                let (ticket, inner) = tickets[nth % came];
                let expected = match inner {
                    Some(inner) => inside.remove(inner, now).is_some(),
                    None => outside.iter().any(|entry| entry.job == nth % came),
                };
                outside.retain(|entry| entry.job != nth % came);
                assert_eq!(line.remove(ticket, now).is_some(), expected);
            }
            Step::Remove { .. } => {}
        }
        while inside.len() < most as usize
            && let Some(entry) = outside.pop_front()
        {
            let Pushed::Queued(ticket) = inside.push(Entry { arrived: now, ..entry }) else {
                panic!("there is room")
            };
            tickets[entry.job].1 = Some(ticket);
        }
        assert_eq!((line.len(), line.blocked()), (inside.len(), outside.len()));
    }
}

proptest! {
    #[test]
    fn a_line_that_blocks_is_one_with_a_queue_before_it(
        steps in prop::collection::vec(step(), 0..400), most in 1..20_u32,
    ) {
        let members = |when_full| members(Capacity::Limited(most), when_full, most % 2 == 0);
        for (spec, plain) in members(WhenFull::Block).iter().zip(&members(WhenFull::Reject)) {
            blocks_as_a_queue_before_it_would(spec, plain, most, &steps);
        }
    }
}

#[test]
fn without_room_for_anybody_all_wait_outside() {
    assert_eq!(served("Lifo(capacity: 0, when_full: Block)", "a b c"), "a b c");
    assert_eq!(served("Lifo(capacity: 1, when_full: Block)", "a b c"), "a b c", "one of one is the newest");
    assert_eq!(served("Lifo(capacity: 2, when_full: Block)", "a b c d"), "b c d a");
}

#[test]
fn nobody_to_drop_and_no_end_of_room_are_told() {
    for wrong in [
        "Lifo(capacity: 0, when_full: DropOldest)",
        "Lifo(capacity: 0, when_full: DropLowest)",
        "Lifo(when_full: Block)",
    ] {
        let mut check = Check::default();
        read(wrong).unwrap().check(&mut check);
        assert_eq!(check.into_problems()[0].path, ["Lifo", "when_full"], "{wrong}");
    }
}

//! Actors: each has a mailbox and handles one message at a time, to its end.
//!
//! A request is a message to the actor of its key. Requests for the same actor never overlap, whatever they wait for
//! meanwhile: no locks, but a busy or blocked actor holds up its own mailbox while others go on. Hewitt, Bishop &
//! Steiger 1973; Akka's mailboxes (unbounded by default); calls between Orleans grains that are not reentrant.

use std::collections::{BTreeMap, VecDeque};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::Luck, time::SimTime};

use super::{Admission, CpuSpec, Door, Execute, Newcomer, Setting, Vitals, blocking::Ready, cpu::Cpu};
use crate::{
    policy::{
        concurrency::{Job, Task},
        discipline::{Capacity, WhenFull},
    },
    request::Reason,
};

/// `Actor(actors: 1000, mailbox: 100, cpu: (cores: 8))`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// Actors on a server, at least 1; the hash of a request's key says which is meant. Default 1.
    pub actors: u32,
    /// Messages a mailbox holds, the one being handled not counted. Default `Unbounded` (Akka).
    pub mailbox: Capacity,
    /// What a full mailbox does with one more. Default `Reject`.
    pub when_full: WhenFull,
    /// The cores that actors share while they compute. Default: one.
    pub cpu: CpuSpec,
}

impl Default for Spec {
    fn default() -> Self {
        Self {
            actors: 1,
            mailbox: Capacity::default(),
            when_full: WhenFull::default(),
            cpu: CpuSpec::default(),
        }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        check.require(self.actors > 0, "actors", || "actors must be at least 1, got 0".into());
        let nobody = self.mailbox == Capacity::Limited(0) && self.when_full == WhenFull::DropOldest;
        check.require(self.when_full != WhenFull::DropLowest, "when_full", || {
            "a mailbox drops its oldest or refuses: messages have no rank".into()
        });
        check
            .require(!nobody, "when_full", || "DropOldest needs somebody who waits, but mailbox is 0".into());
        check.require(self.when_full != WhenFull::Block, "when_full", || {
            "a mailbox that blocks its senders is one that takes them all: leave mailbox and when_full out".into()
        });
        check.at("cpu", |check| self.cpu.check(check));
    }

    pub(super) fn build(&self, setting: &Setting<'_>) -> State {
        State {
            cpu: Cpu::new(Some(&self.cpu), setting.speed),
            spec: self.clone(),
            actors: BTreeMap::new(),
            inside: BTreeMap::new(),
            begun: VecDeque::new(),
        }
    }
}

/// The actors that have something to do.
#[derive(Debug)]
pub struct State {
    spec: Spec,
    cpu: Cpu,
    actors: BTreeMap<u64, Actor>,
    /// Everybody inside, by whom it is for.
    inside: BTreeMap<Job, u64>,
    begun: VecDeque<Job>,
}

#[derive(Debug)]
struct Actor {
    handles: Job,
    mailbox: VecDeque<Ready>,
}

impl State {
    /// The actor of a key.
    fn actor_of(&self, key: u64) -> u64 {
        Luck(key).at(0, 0) % u64::from(self.spec.actors)
    }

    fn begin(&mut self, now: SimTime, task: &Task) {
        self.begun.push_back(task.job);
        self.cpu.add(now, task);
    }

    fn is_full(&self, waiting: usize) -> bool {
        match self.spec.mailbox {
            Capacity::Unbounded => false,
            Capacity::Limited(most) => waiting >= most as usize,
        }
    }
}

impl Execute for State {
    fn on_arrive(&mut self, now: SimTime, newcomer: &Newcomer, _: Door) -> Admission {
        let address = self.actor_of(newcomer.key);
        let waiting = self.actors.get(&address).map(|actor| actor.mailbox.len());
        let full = waiting.is_some_and(|waiting| self.is_full(waiting));
        if full && self.spec.when_full == WhenFull::Reject {
            return Admission::Refuse(Reason::QueueFull);
        }
        self.on_enter(now, newcomer);
        let oldest = self.actors.get(&address).and_then(|actor| actor.mailbox.front());
        match oldest.filter(|_| full) {
            Some(oldest) => Admission::Replace(oldest.task.job),
            None => Admission::Enter,
        }
    }

    fn has_room(&self) -> bool {
        true
    }

    fn on_enter(&mut self, now: SimTime, newcomer: &Newcomer) {
        let (task, address) = (newcomer.task, self.actor_of(newcomer.key));
        self.inside.insert(task.job, address);
        if let Some(actor) = self.actors.get_mut(&address) {
            return actor.mailbox.push_back(Ready { task, since: now, fresh: true });
        }
        self.actors.insert(address, Actor { handles: task.job, mailbox: VecDeque::new() });
        self.begin(now, &task);
    }

    fn on_compute(&mut self, now: SimTime, task: &Task) {
        self.cpu.add(now, task);
    }

    fn on_leave(&mut self, now: SimTime, job: Job) {
        self.cpu.remove(now, job);
        let Some(address) = self.inside.remove(&job) else { return };
        let Some(actor) = self.actors.get_mut(&address) else { return };
        if actor.handles != job {
            return actor.mailbox.retain(|ready| ready.task.job != job);
        }
        match actor.mailbox.pop_front() {
            Some(next) => {
                actor.handles = next.task.job;
                self.begin(now, &next.task);
            }
            None => {
                self.actors.remove(&address);
            }
        }
    }

    fn begun(&mut self) -> Option<Job> {
        self.begun.pop_front()
    }

    fn next_completion(&self) -> Option<SimTime> {
        self.cpu.next_completion()
    }

    fn complete(&mut self, now: SimTime) -> Option<Job> {
        self.cpu.complete(now)
    }

    /// Cores that are lost cannot be taken from anybody by name: all run slower.
    fn set_capacity(&mut self, now: SimTime, speed: f64, remaining: f64) {
        self.cpu.set_speed(now, speed * remaining);
    }

    fn restart(&mut self) {
        self.cpu.clear();
        self.actors.clear();
        self.inside.clear();
        self.begun.clear();
    }

    fn busy(&self) -> u32 {
        u32::from(self.cpu.busy_cores())
    }

    fn held(&self) -> usize {
        self.inside.len()
    }

    fn waiting(&self) -> usize {
        self.inside.len() - self.actors.len()
    }

    fn oldest(&self) -> Option<SimTime> {
        let fronts = self.actors.values().filter_map(|actor| actor.mailbox.front());
        fronts.map(|ready| ready.since).min()
    }

    fn vitals(&mut self, _: SimTime) -> Vitals {
        Vitals::default()
    }
}

#[cfg(test)]
mod tests {
    use crate::policy::execution::testing::story;

    #[test]
    fn an_actor_handles_one_message_at_a_time_even_while_it_waits() {
        assert_eq!(story("Actor()", 9, "a:1,5,1@0 b:1@0"), "a>0 a.7 b>7 b.8");
    }

    #[test]
    fn another_actor_is_not_held_up() {
        // Of 1000 actors no two of these keys share one.
        assert_eq!(story("Actor(actors: 1000)", 9, "a:1,5,1@0 b:2@1"), "a>0 b>1 b.3 a.7");
    }

    #[test]
    fn a_full_mailbox_refuses_or_drops_its_oldest() {
        let words = "a:4@0 b:1@1 c:1@2";
        assert_eq!(story("Actor(mailbox: 1)", 9, words), "a>0 c!QueueFull@2 a.4 b>4 b.5");
        assert_eq!(story("Actor(mailbox: 1, when_full: DropOldest)", 9, words), "a>0 b^2 a.4 c>4 c.5");
        assert_eq!(story("Actor(mailbox: 0)", 9, words), "a>0 b!QueueFull@1 c!QueueFull@2 a.4");
    }
}

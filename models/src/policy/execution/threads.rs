//! A thread for each request: as many as are allowed, the rest stands in the component's line.
//!
//! A thread is held from the first computing to the reply, waits and calls included, so by Little's law `threads`
//! that are held for S each serve at most threads/S a second. Threads share the cores of `cpu` while they compute, and a
//! thread that waits uses none. Unlike a [pool](super::thread_pool) it makes a thread for every request and keeps none.
//! Apache Tomcat's HTTP connector: `maxThreads` 200, `maxConnections` 8192.

use std::collections::{BTreeSet, VecDeque};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, time::SimTime};

use super::{Admission, CpuSpec, Door, Execute, Newcomer, Setting, Vitals, cpu::Cpu};
use crate::{
    policy::concurrency::{Job, Task},
    request::Reason,
    units::Bytes,
};

/// `Threads(threads: 200, cpu: (cores: 8))`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// Most threads at once, 1 to 65535. Default 200 (Tomcat `maxThreads`).
    pub threads: u32,
    /// The cores they share while they compute. Default: each has a core of its own.
    pub cpu: Option<CpuSpec>,
    /// The memory they need. Default: there is enough.
    pub memory: Option<Memory>,
    /// Most requests at once, those in line included: each has a connection, which takes a file descriptor.
    /// Default 8192 (Tomcat `maxConnections`); `None` for no limit.
    pub connections: Option<u32>,
}

impl Default for Spec {
    fn default() -> Self {
        Self { threads: 200, cpu: None, memory: None, connections: Some(8192) }
    }
}

/// The memory of a server and what a thread takes of it. In files: `memory: (limit: "4GB")`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Memory {
    /// What all threads together may take. Default 1 GB.
    pub limit: Bytes,
    /// What one takes. Default 1 MiB (the JVM's `ThreadStackSize` on 64-bit Linux).
    pub per_thread: Bytes,
}

impl Default for Memory {
    fn default() -> Self {
        Self { limit: Bytes(1_000_000_000), per_thread: Bytes(1 << 20) }
    }
}

impl Memory {
    /// How many threads there is memory for.
    fn threads(&self) -> u64 {
        self.limit.0 / self.per_thread.0.max(1)
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        check.require((1..=65_535).contains(&self.threads), "threads", || {
            format!("threads must be 1 to 65535, got {}", self.threads)
        });
        if let Some(cpu) = &self.cpu {
            check.at("cpu", |check| cpu.check(check));
        }
        if let Some(memory) = &self.memory {
            check.at("memory", |check| {
                check.require(memory.per_thread.0 > 0, "per_thread", || "a thread takes some memory".into());
                check.require(memory.threads() > 0, "limit", || "there is not memory for one thread".into());
            });
        }
        check.require(self.connections != Some(0), "connections", || {
            "connections must be at least 1, got 0; leave them out for no limit".into()
        });
    }

    pub(super) fn build(&self, setting: &Setting<'_>) -> State {
        State {
            cpu: Cpu::new(self.cpu.as_ref(), setting.speed),
            spec: self.clone(),
            usable: self.threads,
            inside: BTreeSet::new(),
            begun: VecDeque::new(),
        }
    }
}

/// Those who have a thread.
#[derive(Debug)]
pub struct State {
    spec: Spec,
    cpu: Cpu,
    /// Threads that faults leave.
    usable: u32,
    inside: BTreeSet<Job>,
    begun: VecDeque<Job>,
}

impl State {
    fn has_memory(&self) -> bool {
        self.spec.memory.as_ref().is_none_or(|memory| (self.inside.len() as u64) < memory.threads())
    }
}

impl Execute for State {
    fn on_arrive(&mut self, now: SimTime, newcomer: &Newcomer, door: Door) -> Admission {
        let connected = self.inside.len() + door.waiting;
        if self.spec.connections.is_some_and(|most| connected >= most as usize) {
            return Admission::Refuse(Reason::NoDescriptor);
        }
        if self.busy() >= self.usable {
            return Admission::Wait;
        }
        if !self.has_memory() {
            return Admission::Refuse(Reason::NoMemory);
        }
        self.on_enter(now, newcomer);
        Admission::Enter
    }

    fn has_room(&self) -> bool {
        self.busy() < self.usable && self.has_memory()
    }

    fn on_enter(&mut self, now: SimTime, newcomer: &Newcomer) {
        self.inside.insert(newcomer.task.job);
        self.begun.push_back(newcomer.task.job);
        self.cpu.add(now, &newcomer.task);
    }

    fn on_compute(&mut self, now: SimTime, task: &Task) {
        self.cpu.add(now, task);
    }

    fn on_leave(&mut self, now: SimTime, job: Job) {
        self.inside.remove(&job);
        self.cpu.remove(now, job);
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

    fn set_capacity(&mut self, now: SimTime, speed: f64, remaining: f64) {
        self.usable = super::share_of(self.spec.threads, remaining);
        self.cpu.set_speed(now, speed);
    }

    fn restart(&mut self) {
        self.cpu.clear();
        self.inside.clear();
        self.begun.clear();
    }

    fn busy(&self) -> u32 {
        self.inside.len() as u32
    }

    fn held(&self) -> usize {
        self.inside.len()
    }

    fn vitals(&mut self, _: SimTime) -> Vitals {
        Vitals { threads: self.busy(), ..Vitals::default() }
    }
}

#[cfg(test)]
mod tests {
    use crate::policy::execution::testing::story;

    #[test]
    fn a_thread_is_held_while_its_request_waits() {
        // a computes for 1, waits for 5, computes for 1; b comes meanwhile and has its turn when a is gone.
        assert_eq!(story("Threads(threads: 1)", 9, "a:1,5,1@0 b:1@2"), "a>0 b+2 a.7 b>7 b.8");
        assert_eq!(story("Threads(threads: 2)", 9, "a:1,5,1@0 b:1@2"), "a>0 b>2 b.3 a.7");
    }

    #[test]
    fn threads_share_the_cores_while_they_compute_and_wait_for_free() {
        // Two seconds each at half a core are done at 4; whoever waits leaves the core to the other.
        assert_eq!(story("Threads(cpu: (cores: 1))", 9, "a:2@0 b:2@0"), "a>0 b>0 a.4 b.4");
        assert_eq!(story("Threads(cpu: (cores: 1))", 9, "a:1,4,1@0 b:2@1"), "a>0 b>1 b.3 a.6");
    }

    #[test]
    fn a_full_line_memory_and_connections_refuse_each_for_its_own_reason() {
        let story = |spec: &str| story(spec, 1, "a:5@0 b:5@1 c:1@2 d:1@3");
        assert_eq!(story("Threads(threads: 1)"), "a>0 b+1 c!QueueFull@2 d!QueueFull@3 a.5 b>5 b.10");
        let memory = r#"Threads(threads: 9, memory: (limit: "3MB", per_thread: "1500KB"))"#;
        assert_eq!(story(memory), "a>0 b>1 c!NoMemory@2 d!NoMemory@3 a.5 b.6");
        let connections = "Threads(threads: 1, connections: 2)";
        assert_eq!(story(connections), "a>0 b+1 c!NoDescriptor@2 d!NoDescriptor@3 a.5 b>5 b.10");
    }
}

//! How much an instance takes, by its specification, and what it needs of the component's queue.

use sim_core::{check::Check, time::SimTime};

use super::{ConcurrencySpec, CpuSpec, thread_pool::OnFull};
use crate::policy::discipline::{Capacity, Order, QueueSpec, WhenFull};

impl ConcurrencySpec {
    /// What an instance has of what its requests take: threads, loops or cores.
    pub fn slots(&self) -> u32 {
        match self {
            Self::Threads(spec) => spec.threads,
            Self::ThreadPool(spec) => spec.most(),
            Self::EventLoop(spec) => spec.workers,
            Self::Actor(spec) => u32::from(spec.cpu.cores),
        }
    }

    /// How many requests compute at full speed.
    pub fn parallelism(&self) -> u32 {
        match self {
            Self::Threads(spec) => cores_or(spec.cpu.as_ref(), spec.threads),
            Self::ThreadPool(spec) => cores_or(spec.cpu.as_ref(), spec.most()),
            Self::EventLoop(spec) if spec.blocking.is_empty() => spec.workers,
            Self::EventLoop(spec) => spec.workers + spec.blocking_threads,
            Self::Actor(spec) => cores_or(Some(&spec.cpu), spec.actors),
        }
    }

    /// Reports what a component's queue cannot be with this.
    pub fn check_queue(&self, queue: &QueueSpec, check: &mut Check) {
        let room = *queue.build(SimTime::ZERO).room();
        let plain = *queue == QueueSpec::default();
        match self {
            Self::Threads(_) => {}
            Self::ThreadPool(pool) => {
                check.require(room.when_full == WhenFull::Reject, "", || {
                    "what a full queue of a ThreadPool does is its on_full: leave when_full out".into()
                });
                let nobody = pool.on_full == OnFull::DiscardOldest && room.capacity == Capacity::Limited(0);
                check.require(!nobody, "", || {
                    "DiscardOldest needs somebody in the queue, but its capacity is 0".into()
                });
            }
            Self::EventLoop(event_loop) => {
                check.require(plain || event_loop.max_in_flight.is_some(), "", || {
                    "nobody stands in the queue of an EventLoop without max_in_flight: leave queue out".into()
                });
            }
            Self::Actor(_) => check
                .require(plain, "", || "messages wait in the mailbox of their Actor: leave queue out".into()),
        }
    }
}

fn cores_or(cpu: Option<&CpuSpec>, threads: u32) -> u32 {
    cpu.map_or(threads, |cpu| u32::from(cpu.cores).min(threads))
}

//! Servers that share themselves: all calls at once make progress, and the next completion is scheduled anew
//! whenever one comes or goes.

use sim_core::simulation::Context;
use slotmap::{Key, KeyData};

use crate::{
    event::Event,
    policy::concurrency::{Job, Share, Task},
    request::{CallId, Instance, Phase},
    world::World,
};

impl World {
    /// A server that shares itself takes a call in.
    pub(super) fn share(&mut self, id: CallId, cx: &mut Context<Event>) {
        let Some(call) = self.calls.get_mut(id) else { return };
        call.started = cx.now();
        self.share_again(id, cx);
    }

    /// A call computes on a server that shares itself.
    pub(super) fn share_again(&mut self, id: CallId, cx: &mut Context<Event>) {
        let Some(call) = self.calls.get_mut(id) else { return };
        call.phase = Phase::Running;
        let server = &mut self.nodes[usize::from(call.callee.node)].servers[usize::from(call.callee.server)];
        if let Some(sharer) = &mut server.sharer {
            sharer.add(cx.now(), &Task { job: job_of(id), work: call.work, priority: call.priority });
        }
        let at = call.callee;
        self.arm_share(at, cx);
    }

    /// A call leaves a server that shares itself before it is done.
    pub(super) fn unshare(&mut self, id: CallId, cx: &mut Context<Event>) {
        let Some(call) = self.calls.get(id).copied() else { return };
        let server = &mut self.nodes[usize::from(call.callee.node)].servers[usize::from(call.callee.server)];
        if let Some(sharer) = &mut server.sharer {
            sharer.remove(cx.now(), job_of(id));
        }
        self.arm_share(call.callee, cx);
    }

    /// Schedules the next completion of a server that shares itself; earlier schedulings turn stale.
    pub(crate) fn arm_share(&mut self, at: Instance, cx: &mut Context<Event>) {
        let server = &mut self.nodes[usize::from(at.node)].servers[usize::from(at.server)];
        server.epoch = server.epoch.wrapping_add(1);
        let Some(sharer) = &server.sharer else { return };
        server.ledger.set_busy(cx.now(), u32::from(sharer.busy_cores()));
        if let Some(next) = sharer.next_completion() {
            cx.at(next, Event::Share { node: at.node, server: at.server, epoch: server.epoch });
        }
    }

    /// A server that shares itself is done with one or more calls.
    pub(crate) fn on_share(&mut self, at: Instance, epoch: u32, cx: &mut Context<Event>) {
        let now = cx.now();
        if self.nodes[usize::from(at.node)].servers[usize::from(at.server)].epoch != epoch {
            return;
        }
        loop {
            let server = &mut self.nodes[usize::from(at.node)].servers[usize::from(at.server)];
            let Some(job) = server.sharer.as_mut().and_then(|sharer| sharer.complete(now)) else { break };
            self.next_step(CallId::from(KeyData::from_ffi(job.0)), cx);
        }
        self.arm_share(at, cx);
    }
}

/// The job that a call is to whoever shares the server.
pub(crate) fn job_of(id: CallId) -> Job {
    Job(id.data().as_ffi())
}

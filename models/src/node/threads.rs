//! Where tasks compute on a server that serves one request at a time: branches in turns on the thread of their request,
//! what goes on by itself on a worker from the line, which it holds for that computing only.

use sim_core::{
    simulation::Context,
    time::{SimDuration, SimTime},
};

use super::tracing::record;
use crate::{
    event::Event,
    request::{Call, CallId, Phase},
    trace::SpanKind,
    world::World,
};

impl World {
    /// A task wants to compute: at once if it can, else when its turn comes.
    pub(super) fn take_turn(&mut self, id: CallId, cx: &mut Context<Event>) {
        let whole = self.tasks.whole(id);
        if self.tasks.is_task(whole) {
            return self.seek_worker(id, cx);
        }
        let Some(thread) = self.tasks.threads.entry(whole).map(slotmap::secondary::Entry::or_default) else {
            return;
        };
        if thread.computing.is_some() {
            thread.ready.push_back(id);
            // It waits for the thread, not for a reply.
            if let Some(call) = self.calls.get_mut(id) {
                call.phase = Phase::Calling;
                if call.traced {
                    let now = cx.now();
                    record(&mut self.tracer, move |tracer| tracer.step(id, Some(SpanKind::Queue), now));
                }
            }
            return;
        }
        thread.computing = Some(id);
        self.compute(id, cx);
    }

    /// A task takes a free worker or stands in line for one.
    fn seek_worker(&mut self, id: CallId, cx: &mut Context<Event>) {
        let Some(call) = self.calls.get(id) else { return };
        let server = &self.nodes[usize::from(call.callee.node)].servers[usize::from(call.callee.server)];
        if server.has_room() {
            return self.take_worker(id, cx);
        }
        if call.traced {
            let now = cx.now();
            record(&mut self.tracer, move |tracer| tracer.step(id, Some(SpanKind::Queue), now));
        }
        self.line_up(id, cx);
    }

    /// A task has a worker.
    pub(super) fn take_worker(&mut self, id: CallId, cx: &mut Context<Event>) {
        let now = cx.now();
        let Some(call) = self.calls.get_mut(id) else { return };
        (call.started, call.ticket) = (now, None);
        let server = &mut self.nodes[usize::from(call.callee.node)].servers[usize::from(call.callee.server)];
        server.ledger.set_busy(now, server.ledger.busy + 1);
        self.compute(id, cx);
    }

    /// A task is done computing, if that is what it did: the thread or the worker is free for the next.
    pub(super) fn give_way(&mut self, id: CallId, cx: &mut Context<Event>) {
        let Some(call) = self.calls.get_mut(id) else { return };
        if call.phase != Phase::Running {
            return;
        }
        call.phase = Phase::Calling;
        let call = *call;
        let whole = self.tasks.whole(id);
        if self.tasks.is_task(whole) {
            self.free_worker(whole, &call, cx);
        } else {
            self.next_on_thread(whole, cx);
        }
    }

    fn free_worker(&mut self, whole: CallId, call: &Call, cx: &mut Context<Event>) {
        let now = cx.now();
        let server = &mut self.nodes[usize::from(call.callee.node)].servers[usize::from(call.callee.server)];
        server.ledger.on_stop(now, call.started);
        server.ledger.on_work(now.since(call.started), self.tasks.is_straggler(whole));
        self.serve_next(call.callee, cx);
    }

    fn next_on_thread(&mut self, whole: CallId, cx: &mut Context<Event>) {
        let Some(thread) = self.tasks.threads.get_mut(whole) else { return };
        thread.computing = thread.ready.pop_front();
        if let Some(next) = thread.computing {
            self.compute(next, cx);
        }
    }

    /// A task that is ended stops computing, or waiting for it.
    pub(super) fn stop_computing(&mut self, id: CallId, cx: &mut Context<Event>) {
        let Some(call) = self.calls.get(id).copied() else { return };
        let server = &mut self.nodes[usize::from(call.callee.node)].servers[usize::from(call.callee.server)];
        if server.host.is_some() {
            return self.part_leaves(id, call.callee, cx);
        }
        match call.phase {
            Phase::Running => self.give_way(id, cx),
            Phase::Waiting => server.take_out(call.ticket, cx.now()),
            Phase::Calling => {
                let whole = self.tasks.whole(id);
                if let Some(thread) = self.tasks.threads.get_mut(whole) {
                    thread.ready.retain(|ready| *ready != id);
                }
            }
            Phase::Travelling | Phase::Returning | Phase::Lost => {}
        }
    }

    /// A task goes on without the thread that it computes on or is ready for.
    pub(super) fn leave_thread(&mut self, id: CallId, whole: CallId, cx: &mut Context<Event>) {
        let Some(thread) = self.tasks.threads.get_mut(whole) else { return };
        if thread.computing == Some(id) {
            self.keep_what_is_left(id, cx.now());
            self.next_on_thread(whole, cx);
        } else if let Some(place) = thread.ready.iter().position(|ready| *ready == id) {
            thread.ready.remove(place);
        } else {
            return;
        }
        self.seek_worker(id, cx);
    }

    /// A task stops in the middle of its computing: the rest is for later.
    fn keep_what_is_left(&mut self, id: CallId, now: SimTime) {
        let Some(call) = self.calls.get_mut(id) else { return };
        let node = &self.nodes[usize::from(call.callee.node)];
        let speed = node.servers[usize::from(call.callee.server)].speed_at(now, node.warm_up.as_ref());
        let done = now.since(call.resumed).as_nanos() as f64 * speed;
        call.work = SimDuration::from_nanos_f64((call.work.as_nanos() as f64 - done).max(0.0));
        // The completion that was scheduled is stale.
        call.run = call.run.wrapping_add(1);
        call.phase = Phase::Calling;
    }
}

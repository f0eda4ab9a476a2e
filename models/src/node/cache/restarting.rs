//! What a server of a cache that comes back begins with: nothing, what was saved last, or the keys somebody filled in.

use sim_core::{simulation::Context, time::SimTime};

use super::Keeper;
use crate::{event::Event, request::Instance, spec::OnRestart, world::World};

impl World {
    /// Schedules the first saving of every cache that is saved.
    pub(crate) fn begin_snapshots(&mut self, cx: &mut Context<Event>) {
        for node in 0..self.nodes.len() as u16 {
            self.schedule_snapshot(node, cx);
        }
    }

    fn schedule_snapshot(&mut self, node: u16, cx: &mut Context<Event>) {
        if let Some(OnRestart::Snapshot { every }) = self.keeper(node).map(|keeper| keeper.on_restart) {
            cx.after(every, Event::Snapshot { node });
        }
    }

    /// What the servers of a cache hold is saved; who is down keeps what was saved before.
    pub(crate) fn on_snapshot(&mut self, node: u16, cx: &mut Context<Event>) {
        let servers = &self.nodes[usize::from(node)].servers;
        let up: Vec<bool> = servers.iter().map(|server| server.ailment().up).collect();
        if let Some(Keeper { shelves, saved, .. }) = self.keeper(node) {
            for ((shelf, saved), _) in shelves.iter().zip(saved).zip(up).filter(|(_, up)| *up) {
                *saved = shelf.snapshot();
            }
        }
        self.schedule_snapshot(node, cx);
    }

    /// A server of a cache comes back.
    pub(in crate::node) fn refill_shelf(&mut self, at: Instance, now: SimTime) {
        let Some(keeper) = self.nodes[usize::from(at.node)].keeper_mut() else { return };
        let server = usize::from(at.server);
        let Keeper { shelves, saved, book, .. } = keeper;
        match keeper.on_restart {
            OnRestart::Cold => {}
            OnRestart::Snapshot { .. } => shelves[server].restore(&saved[server], book),
            // The most popular last, so that they stay where not all have room.
            OnRestart::Preload { keys } => (0..keys).rev().for_each(|key| {
                let version = self.truth.version(keeper.truth, key);
                shelves[server].preload(key, version, now, book);
            }),
        }
        keeper.count(now);
    }
}

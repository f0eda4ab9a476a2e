//! Sweeps: objects whose lifetime is over go before anybody asks for them.

use sim_core::simulation::Context;

use super::Keeper;
use crate::{event::Event, request::Instance, world::World};

impl World {
    /// Schedules the first sweep of every cache that is swept.
    pub(crate) fn begin_sweeps(&mut self, cx: &mut Context<Event>) {
        for node in 0..self.nodes.len() as u16 {
            self.schedule_sweep(node, cx);
        }
    }

    fn schedule_sweep(&mut self, node: u16, cx: &mut Context<Event>) {
        if let Some(sweep) = self.keeper(node).and_then(|keeper| keeper.sweep) {
            cx.after(sweep.every, Event::Sweep { node });
        }
    }

    /// A cache looks for objects whose lifetime is over; those above that hold nothing else drop them too.
    pub(crate) fn on_sweep(&mut self, node: u16, cx: &mut Context<Event>) {
        let now = cx.now();
        for server in 0..self.nodes[usize::from(node)].servers.len() as u16 {
            let Some(keeper) = self.keeper(node) else { return };
            let Keeper { shelves, book, sweep: Some(sweep), .. } = keeper else { return };
            let swept = shelves[usize::from(server)].sweep(sweep, now);
            book.totals.swept += swept.len() as u64;
            for key in swept {
                self.drop_above(Instance { node, server }, key, cx);
            }
        }
        if let Some(keeper) = self.keeper(node) {
            keeper.count(now);
        }
        self.schedule_sweep(node, cx);
    }
}

//! Followers that were away, or whose leader was: how they come to have what they missed.

use sim_core::{simulation::Context, time::SimDuration};

use super::sharding::Division;
use crate::{event::Event, policy::partitioning::Partition, request::Instance, world::World};

/// Who missed something asks again after so long: Redis's replicas reconnect once a second (`replicationCron`).
const RETRY: SimDuration = SimDuration::from_secs(1);

impl World {
    /// A server goes down: what it was told and what it was about to tell is to be asked for.
    pub(super) fn leave_replicas(&mut self, at: Instance, cx: &mut Context<Event>) {
        let Some(division) = self.nodes[usize::from(at.node)].division_mut() else { return };
        let Division { map, shard_of, replicas, .. } = division;
        let Some(replicas) = replicas.as_deref_mut() else { return };
        let own = replicas.number(at.server);
        if own > 0 {
            return self.fall_behind(at, cx);
        }
        let shard = shard_of[usize::from(at.server)];
        replicas.book.totals.exposed_writes +=
            replicas.copies.only_leader(|key| map.shard_of(key) as usize == shard);
        for replica in 1..replicas.count {
            self.fall_behind(Instance { server: at.server + replica, ..at }, cx);
        }
    }

    /// A follower missed something: it asks for it later.
    pub(super) fn fall_behind(&mut self, at: Instance, cx: &mut Context<Event>) {
        let Some(replicas) = self.replicas(at.node) else { return };
        if !std::mem::replace(&mut replicas.behind[usize::from(at.server)], true) {
            cx.after(RETRY, Event::CatchUp { node: at.node, server: at.server });
        }
    }

    /// A follower that missed something asks its leader for all of it, as soon as both are up and reach each other.
    pub(crate) fn on_catch_up(&mut self, at: Instance, cx: &mut Context<Event>) {
        let Some(replicas) = self.replicas(at.node) else { return };
        let own = usize::from(replicas.number(at.server));
        let leader = Instance { server: at.server - own as u16, ..at };
        replicas.behind[usize::from(at.server)] = false;
        let up = |at: Instance| {
            let ailment = self.nodes[usize::from(at.node)].servers[usize::from(at.server)].ailment();
            ailment.up && !ailment.silent
        };
        if !up(at) || !up(leader) || !self.network.reaches(self.site(leader), self.site(at)) {
            return self.fall_behind(at, cx);
        }
        let Some(division) = self.nodes[usize::from(at.node)].division_mut() else { return };
        let Division { map, shard_of, replicas, .. } = division;
        let Some(replicas) = replicas.as_deref_mut() else { return };
        let shard = shard_of[usize::from(at.server)];
        for key in replicas.copies.catch_up(own, |key| map.shard_of(key) as usize == shard) {
            replicas.sessions.forget(key, replicas.copies.least(key));
        }
    }
}

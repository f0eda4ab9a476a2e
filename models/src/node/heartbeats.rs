//! Heartbeats: servers send them to the views that watch them, and silence is judged row by row.

use sim_core::{
    random::Luck,
    simulation::Context,
    time::{SimDuration, SimTime},
};

use super::network::Passage;
use crate::{
    event::Event,
    policy::detection::failure_detector::{AnyFailureDetector, FailureDetector},
    request::Picked,
    spec::HeartbeatsSpec,
    world::World,
};

/// What a view hears of its servers' lives.
#[derive(Debug)]
pub struct Heartbeats {
    /// Time from one to the next.
    pub every: SimDuration,
    detectors: Vec<AnyFailureDetector>,
}

impl Heartbeats {
    /// Detectors for so many rows, of which nothing was heard yet.
    pub fn new(spec: &HeartbeatsSpec, rows: usize) -> Self {
        let detectors = (0..rows).map(|_| spec.detector.build(spec.every)).collect();
        Self { every: spec.every, detectors }
    }

    /// Whether a row is not suspected.
    pub fn is_available(&self, now: SimTime, row: usize) -> bool {
        self.detectors[row].is_available(now)
    }

    /// A row was heard; when it will be suspected if that was the last time.
    pub fn on_heartbeat(&mut self, now: SimTime, row: usize) -> SimTime {
        self.detectors[row].on_heartbeat(now);
        self.detectors[row].suspected_from()
    }
}

impl World {
    /// Schedules the first heartbeat of each row: servers did not start together.
    pub(super) fn begin_heartbeats(&mut self, number: u32, cx: &mut Context<Event>) {
        let dispatch = &mut self.dispatches[number as usize];
        let rows = dispatch.targets.len() as u16;
        let Some(care) = &mut dispatch.care else { return };
        let Some(every) = care.heartbeats.as_ref().map(|heartbeats| heartbeats.every) else { return };
        for row in 0..rows {
            let phase = SimDuration::from_nanos_f64(every.as_nanos() as f64 * care.unit());
            cx.after(phase, Event::Heartbeat { dispatch: number, row });
        }
    }

    /// It is time for a server's heartbeat to a view.
    pub(crate) fn on_heartbeat(&mut self, number: u32, row: u16, cx: &mut Context<Event>) {
        let to = self.watchers[number as usize];
        let dispatch = &mut self.dispatches[number as usize];
        let target = dispatch.targets[usize::from(row)];
        let Some(care) = &mut dispatch.care else { return };
        let Some(heartbeats) = &care.heartbeats else { return };
        cx.after(heartbeats.every, Event::Heartbeat { dispatch: number, row });
        let luck = Luck(care.bits());
        let ailment = self.nodes[usize::from(target.node)].servers[usize::from(target.server)].ailment();
        if !ailment.up || ailment.silent {
            return;
        }
        match self.network.send(self.site(target), to, luck, 0, 0) {
            Passage::Arrives(travel) => cx.after(travel, Event::Heard { dispatch: number, row }),
            Passage::Lost => {}
        }
    }

    /// A heartbeat reaches a view.
    pub(crate) fn on_heard(&mut self, number: u32, row: u16, cx: &mut Context<Event>) {
        let now = cx.now();
        let dispatch = &mut self.dispatches[number as usize];
        let Some(care) = &mut dispatch.care else { return };
        let Some(heartbeats) = &mut care.heartbeats else { return };
        let was_suspected = !heartbeats.is_available(now, usize::from(row));
        let suspected_from = heartbeats.on_heartbeat(now, usize::from(row));
        if suspected_from < SimTime::NEVER {
            cx.at(suspected_from, Event::Suspect { dispatch: number, row });
        }
        if was_suspected {
            dispatch.on_judged(now, usize::from(row));
            self.log_care(Picked { dispatch: number, row }, Some("is heard again".into()), cx);
        }
    }

    /// A server may have been silent for too long.
    pub(crate) fn on_suspect(&mut self, number: u32, row: u16, cx: &mut Context<Event>) {
        let now = cx.now();
        let dispatch = &mut self.dispatches[number as usize];
        let heartbeats = dispatch.care.as_ref().and_then(|care| care.heartbeats.as_ref());
        if heartbeats.is_none_or(|heartbeats| heartbeats.is_available(now, usize::from(row))) {
            return;
        }
        dispatch.on_judged(now, usize::from(row));
        self.log_care(Picked { dispatch: number, row }, Some("is suspected: no heartbeat came".into()), cx);
    }
}

//! Transfers: in which order parts are copied, how fast, and when each is handed over.
//!
//! Every stream takes the next part, copies it batch by batch, brings it up to date, and hands it over. It is told what
//! has arrived and asked what to do next.

use sim_core::time::{SimDuration, SimTime};

use super::{CutOver, Part, ReshardSpec};

/// Keys that are copied together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Their part.
    pub part: usize,
    /// How many.
    pub keys: u64,
    /// How deep into the part they reach, of 2^63; writes that came meanwhile reach no deeper.
    pub going: Option<u64>,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// A part begins to move.
    Start(usize),
    /// Keys are to be copied.
    Copy(Batch),
    /// Nothing until then.
    Wait(SimTime),
    /// New writes of a part are to wait.
    Block(usize),
    /// A part becomes the other shard's.
    HandOver(usize),
    /// Nothing any more.
    Rest,
}

/// All streams of a move.
#[derive(Debug)]
pub struct Transfers {
    cut_over: CutOver,
    batch: u64,
    /// How many bytes a second there may be, if not any number.
    bandwidth: Option<f64>,
    /// When the next batch may leave.
    due: SimTime,
    next: usize,
    streams: Vec<Option<Transfer>>,
}

/// A part under way.
#[derive(Clone, Copy, Debug)]
struct Transfer {
    part: usize,
    keys: u64,
    copied: u64,
    /// Writes that are to be copied after the rest.
    behind: u64,
    /// What is on its way.
    sent: Option<Batch>,
    /// Since when new writes wait: until when at least.
    blocked: Option<SimTime>,
}

impl Transfers {
    /// Nothing copied yet.
    pub fn new(spec: &ReshardSpec) -> Self {
        let bandwidth = spec.bandwidth.map(|bandwidth| bandwidth.0.max(1) as f64);
        Self {
            cut_over: spec.cut_over,
            batch: u64::from(spec.batch.max(1)),
            bandwidth,
            due: SimTime::ZERO,
            next: 0,
            streams: vec![None; spec.streams.max(1) as usize],
        }
    }

    /// How many streams there are.
    pub fn streams(&self) -> usize {
        self.streams.len()
    }

    /// Whether there is nothing left to copy, nor anything on its way.
    pub fn are_done(&self, parts: &[Part]) -> bool {
        self.next >= parts.len() && self.streams.iter().all(Option::is_none)
    }

    /// What a stream is to do next. What is on its way has to arrive first.
    pub fn next(&mut self, stream: usize, now: SimTime, parts: &[Part]) -> Command {
        let Some(transfer) = &mut self.streams[stream] else {
            let Some(part) = parts.get(self.next) else { return Command::Rest };
            let (part, keys) = (self.next, part.keys);
            self.streams[stream] =
                Some(Transfer { part, keys, copied: 0, behind: 0, sent: None, blocked: None });
            self.next += 1;
            return Command::Start(part);
        };
        if transfer.copied < transfer.keys || transfer.blocked.is_none() && transfer.behind > self.batch {
            if self.due > now {
                return Command::Wait(self.due);
            }
            let bytes = transfer.bytes_of_next(self.batch, parts);
            let batch = transfer.send(self.batch);
            let pace = |bandwidth| SimDuration::from_secs_f64(bytes as f64 / bandwidth);
            self.due = now + self.bandwidth.map_or(SimDuration::ZERO, pace);
            return Command::Copy(batch);
        }
        let part = transfer.part;
        match (self.cut_over, transfer.blocked) {
            (CutOver::Block { pause }, None) => {
                transfer.blocked = Some(now + pause);
                return Command::Block(part);
            }
            (CutOver::Block { .. }, Some(_)) if transfer.behind > 0 => {
                return Command::Copy(transfer.send(self.batch));
            }
            (CutOver::Block { .. }, Some(until)) if until > now => return Command::Wait(until),
            (CutOver::Block { .. } | CutOver::DualWrites | CutOver::KeyByKey, _) => {}
        }
        self.streams[stream] = None;
        Command::HandOver(part)
    }

    /// What a stream had on its way has arrived, or has not; how many keys of the part were there before, and how many came,
    /// without writes that came later.
    pub fn on_arrived(&mut self, stream: usize, arrived: bool) -> (u64, u64) {
        let Some(transfer) = &mut self.streams[stream] else { return (0, 0) };
        let before = transfer.copied;
        let Some(batch) = transfer.sent.take() else { return (before, 0) };
        match (batch.going, arrived) {
            (Some(_), true) => {
                transfer.copied += batch.keys;
                (before, batch.keys)
            }
            (None, false) => {
                transfer.behind += batch.keys;
                (before, 0)
            }
            (Some(_), false) | (None, true) => (before, 0),
        }
    }

    /// A write was made that is to be copied after the rest of its part.
    pub fn on_write(&mut self, part: usize) {
        let mut under_way = self.streams.iter_mut().flatten();
        if let Some(transfer) = under_way.find(|transfer| transfer.part == part) {
            transfer.behind += 1;
        }
    }
}

impl Transfer {
    /// How many bytes go next; of what was written meanwhile as many as of others of the part.
    fn bytes_of_next(&self, most: u64, parts: &[Part]) -> i128 {
        let Some(part) = parts.get(self.part) else { return 0 };
        match self.keys - self.copied {
            0 => part.bytes_of(0, self.behind.min(most)),
            left => part.bytes_of(self.copied, left.min(most)),
        }
    }

    /// The next keys of the part, or of what was written since.
    fn send(&mut self, most: u64) -> Batch {
        let left = self.keys - self.copied;
        let batch = if left > 0 {
            let keys = left.min(most);
            let reached = u128::from(self.copied + keys) << 63;
            let going = Some((reached / u128::from(self.keys)) as u64);
            Batch { part: self.part, keys, going }
        } else {
            let keys = self.behind.min(most);
            self.behind -= keys;
            Batch { part: self.part, keys, going: None }
        };
        self.sent = Some(batch);
        batch
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Bytes;

    const fn at(millis: u64) -> SimTime {
        SimTime::from_nanos(millis * 1_000_000)
    }

    #[test]
    fn a_part_is_copied_caught_up_with_and_handed_over() {
        // 1000 bytes a key at 1 MB/s: a batch of ten takes ten milliseconds.
        let spec = ReshardSpec { bandwidth: Some(Bytes(1_000_000)), ..ReshardSpec::default() };
        let parts = [Part { from: 0, to: 1, keys: 15, bytes: 15_000 }];
        let mut transfers = Transfers::new(&spec);
        let copy = |keys, going| Command::Copy(Batch { part: 0, keys, going });
        assert_eq!(transfers.next(0, at(0), &parts), Command::Start(0));
        let two_thirds = Some((u128::from(10_u64) << 63).div_euclid(15) as u64);
        assert_eq!(transfers.next(0, at(0), &parts), copy(10, two_thirds));
        assert_eq!(transfers.on_arrived(0, true), (0, 10));
        assert_eq!(transfers.next(0, at(4), &parts), Command::Wait(at(10)));
        assert_eq!(transfers.next(0, at(10), &parts), copy(5, Some(1 << 63)));
        // It did not arrive, and is sent again.
        assert_eq!(transfers.on_arrived(0, false), (10, 0));
        assert_eq!(transfers.next(0, at(15), &parts), copy(5, Some(1 << 63)));
        transfers.on_write(0);
        assert_eq!(transfers.on_arrived(0, true), (10, 5));
        assert_eq!(transfers.next(0, at(20), &parts), Command::Block(0));
        assert_eq!(transfers.next(0, at(20), &parts), copy(1, None));
        assert_eq!(transfers.on_arrived(0, true), (15, 0));
        assert_eq!(transfers.next(0, at(21), &parts), Command::Wait(at(30)));
        assert_eq!(transfers.next(0, at(30), &parts), Command::HandOver(0));
        assert_eq!(transfers.next(0, at(30), &parts), Command::Rest);
        assert!(transfers.are_done(&parts));
    }
}

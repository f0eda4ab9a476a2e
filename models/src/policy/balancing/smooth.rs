//! Smooth weighted round robin, the core that nginx's strategies share.
//!
//! Each turn every candidate gains its weight; the one with the most is picked and pays what all gained
//! together. So heavy peers come often but not in a row. A failure takes weight/max_fails from the peer's
//! weight, and every turn it takes part in gives one back. nginx `ngx_http_upstream_round_robin.c`.

use super::{Backend, Endpoint, per_backend::PerBackend};

/// The running weights.
#[derive(Clone, Debug)]
pub(super) struct Smooth {
    peers: PerBackend<Peer>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Peer {
    /// What it has gained and not yet paid, in 1/65536 of a weight.
    current: i64,
    /// What failures have taken of its weight.
    lost: u32,
}

impl Peer {
    /// Gains what failures and slow start leave of its weight, and gets some of it back.
    #[inline]
    fn gain(&mut self, weight: u32, share: f32) -> i64 {
        let effective = scaled(weight.saturating_sub(self.lost), share);
        self.current += effective;
        self.lost = self.lost.saturating_sub(1);
        effective
    }
}

impl Smooth {
    pub(super) fn new(endpoints: &[Endpoint]) -> Self {
        Self { peers: PerBackend::new(endpoints) }
    }

    /// One turn among the available rows that `takes_part`; of equals the first is picked.
    pub(super) fn pick(
        &mut self,
        rows: &[Backend],
        weight: impl Fn(usize, &Backend) -> u32,
        takes_part: impl Fn(usize, &Backend) -> bool,
    ) -> Option<usize> {
        let mut total = 0;
        let mut best: Option<(usize, i64)> = None;
        for (index, (row, peer)) in rows.iter().zip(self.peers.values_mut()).enumerate() {
            if !row.available || !takes_part(index, row) {
                continue;
            }
            total += peer.gain(weight(index, row), row.share);
            if best.is_none_or(|(_, most)| peer.current > most) {
                best = Some((index, peer.current));
            }
        }
        let (index, _) = best?;
        self.peers.get_mut(index)?.current -= total;
        Some(index)
    }

    /// A turn that `backend` had without asking: a sticky session. It pays as if picked, but not once it owes
    /// what one turn of all the others is worth, or a long session would shut it out for as long afterwards.
    pub(super) fn force(
        &mut self,
        rows: &[Backend],
        weight: impl Fn(usize, &Backend) -> u32,
        backend: usize,
    ) {
        let others = rows.iter().enumerate().filter(|&(index, _)| index != backend);
        let debt: i64 = others.map(|(index, row)| i64::from(weight(index, row)) << 16).sum();
        if self.peers.get(backend).is_none_or(|peer| peer.current <= -debt) {
            return;
        }
        let mut total = 0;
        for (index, (row, peer)) in rows.iter().zip(self.peers.values_mut()).enumerate() {
            if row.available {
                total += peer.gain(weight(index, row), row.share);
            }
        }
        if let Some(peer) = self.peers.get_mut(backend) {
            peer.current -= total;
        }
    }

    /// A request to `backend` failed: it loses weight/max_fails, at most all; nothing if `max_fails` is 0.
    pub(super) fn on_failure(&mut self, backend: usize, weight: u32, max_fails: u32) {
        if let Some(peer) = self.peers.get_mut(backend) {
            peer.lost = (peer.lost + weight.checked_div(max_fails).unwrap_or(0)).min(weight);
        }
    }

    pub(super) fn on_membership(&mut self, endpoints: &[Endpoint]) {
        self.peers.on_membership(endpoints);
    }

    #[cfg(test)]
    pub(super) fn current(&self) -> Vec<i64> {
        self.peers.values().iter().map(|peer| peer.current / 65_536).collect()
    }
}

/// What slow start leaves of a weight, in 1/65536: whole weights stay exact.
#[inline]
fn scaled(weight: u32, share: f32) -> i64 {
    let whole = i64::from(weight) << 16;
    if share >= 1.0 { whole } else { (whole as f64 * f64::from(share)) as i64 }
}

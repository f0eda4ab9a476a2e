//! An ordered table: places from 0 to a last one, cut into pieces, each held by a shard.
//!
//! Ranges of keys, arcs of a ring and runs of slots are all kept so. A cut or a joint is metadata: nothing moves
//! until a piece changes its holder.

use super::{Move, Part, Plan};

/// Who holds what, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// The first place of each piece and its holder; the first piece starts at 0.
    pieces: Vec<(u64, u32)>,
    /// The last place of all.
    last: u64,
}

impl Table {
    /// A table of these pieces, up to `last`. What lies before the first piece belongs to it; of two pieces with the
    /// same start the later given counts.
    pub fn new(mut pieces: Vec<(u64, u32)>, last: u64) -> Self {
        pieces.sort_by_key(|&(first, _)| first);
        pieces.reverse();
        pieces.dedup_by_key(|&mut (first, _)| first);
        pieces.reverse();
        pieces.retain(|&(first, _)| first <= last);
        match pieces.first_mut() {
            Some(piece) => piece.0 = 0,
            None => pieces.push((0, 0)),
        }
        Self { pieces, last }
    }

    /// The places from 0 to `last` in `shards` equal parts, any odd places to the last ones.
    pub fn even(shards: u32, last: u64) -> Self {
        let places = u128::from(last) + 1;
        let start = |shard| (places * u128::from(shard) / u128::from(shards.max(1))) as u64;
        Self::new((0..shards.max(1)).map(|shard| (start(shard), shard)).collect(), last)
    }

    /// The pieces: the first place of each and its holder.
    pub fn pieces(&self) -> &[(u64, u32)] {
        &self.pieces
    }

    /// Who holds a place; what lies beyond the last belongs to the last piece.
    #[inline]
    pub fn holder(&self, place: u64) -> u32 {
        self.pieces[self.piece(place)].1
    }

    #[inline]
    fn piece(&self, place: u64) -> usize {
        // The first piece starts at 0, so at least one starts at or before the place.
        self.pieces.partition_point(|&(first, _)| first <= place) - 1
    }

    /// Who holds places from `low` to `high`, each once, in ascending order.
    pub fn holders(&self, low: u64, high: u64) -> Vec<u32> {
        let pieces = &self.pieces[self.piece(low)..=self.piece(high.max(low))];
        let mut holders: Vec<u32> = pieces.iter().map(|&(_, holder)| holder).collect();
        holders.sort_unstable();
        holders.dedup();
        holders
    }

    /// Cuts a piece in two at `place`, which becomes the first of the second. Both keep their holder.
    pub fn cut(&mut self, place: u64) {
        let piece = self.piece(place);
        if place <= self.last && self.pieces[piece].0 != place {
            self.pieces.insert(piece + 1, (place, self.pieces[piece].1));
        }
    }

    /// The first place of the piece that a place is in.
    pub fn start_of(&self, place: u64) -> u64 {
        self.pieces[self.piece(place)].0
    }

    /// Joins the piece that begins at `place` with the one before, if both have the same holder.
    pub fn joint_at(&mut self, place: u64) {
        let piece = self.piece(place);
        if piece > 0 && self.pieces[piece].0 == place && self.pieces[piece - 1].1 == self.pieces[piece].1 {
            self.pieces.remove(piece);
        }
    }

    /// Joins neighbours that have the same holder.
    pub fn join(&mut self) {
        self.pieces.dedup_by_key(|&mut (_, holder)| holder);
    }

    /// Gives the places from `first` to `last`, both included, to a shard, and joins what then belongs together.
    pub fn assign(&mut self, first: u64, last: u64, shard: u32) {
        self.give(first, last, shard);
        self.join();
    }

    /// Gives the places from `first` to `last`, both included, to a shard.
    pub fn give(&mut self, first: u64, last: u64, shard: u32) {
        if first > last || first > self.last {
            return;
        }
        self.cut(first);
        if last < self.last {
            self.cut(last + 1);
        }
        for piece in &mut self.pieces {
            if (first..=last).contains(&piece.0) {
                piece.1 = shard;
            }
        }
    }

    /// The share of all places that each of `shards` holds.
    pub fn shares(&self, shards: u32) -> Vec<f64> {
        let mut shares = vec![0.0; shards as usize];
        for (first, last, holder) in self.spans() {
            if let Some(share) = shares.get_mut(holder as usize) {
                *share += self.share(first, last);
            }
        }
        shares
    }

    /// Each piece with its first and last place.
    pub fn spans(&self) -> impl Iterator<Item = (u64, u64, u32)> + '_ {
        let ends = self.pieces.iter().skip(1).map(|&(first, _)| first - 1).chain([self.last]);
        self.pieces.iter().zip(ends).map(|(&(first, holder), last)| (first, last, holder))
    }

    fn share(&self, first: u64, last: u64) -> f64 {
        ((last - first) as f64 + 1.0) / (self.last as f64 + 1.0)
    }

    /// The table in which a new shard, the `shards`-th, got its equal part from each of the others: the lowest of
    /// what each holds, as `redis-cli --cluster reshard` takes them.
    fn grown(&self, shards: u32) -> Self {
        let mut next = self.clone();
        for giver in 0..shards {
            let held: Vec<(u64, u64)> = self
                .spans()
                .filter(|&(_, _, holder)| holder == giver)
                .map(|(first, last, _)| (first, last))
                .collect();
            let places: u128 = held.iter().map(|(first, last)| u128::from(last - first) + 1).sum();
            let mut wanted = places / u128::from(shards + 1);
            for (first, last) in held {
                let taken = wanted.min(u128::from(last - first) + 1);
                if taken == 0 {
                    break;
                }
                next.assign(first, first + (taken - 1) as u64, shards);
                wanted -= taken;
            }
        }
        next
    }

    /// The table without the shards from `shards` on: each of their pieces is dealt in equal parts to all that stay.
    fn shrunk(&self, shards: u32) -> Self {
        let mut next = self.clone();
        for (first, last, _) in self.spans().filter(|&(_, _, holder)| holder >= shards) {
            for (start, holder) in Self::even(shards, last - first).pieces {
                next.assign(first + start, last, holder);
            }
        }
        next
    }

    /// The table for another number of shards.
    pub fn resized(&self, from: u32, to: u32) -> Self {
        if to < from {
            return self.shrunk(to.max(1));
        }
        (from..to).fold(self.clone(), |table, shards| table.grown(shards))
    }

    /// What moves from this table to another over the same places.
    pub fn plan(&self, next: &Self) -> Plan {
        let mut starts: Vec<u64> = self.pieces.iter().chain(&next.pieces).map(|&(first, _)| first).collect();
        starts.sort_unstable();
        starts.dedup();
        let ends = starts.iter().skip(1).map(|first| first - 1).chain([self.last]);
        let mut plan = Plan::default();
        for (&first, last) in starts.iter().zip(ends) {
            let (from, to) = (self.holder(first), next.holder(first));
            if from != to {
                let share = self.share(first, last);
                plan.moves.push(Move { from, to, share, part: Part::Span { first, last } });
            }
        }
        plan
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_cut_assigned_and_joined() {
        let mut table = Table::even(3, 99);
        assert_eq!(table.pieces(), [(0, 0), (33, 1), (66, 2)]);
        table.cut(50);
        assert_eq!(table.pieces(), [(0, 0), (33, 1), (50, 1), (66, 2)]);
        table.assign(50, 70, 0);
        assert_eq!(table.pieces(), [(0, 0), (33, 1), (50, 0), (71, 2)]);
        assert_eq!((table.holders(0, 60), table.holders(72, 500)), (vec![0, 1], vec![2]));
        assert_eq!(table.shares(3), [0.54, 0.17, 0.29]);
    }

    #[test]
    fn a_new_shard_gets_the_lowest_of_each_and_gives_it_back() {
        let table = Table::even(3, 119);
        let grown = table.resized(3, 4);
        assert_eq!(grown.pieces(), [(0, 3), (10, 0), (40, 3), (50, 1), (80, 3), (90, 2)]);
        assert_eq!(grown.shares(4), [0.25; 4]);
        assert!((table.plan(&grown).moved() - 0.25).abs() < 1e-12);
        let shrunk = grown.resized(4, 3);
        // Ten places of the fourth in three parts each, thrice.
        assert_eq!(shrunk.shares(4)[3], 0.0);
        assert!((grown.plan(&shrunk).moved() - 0.25).abs() < 1e-12);
    }
}

//! Requests in flight by row, and at hand at every moment: which rows have the fewest.

/// Rows of which the fewest are kept at hand: the bits of a word.
const ROWS: usize = 64;

/// Requests that a view has sent and not seen answered, by row.
#[derive(Clone, Debug)]
pub struct InFlight {
    counts: Vec<u32>,
    /// The rows with so many in flight, a bit each; left empty for more than [`ROWS`].
    levels: Vec<u64>,
    /// The least level with a row in it.
    least: usize,
}

impl InFlight {
    /// So many idle rows.
    pub fn new(rows: usize) -> Self {
        let levels = if rows <= ROWS {
            vec![u64::MAX.checked_shr((ROWS - rows) as u32).unwrap_or(0)]
        } else {
            Vec::new()
        };
        Self { counts: vec![0; rows], levels, least: 0 }
    }

    /// Sent to each row and not answered.
    #[inline]
    pub fn counts(&self) -> &[u32] {
        &self.counts
    }

    /// The rows with the fewest, a bit each from the lowest on; `None` if there are too many rows to keep that.
    #[inline(always)]
    pub fn fewest(&self) -> Option<u64> {
        self.levels.get(self.least).copied()
    }

    /// One more goes to a row; how many it has then.
    #[inline(always)]
    pub fn rise(&mut self, row: usize) -> u32 {
        let before = self.counts[row];
        self.counts[row] = before + 1;
        if !self.levels.is_empty() {
            self.lift(row, before as usize);
        }
        before + 1
    }

    #[inline(always)]
    fn lift(&mut self, row: usize, before: usize) {
        let bit = 1 << row;
        if before + 1 == self.levels.len() {
            self.levels.push(0);
        }
        self.levels[before + 1] |= bit;
        let left = self.levels[before] & !bit;
        self.levels[before] = left;
        if left == 0 && self.least == before {
            self.least = before + 1;
        }
    }

    /// One of a row's is answered; how many it has left.
    #[inline(always)]
    pub fn fall(&mut self, row: usize) -> u32 {
        let after = self.counts[row] - 1;
        self.counts[row] = after;
        let level = after as usize;
        if !self.levels.is_empty() {
            self.levels[level + 1] &= !(1 << row);
            self.levels[level] |= 1 << row;
            self.least = self.least.min(level);
        }
        after
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_fewest_are_those_that_a_search_finds(
            rows in 1_usize..=64,
            moves in prop::collection::vec((0_usize..64, prop::bool::weighted(0.55)), 0..400),
        ) {
            let mut in_flight = InFlight::new(rows);
            for (row, rises) in moves {
                let row = row % rows;
                if rises {
                    in_flight.rise(row);
                } else if in_flight.counts()[row] > 0 {
                    in_flight.fall(row);
                }
                let least = in_flight.counts().iter().min().copied();
                let tied = in_flight.counts().iter().map(|count| Some(*count) == least);
                let bits = tied.rev().fold(0, |bits, tied| bits << 1 | u64::from(tied));
                prop_assert_eq!(in_flight.fewest(), Some(bits));
            }
        }
    }

    #[test]
    fn more_rows_than_bits_are_only_counted() {
        let mut in_flight = InFlight::new(65);
        assert_eq!((in_flight.rise(64), in_flight.rise(64), in_flight.fall(64)), (1, 2, 1));
        assert_eq!(in_flight.fewest(), None);
        assert_eq!(InFlight::new(0).fewest(), Some(0));
    }
}

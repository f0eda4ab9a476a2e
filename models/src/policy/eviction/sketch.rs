//! How often keys were asked for lately, estimated in 4 bits a counter: Caffeine's count-min sketch.
//!
//! A key has four counters in one block of 64 bytes; the least of them is its estimate. When ten times as many uses
//! were counted as the cache holds objects, all counters are halved. Cormode & Muthukrishnan, 2005; hashes, blocks and
//! the reset as in Caffeine's `FrequencySketch.java`.

/// Counters for as many keys as a cache holds objects.
#[derive(Clone, Debug)]
pub(super) struct Sketch {
    /// Sixteen counters in each word, eight words in each block; a power of two of words.
    table: Vec<u64>,
    counted: u64,
    sample: u64,
}

const HALVES: u64 = 0x7777_7777_7777_7777;
const ODD: u64 = 0x1111_1111_1111_1111;

/// More words than that are no sketch.
const LARGEST: u64 = 1 << 26;

impl Sketch {
    pub(super) fn new(capacity: u64) -> Self {
        let words = capacity.clamp(8, LARGEST).next_power_of_two();
        Self { table: vec![0; words as usize], counted: 0, sample: capacity.clamp(1, LARGEST) * 10 }
    }

    /// Makes it large enough for so many objects; a larger one starts from nothing.
    pub(super) fn reserve(&mut self, objects: u64) {
        if objects > self.table.len() as u64 && (self.table.len() as u64) < LARGEST {
            *self = Self::new(objects);
        }
    }

    /// After how many uses counters are halved.
    pub(super) const fn sample(&self) -> u64 {
        self.sample
    }

    /// The word and the shift of each of a key's four counters.
    #[inline]
    fn counters(&self, key: u64) -> [(usize, u32); 4] {
        let spread = spread(key);
        let hash = rehash(spread);
        let block = (spread as usize & ((self.table.len() >> 3) - 1)) << 3;
        [0_u32, 1, 2, 3].map(|row| {
            let bits = hash >> (row << 3);
            (block + (bits & 1) as usize + (row as usize) * 2, ((bits >> 1) & 15) << 2)
        })
    }

    /// How often the key was counted, 15 at most; never too few unless counters were halved.
    #[inline]
    pub(super) fn frequency(&self, key: u64) -> u64 {
        let counts = self.counters(key).map(|(word, shift)| (self.table[word] >> shift) & 15);
        counts.into_iter().fold(15, u64::min)
    }

    /// Counts a use of the key.
    #[inline]
    pub(super) fn increment(&mut self, key: u64) {
        let mut added = false;
        for (word, shift) in self.counters(key) {
            if (self.table[word] >> shift) & 15 < 15 {
                self.table[word] += 1 << shift;
                added = true;
            }
        }
        if added {
            self.counted += 1;
            if self.counted == self.sample {
                self.halve();
            }
        }
    }

    fn halve(&mut self) {
        let mut odd = 0;
        for word in &mut self.table {
            odd += u64::from((*word & ODD).count_ones());
            *word = (*word >> 1) & HALVES;
        }
        self.counted = (self.counted - (odd >> 2).min(self.counted)) >> 1;
    }
}

/// Java's hash of a long, mixed.
#[inline]
fn spread(key: u64) -> u32 {
    let mut bits = (key ^ (key >> 32)) as u32;
    bits ^= bits >> 17;
    bits = bits.wrapping_mul(0xED5A_D4BB);
    bits ^= bits >> 11;
    bits = bits.wrapping_mul(0xAC4C_1B51);
    bits ^ (bits >> 15)
}

#[inline]
const fn rehash(bits: u32) -> u32 {
    let bits = bits.wrapping_mul(0x3184_8BAB);
    bits ^ (bits >> 14)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_up_to_fifteen() {
        let mut sketch = Sketch::new(512);
        for times in 1..=20 {
            sketch.increment(7);
            assert_eq!(sketch.frequency(7), times.min(15));
        }
        assert_eq!(sketch.frequency(8), 0);
    }

    #[test]
    fn halves_when_the_sample_is_full() {
        let mut sketch = Sketch::new(64);
        for _ in 0..10 {
            sketch.increment(1);
        }
        // The other 629 of the sample of 640.
        for key in 1000..1629 {
            sketch.increment(key);
        }
        let before = sketch.frequency(1);
        sketch.increment(1);
        assert!(
            before >= 10 && sketch.frequency(1) == before.midpoint(1).min(7),
            "{before} {}",
            sketch.frequency(1)
        );
    }

    #[test]
    fn the_popular_stand_out() {
        // As Caffeine's test of heavy hitters: one in ten of 100 000 keys seen again and again.
        let mut sketch = Sketch::new(512);
        for key in 100..100_000 {
            sketch.increment(key);
        }
        for key in (0..10).step_by(2) {
            for _ in 0..key {
                sketch.increment(key);
            }
        }
        let popular = [4, 6, 8].map(|key| sketch.frequency(key));
        assert!(popular.is_sorted() && popular[2] >= 6, "{popular:?}");
    }
}

//! How many bytes a key and what is stored under it take: by chance, and for the same key always the same.

use sim_core::random::{Luck, distribution::Distribution, name_hash};

/// As caches draw the sizes of their objects: of the same law, a key is as large there as here.
const SIZE: u64 = name_hash("cache/size");

/// The most a key takes, 1 TiB: sums of 10^12 keys stay exact.
const MOST: u64 = 1 << 40;

/// The law of keys' sizes.
#[derive(Clone, Debug)]
pub struct KeySizes(Distribution);

impl KeySizes {
    /// By this law, in bytes.
    pub const fn new(law: Distribution) -> Self {
        Self(law)
    }

    /// How many bytes a key takes.
    pub fn of(&self, key: u64) -> u64 {
        (self.0.sample(Luck(key).at(SIZE, 0)) as u64).min(MOST)
    }

    /// How many a key takes on average, at least 1 and at most 1 TiB.
    pub fn mean(&self) -> u64 {
        (self.0.mean() as u64).clamp(1, MOST)
    }
}

#[cfg(test)]
mod tests {
    use sim_core::random::distribution::DistributionSpec;

    use super::*;
    use crate::units::Bytes;

    #[test]
    fn sizes_follow_their_law_and_are_those_of_their_keys() {
        let law: DistributionSpec<Bytes> = ron::from_str(r#"Exponential((mean: "1KB"))"#).unwrap();
        let sizes = KeySizes::new(law.build());
        let all: Vec<u64> = (0..100_000).map(|key| sizes.of(key)).collect();
        let mean = all.iter().sum::<u64>() as f64 / 1e5;
        // Four standard errors of 100000 exponentials, and half a byte that is cut off.
        assert!((mean - 999.5).abs() < 4.0 * 1000.0 / 1e5_f64.sqrt(), "{mean}");
        assert_eq!((sizes.of(77), sizes.mean()), (all[77], 1000));
        let huge = KeySizes::new(DistributionSpec::constant(Bytes(u64::MAX)).build());
        assert_eq!((huge.of(1), huge.mean()), (MOST, MOST));
    }
}

//! Luck: 64 bits a request is born with, from which all it later needs is mixed.
//!
//! Two strategies that serve the same requests in different orders still see the same demands, since a draw
//! depends on who asks and where, never on when.

/// The chance a request carries with it. What it needs at a place is [`Luck::at`], the same on every visit order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Luck(pub u64);

/// 2⁶⁴ divided by the golden ratio: SplitMix64's increment.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

impl Luck {
    /// 64 fresh bits for the `visit`-th draw at `place` (a [`name_hash`](super::name_hash) of its path).
    #[inline]
    pub const fn at(self, place: u64, visit: u64) -> u64 {
        // Two rounds of SplitMix64's finaliser: one over who and where, one over how often.
        finalise(finalise(self.0 ^ place).wrapping_add(visit.wrapping_add(1).wrapping_mul(GOLDEN)))
    }

    /// The luck of a child, such as a retry or a hedge: as independent of its parent's as of a stranger's.
    #[inline]
    pub const fn child(self, place: u64, visit: u64) -> Self {
        // One round suffices: what is drawn from a child goes through two more.
        Self(finalise((self.0 ^ place).wrapping_add(visit.wrapping_add(1).wrapping_mul(GOLDEN))))
    }
}

/// SplitMix64's output function (Steele, Lea & Flood, OOPSLA 2014).
#[inline]
const fn finalise(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A number in [0, 1) from 64 bits: the upper 53 over 2⁵³.
#[inline]
pub fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
}

/// A number in (0, 1), never an end: for inversions that are infinite there.
#[inline]
pub fn unit_open(bits: u64) -> f64 {
    ((bits >> 12) as f64 + 0.5) * (1.0 / 4_503_599_627_370_496.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_finaliser_is_splitmix64s() {
        // SplitMix64 seeded with 1234567: its published first outputs.
        let mut state = 1_234_567_u64;
        let outputs: Vec<u64> = (0..5)
            .map(|_| {
                state = state.wrapping_add(GOLDEN);
                finalise(state)
            })
            .collect();
        assert_eq!(
            outputs,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423,
                4_593_380_528_125_082_431,
                16_408_922_859_458_223_821
            ]
        );
        assert!((unit(finalise(42_u64.wrapping_add(GOLDEN))) - 0.741_564_878_771_823_3).abs() < 1e-16);
    }

    /// Draws of many lucks, three each, are uncorrelated: within four standard errors, 12 being 1 over the variance.
    fn uncorrelated(draws: impl Fn(Luck) -> [u64; 3]) {
        let n = 100_000_u64;
        let mut sums = [0.0; 3];
        for request in 0..n {
            let [a, b, c] = draws(Luck(finalise(request))).map(|bits| unit(bits) - 0.5);
            for (sum, term) in sums.iter_mut().zip([a * b, a * c, b * c]) {
                *sum += term * 12.0;
            }
        }
        for sum in sums {
            assert!((sum / n as f64).abs() < 4.0 / (n as f64).sqrt(), "correlation {}", sum / n as f64);
        }
    }

    #[test]
    fn places_and_visits_are_uncorrelated() {
        uncorrelated(|luck| [luck.at(1, 0), luck.at(2, 0), luck.at(1, 1)]);
    }

    #[test]
    fn children_are_strangers_to_each_other_and_to_their_parent() {
        let drawn = |luck: Luck| luck.at(1, 0);
        uncorrelated(|luck| [drawn(luck), drawn(luck.child(1, 0)), drawn(luck.child(1, 1))]);
        uncorrelated(|luck| {
            [drawn(luck.child(1, 0)), drawn(luck.child(2, 0)), drawn(luck.child(1, 0).child(1, 0))]
        });
    }
}

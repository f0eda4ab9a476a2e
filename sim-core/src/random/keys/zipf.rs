//! Zipf: the k-th most popular key is drawn in proportion to 1/kˢ.
//!
//! How users ask for pages, products and videos: a few keys get much, a long tail gets the rest. Unlike
//! [`HotSet`](super::hot_set) there is no border between hot and cold.
//!
//! Drawn by inversion, in constant time whatever the exponent and from one word: the 2¹⁴ most popular keys
//! exactly, through a table of steps; the rest through the integral of x⁻ˢ between half-integers, which misses
//! each key's probability by a share of s(s+1)/24k² at most, 3 × 10⁻¹⁰ at exponent 1. An alias table over a million
//! keys is twice as quick but takes 8 MB and 25 ms to build, where this takes 400 KB and 1 ms for any number of
//! them; rejection takes a varying number of words. Both scatter, while here runs of different exponents that
//! share their numbers ask for neighbouring keys.
//! Zipf, *Human Behavior and the Principle of Least Effort*, 1949; default exponent: YCSB's Zipfian constant
//! (Cooper et al., *Benchmarking Cloud Serving Systems with YCSB*, SoCC 2010); the integral at half-integers as in
//! Hörmann & Derflinger, *Rejection-Inversion to Generate Variates from Monotone Discrete Distributions*, 1996.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check_items;
use crate::{
    check::Check,
    random::{distribution::steps::Steps, unit_open},
};

/// `Zipf(items: 1000000, exponent: 0.99)`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// How many keys there are, at least 1.
    pub items: u64,
    /// How steeply popularity falls, 0 (not at all) to 100; default 0.99.
    #[serde(default = "default_exponent")]
    pub exponent: f64,
}

fn default_exponent() -> f64 {
    0.99
}

impl Default for Spec {
    fn default() -> Self {
        Self { items: 1_000_000, exponent: default_exponent() }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        check_items(check, self.items, 1);
        check.require((0.0..=100.0).contains(&self.exponent), "exponent", || {
            format!("exponent must be between 0 and 100, got {}", self.exponent)
        });
    }

    pub(super) fn build(&self) -> State {
        let weight = |rank: u64| power((rank + 1) as f64, -self.exponent);
        let tail = (self.items > HEAD).then(|| Tail::new(HEAD, self.items, self.exponent));
        let head: f64 = (0..self.items.min(HEAD)).map(weight).sum();
        let total = head + tail.as_ref().map_or(0.0, |tail| tail.weight);
        State {
            items: self.items,
            exponent: self.exponent,
            total,
            head: Steps::new((0..self.items.min(HEAD)).map(weight)),
            head_share: head / total,
            tail,
        }
    }
}

/// How many of the most popular keys are drawn from a table.
const HEAD: u64 = 1 << 14;

/// x to the power y, for positive x: twice as quick as `libm::pow` and as exact as is needed.
fn power(x: f64, y: f64) -> f64 {
    libm::exp(y * libm::log(x))
}

/// The table of the most popular keys and the law of the others.
#[derive(Clone, Debug)]
pub struct State {
    items: u64,
    exponent: f64,
    /// The sum of 1/kˢ over all keys.
    total: f64,
    head: Steps,
    /// The probability of the keys in the table.
    head_share: f64,
    tail: Option<Tail>,
}

/// The keys after the table: a density x⁻ˢ from `start` to half a key beyond the last.
#[derive(Clone, Debug)]
struct Tail {
    first: u64,
    last: u64,
    log_start: f64,
    /// 1 − s, with a hair's breadth for 0: then eˣ − 1 and log(1 + x) meet in the logarithm without a special case.
    power: f64,
    /// (end/start)^(1−s) − 1.
    growth: f64,
    /// The sum of 1/kˢ over these keys.
    weight: f64,
}

impl State {
    #[inline]
    pub(super) fn draw(&self, bits: u64) -> u64 {
        let u = unit_open(bits);
        match &self.tail {
            Some(tail) if u >= self.head_share => tail.draw((u - self.head_share) / (1.0 - self.head_share)),
            Some(_) | None => self.head.find(u / self.head_share) as u64,
        }
    }

    pub(super) fn probability(&self, rank: u64) -> f64 {
        power((rank + 1) as f64, -self.exponent) / self.total
    }

    pub(super) fn items(&self) -> u64 {
        self.items
    }
}

impl Tail {
    /// The keys of ranks `first` to `items` − 1, counted from 0.
    fn new(first: u64, items: u64, exponent: f64) -> Self {
        let (start, end) = (first as f64 + 0.5, items as f64 + 0.5);
        let power = if exponent == 1.0 { 1e-30 } else { 1.0 - exponent };
        let (log_start, log_range) = (libm::log(start), libm::log(end / start));
        let growth = libm::expm1(power * log_range);
        let integral = libm::exp(power * log_start) * growth / power;
        let weight = integral + correction(start, exponent) - correction(end, exponent);
        Self { first, last: items - 1, log_start, power, growth, weight }
    }

    /// The rank below which a share `along` of the tail lies.
    #[inline]
    fn draw(&self, along: f64) -> u64 {
        let x = libm::exp(self.log_start + libm::log1p(along * self.growth) / self.power);
        // The key of rank r owns the stretch from r + 1/2 to r + 3/2.
        ((x - 0.5) as u64).clamp(self.first, self.last)
    }
}

/// What Euler and Maclaurin add to an integral from a midpoint `x` upwards to make it a sum: f′/24, and terms too
/// small to matter after the table.
fn correction(x: f64, exponent: f64) -> f64 {
    -exponent * power(x, -exponent - 1.0) / 24.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Streams;

    /// Items, exponent, and for some k the share of the 10^k most popular keys.
    type Shares = (u64, f64, [(i32, f64); 4]);

    /// From mpmath's Hurwitz zeta function.
    const SHARES: [Shares; 5] = [
        (
            1_000_000,
            0.99,
            [(0, 0.064_969_449_189), (1, 0.192_056_677_091), (3, 0.502_145_833_335), (5, 0.830_201_585_475)],
        ),
        (
            1_000_000_000,
            0.99,
            [(1, 0.125_240_940_379), (3, 0.327_451_340_546), (6, 0.652_104_067_799), (8, 0.881_354_471_263)],
        ),
        (
            1_000_000_000,
            1.0,
            [(0, 0.046_947_295_529), (5, 0.567_599_663_347), (6, 0.675_699_594_926), (8, 0.891_899_857_370)],
        ),
        (
            1_000_000_000,
            0.5,
            [(3, 0.000_977_182_310), (5, 0.009_977_165_140), (6, 0.031_600_423_928), (8, 0.316_211_977_904)],
        ),
        (
            1_000_000_000_000,
            1.0,
            [(1, 0.103_833_794_247), (5, 0.428_603_397_788), (6, 0.510_231_349_612), (8, 0.673_487_554_769)],
        ),
    ];

    #[test]
    fn the_rank_at_a_share_is_the_known_one() {
        for (items, exponent, shares) in SHARES {
            let state = Spec { items, exponent }.build();
            for (power_of_ten, share) in shares {
                let border = libm::exp10(f64::from(power_of_ten));
                // Ranks on either side of the border: a millionth more and less of chance.
                let drawn = [1.0 - 1e-6, 1.0 + 1e-6].map(|factor| {
                    let rank = state.draw((share * factor * libm::ldexp(1.0, 64)) as u64) as f64;
                    (rank + 0.5) / border
                });
                assert!(drawn[0] < 1.0 && drawn[1] > 1.0, "{items} {exponent} 10^{power_of_ten}: {drawn:?}");
                assert!(border < 1e3 || drawn[1] - drawn[0] < 1e-3, "{items} {exponent}: {drawn:?}");
            }
        }
    }

    #[test]
    fn probabilities_are_one_over_generalised_harmonic_numbers() {
        for (items, exponent, first) in [
            (10_000, 1.0, 0.102_170_029_761_858_46),
            (20_000, 1.2, 0.204_009_976_865_899_97),
            (1_000_000, 0.99, 0.064_969_449_189_009_06),
            (1_000_000, 2.0, 0.607_927_471_429_427_7),
            (1_000_000_000, 0.5, 1.581_175_339_394_624_5e-5),
            (1_000_000_000_000, 1.0, 0.035_450_638_328_432_07),
        ] {
            let state = Spec { items, exponent }.build();
            assert!((state.probability(0) / first - 1.0).abs() < 1e-12, "{items} {exponent}");
            let ninth = first / libm::pow(9.0, exponent);
            assert!((state.probability(8) / ninth - 1.0).abs() < 1e-12, "{items} {exponent}");
        }
    }

    #[test]
    fn the_tail_weighs_what_its_keys_do() {
        // The harmonic numbers of 1000 and 100: 7.485470861 and 5.187377518.
        let tail = Tail::new(100, 1_000, 1.0);
        assert!((tail.weight - 2.298_093_342_9).abs() < 1e-9, "{}", tail.weight);
        // The sums of the inverse squares up to 1000 and 10.
        let tail = Tail::new(10, 1_000, 2.0);
        assert!(
            (tail.weight - (1.643_934_566_681_56 - 1.549_767_731_166_541)).abs() < 1e-6,
            "{}",
            tail.weight
        );
    }

    #[test]
    fn the_seam_between_table_and_integral_cannot_be_seen() {
        // At exponent 0.5 the keys just before and after the border are drawn alike, within four deviations.
        let state = Spec { items: 2 * HEAD, exponent: 0.5 }.build();
        let mut stream = Streams::new(3, 0).stream("seam");
        let (n, width) = (2_000_000, HEAD / 16);
        let mut counts = [0.0; 2];
        for _ in 0..n {
            let rank = state.draw(stream.bits());
            for (count, start) in counts.iter_mut().zip([HEAD - width, HEAD]) {
                *count += f64::from(u8::from((start..start + width).contains(&rank)));
            }
        }
        for (count, start) in counts.into_iter().zip([HEAD - width, HEAD]) {
            let share: f64 = (start..start + width).map(|rank| state.probability(rank)).sum();
            let expected = share * f64::from(n);
            assert!(
                (count - expected).abs() < 4.0 * libm::sqrt(expected),
                "from {start}: {count} {expected}"
            );
        }
    }
}

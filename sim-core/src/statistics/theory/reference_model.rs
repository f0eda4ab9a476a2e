//! Which items a store of limited size holds, if each reference is independent of those before.
//!
//! An item stays for about one characteristic time, the same for all, which the size determines: Che, Tung &
//! Wang, IEEE JSAC 2002; for FIFO and random replacement Fagin's and Gelenbe's formula.

/// How a full store makes room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replacement {
    /// The least recently used item goes.
    LeastRecentlyUsed,
    /// The oldest item goes, or one at random: both hold the same shares.
    FirstInFirstOut,
    /// The least popular items are never held: the best any rule can do here.
    LeastPopular,
}

/// The share of references that find their item, if item i is wanted with chance `popularity[i]` (summing to 1)
/// and `capacity` items fit.
pub fn hit_ratio(popularity: &[f64], capacity: usize, replacement: Replacement) -> f64 {
    if capacity >= popularity.len() {
        return 1.0;
    }
    let held: fn(f64) -> f64 = match replacement {
        Replacement::LeastPopular => return most_popular(popularity, capacity),
        Replacement::LeastRecentlyUsed => |wanted| -libm::expm1(-wanted),
        Replacement::FirstInFirstOut => |wanted| wanted / (1.0 + wanted),
    };
    let time = characteristic_time(popularity, capacity as f64, held);
    popularity.iter().map(|&p| p * held(p * time)).sum()
}

/// Zipf's law: item i of `items` is wanted in proportion to 1/(i + 1)^`exponent`.
pub fn zipf(items: usize, exponent: f64) -> Vec<f64> {
    let weights: Vec<f64> = (1..=items).map(|rank| libm::pow(rank as f64, -exponent)).collect();
    let total: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / total).collect()
}

fn most_popular(popularity: &[f64], capacity: usize) -> f64 {
    let mut sorted = popularity.to_vec();
    sorted.sort_unstable_by(|a, b| b.total_cmp(a));
    sorted.iter().take(capacity).sum()
}

/// The time after which the items still held fill the store: Σ held(pᵢt) = capacity.
fn characteristic_time(popularity: &[f64], capacity: f64, held: fn(f64) -> f64) -> f64 {
    let filled = |time: f64| popularity.iter().map(|&p| held(p * time)).sum::<f64>();
    let (mut low, mut high) = (0.0, capacity.max(1.0));
    // Items that are never wanted can never fill it; then every reference is a hit in the end.
    while filled(high) < capacity && high.is_finite() {
        (low, high) = (high, high * 2.0);
    }
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if filled(middle) < capacity { low = middle } else { high = middle }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn popular_items_stay() {
        // Zipf over 10⁴ items, stores of 100, 500, 1000 and 2000.
        for (exponent, replacement, ratios) in [
            (0.8, Replacement::LeastRecentlyUsed, [0.156_62, 0.331_19, 0.436_66, 0.567_71]),
            (0.8, Replacement::FirstInFirstOut, [0.133_62, 0.293_75, 0.394_18, 0.522_25]),
            (0.8, Replacement::LeastPopular, [0.300_05, 0.475_63, 0.570_62, 0.679_76]),
            (1.2, Replacement::LeastRecentlyUsed, [0.656_34, 0.808_42, 0.861_43, 0.908_63]),
            (1.2, Replacement::FirstInFirstOut, [0.603_31, 0.772_08, 0.831_85, 0.885_75]),
            (1.2, Replacement::LeastPopular, [0.750_77, 0.864_56, 0.903_45, 0.937_31]),
        ] {
            let popularity = zipf(10_000, exponent);
            for (capacity, ratio) in [100, 500, 1000, 2000].into_iter().zip(ratios) {
                let found = hit_ratio(&popularity, capacity, replacement);
                assert!((found - ratio).abs() < 1e-5, "{exponent} {replacement:?} {capacity}: {found}");
            }
        }
    }

    #[test]
    fn a_flatter_law() {
        let popularity = zipf(10_000, 0.6);
        for (replacement, ratio) in [
            (Replacement::LeastRecentlyUsed, 0.243_21),
            (Replacement::FirstInFirstOut, 0.220_03),
            (Replacement::LeastPopular, 0.386_14),
        ] {
            assert!((hit_ratio(&popularity, 1000, replacement) - ratio).abs() < 1e-5, "{replacement:?}");
        }
    }

    #[test]
    fn a_million_items() {
        let popularity = zipf(1_000_000, 0.99);
        let found = hit_ratio(&popularity, 50_000, Replacement::LeastRecentlyUsed);
        assert!((found - 0.703_433_3).abs() < 1e-6, "{found}");
    }

    #[test]
    fn the_ends() {
        assert_eq!(hit_ratio(&zipf(10, 1.0), 10, Replacement::LeastRecentlyUsed), 1.0);
        assert!(hit_ratio(&zipf(10, 1.0), 0, Replacement::LeastRecentlyUsed) < 1e-9);
        // If all items are wanted alike, no rule can know better.
        for replacement in
            [Replacement::LeastRecentlyUsed, Replacement::FirstInFirstOut, Replacement::LeastPopular]
        {
            assert!((hit_ratio(&zipf(200, 0.0), 30, replacement) - 0.15).abs() < 1e-9);
        }
    }
}

//! The slowest of several: what a customer pays who must wait for all parts.

/// Hₙ = 1 + 1/2 + … + 1/n: the mean of the greatest of n exponential times of mean 1.
pub fn harmonic(count: u32) -> f64 {
    (1..=count).map(|k| 1.0 / f64::from(k)).sum()
}

/// The `p`-quantile of the greatest of `count` exponential times of mean 1.
pub fn slowest_quantile(count: u32, p: f64) -> f64 {
    // p^(1/n) = e^(ln p / n), and 1 − that without losing digits.
    -libm::log(-libm::expm1(libm::log(p) / f64::from(count)))
}

/// The chance that at least one of `count` independent parts is slow, if each is with chance `slow`.
pub fn any_slow(count: u32, slow: f64) -> f64 {
    -libm::expm1(f64::from(count) * libm::log1p(-slow))
}

/// The mean time until all `parts` of a customer are done, each at a station of its own with exponential service
/// of mean 1, all stations at `load`; parts arrive together.
///
/// Exact for one and two (Flatto & Hahn, SIAM J. Applied Mathematics 1984), within 5 % for more (Nelson & Tantawi,
/// IEEE TC 1988). `None` unless stable.
pub fn fork_join_sojourn(parts: u32, load: f64) -> Option<f64> {
    if parts == 0 || !(0.0..1.0).contains(&load) {
        return None;
    }
    let alone = 1.0 / (1.0 - load);
    if parts == 1 {
        return Some(alone);
    }
    let pair = (12.0 - load) / 8.0 * alone;
    let grown = harmonic(parts) / harmonic(2);
    Some((grown + 4.0 / 11.0 * (1.0 - grown) * load) * pair)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greatest_of_many() {
        for (count, mean) in [(2, 1.5), (5, 2.283_33), (10, 2.928_97), (100, 5.187_38)] {
            assert!((harmonic(count) - mean).abs() < 5e-6);
        }
        for (count, p99) in [(1, 4.6052), (10, 6.9032), (100, 9.2054)] {
            assert!((slowest_quantile(count, 0.99) - p99).abs() < 5e-5);
        }
        // Dean & Barroso, The Tail at Scale, CACM 2013: 63 % of fan-outs to 100 see the one in a hundred.
        for (count, slow, any) in [(1, 0.01, 0.01), (100, 0.01, 0.633_97), (2000, 1e-4, 0.181_27)] {
            assert!((any_slow(count, slow) - any).abs() < 1e-5);
        }
    }

    #[test]
    fn waiting_for_all_parts() {
        assert_eq!(fork_join_sojourn(1, 0.5), Some(2.0));
        // (12 − 0.5)/8 · 2.
        assert!((fork_join_sojourn(2, 0.5).unwrap() - 2.875).abs() < 1e-12);
        // Without load only the slowest service is left.
        for parts in [2, 3, 10] {
            assert!((fork_join_sojourn(parts, 0.0).unwrap() - harmonic(parts)).abs() < 1e-12);
        }
        // (H₄/H₂ + 4/11 (1 − H₄/H₂) 0.8) · 7, with H₄/H₂ = 25/18.
        assert!((fork_join_sojourn(4, 0.8).unwrap() - 8.930_303).abs() < 1e-5);
        assert_eq!((fork_join_sojourn(2, 1.0), fork_join_sojourn(0, 0.5)), (None, None));
    }
}

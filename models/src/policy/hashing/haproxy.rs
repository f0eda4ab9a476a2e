//! HAProxy's hashes and its server map.
//!
//! A map of total weight slots is read at a running index (static-rr) or at a hash modulo its length
//! (hash-type map-based). HAProxy `hash.c`, `tools.h`, `lb_map.c`.

/// The greatest weight HAProxy knows.
pub const HAPROXY_WEIGHT_MAX: u32 = 256;

/// SDBM, HAProxy's default hash of a string.
pub fn sdbm(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |hash: u32, &byte| hash.wrapping_mul(65_599).wrapping_add(u32::from(byte)))
}

/// Bob Jenkins's full avalanche of an integer times a large prime: HAProxy's `full_hash`.
pub fn avalanche(value: u32) -> u32 {
    let a = value.wrapping_add(0x7ED5_5D16).wrapping_add(value << 12);
    let a = (a ^ 0xC761_C23C) ^ (a >> 19);
    let a = a.wrapping_add(0x1656_67B1).wrapping_add(a << 5);
    let a = a.wrapping_add(0xD3A2_646C) ^ (a << 9);
    let a = a.wrapping_add(0xFD70_46C5).wrapping_add(a << 3);
    let a = (a ^ 0xB55A_4F09) ^ (a >> 16);
    a.wrapping_mul(3_221_225_473)
}

/// Weights as HAProxy could hold them: scaled down so that the greatest is 256 if any exceeds it, never to 0.
pub fn haproxy_weights(weights: impl Iterator<Item = u32> + Clone) -> Vec<u32> {
    let greatest = weights.clone().max().unwrap_or(0);
    if greatest <= HAPROXY_WEIGHT_MAX {
        return weights.collect();
    }
    let scaled = |weight| u64::from(weight) * u64::from(HAPROXY_WEIGHT_MAX) / u64::from(greatest);
    weights.map(|weight| if weight == 0 { 0 } else { (scaled(weight) as u32).max(1) }).collect()
}

/// The static map: each server as often as its weight over the common divisor, spread out; weight 0 is left
/// out.
///
/// A server scores its weight each round; the one that most often passed the total is next, the first of
/// equals.
pub fn server_map(weights: &[u32]) -> Vec<u32> {
    let divisor = weights.iter().fold(0, |divisor, &weight| greatest_common_divisor(divisor, weight)).max(1);
    let weights: Vec<i64> = weights.iter().map(|&weight| i64::from(weight / divisor)).collect();
    let total: i64 = weights.iter().sum();
    let mut scores = vec![0_i64; weights.len()];
    (0..total).filter_map(|_| next_of_map(&weights, &mut scores, total)).collect()
}

/// One round of [`server_map`].
fn next_of_map(weights: &[i64], scores: &mut [i64], total: i64) -> Option<u32> {
    let mut best: Option<(usize, i64)> = None;
    for (index, (score, &weight)) in scores.iter_mut().zip(weights).enumerate() {
        *score += weight;
        let passed = (*score + total) / total;
        if weight > 0 && best.is_none_or(|(_, most)| passed > most) {
            best = Some((index, passed));
        }
    }
    let (index, _) = best?;
    scores[index] -= total;
    Some(index as u32)
}

/// Euclid's algorithm.
fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sdbm_is_the_documented_recurrence() {
        // hash = byte + (hash << 6) + (hash << 16) - hash, by hand for "ab": 97 * 65599 + 98.
        assert_eq!(sdbm(b""), 0);
        assert_eq!(sdbm(b"a"), 97);
        assert_eq!(sdbm(b"ab"), 6_363_201);
    }

    #[test]
    fn avalanche_is_a_permutation_that_flips_half_the_bits() {
        // Jenkins: every input bit affects every output bit; an odd multiplier keeps it one to one.
        let flipped: u32 =
            (0..1000_u32).map(|value| (avalanche(value) ^ avalanche(value ^ 1)).count_ones()).sum();
        assert!(flipped.abs_diff(16_000) < 800, "{flipped}");
        let mut images: Vec<u32> = (0..100_000).map(avalanche).collect();
        images.sort_unstable();
        images.dedup();
        assert_eq!(images.len(), 100_000);
        // HAProxy's expression, compiled by gcc.
        assert_eq!([0, 1, 4096].map(avalanche), [2_874_071_335, 881_230_262, 1_237_450_891]);
    }

    #[test]
    fn equal_weights_make_the_map_the_list_of_servers() {
        assert_eq!(server_map(&[7, 7, 7]), [0, 1, 2]);
        assert_eq!(server_map(&[2, 0, 2]), [0, 2]);
        assert_eq!(server_map(&[]), [] as [u32; 0]);
    }

    #[test]
    fn the_map_spreads_weights_and_starts_with_the_first_server() {
        let map = server_map(&[1, 3, 2]);
        let counts = [0, 1, 2].map(|server| map.iter().filter(|&&entry| entry == server).count());
        assert_eq!((map.len(), counts), (6, [1, 3, 2]));
        // lb_map.c: "whatever the weights, the first server called will always be the first declared".
        assert_eq!(map[0], 0);
        assert!(map.windows(2).filter(|pair| pair[0] == pair[1]).count() <= 1, "{map:?}");
    }

    #[test]
    fn modulo_moves_almost_every_key() {
        // From n to m buckets a key stays if it has the same remainder: over lcm(n, m) keys exactly.
        for (from, to, moved) in [
            (3, 4, 0.75),
            (4, 5, 0.8),
            (8, 9, 0.888_89),
            (10, 11, 0.909_09),
            (10, 9, 0.9),
            (10, 20, 0.5),
            (8, 12, 0.666_67),
            (100, 101, 0.990_099),
        ] {
            let (before, after) = (server_map(&vec![1; from]), server_map(&vec![1; to]));
            let keys = from * to;
            let changed = (0..keys).filter(|key| before[key % from] != after[key % to]).count();
            assert!((changed as f64 / keys as f64 - moved).abs() < 5e-6, "{from} to {to}: {changed}");
        }
    }

    #[test]
    fn weights_beyond_the_greatest_are_scaled() {
        assert_eq!(haproxy_weights([1, 256].into_iter()), [1, 256]);
        assert_eq!(haproxy_weights([1, 512, 1024].into_iter()), [1, 128, 256]);
    }
}

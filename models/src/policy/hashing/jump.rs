//! Jump consistent hash: no table at all, and exactly 1/(n+1) of the keys move when a bucket is added.
//!
//! Buckets have numbers, not names, so only the last can be taken away.
//! Lamping & Veach, *A Fast, Minimal Memory, Consistent Hash Algorithm*, 2014.

/// The bucket in 0..buckets that `key` belongs to; 0 if there is none to choose from.
pub fn jump_hash(mut key: u64, buckets: u32) -> u32 {
    let (mut bucket, mut next) = (0_u64, 0_u64);
    // Ends: every jump goes forward by at least one.
    while next < u64::from(buckets) {
        bucket = next;
        key = key.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(1);
        next = ((bucket + 1) as f64 * (f64::from(1_u32 << 31) / ((key >> 33) + 1) as f64)) as u64;
    }
    bucket as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_the_published_buckets() {
        // Guava and the ports that agree with the paper's listing.
        for (key, buckets, bucket) in [
            (1, 1, 0),
            (42, 57, 43),
            (0xDEAD_10CC, 666, 361),
            (256, 1024, 520),
            (0, 10, 0),
            (1, 10, 6),
            (10, 100, 73),
            (123_456_789, 1000, 294),
        ] {
            assert_eq!(jump_hash(key, buckets), bucket, "{key} of {buckets}");
        }
    }

    #[test]
    fn a_new_bucket_takes_its_share_and_no_other_key_moves() {
        let moved = (0..100_000_u64)
            .map(|key| key.wrapping_mul(0x9E37_79B9_7F4A_7C15))
            .filter(|&key| jump_hash(key, 10) != jump_hash(key, 11))
            .inspect(|&key| assert_eq!(jump_hash(key, 11), 10))
            .count();
        // 1/11 of the keys; four standard deviations of the binomial are 363.
        assert!(moved.abs_diff(9_091) < 363, "{moved}");
    }
}

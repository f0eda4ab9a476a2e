//! MurmurHash2 as Kafka's default partitioner applies it: seed 0x9747b28c, little-endian words, a signed
//! result.
//!
//! `org.apache.kafka.common.utils.Utils.murmur2`.

/// MurmurHash2's multiplier.
const MULTIPLIER: u32 = 0x5BD1_E995;

/// Kafka's hash of a serialised key.
pub fn murmur2(data: &[u8]) -> i32 {
    let (words, tail) = data.as_chunks::<4>();
    let mut hash = 0x9747_B28C ^ data.len() as u32;
    for &word in words {
        let mixed = u32::from_le_bytes(word).wrapping_mul(MULTIPLIER);
        let mixed = (mixed ^ (mixed >> 24)).wrapping_mul(MULTIPLIER);
        hash = hash.wrapping_mul(MULTIPLIER) ^ mixed;
    }
    if !tail.is_empty() {
        let rest = tail.iter().rev().fold(0, |rest, &byte| rest << 8 | u32::from(byte));
        hash = (hash ^ rest).wrapping_mul(MULTIPLIER);
    }
    hash = (hash ^ (hash >> 13)).wrapping_mul(MULTIPLIER);
    (hash ^ (hash >> 15)).cast_signed()
}

/// The partition in 0..partitions of a keyed record: the hash without its sign, modulo; 0 if there is none.
pub fn kafka_partition(key: &[u8], partitions: u32) -> u32 {
    (murmur2(key) & i32::MAX).cast_unsigned().checked_rem(partitions).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_kafkas_own_test_values() {
        // Kafka's UtilsTest.testMurmur2; partitions of 12 follow by arithmetic.
        for (key, hash, partition) in [
            ("21", -973_932_308, 0),
            ("foobar", -790_332_482, 6),
            ("abc", 479_470_107, 3),
            ("a-little-bit-long-string", -985_981_536, 8),
        ] {
            assert_eq!(murmur2(key.as_bytes()), hash, "{key}");
            assert_eq!(kafka_partition(key.as_bytes(), 12), partition, "{key}");
        }
    }
}

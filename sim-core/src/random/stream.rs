//! Named streams: `ChaCha8` keyed by seed and replication, with the hash of the name as stream number.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

use super::luck::{unit, unit_open};

/// FNV-1a, 64 bits: the stable hash of a component's path.
pub const fn name_hash(name: &str) -> u64 {
    let bytes = name.as_bytes();
    let mut hash = 0xCBF2_9CE4_8422_2325_u64;
    let mut index = 0;
    while index < bytes.len() {
        hash = (hash ^ bytes[index] as u64).wrapping_mul(0x0000_0100_0000_01B3);
        index += 1;
    }
    hash
}

/// All the streams of one replication.
#[derive(Clone, Debug)]
pub struct Streams {
    key: [u8; 32],
}

impl Streams {
    /// The streams of the `replication`-th run of an experiment with this seed.
    pub fn new(seed: u64, replication: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(&replication.to_le_bytes());
        Self { key }
    }

    /// The stream of that name: a path of components and a purpose, `clients.web/gap`.
    pub fn stream(&self, name: &str) -> Stream {
        let mut generator = ChaCha8Rng::from_seed(self.key);
        generator.set_stream(name_hash(name));
        Stream(generator)
    }
}

/// One component's own source of chance for one purpose.
#[derive(Clone, Debug)]
pub struct Stream(ChaCha8Rng);

impl Stream {
    /// 64 fresh bits.
    #[inline]
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number in [0, 1).
    #[inline]
    pub fn unit(&mut self) -> f64 {
        unit(self.bits())
    }

    /// A number in (0, 1).
    #[inline]
    pub fn unit_open(&mut self) -> f64 {
        unit_open(self.bits())
    }

    /// A whole number in 0..n, always by one draw; its bias is below n/2⁶⁴. `n` must not be 0.
    #[inline]
    pub fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.bits()) * n as u128) >> 64) as usize
    }

    /// True with probability `p`.
    #[inline]
    pub fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// Shuffles by Fisher and Yates, one draw an element but the last.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_fnv_1a() {
        // Fowler, Noll & Vo's published vectors, and two paths of our own kind.
        assert_eq!(name_hash(""), 0xCBF2_9CE4_8422_2325);
        assert_eq!(name_hash("a"), 0xAF63_DC4C_8601_EC8C);
        assert_eq!(name_hash("foobar"), 0x8594_4171_F739_67E8);
        assert_eq!(name_hash("clients/interarrival"), 0x9BC5_5841_4B0A_1BFF);
        assert_eq!(name_hash("lb/choice"), 0x4AAD_ED66_2FA4_4347);
    }

    #[test]
    fn the_generator_is_chacha8_with_a_64_bit_stream() {
        // Zero key, streams 0 and 1, words 0 to 3 (djb's layout).
        for (stream, words) in [
            (0, [0x2FEF_003E, 0xD640_5F89, 0xE8B8_5B7F, 0xA1A5_091F]),
            (1, [0xB34B_8F2B, 0xCA06_8379, 0x7CD4_3051, 0xD14E_8D4F]),
        ] {
            let mut generator = ChaCha8Rng::from_seed([0; 32]);
            generator.set_stream(stream);
            assert_eq!([(); 4].map(|()| generator.next_u32()), words);
        }
    }

    #[test]
    fn streams_do_not_depend_on_each_other() {
        let streams = Streams::new(1, 0);
        let alone = streams.stream("lb/choice").bits();
        let mut other = streams.stream("web/crash");
        other.bits();
        assert_eq!(streams.stream("lb/choice").bits(), alone);
        assert_ne!(other.bits(), alone);
        assert_ne!(Streams::new(1, 1).stream("lb/choice").bits(), alone);
    }
}

//! Hash slots: a key's CRC16 modulo 16384 is its slot for ever, and a table says which shard holds which slots.
//!
//! Two levels make resharding a matter of moving slots, one at a time, without rehashing any key. What stands in a
//! key between `{` and `}` is hashed alone, so keys of one tag share a slot. Redis Cluster specification and
//! `cluster.c` (`keyHashSlot`), CRC-16/XMODEM (`crc16.c`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::check::Check;

use super::{Partition, Partitioner, Plan, Table};

/// Slots of a Redis Cluster.
pub const SLOTS: u16 = 16_384;

/// `HashSlots`: which keys share a slot.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// Keys that agree modulo so many carry the same tag, `{tag}key`, and so share a slot. Default: no key has a tag,
    /// each is hashed as its decimal text.
    pub tags: Option<u64>,
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        check.require(self.tags != Some(0), "tags", || "tags must be at least 1, got 0".into());
    }

    pub(super) fn build(&self, shards: u32) -> State {
        let shards = shards.max(1);
        State { tags: self.tags, shards, slots: Table::even(shards, u64::from(SLOTS) - 1) }
    }
}

/// The table of slots.
#[derive(Debug)]
pub struct State {
    tags: Option<u64>,
    shards: u32,
    slots: Table,
}

impl State {
    /// The cluster in which `shard` holds the slots from `first` to `last`, and what moves for it.
    pub fn assigned(&self, first: u16, last: u16, shard: u32) -> (Self, Plan) {
        let mut slots = self.slots.clone();
        slots.assign(first.into(), last.into(), shard % self.shards);
        let plan = self.slots.plan(&slots);
        (Self { tags: self.tags, shards: self.shards, slots }, plan)
    }

    /// The slot of a key: of its tag's decimal text if it has one, else of its own.
    fn slot_of(&self, key: u64) -> u16 {
        let mut digits = [0; 20];
        crc16(decimal(self.tags.map_or(key, |tags| key % tags.max(1)), &mut digits)) % SLOTS
    }
}

impl Partition for State {
    fn shard_of(&self, key: u64) -> u32 {
        self.slots.holder(self.slot_of(key).into())
    }

    fn shards(&self) -> u32 {
        self.shards
    }

    fn resized(&self, shards: u32) -> (Partitioner, Plan) {
        let shards = shards.max(1);
        let slots = self.slots.resized(self.shards, shards);
        let plan = self.slots.plan(&slots);
        (Partitioner::HashSlots(Self { tags: self.tags, shards, slots }), plan)
    }
}

/// The slot of a key as Redis computes it: of what stands between the first `{` and the first `}` after it, if that is
/// anything, else of the whole.
pub fn slot_of(key: &[u8]) -> u16 {
    let tag = key.iter().position(|byte| *byte == b'{').and_then(|open| {
        let rest = &key[open + 1..];
        rest.iter().position(|byte| *byte == b'}').map(|close| &rest[..close])
    });
    crc16(tag.filter(|tag| !tag.is_empty()).unwrap_or(key)) % SLOTS
}

/// CRC-16/XMODEM: polynomial 0x1021, from 0, nothing reflected.
pub fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| (crc << 8) ^ REMAINDERS[usize::from((crc >> 8) as u8 ^ byte)])
}

/// What each byte adds.
const REMAINDERS: [u16; 256] = remainders();

const fn remainders() -> [u16; 256] {
    let mut table = [0_u16; 256];
    let mut byte = 0;
    while byte < 256 {
        let (mut crc, mut bit) = ((byte as u16) << 8, 0);
        while bit < 8 {
            crc = if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
}

/// A number's decimal text, without an allocation.
fn decimal(mut number: u64, digits: &mut [u8; 20]) -> &[u8] {
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            return &digits[start..];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_redis_clusters() {
        // The catalogue's check value of CRC-16/XMODEM; CLUSTER KEYSLOT in Redis's documentation and tests.
        assert_eq!(crc16(b"123456789"), 0x31C3);
        for (key, slot) in [
            ("somekey", 11_058),
            ("foo{hash_tag}", 2_515),
            ("bar{hash_tag}", 2_515),
            ("foo", 12_182),
            ("", 0),
        ] {
            assert_eq!(slot_of(key.as_bytes()), slot, "{key}");
        }
        // The specification's examples: only the first tag counts, an empty one not at all.
        assert_eq!(slot_of(b"{user1000}.following"), slot_of(b"user1000"));
        assert_eq!(slot_of(b"foo{}{bar}"), crc16(b"foo{}{bar}") % SLOTS);
        assert_eq!(slot_of(b"foo{{bar}}zap"), slot_of(b"{bar"));
        assert_eq!(slot_of(b"foo{bar}{zap}"), slot_of(b"bar"));
    }

    #[test]
    fn keys_are_hashed_as_their_decimal_text_or_by_their_tag() {
        let plain = Spec::default().build(3);
        assert_eq!(plain.slot_of(123_456_789), 0x31C3 % SLOTS);
        assert_eq!(plain.slot_of(u64::MAX), slot_of(b"18446744073709551615"));
        let tagged = Spec { tags: Some(1000) }.build(3);
        assert_eq!(tagged.slot_of(5_007), slot_of(b"{7}5007"));
        assert_eq!(tagged.shard_of(5_007), tagged.shard_of(7));
    }

    #[test]
    fn a_new_shard_takes_whole_slots_from_each() {
        let before = Spec::default().build(3);
        let (_, plan) = before.resized(4);
        // A quarter of 5461, 5461 and 5462 slots, rounded down.
        assert_eq!((plan.moves.len(), plan.moved()), (3, 4_095.0 / 16_384.0));
        let (next, plan) = before.assigned(0, 99, 2);
        assert_eq!((plan.moved(), next.slots.holder(99), next.slots.holder(100)), (100.0 / 16_384.0, 2, 0));
    }
}

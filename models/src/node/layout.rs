//! Which key a rank of popularity is, request by request.

use sim_core::{
    random::{Luck, keys::Keys, name_hash},
    time::SimTime,
};

use crate::spec::KeyLayout;

const TENANT: u64 = name_hash("tenant");

/// A layout of keys, ready to be asked.
#[derive(Debug)]
pub enum Layout {
    /// The rank itself.
    Ranked,
    /// The rank times this, modulo the items: prime to them, so that no two ranks meet.
    Scattered(u64),
    /// So many before the newest.
    Increasing,
    /// Every so many nanoseconds so many further.
    Moving(u64, u64),
    /// Those of a tenant, drawn from these.
    ByTenant(Keys),
    /// Those of the client's region.
    ByRegion,
}

/// What a layout may go by.
#[derive(Clone, Copy, Debug)]
pub struct Occasion {
    /// When.
    pub now: SimTime,
    /// The newest key.
    pub newest: u64,
    /// The number of the client's region.
    pub region: u64,
    /// The request's luck.
    pub luck: Luck,
}

impl Layout {
    /// What a file says, for so many keys.
    pub fn new(spec: &KeyLayout, items: u64) -> Self {
        match spec {
            KeyLayout::Ranked => Self::Ranked,
            KeyLayout::Scattered => Self::Scattered(stride(items)),
            KeyLayout::Increasing => Self::Increasing,
            KeyLayout::Moving { every, by } => Self::Moving(every.as_nanos().max(1), *by),
            KeyLayout::ByTenant { tenants } => Self::ByTenant(tenants.build()),
            KeyLayout::ByRegion => Self::ByRegion,
        }
    }

    /// The key of this rank among so many.
    pub fn key(&self, rank: u64, items: u64, occasion: Occasion) -> u64 {
        let among = |wide: u128| (wide % u128::from(items.max(1))) as u64;
        match self {
            Self::Ranked => rank,
            Self::Scattered(stride) => among(u128::from(rank) * u128::from(*stride)),
            Self::Increasing => occasion.newest.saturating_sub(rank),
            Self::Moving(every, by) => {
                let moves = occasion.now.as_nanos() / every;
                among(u128::from(rank) + u128::from(moves) * u128::from(*by))
            }
            Self::ByTenant(tenants) => {
                let tenant = tenants.draw(occasion.luck.at(TENANT, 0));
                tenant.saturating_mul(items).saturating_add(rank)
            }
            Self::ByRegion => occasion.region.saturating_mul(items).saturating_add(rank),
        }
    }
}

/// A step near the golden part of `items` that is prime to it: steps of it meet every item once.
fn stride(items: u64) -> u64 {
    // 2⁶⁴ / φ, of Knuth's multiplicative hashing (*The Art of Computer Programming*, 6.4).
    const GOLDEN: u128 = 0x9E37_79B9_7F4A_7C15;
    let near = ((u128::from(items) * GOLDEN) >> 64) as u64;
    (near.max(1)..=items.max(1)).find(|step| divisor(*step, items) == 1).unwrap_or(1)
}

/// The greatest common divisor.
const fn divisor(one: u64, other: u64) -> u64 {
    let (mut one, mut other) = (one, other);
    while other > 0 {
        (one, other) = (other, one % other);
    }
    one
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use sim_core::{random::keys::KeysSpec, time::SimDuration};

    use super::*;

    const fn occasion(seconds: u64, newest: u64, region: u64) -> Occasion {
        Occasion { now: SimTime::from_nanos(seconds * 1_000_000_000), newest, region, luck: Luck(7) }
    }

    #[test]
    fn scattered_keys_are_all_keys_and_the_popular_ones_lie_apart() {
        for items in [1, 2, 3, 10, 1000, 4096, 9973] {
            let layout = Layout::new(&KeyLayout::Scattered, items);
            let keys: Vec<u64> = (0..items).map(|rank| layout.key(rank, items, occasion(0, 0, 0))).collect();
            assert_eq!(keys.iter().collect::<BTreeSet<_>>().len() as u64, items);
            // Of the first ten points of a golden spread no two are closer than φ⁻⁶ = 0.056 of the whole, less what it costs
            // to round the step.
            if items == 1000 {
                let mut first = keys[..10].to_vec();
                first.sort_unstable();
                assert!(first.windows(2).all(|pair| pair[1] - pair[0] >= 45), "{first:?}");
            }
        }
    }

    #[test]
    fn keys_increase_move_and_belong_to_somebody() {
        let key = |spec: &KeyLayout, rank, occasion| Layout::new(spec, 100).key(rank, 100, occasion);
        assert_eq!(key(&KeyLayout::Increasing, 3, occasion(0, 50, 0)), 47);
        assert_eq!(key(&KeyLayout::Increasing, 3, occasion(0, 1, 0)), 0);
        let moving = KeyLayout::Moving { every: SimDuration::from_secs(10), by: 30 };
        let at = [0, 9, 10, 35].map(|second| key(&moving, 5, occasion(second, 0, 0)));
        assert_eq!(at, [5, 5, 35, 95]);
        assert_eq!(key(&moving, 5, occasion(40, 0, 0)), 25, "round the end");
        assert_eq!(key(&KeyLayout::ByRegion, 5, occasion(0, 0, 2)), 205);
        let only: KeysSpec = ron::from_str("Uniform((items: 1))").unwrap();
        assert_eq!(key(&KeyLayout::ByTenant { tenants: only }, 5, occasion(0, 0, 0)), 5);
    }
}

//! What goes on after its request may be over: the key it is for, and the object it carries, if any.

use std::collections::BTreeMap;

use slotmap::KeyData;

use super::shelf::Held;
use crate::request::RequestId;

/// What was asked for by requests that left something behind.
#[derive(Debug, Default)]
pub struct Outliving {
    all: BTreeMap<RequestId, Left>,
    /// Requests made up for what no client asked for.
    made_up: u32,
}

/// What a request left behind.
#[derive(Debug)]
struct Left {
    /// How much of it goes on.
    count: u32,
    key: u64,
    /// An object on its way from a cache to the one below, and which cache sent it.
    object: Option<(u16, Held)>,
}

impl Outliving {
    /// What a request asked for, if anything goes on for it.
    pub fn key(&self, request: RequestId) -> Option<u64> {
        self.all.get(&request).map(|left| left.key)
    }

    /// Something goes on by itself for a request.
    pub fn begin(&mut self, request: RequestId, key: u64) {
        self.all.entry(request).or_insert(Left { count: 0, key, object: None }).count += 1;
    }

    /// Something that went on by itself for a request ends; the sender of what it carried, if that did not arrive.
    pub fn end(&mut self, request: RequestId) -> Option<u16> {
        let left = self.all.get_mut(&request)?;
        left.count -= 1;
        if left.count > 0 {
            return None;
        }
        self.all.remove(&request)?.object.map(|(sender, _)| sender)
    }

    /// A cache sends an object down: the request that this is done for, which no client made.
    pub fn send(&mut self, sender: u16, key: u64, held: Held) -> RequestId {
        self.made_up = self.made_up.wrapping_add(1);
        let request = made_up(self.made_up);
        self.all.insert(request, Left { count: 0, key, object: Some((sender, held)) });
        request
    }

    /// What was carried for a request has arrived: who sent it, and the object.
    pub fn arrive(&mut self, request: RequestId) -> Option<(u16, Held)> {
        self.all.get_mut(&request)?.object.take()
    }

    /// How many objects of a cache are on their way down.
    pub fn under_way(&self, sender: u16) -> u64 {
        let from = |left: &&Left| left.object.is_some_and(|(from, _)| from == sender);
        self.all.values().filter(from).count() as u64
    }
}

/// A request that is in no arena: of a slot that none ever has, told apart by its generation.
fn made_up(number: u32) -> RequestId {
    const SLOT: u64 = 0xFFFF_FFFE;
    // Odd: those of slots that are taken.
    let generation = u64::from(number.wrapping_mul(2) | 1);
    KeyData::from_ffi(generation << 32 | SLOT).into()
}

#[cfg(test)]
mod tests {
    use sim_core::{time::SimDuration, time::SimTime};

    use super::*;
    use crate::policy::freshness::FreshnessSpec;

    #[test]
    fn what_is_carried_arrives_or_is_lost_with_what_carries_it() {
        let life = FreshnessSpec::default().begin(SimTime::ZERO, SimDuration::ZERO, 0.5);
        let held = Held { life, version: 3, pending: 0, flushing: 0 };
        let mut left = Outliving::default();
        let (one, other) = (left.send(7, 1, held), left.send(7, 2, held));
        assert!(one != other);
        left.begin(one, 1);
        left.begin(other, 2);
        assert_eq!((left.key(one), left.key(other), left.under_way(7)), (Some(1), Some(2), 2));
        assert_eq!(left.arrive(one), Some((7, held)));
        assert_eq!(left.arrive(one), None, "once");
        assert_eq!((left.end(one), left.end(other)), (None, Some(7)));
        assert_eq!((left.under_way(7), left.key(one)), (0, None));
    }
}

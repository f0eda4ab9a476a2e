//! What sagas have written and may undo yet, and who has seen it.
//!
//! Each step of a saga commits by itself, so that others read what may not hold in the end (Garcia-Molina & Salem, *Sagas*,
//! 1987: a saga's partial results are visible). Whether such a read was dirty is known once the saga is: if it undoes the
//! step, whoever read it saw what never was.

use std::collections::BTreeMap;

/// The keys that open sagas have written, by key: who wrote it, the last one at the end, and how often it was read since.
#[derive(Clone, Debug)]
pub struct Exposed<T> {
    keys: BTreeMap<u64, Vec<(T, u64)>>,
}

impl<T> Default for Exposed<T> {
    fn default() -> Self {
        Self { keys: BTreeMap::new() }
    }
}

impl<T: PartialEq + Copy> Exposed<T> {
    /// A step of a saga has written a key.
    pub fn write(&mut self, key: u64, who: T) {
        self.keys.entry(key).or_default().push((who, 0));
    }

    /// Somebody reads a key: what the last one wrote.
    pub fn read(&mut self, key: u64) {
        if let Some((_, reads)) = self.keys.get_mut(&key).and_then(|writers| writers.last_mut()) {
            *reads += 1;
        }
    }

    /// What a saga wrote holds, or is undone: how often it was read until then.
    pub fn settle(&mut self, key: u64, who: T) -> u64 {
        let Some(writers) = self.keys.get_mut(&key) else { return 0 };
        let own = writers.iter().position(|(writer, _)| *writer == who);
        let reads = own.map_or(0, |place| writers.remove(place).1);
        if writers.is_empty() {
            self.keys.remove(&key);
        }
        reads
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_sees_what_the_last_saga_wrote() {
        let mut exposed = Exposed::default();
        exposed.read(7);
        exposed.write(7, "first");
        exposed.read(7);
        exposed.write(7, "second");
        exposed.read(7);
        exposed.read(7);
        exposed.read(8);
        assert_eq!(exposed.settle(7, "second"), 2);
        exposed.read(7);
        assert_eq!((exposed.settle(7, "first"), exposed.settle(7, "first")), (2, 0));
        assert!(exposed.keys.is_empty(), "takes no room");
    }
}

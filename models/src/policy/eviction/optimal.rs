//! Belady's MIN: whoever is next used last goes. No policy hits more often; it must know the future.
//!
//! Belady, *A study of replacement algorithms for a virtual-storage computer*, IBM Systems Journal 5(2), 1966. Where
//! objects need not come in at all, not letting in whoever is next used last hits more often still.

use std::collections::{BTreeMap, BTreeSet};

/// Whether what was asked for has to come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It has to: paging, and caches that are filled with every miss.
    Forced,
    /// It may pass by.
    Bypass,
}

/// How many of the requests hit in a cache of so many objects under the best of all policies.
pub fn optimal_hits(requests: &[u64], capacity: usize, admission: Admission) -> u64 {
    // What is held, by its next use.
    let mut held: BTreeSet<(usize, u64)> = BTreeSet::new();
    let mut hits = 0;
    for (now, (&key, next)) in requests.iter().zip(next_uses(requests)).enumerate() {
        if held.remove(&(now, key)) {
            hits += 1;
        } else if held.len() >= capacity {
            let last = held.last().copied();
            if last.is_none_or(|last| admission == Admission::Bypass && last <= (next, key)) {
                continue;
            }
            held.pop_last();
        }
        held.insert((next, key));
    }
    hits
}

/// When each request's key is asked for again; those that are not are all different, and later than the last.
fn next_uses(requests: &[u64]) -> Vec<usize> {
    let mut seen = BTreeMap::new();
    let mut next: Vec<usize> = (requests.len()..2 * requests.len()).collect();
    for (now, &key) in requests.iter().enumerate().rev() {
        if let Some(later) = seen.insert(key, now) {
            next[now] = later;
        }
    }
    next
}

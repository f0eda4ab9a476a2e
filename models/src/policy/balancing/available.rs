//! Those that may be picked: counted, found by rank, drawn from.

use sim_core::random::Stream;

use super::Backend;

/// How many are available.
#[inline]
pub(super) fn count(rows: &[Backend]) -> usize {
    rows.iter().filter(|row| row.available).count()
}

/// The index of the available backend that `nth` others precede.
#[inline]
pub(super) fn nth(rows: &[Backend], nth: usize) -> Option<usize> {
    rows.iter().enumerate().filter(|(_, row)| row.available).nth(nth).map(|(index, _)| index)
}

/// Whether that backend exists and is available.
#[inline]
pub(super) fn is(rows: &[Backend], index: usize) -> bool {
    rows.get(index).is_some_and(|row| row.available)
}

/// Any available backend, with equal chance: one draw unless there is none.
#[inline]
pub(super) fn any(rows: &[Backend], random: &mut Stream) -> Option<usize> {
    let available = count(rows);
    if available == 0 {
        return None;
    }
    // One draw whoever is up, so that an ejection shifts no later draw.
    let drawn = random.below(available);
    if available == rows.len() { Some(drawn) } else { nth(rows, drawn) }
}

//! A tape of numbers that random systems are read from.
//!
//! Where it ends every choice is the first one, which is always the simplest: so when proptest shortens a tape
//! that breaks a law, or lowers its numbers, the system it stands for gets simpler too.

/// What is left of the tape.
#[derive(Clone, Debug)]
pub(super) struct Tape<'a>(std::slice::Iter<'a, u16>);

impl<'a> Tape<'a> {
    /// The whole tape.
    pub(super) fn new(numbers: &'a [u16]) -> Self {
        Self(numbers.iter())
    }

    /// A number in 0..n, 0 at the end of the tape.
    pub(super) fn below(&mut self, n: usize) -> usize {
        self.0.next().map_or(0, |number| usize::from(*number) * n / 65_536)
    }

    /// A whole number between two, the lower one at the end of the tape.
    pub(super) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below((high - low) as usize + 1) as u64
    }

    /// Yes so many times in a hundred; no at the end of the tape.
    pub(super) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) >= 100 - percent
    }

    /// One of some values, the first at the end of the tape.
    pub(super) fn one_of<T: Clone>(&mut self, values: &[T]) -> T {
        values[self.below(values.len())].clone()
    }

    /// A value so many times in a hundred.
    pub(super) fn maybe<T>(&mut self, percent: usize, value: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.chance(percent).then(|| value(self))
    }
}

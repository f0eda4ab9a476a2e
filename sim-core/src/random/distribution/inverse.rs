//! The inverse of a distribution whose probabilities are known but whose quantiles are not.
//!
//! Solving for each draw would cost a microsecond. So the logarithm of the quantile is tabulated once, on cells
//! that halve towards both ends of [0, 1] as floating-point numbers do, a cubic in each. Every cell is compared
//! with the solution when it is built; where the cubic is off by more than [`TOLERANCE`], and in the last
//! millionth of either tail, a draw is solved after all. So the error is bounded whatever the distribution.

use std::sync::Arc;

/// Cells in each halving, as a power of 2.
const CELL_BITS: u32 = 5;
/// Halvings tabulated on either side of the median: beyond them lies a probability of 2⁻²⁰.
const OCTAVES: usize = 19;
/// Cells on either side.
const CELLS: usize = OCTAVES << CELL_BITS;
/// How far, relatively, a cell's cubic may lie from the quantile.
const TOLERANCE: f64 = 5e-7;

/// The probabilities of a positive random number around e^`y`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tail {
    /// The probability of at most e^`y`.
    pub(super) below: f64,
    /// The probability of more than e^`y`.
    pub(super) above: f64,
    /// How fast `below` rises with `y`.
    pub(super) slope: f64,
}

/// A distribution of positive numbers of mean 1 that can tell its probabilities.
pub(super) trait Tails {
    /// What lies on either side of e^`y`, each to full relative accuracy where it is below a half.
    fn at(&self, y: f64) -> Tail;
}

/// One side of the median. A place on it is the probability `w` beyond, at most a half.
#[derive(Clone, Copy, Debug)]
enum Side {
    Below,
    Above,
}

/// A cubic in the position within its cell, constant first; NaN where the quantile must be solved for.
type Cell = [f64; 4];

/// A point of the curve: the quantile's logarithm and its derivative by `w`.
#[derive(Clone, Copy)]
struct Knot {
    y: f64,
    derivative: f64,
}

/// A distribution with the table of its quantiles. Cloning shares the table.
#[derive(Clone, Debug)]
pub(super) struct Inverse<T> {
    tails: T,
    /// The logarithm of the mean.
    scale: f64,
    /// [`CELLS`] below the median, then [`CELLS`] above; on either side the outermost first.
    cells: Arc<[Cell]>,
}

impl<T: Tails> Inverse<T> {
    /// Tabulates the quantiles of `mean` times a number distributed so.
    pub(super) fn new(tails: T, mean: f64) -> Self {
        let mut cells = tabulate(&tails, Side::Below);
        cells.extend(tabulate(&tails, Side::Above));
        Self { tails, scale: libm::log(mean), cells: cells.into() }
    }

    /// The number exceeded with probability 1 − `u`, for `u` in (0, 1).
    #[inline]
    pub(super) fn quantile(&self, u: f64) -> f64 {
        let (side, w, offset) = if u < 0.5 { (Side::Below, u, 0) } else { (Side::Above, 1.0 - u, CELLS) };
        let (cell, along) = locate(w);
        let mut y = f64::NAN;
        if cell < CELLS {
            let [c0, c1, c2, c3] = self.cells[offset + cell];
            y = c0 + along * (c1 + along * (c2 + along * c3));
        }
        if y.is_nan() {
            y = solve(&self.tails, side, w, 0.0).y;
        }
        libm::exp(self.scale + y)
    }
}

/// The cell `w` lies in and how far along it; a number of [`CELLS`] or more if it is not tabulated.
#[inline]
fn locate(w: f64) -> (usize, f64) {
    const SHIFT: u32 = 52 - CELL_BITS;
    const ONE: u64 = 1.0_f64.to_bits();
    // Exponent and first bits of the fraction number the cells; the rest of the fraction is the way along.
    let cell = (w.to_bits() >> SHIFT).wrapping_sub(outermost().to_bits() >> SHIFT);
    let along = f64::from_bits(((w.to_bits() << CELL_BITS) & ((1 << 52) - 1)) | ONE) - 1.0;
    (cell as usize, along)
}

/// Where the outermost cell begins: 2⁻²⁰.
const fn outermost() -> f64 {
    1.0 / (1_u64 << (OCTAVES + 1)) as f64
}

/// The start of a cell, as a probability.
fn start_of(cell: usize) -> f64 {
    f64::from_bits(outermost().to_bits() + ((cell as u64) << (52 - CELL_BITS)))
}

/// The cells of one side, outermost first.
fn tabulate(tails: &impl Tails, side: Side) -> Vec<Cell> {
    let mut inner = solve(tails, side, 0.5, 0.0);
    let mut cells = vec![[f64::NAN; 4]; CELLS];
    // From the median outwards, so that each solution starts beside the one before.
    for (index, cell) in cells.iter_mut().enumerate().rev() {
        let (start, width) = (start_of(index), start_of(index + 1) - start_of(index));
        let outer = solve(tails, side, start, inner.y - width * inner.derivative);
        let cubic = hermite(outer, inner, width);
        if fits(tails, side, cubic, start, width) {
            *cell = cubic;
        }
        inner = outer;
    }
    cells
}

/// The cubic through two knots with their slopes.
fn hermite(start: Knot, end: Knot, width: f64) -> Cell {
    let (rise, s0, s1) = (end.y - start.y, start.derivative * width, end.derivative * width);
    [start.y, s0, 3.0 * rise - 2.0 * s0 - s1, s0 + s1 - 2.0 * rise]
}

/// Whether a cubic is as near the quantile as promised, at the quarters of its cell.
fn fits(tails: &impl Tails, side: Side, [c0, c1, c2, c3]: Cell, start: f64, width: f64) -> bool {
    [0.25, 0.75].into_iter().all(|along| {
        let y = c0 + along * (c1 + along * (c2 + along * c3));
        let exact = solve(tails, side, start + along * width, y).y;
        // A cubic's error is 16/9 as large at the middle as at the quarters.
        (y - exact).abs() * (16.0 / 9.0) <= TOLERANCE
    })
}

/// The point beyond which `w` lies, by Newton's method on the logarithm of the probability, kept inside a bracket.
fn solve(tails: &impl Tails, side: Side, w: f64, guess: f64) -> Knot {
    let target = libm::log(w);
    let mut bracket = Bracket { low: f64::NEG_INFINITY, high: f64::INFINITY, turns: 0 };
    let mut y = guess;
    loop {
        let tail = tails.at(y);
        // Both excesses rise with y.
        let (beyond, excess, sign) = match side {
            Side::Below => (tail.below, libm::log(tail.below) - target, 1.0),
            Side::Above => (tail.above, target - libm::log(tail.above), -1.0),
        };
        let step = excess * beyond / tail.slope;
        // Newton squares the error, so a step this small leaves nothing.
        if step.abs() <= 1e-9 {
            return Knot { y: y - step, derivative: sign / tail.slope };
        }
        let next = bracket.narrow(y, excess, y - step);
        // Ends: each turn narrows the bracket, and between neighbouring numbers lies nothing.
        if next == y || bracket.is_shut(next) {
            return Knot { y: next, derivative: f64::NAN };
        }
        y = next;
    }
}

/// Where the solution lies.
struct Bracket {
    low: f64,
    high: f64,
    turns: i32,
}

impl Bracket {
    /// Takes in that `excess` was found at `y`, and answers where to look next: at `proposal` if that helps.
    fn narrow(&mut self, y: f64, excess: f64, proposal: f64) -> f64 {
        if excess < 0.0 {
            self.low = y;
        } else {
            self.high = y;
        }
        self.turns += 1;
        // Newton is there after a handful of turns or has lost its way.
        if self.turns < 16 && self.low < proposal && proposal < self.high {
            return proposal;
        }
        match (self.low.is_finite(), self.high.is_finite()) {
            (true, true) => f64::midpoint(self.low, self.high),
            (true, false) => self.low + libm::ldexp(1.0, self.turns),
            (false, _) => self.high - libm::ldexp(1.0, self.turns),
        }
    }

    /// Whether `y` is no longer strictly inside.
    fn is_shut(&self, y: f64) -> bool {
        y <= self.low || y >= self.high
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An exponential number: its quantiles are known.
    #[derive(Debug)]
    struct Memoryless;

    impl Tails for Memoryless {
        fn at(&self, y: f64) -> Tail {
            let x = libm::exp(y);
            Tail { below: -libm::expm1(-x), above: libm::exp(-x), slope: x * libm::exp(-x) }
        }
    }

    /// Two numbers with nothing between: half of all lie near 1, half near 10⁹.
    #[derive(Debug)]
    struct Gap;

    impl Tails for Gap {
        fn at(&self, y: f64) -> Tail {
            let (near, far) = (Memoryless.at(y), Memoryless.at(y - libm::log(1e9)));
            Tail {
                below: f64::midpoint(near.below, far.below),
                above: f64::midpoint(near.above, far.above),
                slope: f64::midpoint(near.slope, far.slope),
            }
        }
    }

    #[test]
    fn agrees_with_a_known_inverse_everywhere() {
        let inverse = Inverse::new(Memoryless, 3.0);
        for step in 1..200_000 {
            let u = f64::from(step) / 200_000.0;
            let exact = -3.0 * libm::log1p(-u);
            assert!((inverse.quantile(u) / exact - 1.0).abs() < TOLERANCE, "{u}");
        }
        for exponent in 2..53 {
            let w = libm::ldexp(1.0, -exponent);
            assert!((inverse.quantile(w) / (-3.0 * libm::log1p(-w)) - 1.0).abs() < 1e-9, "{exponent}");
            assert!((inverse.quantile(1.0 - w) / (-3.0 * libm::log(w)) - 1.0).abs() < 1e-9, "{exponent}");
        }
    }

    #[test]
    fn a_jump_is_solved_where_no_cubic_fits() {
        let inverse = Inverse::new(Gap, 1.0);
        let rough = inverse.cells.iter().filter(|cell| cell[0].is_nan()).count();
        assert!((1..100).contains(&rough), "{rough} cells");
        for step in 1..20_000 {
            let u = f64::from(step) / 20_000.0;
            let tail = Gap.at(libm::log(inverse.quantile(u)));
            // What the tolerance in y leaves in probability, and a few units in the last place.
            let allowed = 2.0 * TOLERANCE * tail.slope + 1e-14;
            assert!((tail.below - u).abs() <= allowed, "{u} {}", tail.below);
        }
    }
}

//! The regularised incomplete gamma functions: the probabilities of a gamma distributed number.
//!
//! Own code because the libraries' call the platform's logarithm and exponential. A power series below the mean,
//! a continued fraction above it (modified Lentz), so that whichever side is small is found without cancellation.
//! Abramowitz & Stegun, *Handbook of Mathematical Functions*, 6.5.29 and 6.5.31; Press et al., *Numerical
//! Recipes*, 6.2.

use super::inverse::{Tail, Tails};

/// A gamma distribution of this shape and mean 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct StandardGamma {
    shape: f64,
    log_shape: f64,
    /// The logarithm of Γ(shape).
    log_gamma: f64,
}

impl StandardGamma {
    pub(super) fn new(shape: f64) -> Self {
        Self { shape, log_shape: libm::log(shape), log_gamma: libm::lgamma(shape) }
    }
}

impl Tails for StandardGamma {
    fn at(&self, y: f64) -> Tail {
        // The standard distribution of this shape has its mean at the shape.
        let log_x = y + self.log_shape;
        let x = libm::exp(log_x);
        let slope = libm::exp(self.shape * log_x - x - self.log_gamma);
        if x < self.shape + 1.0 {
            let below = slope * series(self.shape, x);
            Tail { below, above: 1.0 - below, slope }
        } else {
            let above = slope * fraction(self.shape, x);
            Tail { below: 1.0 - above, above, slope }
        }
    }
}

/// More terms than any shape that a file may ask for needs; reached only by numbers without meaning.
const TERMS: usize = 10_000;

/// 1/a + x/(a(a+1)) + x²/(a(a+1)(a+2)) + …: the lower function over xᵃe⁻ˣ.
fn series(a: f64, x: f64) -> f64 {
    let mut term = 1.0 / a;
    let mut sum = term;
    let mut divisor = a;
    for _ in 0..TERMS {
        divisor += 1.0;
        term *= x / divisor;
        sum += term;
        if term < sum * 1e-17 {
            break;
        }
    }
    sum
}

/// 1/(x+1−a − 1(1−a)/(x+3−a − 2(2−a)/(x+5−a − …))): the upper function over xᵃe⁻ˣ.
fn fraction(a: f64, x: f64) -> f64 {
    let mut b = x + 1.0 - a;
    let mut c = f64::MAX;
    let mut d = 1.0 / b;
    let mut product = d;
    for index in 1..TERMS {
        let numerator = index as f64 * (a - index as f64);
        b += 2.0;
        d = 1.0 / (b + numerator * d);
        c = b + numerator / c;
        let factor = c * d;
        product *= factor;
        if (factor - 1.0).abs() < 1e-16 {
            break;
        }
    }
    product
}

#[cfg(test)]
mod tests {
    use statrs::function::gamma::{gamma_lr, gamma_ur};

    use super::*;

    fn at(shape: f64, x: f64) -> Tail {
        StandardGamma::new(shape).at(libm::log(x / shape))
    }

    #[test]
    fn agrees_with_closed_forms() {
        for x in [1e-6, 0.01, 0.3, 1.0, 2.9, 3.1, 10.0, 30.0] {
            let e = libm::exp(-x);
            // Shape 1 is exponential, shape 3 three of them, shape a half the square of a normal number.
            for (shape, above) in
                [(1.0, e), (3.0, e * (1.0 + x + x * x / 2.0)), (0.5, libm::erfc(libm::sqrt(x)))]
            {
                let tail = at(shape, x);
                assert!((tail.above / above - 1.0).abs() < 1e-12, "{shape} {x}");
                assert!((tail.below + tail.above - 1.0).abs() < 1e-15);
            }
            assert!((at(1.0, x).below / -libm::expm1(-x) - 1.0).abs() < 1e-12, "{x}");
        }
    }

    #[test]
    fn agrees_with_another_implementation() {
        for shape in [0.01, 0.3, 2.5, 40.0, 900.0, 10_000.0] {
            for factor in [0.5, 0.9, 1.0, 1.1, 1.5] {
                let (x, tail) = (shape * factor, at(shape, shape * factor));
                let (lower, upper) = (gamma_lr(shape, x), gamma_ur(shape, x));
                assert!((tail.below - lower).abs() < 1e-9 * lower + 1e-12, "{shape} {x}: {tail:?} {lower}");
                assert!((tail.above - upper).abs() < 1e-9 * upper + 1e-12, "{shape} {x}: {tail:?} {upper}");
            }
        }
    }
}

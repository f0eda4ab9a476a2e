//! The standard normal distribution: its probability below a point, and the point below which a probability lies.
//!
//! Not a distribution a file can name, but what [`LogNormal`](super::log_normal) and
//! [`TruncatedNormal`](super::truncated_normal) invert. Own code because the libraries' inverses call the
//! platform's logarithm.
//! Wichura, *Algorithm AS 241: The Percentage Points of the Normal Distribution*, Applied Statistics 37 (1988),
//! its routine PPND16 of relative accuracy 10⁻¹⁶.

use std::f64::consts::FRAC_1_SQRT_2;

/// The probability that a standard normal number is at most `z`.
pub(super) fn probability_below(z: f64) -> f64 {
    0.5 * libm::erfc(-z * FRAC_1_SQRT_2)
}

/// The density at `z`.
pub(super) fn density(z: f64) -> f64 {
    // 1 / sqrt(2 pi).
    0.398_942_280_401_432_7 * libm::exp(-0.5 * z * z)
}

/// The point that a standard normal number exceeds with probability 1 − `p`, for `p` in (0, 1).
#[inline]
pub(super) fn quantile(p: f64) -> f64 {
    let centred = p - 0.5;
    if centred.abs() <= 0.425 {
        let r = 0.180_625 - centred * centred;
        return centred * polynomial(&CENTRE.0, r) / polynomial(&CENTRE.1, r);
    }
    let r = libm::sqrt(-libm::log(p.min(1.0 - p)));
    let (shift, tail) = if r <= 5.0 { (1.6, &TAIL) } else { (5.0, &FAR_TAIL) };
    let distance = polynomial(&tail.0, r - shift) / polynomial(&tail.1, r - shift);
    if centred < 0.0 { -distance } else { distance }
}

/// The polynomial with these coefficients, the constant first, by Estrin's scheme: shorter chains than Horner's.
#[inline]
fn polynomial(c: &[f64; 8], x: f64) -> f64 {
    let square = x * x;
    let low = (c[0] + c[1] * x) + (c[2] + c[3] * x) * square;
    let high = (c[4] + c[5] * x) + (c[6] + c[7] * x) * square;
    low + high * (square * square)
}

/// Numerator and denominator of a rational approximation.
type Ratio = ([f64; 8], [f64; 8]);

// The three tables keep every digit that was published, though an f64 holds fewer.
/// AS 241's a and b, for |p − ½| at most 0.425.
#[allow(clippy::excessive_precision)]
const CENTRE: Ratio = (
    [
        3.387_132_872_796_366_608_0,
        133.141_667_891_784_377_45,
        1_971.590_950_306_551_442_7,
        13_731.693_765_509_461_125,
        45_921.953_931_549_871_457,
        67_265.770_927_008_700_853,
        33_430.575_583_588_128_105,
        2_509.080_928_730_122_672_7,
    ],
    [
        1.0,
        42.313_330_701_600_911_252,
        687.187_007_492_057_908_30,
        5_394.196_021_424_751_107_7,
        21_213.794_301_586_595_867,
        39_307.895_800_092_710_610,
        28_729.085_735_721_942_674,
        5_226.495_278_852_854_561_0,
    ],
);

/// AS 241's c and d, from there to e⁻²⁵.
#[allow(clippy::excessive_precision)]
const TAIL: Ratio = (
    [
        1.423_437_110_749_683_577_34,
        4.630_337_846_156_545_295_90,
        5.769_497_221_460_691_405_50,
        3.647_848_324_763_204_605_04,
        1.270_458_252_452_368_382_58,
        0.241_780_725_177_450_611_770,
        0.022_723_844_989_269_184_583_3,
        7.745_450_142_783_414_076_40e-4,
    ],
    [
        1.0,
        2.053_191_626_637_758_821_87,
        1.676_384_830_183_803_849_40,
        0.689_767_334_985_100_004_550,
        0.148_103_976_427_480_074_590,
        0.015_198_666_563_616_457_196_6,
        5.475_938_084_995_344_946_00e-4,
        1.050_750_071_644_416_843_24e-9,
    ],
);

/// AS 241's e and f, beyond e⁻²⁵.
#[allow(clippy::excessive_precision)]
const FAR_TAIL: Ratio = (
    [
        6.657_904_643_501_103_777_20,
        5.463_784_911_164_114_369_90,
        1.784_826_539_917_291_335_80,
        0.296_560_571_828_504_891_230,
        0.026_532_189_526_576_123_093_0,
        0.001_242_660_947_388_078_438_60,
        2.711_555_568_743_487_578_15e-5,
        2.010_334_399_292_288_132_65e-7,
    ],
    [
        1.0,
        0.599_832_206_555_887_937_690,
        0.136_929_880_922_735_805_310,
        0.014_875_361_290_850_614_852_5,
        7.868_691_311_456_132_591_00e-4,
        1.846_318_317_510_054_681_80e-5,
        1.421_511_758_316_445_888_70e-7,
        2.044_263_103_389_939_785_64e-15,
    ],
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quantiles_are_the_published_ones() {
        // AS 241's own test values for PPND16, then the usual table's.
        for (p, z) in [
            (0.25, -0.674_489_750_196_081_7),
            (0.001, -3.090_232_306_167_813_5),
            (1e-20, -9.262_340_089_798_408),
            (0.5, 0.0),
            (0.95, 1.644_853_626_951_472_7),
            (0.975, 1.959_963_984_540_054),
            (0.99, 2.326_347_874_040_840_8),
        ] {
            assert!((quantile(p) - z).abs() <= 4e-15 * z.abs(), "{p}: {} {z}", quantile(p));
        }
    }

    #[test]
    fn the_quantile_undoes_the_probability() {
        for step in -330..=330 {
            let z = f64::from(step) / 40.0;
            // Above 0 a probability near 1 holds too few digits; there the lower tail is the mirror image.
            let back = quantile(probability_below(-z.abs()));
            assert!((back + z.abs()).abs() < 1e-14 * (1.0 + z.abs()), "{z} {back}");
        }
        assert!((density(1.0) - 0.241_970_724_519_143_37).abs() < 1e-16);
    }
}

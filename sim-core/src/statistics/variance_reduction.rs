//! Tighter intervals from the same number of runs: antithetic pairs and control variates.
//!
//! Law, *Simulation Modeling and Analysis*, 11.3 and 11.4. Antithetic pairs help only where more luck always
//! moves the result the same way; a control variate only if it goes with the result and its mean is known.

use super::{interval::Interval, student::student_factor, tally::Tally};

/// The interval from pairs of runs, one driven by U and one by 1 − U. A pair is one observation: its runs are
/// not independent, so taking 2n runs for a sample of 2n gives a wrong width.
pub fn antithetic(runs: &[f64], mirrored: &[f64], confidence: f64) -> Option<Interval> {
    let pairs: Tally = runs.iter().zip(mirrored).map(|(run, mirror)| (run + mirror) / 2.0).collect();
    Interval::of_tally(&pairs, confidence)
}

/// The interval for the mean of `outputs` once what `controls` explain is taken out; `control_mean` is the
/// control's true mean, such as the work offered. `None` below three pairs or if the control never varies.
pub fn control_variate(
    outputs: &[f64],
    controls: &[f64],
    control_mean: f64,
    confidence: f64,
) -> Option<Interval> {
    let count = outputs.len().min(controls.len());
    let (outputs, controls) = (&outputs[..count], &controls[..count]);
    let (output, control) = (Tally::of(outputs).mean()?, Tally::of(controls).mean()?);
    let control_squares: f64 = controls.iter().map(|c| (c - control) * (c - control)).sum();
    if count < 3 || control_squares == 0.0 {
        return None;
    }
    let pairs = || outputs.iter().zip(controls);
    let slope = pairs().map(|(y, c)| (y - output) * (c - control)).sum::<f64>() / control_squares;
    let residual = |(y, c): (&f64, &f64)| y - output - slope * (c - control);
    let squares: f64 = pairs().map(residual).map(|off| off * off).sum();
    let freedom = (count - 2) as f64;
    let off = control - control_mean;
    let error = (squares / freedom * (1.0 / count as f64 + off * off / control_squares)).sqrt();
    let half_width = student_factor(confidence, freedom) * error;
    Some(Interval { mean: output - slope * off, half_width, confidence, count: count as u64 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_one_observation() {
        let (runs, mirrored) = ([5.1, 4.2, 6.3, 5.5, 4.8], [3.9, 5.0, 3.1, 3.6, 4.5]);
        let pairs = antithetic(&runs, &mirrored, 0.95).unwrap();
        // Pair means 4.5 4.6 4.7 4.55 4.65.
        assert!((pairs.mean - 4.6).abs() < 1e-12 && (pairs.half_width - 0.098_162_2).abs() < 1e-7);
        assert_eq!(pairs.count, 5);
        // The same ten runs taken for independent are seven times as wide.
        let ten = Interval::of(&[runs, mirrored].concat(), 0.95).unwrap();
        assert!((ten.half_width - 0.676_969_4).abs() < 1e-7);
    }

    #[test]
    fn what_the_control_explains_is_taken_out() {
        // numpy and scipy, by the formula of linear regression.
        let outputs = [105.0, 121.0, 98.0, 109.0, 93.0, 117.0, 103.0, 110.0, 99.0, 106.0];
        let controls = [101.0, 119.0, 95.0, 112.0, 96.0, 107.0, 106.0, 103.0, 98.0, 108.0];
        let found = control_variate(&outputs, &controls, 104.0, 0.95).unwrap();
        assert!((found.mean - 105.613_820_335_6).abs() < 1e-9, "{found:?}");
        assert!((found.half_width - 3.505_972_809_2).abs() < 1e-8, "{found:?}");
        assert!(found.half_width < Interval::of(&outputs, 0.95).unwrap().half_width / 1.7);
        assert_eq!(control_variate(&outputs, &[1.0; 10], 1.0, 0.95), None);
        assert_eq!(control_variate(&outputs[..2], &controls[..2], 104.0, 0.95), None);
    }
}

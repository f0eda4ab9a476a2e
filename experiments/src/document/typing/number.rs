//! Numbers from their text: whole ones exactly, others to the nearest float.

use serde::de::Visitor;

use super::mistake::{Fault, Mistake};

/// The whole number a text stands for, exactly; `8.0` and `1e6` are whole too.
pub(super) fn whole(text: &str) -> Option<i128> {
    // Beyond this a float no longer tells neighbouring integers apart.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let float = || text.parse::<f64>().ok().filter(|value| value.trunc() == *value && value.abs() <= EXACT);
    text.parse().ok().or_else(|| float().map(|value| value as i128))
}

/// What an integer must be; its upper end matters only to one beyond it.
pub(super) fn range(least: i128, most: i128, too_large: bool) -> String {
    if least == 0 && !too_large {
        return "a whole number, 0 or more".to_owned();
    }
    format!("a whole number from {least} to {most}")
}

/// A number as the visitor of a quantity likes it best.
pub(super) fn visit<'a, V: Visitor<'a>>(text: &str, visitor: V) -> Result<V::Value, Mistake> {
    if let Ok(value) = text.parse::<u64>() {
        return visitor.visit_u64(value);
    }
    if let Ok(value) = text.parse::<i64>() {
        return visitor.visit_i64(value);
    }
    visitor.visit_f64(finite(text)?)
}

pub(super) fn finite(text: &str) -> Result<f64, Mistake> {
    let value = text.parse::<f64>().ok().filter(|value| value.is_finite());
    value.ok_or_else(|| Mistake::new(Fault::Number("a number below 1.8e308".to_owned())))
}

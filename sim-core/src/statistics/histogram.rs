//! A log-linear histogram of whole numbers, with exact count, sum, least and greatest.

use serde::{Deserialize, Serialize};

/// Counts of values; quantiles within 0.1 %.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Histogram {}

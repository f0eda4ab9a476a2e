//! Distributions of lengths and sizes, each inverted from one uniform number.

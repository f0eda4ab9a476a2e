//! Distributions of keys.

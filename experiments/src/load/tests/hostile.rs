//! No input makes the loader panic.

//! Which backends a client knows: deterministic and random subsets.

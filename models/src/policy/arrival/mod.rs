//! When requests come: renewal processes, bursts, profiles of rate over time.

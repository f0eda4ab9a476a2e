//! The laws of budgets, tried on all of them, and what they let through in an outage.

use sim_core::{
    check::Check,
    time::{SimDuration, SimTime},
};

use super::*;

#[test]
fn every_default_is_a_right_one() {
    for (name, documentation, spec) in BudgetSpec::catalog() {
        let mut check = Check::default();
        spec.check(&mut check);
        assert_eq!(check.into_problems(), [], "{name}");
        assert!(!documentation.is_empty(), "{name}");
    }
}

/// Attempts per second over the last 100 of 200 seconds in which every attempt fails at once, with up to three each.
fn outage(spec: &BudgetSpec, calls_per_second: u64) -> f64 {
    let mut budget = spec.build(SimTime::ZERO);
    let mut attempts = 0_u64;
    for call in 0..200 * calls_per_second {
        let now = SimTime::ZERO + SimDuration::from_nanos(call * 1_000_000_000 / calls_per_second);
        budget.on_first(now);
        let mut made = 1;
        budget.on_failure(now);
        while made < 3 && budget.withdraw(now, Cause::Failed) {
            made += 1;
            budget.on_failure(now);
            budget.on_retry_end(now);
        }
        budget.on_end(now);
        if call >= 100 * calls_per_second {
            attempts += made;
        }
    }
    attempts as f64 / 100.0
}

#[test]
fn an_outage_multiplies_the_load_by_what_the_budget_says() {
    // First attempts λ, attempts: λ (1 + ratio); λ (1 + ratio) + min_per_second; with nothing out at once, 3 λ; λ;
    // λ; λ / (1 − ratio). Two attempts each second for the edges of windows.
    for (name, _, spec) in BudgetSpec::catalog() {
        for calls in [250, 280] {
            let first = calls as f64;
            let expected = match spec {
                BudgetSpec::TokenBucket(_) => first * 1.1,
                BudgetSpec::Finagle(_) => first * 1.2 + 10.0,
                BudgetSpec::Envoy(_) => first * 3.0,
                BudgetSpec::Grpc(_) | BudgetSpec::Aws(_) => first,
                BudgetSpec::Share(_) => first / 0.9,
            };
            let found = outage(&spec, calls);
            assert!((found - expected).abs() < 2.0, "{name}: {found}, expected {expected}");
        }
    }
}

#[test]
fn below_the_threshold_a_callee_can_recover_while_all_of_it_fails() {
    // Of 300 a second it can serve, first attempts with a tenth on top leave room below 300 / 1.1 = 272.7 a second.
    let bucket = BudgetSpec::TokenBucket(token_bucket::Spec::default());
    for (calls, attempts) in [(250, 275.0), (272, 299.2), (273, 300.3), (280, 308.0)] {
        let found = outage(&bucket, calls);
        assert!((found - attempts).abs() < 0.02, "{calls}: {found}");
        assert_eq!(found < 300.0, calls <= 272, "{calls}: {found}");
    }
}

#[test]
fn a_budget_never_used_grants_the_first_failure() {
    for (name, _, spec) in BudgetSpec::catalog() {
        for cause in [Cause::Failed, Cause::TimedOut, Cause::Slow] {
            let mut budget = spec.build(SimTime::ZERO);
            budget.on_first(SimTime::ZERO);
            if cause != Cause::Slow {
                budget.on_failure(SimTime::ZERO);
            }
            assert!(budget.withdraw(SimTime::ZERO, cause), "{name} {cause:?}");
            budget.on_success(SimTime::ZERO, Some(cause));
            budget.on_retry_end(SimTime::ZERO);
            budget.on_end(SimTime::ZERO);
        }
    }
}

#[test]
fn no_budget_grants_everything() {
    let mut allowance = Allowance::new(None, SimTime::ZERO);
    assert!((0..1000).all(|_| allowance.withdraw(SimTime::ZERO, Cause::Failed)));
}

//! How long what a cache holds is taken to be true, and what is done with it afterwards.
//!
//! A lifetime counts from the fill, or from the last use if it slides. Past it an object may be served a while longer
//! while somebody fetches it anew (RFC 5861, `stale-while-revalidate`), or if nobody can (`stale-if-error`). Shortly before it
//! ends, some fetch it early, so that not all find it gone at once: by chance, the sooner the longer a fetch takes (XFetch:
//! Vattani, Chierichetti & Lowenstein, *Optimal Probabilistic Cache Stampede Prevention*, VLDB 2015), or at a fixed part of
//! the lifetime (refresh-ahead, Oracle Coherence `refresh-ahead-factor`; Caffeine `refreshAfterWrite`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{
    check::Check,
    time::{SimDuration, SimTime},
};

/// `freshness: (ttl: "300s", jitter: 0.1)`: how long objects are taken to be true. Default: for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FreshnessSpec {
    /// An object's lifetime. Default: for ever.
    pub ttl: Option<SimDuration>,
    /// How much shorter or longer a lifetime may be by chance, as a fraction, so that what was filled together does not
    /// expire together. Default 0.
    pub jitter: f64,
    /// Whether each use begins the lifetime anew (time to idle). Default false: it counts from the fill.
    pub sliding: bool,
    /// How long past its lifetime an object is still served while one request fetches it anew. Default: not at all.
    pub stale_while_revalidate: Option<SimDuration>,
    /// How long past its lifetime an object is served if it cannot be fetched. Default: not at all.
    pub stale_if_error: Option<SimDuration>,
    /// How long a failed fetch is remembered and answered with a failure at once (negative caching). Default: not at all.
    pub negative_ttl: Option<SimDuration>,
    /// The part of its lifetime after which a use has an object fetched anew in the background. Default: never.
    pub refresh_ahead: Option<f64>,
    /// XFetch's β: a use at t fetches anew if t − β·Δ·ln u lies past the lifetime, Δ being how long the last fetch took and
    /// u chance. 1 is the authors' default. Default: never.
    pub early_expiry: Option<f64>,
}

/// What is known of an object that a cache holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    /// When it was filled.
    pub filled: SimTime,
    /// When its lifetime ends.
    pub expires: SimTime,
    /// How long fetching it took.
    pub cost: SimDuration,
    /// Whether it is the memory of a fetch that failed.
    pub negative: bool,
}

/// What a use of an object may be answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// The object.
    Fresh,
    /// The object, which is to be fetched anew in the background.
    Renew,
    /// Nothing, though it is fresh: this use fetches it anew before its time.
    Early,
    /// The object past its lifetime, which is to be fetched anew in the background.
    Stale,
    /// A failure: the last fetch failed not long ago.
    Failed,
    /// Nothing: its lifetime is over.
    Expired,
}

impl FreshnessSpec {
    /// Reports what is wrong with it.
    pub fn check(&self, check: &mut Check) {
        check.fraction("jitter", self.jitter);
        check.require(self.ttl != Some(SimDuration::ZERO), "ttl", || "ttl must be above 0".into());
        if let Some(part) = self.refresh_ahead {
            check.fraction("refresh_ahead", part);
        }
        if let Some(beta) = self.early_expiry {
            check.positive("early_expiry", beta);
        }
        let about_the_end = [
            ("jitter", self.jitter > 0.0),
            ("sliding", self.sliding),
            ("stale_while_revalidate", self.stale_while_revalidate.is_some()),
            ("stale_if_error", self.stale_if_error.is_some()),
            ("refresh_ahead", self.refresh_ahead.is_some()),
            ("early_expiry", self.early_expiry.is_some()),
        ];
        for (field, said) in about_the_end {
            check.require(!said || self.ttl.is_some(), field, || {
                format!("{field} is about the end of a lifetime: set ttl")
            });
        }
    }

    /// The life of an object that is filled `now`, its fetch having taken `cost`; `unit` is chance in [0, 1).
    pub fn begin(&self, now: SimTime, cost: SimDuration, unit: f64) -> Life {
        Life { filled: now, expires: self.end(now, unit), cost, negative: false }
    }

    /// The memory of a fetch that failed, if those are remembered.
    pub fn remember_failure(&self, now: SimTime) -> Option<Life> {
        let expires = now + self.negative_ttl?;
        Some(Life { filled: now, expires, cost: SimDuration::ZERO, negative: true })
    }

    /// When a lifetime that begins `now` ends.
    fn end(&self, now: SimTime, unit: f64) -> SimTime {
        let Some(ttl) = self.ttl else { return SimTime::NEVER };
        if self.jitter == 0.0 {
            return now + ttl;
        }
        let factor = 1.0 + self.jitter * (2.0 * unit - 1.0);
        now + SimDuration::from_nanos_f64(ttl.as_nanos() as f64 * factor)
    }

    /// What a use of an object `now` may be answered with; `unit` is chance in [0, 1).
    pub fn judge(&self, life: &Life, now: SimTime, unit: f64) -> Freshness {
        if now >= life.expires {
            return match self.stale_while_revalidate {
                Some(longer) if !life.negative && now < life.expires + longer => Freshness::Stale,
                Some(_) | None => Freshness::Expired,
            };
        }
        if life.negative {
            return Freshness::Failed;
        }
        if let Some(beta) = self.early_expiry {
            let early = -beta * life.cost.as_nanos() as f64 * libm::log(unit.max(f64::MIN_POSITIVE));
            if now + SimDuration::from_nanos_f64(early) >= life.expires {
                return Freshness::Early;
            }
        }
        let Some(part) = self.refresh_ahead else { return Freshness::Fresh };
        let lifetime = life.expires.since(life.filled).as_nanos() as f64;
        let due = life.filled + SimDuration::from_nanos_f64(lifetime * part);
        if now >= due { Freshness::Renew } else { Freshness::Fresh }
    }

    /// An object was used: a lifetime that slides begins anew.
    pub fn on_use(&self, life: &mut Life, now: SimTime, unit: f64) {
        if self.sliding && !life.negative {
            life.expires = self.end(now, unit);
        }
    }

    /// Whether an object may stand in for one that cannot be fetched `now`.
    pub fn stands_in(&self, life: &Life, now: SimTime) -> bool {
        !life.negative && self.stale_if_error.is_some_and(|longer| now < life.expires + longer)
    }
}

#[cfg(test)]
mod tests {
    use sim_core::{random::Streams, statistics::Tally};

    use super::*;

    const fn at(secs: u64) -> SimTime {
        SimTime::from_nanos(secs * 1_000_000_000)
    }

    fn spec() -> FreshnessSpec {
        FreshnessSpec { ttl: Some(SimDuration::from_secs(10)), ..FreshnessSpec::default() }
    }

    fn told(spec: FreshnessSpec, seconds: &[u64]) -> Vec<Freshness> {
        let life = spec.begin(at(0), SimDuration::ZERO, 0.5);
        seconds.iter().map(|second| spec.judge(&life, at(*second), 0.5)).collect()
    }

    #[test]
    fn a_lifetime_is_over_when_it_is_reached() {
        use Freshness::{Expired, Fresh, Renew, Stale};
        assert_eq!(told(spec(), &[0, 9, 10]), [Fresh, Fresh, Expired]);
        assert_eq!(told(FreshnessSpec::default(), &[0, 1_000_000]), [Fresh, Fresh], "for ever");
        let stale = FreshnessSpec { stale_while_revalidate: Some(SimDuration::from_secs(5)), ..spec() };
        assert_eq!(told(stale, &[9, 10, 14, 15]), [Fresh, Stale, Stale, Expired]);
        let ahead = FreshnessSpec { refresh_ahead: Some(0.8), ..spec() };
        assert_eq!(told(ahead, &[7, 8, 9, 10]), [Fresh, Renew, Renew, Expired]);
    }

    #[test]
    fn use_renews_a_lifetime_that_slides() {
        let spec = FreshnessSpec { sliding: true, ..spec() };
        let mut life = spec.begin(at(0), SimDuration::ZERO, 0.5);
        spec.on_use(&mut life, at(9), 0.5);
        assert_eq!(spec.judge(&life, at(18), 0.5), Freshness::Fresh);
        assert_eq!(spec.judge(&life, at(19), 0.5), Freshness::Expired);
    }

    #[test]
    fn failures_are_remembered_and_old_objects_stand_in_for_them() {
        let spec = FreshnessSpec {
            negative_ttl: Some(SimDuration::from_secs(2)),
            stale_if_error: Some(SimDuration::from_secs(5)),
            ..spec()
        };
        let failure = spec.remember_failure(at(0)).unwrap();
        assert_eq!(spec.judge(&failure, at(1), 0.5), Freshness::Failed);
        assert_eq!(spec.judge(&failure, at(2), 0.5), Freshness::Expired);
        let life = spec.begin(at(0), SimDuration::ZERO, 0.5);
        assert!(spec.stands_in(&life, at(14)) && !spec.stands_in(&life, at(15)));
        assert!(!spec.stands_in(&failure, at(1)), "a failure is no answer");
        assert_eq!(self::spec().remember_failure(at(0)), None);
    }

    #[test]
    fn jitter_spreads_lifetimes_evenly_to_both_sides() {
        let spec = FreshnessSpec { jitter: 0.1, ..spec() };
        let ends = |unit| spec.begin(at(0), SimDuration::ZERO, unit).expires.as_secs_f64();
        assert_eq!((ends(0.0), ends(0.5)), (9.0, 10.0));
        assert!(ends(0.999_999) < 11.0 && ends(0.999_999) > 10.999);
    }

    #[test]
    fn some_fetch_early_with_the_chance_of_the_paper() {
        // P(early at t) = P(−Δ ln u ≥ remaining) = e^(−remaining/Δ): with Δ 1 s and 2 s to go, 0.1353.
        let spec = FreshnessSpec { early_expiry: Some(1.0), ..spec() };
        let life = spec.begin(at(0), SimDuration::from_secs(1), 0.5);
        let mut stream = Streams::new(1, 0).stream("early");
        let mut early = Tally::default();
        for _ in 0..100_000 {
            let judged = spec.judge(&life, at(8), stream.unit());
            early.record(f64::from(u8::from(judged == Freshness::Early)));
        }
        let expected = libm::exp(-2.0);
        assert!((early.mean().unwrap() - expected).abs() < 4.0 * (expected / 100_000.0).sqrt(), "{early:?}");
        assert_eq!(spec.judge(&life, at(8), 0.0), Freshness::Early, "no chance is beyond it");
    }

    #[test]
    fn what_is_said_of_an_end_needs_one() {
        let mut check = Check::default();
        FreshnessSpec { sliding: true, jitter: 20.0, ..FreshnessSpec::default() }.check(&mut check);
        let paths: Vec<_> = check.into_problems().into_iter().map(|problem| problem.path).collect();
        assert_eq!(paths, [["jitter"], ["jitter"], ["sliding"]]);
    }
}

//! What a run tells while it runs, on stderr: a bar for people at a terminal, a line every 10 % for logs, or nothing.

mod bar;
mod plain;

pub use self::{bar::Bar, plain::Plain};
use super::Job;

/// Is told of finished jobs.
pub trait Progress: Sync {
    /// A job ended, having handled that many events and requests; 0 if it broke.
    fn finished(&self, job: &Job, events: u64, requests: u64);

    /// Nothing more will come.
    fn end(&self) {}
}

/// Says nothing.
#[derive(Clone, Copy, Debug)]
pub struct Silent;

impl Progress for Silent {
    fn finished(&self, _job: &Job, _events: u64, _requests: u64) {}
}

/// A length of real time for people: `7 s`, `4 min 10 s`, `2 h 5 min`.
pub fn seconds_in_words(seconds: f64) -> String {
    let whole = (seconds + 0.5) as u64;
    match whole {
        0..100 => format!("{whole} s"),
        100..6000 => format!("{} min {} s", whole / 60, whole % 60),
        6000.. => format!("{} h {} min", whole / 3600, whole / 60 % 60),
    }
}

/// A rate for people: `5.9 M`, `312 k`, `87`.
pub fn short_rate(per_second: f64) -> String {
    match per_second {
        rate if rate >= 1e9 => format!("{:.1} G", rate / 1e9),
        rate if rate >= 1e6 => format!("{:.1} M", rate / 1e6),
        rate if rate >= 1e3 => format!("{:.0} k", rate / 1e3),
        rate => format!("{rate:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_rates_are_short() {
        assert_eq!([6.4, 250.0, 7500.0].map(seconds_in_words), ["6 s", "4 min 10 s", "2 h 5 min"]);
        assert_eq!([5.93e6, 312_400.0, 87.2].map(short_rate), ["5.9 M", "312 k", "87"]);
    }
}

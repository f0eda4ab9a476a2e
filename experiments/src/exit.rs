//! How the command ends: every exit code it can give, in one place.

use std::process::ExitCode;

/// What the process tells its caller.
///
/// When several apply, the gravest wins: see [`Exit::worse`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: done; every expectation held, and with `--gate` every SLO.
    Done,
    /// 1: an internal or I/O error.
    Internal,
    /// 2: a bad command line.
    Usage,
    /// 3: the experiment file is invalid.
    Invalid,
    /// 4: an expectation failed, or with `--gate` an SLO.
    Failed,
    /// 5: none failed, but at least one is inconclusive.
    Inconclusive,
    /// 6: `verify` found results that differ from the snapshot.
    Drifted,
    /// 7: some runs crashed; partial results are written.
    Crashed,
    /// 8: nothing matched the filters.
    NothingMatched,
    /// 101: the program panicked outside a run. Rust gives this code itself; it is listed to be complete.
    Panicked,
    /// 130: interrupted; stored cells stay, and the same command goes on from there.
    Interrupted,
}

impl Exit {
    /// Every exit, from the mildest to the gravest.
    pub const BY_GRAVITY: [Self; 11] = [
        Self::Done,
        Self::NothingMatched,
        Self::Inconclusive,
        Self::Failed,
        Self::Drifted,
        Self::Crashed,
        Self::Invalid,
        Self::Usage,
        Self::Internal,
        Self::Interrupted,
        Self::Panicked,
    ];

    /// The number the process returns.
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Internal => 1,
            Self::Usage => 2,
            Self::Invalid => 3,
            Self::Failed => 4,
            Self::Inconclusive => 5,
            Self::Drifted => 6,
            Self::Crashed => 7,
            Self::NothingMatched => 8,
            Self::Panicked => 101,
            Self::Interrupted => 130,
        }
    }

    /// What the code means, for `--help`.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done; every expectation held (and every SLO, with --gate)",
            Self::Internal => "internal or I/O error",
            Self::Usage => "bad command line",
            Self::Invalid => "experiment file invalid",
            Self::Failed => "an expectation, or an SLO under --gate, failed",
            Self::Inconclusive => "none failed, but at least one is inconclusive",
            Self::Drifted => "verify: results differ from the snapshot",
            Self::Crashed => "some runs crashed; partial results written",
            Self::NothingMatched => "nothing matched the filters",
            Self::Panicked => "the program panicked",
            Self::Interrupted => "interrupted; stored cells stay, run again to continue",
        }
    }

    /// The graver of two, for a command that does several things.
    pub fn worse(self, other: Self) -> Self {
        if self.gravity() >= other.gravity() { self } else { other }
    }

    fn gravity(self) -> usize {
        Self::BY_GRAVITY.iter().position(|exit| *exit == self).unwrap_or(Self::BY_GRAVITY.len())
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_exit_has_the_documented_code() {
        let mut codes = Exit::BY_GRAVITY.map(Exit::code);
        codes.sort_unstable();
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 6, 7, 8, 101, 130]);
    }

    #[test]
    fn a_crash_outweighs_a_broken_claim_and_a_broken_claim_an_open_one() {
        assert_eq!(Exit::Failed.worse(Exit::Crashed), Exit::Crashed);
        assert_eq!(Exit::Inconclusive.worse(Exit::Failed), Exit::Failed);
        assert_eq!(Exit::Done.worse(Exit::Inconclusive), Exit::Inconclusive);
        assert_eq!(Exit::Failed.worse(Exit::NothingMatched), Exit::Failed);
    }
}

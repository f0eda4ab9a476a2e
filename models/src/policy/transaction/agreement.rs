//! Agreements: what the participants of a transaction have promised and done, and what its coordinator has decided.
//!
//! Two-phase commit with presumed abort: each participant promises (prepared: from then on it is in doubt and may not
//! change its mind), the coordinator decides, each participant learns of it. Who is not known to have committed has
//! aborted, so that an abort needs no acknowledgement (Gray 1978; Mohan, Lindsay & Obermarck, *Transaction management
//! in the R\* distributed database management system*, 1986). One participant alone decides by itself, in one phase.
//!
//! A saga's participants commit one after another, each at once; if one does not, those before it are undone, the last
//! one first (Garcia-Molina & Salem, *Sagas*, 1987).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How several participants come to one result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Protocol {
    /// All commit or all abort: two-phase commit with presumed abort (Mohan, Lindsay & Obermarck 1986).
    #[default]
    TwoPhase,
    /// Each commits by itself, one after another; what was done is undone if one fails (Garcia-Molina & Salem 1987).
    Saga,
}

/// Where a participant stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stand {
    /// It has heard of nothing.
    Idle,
    /// It works, and may still refuse.
    Working,
    /// It has promised, and does not know the decision: in doubt.
    Prepared,
    /// What it did holds.
    Committed,
    /// It did nothing.
    Aborted,
    /// What it did was undone.
    Undone,
}

/// What is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Nothing yet.
    Open,
    /// It holds.
    Committed,
    /// It does not.
    Aborted,
}

/// A transaction as an omniscient observer sees it.
#[derive(Clone, Debug)]
pub struct Agreement {
    protocol: Protocol,
    stage: Stage,
    parties: Vec<(Stand, bool)>,
}

impl Agreement {
    /// Nothing promised yet.
    pub fn new(protocol: Protocol, participants: usize) -> Self {
        Self { protocol, stage: Stage::Open, parties: vec![(Stand::Idle, false); participants] }
    }

    /// What is decided.
    pub const fn stage(&self) -> Stage {
        self.stage
    }

    /// Where a participant stands.
    pub fn stand(&self, party: usize) -> Stand {
        self.parties[party].0
    }

    /// A participant is asked to begin; whether it does, since it has not heard of the end before.
    pub fn begin(&mut self, party: usize) -> bool {
        let begins = self.parties[party].0 == Stand::Idle;
        if begins {
            self.parties[party].0 = Stand::Working;
        }
        begins
    }

    /// A participant promises; whether it still may.
    pub fn promise(&mut self, party: usize) -> bool {
        self.turn(party, Stand::Working, Stand::Prepared)
    }

    /// A participant that needs nobody's decision commits; whether it still may.
    pub fn commit_alone(&mut self, party: usize) -> bool {
        self.turn(party, Stand::Working, Stand::Committed)
    }

    /// A participant that has promised nothing gives up.
    pub fn give_up(&mut self, party: usize) -> bool {
        self.turn(party, Stand::Working, Stand::Aborted)
    }

    /// The coordinator decides, once.
    pub fn decide(&mut self, commit: bool) {
        if self.stage != Stage::Open {
            return;
        }
        self.stage = if commit { Stage::Committed } else { Stage::Aborted };
        let alone = self.parties.len() == 1;
        for (stand, told) in &mut self.parties {
            // Who decides for itself, or has not begun its step of a saga, has nothing to be told.
            if self.protocol == Protocol::Saga || alone {
                if matches!(stand, Stand::Idle | Stand::Working) {
                    *stand = Stand::Aborted;
                }
                let undo = self.stage == Stage::Aborted && *stand == Stand::Committed && !alone;
                *told = !undo;
            }
        }
    }

    /// Whom the coordinator tells of its decision now, those who have not answered: all; of a saga, only the last step
    /// that is to be undone.
    pub fn to_tell(&self) -> Vec<usize> {
        if self.stage == Stage::Open {
            return Vec::new();
        }
        let untold = self.parties.iter().enumerate().filter(|(_, (_, told))| !told).map(|(party, _)| party);
        match self.protocol {
            Protocol::TwoPhase => untold.collect(),
            Protocol::Saga => untold.max().into_iter().collect(),
        }
    }

    /// A participant learns the decision; where it stood before, if that changes anything.
    pub fn learn(&mut self, party: usize) -> Option<Stand> {
        let before = self.parties[party].0;
        let after = match (self.stage, before) {
            (Stage::Committed, Stand::Prepared) => Stand::Committed,
            (Stage::Aborted, Stand::Idle | Stand::Working | Stand::Prepared) => Stand::Aborted,
            (Stage::Aborted, Stand::Committed) if self.protocol == Protocol::Saga => Stand::Undone,
            (Stage::Open | Stage::Committed | Stage::Aborted, stand) => stand,
        };
        self.parties[party].0 = after;
        (after != before).then_some(before)
    }

    /// The coordinator hears that a participant has learned the decision.
    pub fn acknowledge(&mut self, party: usize) {
        self.parties[party].1 = true;
    }

    /// Whether nothing is left to be told.
    pub fn is_over(&self) -> bool {
        self.stage != Stage::Open && self.parties.iter().all(|(_, told)| *told)
    }

    /// Whether it is as it must never be: of several that agree, one has committed and another has not.
    pub fn is_broken(&self) -> bool {
        let any = |wanted: Stand| self.parties.iter().any(|(stand, _)| *stand == wanted);
        let two_phase = self.protocol == Protocol::TwoPhase;
        two_phase && any(Stand::Committed) && (any(Stand::Aborted) || self.stage == Stage::Aborted)
    }

    /// How many participants are in doubt.
    pub fn in_doubt(&self) -> usize {
        self.parties.iter().filter(|(stand, _)| *stand == Stand::Prepared).count()
    }

    fn turn(&mut self, party: usize, from: Stand, to: Stand) -> bool {
        let may = self.parties[party].0 == from;
        if may {
            self.parties[party].0 = to;
        }
        may
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_commit_once_all_have_promised() {
        let mut agreement = Agreement::new(Protocol::TwoPhase, 2);
        assert!(agreement.begin(0) && agreement.begin(1));
        assert!(agreement.promise(0) && agreement.promise(1));
        assert_eq!((agreement.in_doubt(), agreement.to_tell()), (2, vec![]));
        agreement.decide(true);
        assert_eq!(agreement.to_tell(), [0, 1]);
        assert_eq!(agreement.learn(0), Some(Stand::Prepared));
        agreement.acknowledge(0);
        assert_eq!((agreement.to_tell(), agreement.is_over()), (vec![1], false));
        assert_eq!(agreement.learn(0), None, "told twice");
        agreement.learn(1);
        agreement.acknowledge(1);
        assert!(agreement.is_over() && !agreement.is_broken());
    }

    #[test]
    fn who_hears_of_the_abort_first_does_not_begin() {
        let mut agreement = Agreement::new(Protocol::TwoPhase, 2);
        assert!(agreement.begin(0) && agreement.promise(0));
        agreement.decide(false);
        assert_eq!((agreement.learn(0), agreement.learn(1)), (Some(Stand::Prepared), Some(Stand::Idle)));
        assert!(!agreement.begin(1) && !agreement.promise(1));
        agreement.decide(true);
        assert_eq!(agreement.stage(), Stage::Aborted, "decided once");
    }

    #[test]
    fn one_alone_decides_by_itself() {
        let mut agreement = Agreement::new(Protocol::TwoPhase, 1);
        assert!(agreement.begin(0) && agreement.commit_alone(0));
        agreement.decide(true);
        assert!(agreement.is_over() && agreement.to_tell().is_empty());
    }

    #[test]
    fn a_saga_is_undone_from_its_end() {
        let mut saga = Agreement::new(Protocol::Saga, 4);
        assert!(saga.begin(0) && saga.commit_alone(0) && saga.begin(1) && saga.commit_alone(1));
        assert!(saga.begin(2) && saga.give_up(2));
        saga.decide(false);
        assert_eq!(saga.to_tell(), [1]);
        saga.learn(1);
        saga.acknowledge(1);
        assert_eq!(saga.to_tell(), [0]);
        assert_eq!(saga.learn(0), Some(Stand::Committed));
        saga.acknowledge(0);
        assert!(saga.is_over());
        assert_eq!(
            (0..4).map(|party| saga.stand(party)).collect::<Vec<_>>(),
            [Stand::Undone, Stand::Undone, Stand::Aborted, Stand::Aborted]
        );
    }
}

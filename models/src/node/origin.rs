//! What a call inherits from whoever asks: whose it is, its chance and its needs, and how long it is wanted.

use sim_core::{random::Luck, time::SimTime};

use crate::{
    measure::NOT_FOLLOWED,
    request::{Call, Request, Site, Verb},
    trace::NOT_TRACED,
};

/// What a call inherits.
#[derive(Clone, Copy, Debug)]
pub struct Origin {
    pub(super) workload: u16,
    pub(super) class: u16,
    pub(super) priority: u8,
    pub(super) hops: u8,
    pub(super) deadline: SimTime,
    pub(super) luck: Luck,
    pub(super) need: Luck,
    pub(super) site: Site,
    pub(super) followed: bool,
    pub(super) verb: Verb,
    pub(super) traced: bool,
}

impl Origin {
    /// What a call made for another one, at a server on this site, inherits.
    #[inline(always)]
    pub fn of_call(call: &Call, site: Site) -> Self {
        let Call { workload, class, priority, hops, deadline, luck, need, followed, traced, .. } = *call;
        let (hops, verb) = (hops - 1, Verb::Serve);
        Self { workload, class, priority, hops, deadline, luck, need, site, followed, verb, traced }
    }

    /// The same, asking for something else than its class says.
    pub const fn asking(self, verb: Verb) -> Self {
        Self { verb, ..self }
    }

    /// The luck that calls made for it begin with.
    #[inline]
    pub const fn luck(&self) -> Luck {
        self.luck
    }

    /// The same with other luck: needs stay, chance on the way is new.
    pub const fn with_luck(self, luck: Luck) -> Self {
        Self { luck, ..self }
    }

    /// The same for a copy of a call that is still out: its work is drawn anew. What made the first slow is the
    /// server's, not the request's; else no copy could be quicker (Dean & Barroso 2013).
    pub const fn as_copy(self) -> Self {
        Self { need: self.luck, ..self }
    }

    /// Where it comes from.
    #[inline]
    pub const fn site(&self) -> Site {
        self.site
    }

    /// What kind of request it is for.
    #[inline]
    pub const fn class(&self) -> u16 {
        self.class
    }

    /// What is asked for.
    #[inline]
    pub const fn verb(&self) -> Verb {
        self.verb
    }

    /// Lower is more important.
    pub const fn priority(&self) -> u8 {
        self.priority
    }

    /// What a call of nobody's inherits, sent from that site behind all that somebody waits for.
    pub const fn by_itself(site: Site, luck: Luck) -> Self {
        Self {
            workload: 0,
            class: 0,
            priority: u8::MAX,
            hops: 1,
            deadline: SimTime::NEVER,
            luck,
            need: luck,
            site,
            followed: false,
            verb: Verb::Copy,
            traced: false,
        }
    }

    /// What a client's own call, which may nest so deep, inherits.
    #[inline(always)]
    pub fn of_request(request: &Request, hops: u8) -> Self {
        let Request { workload, class, priority, luck, site, .. } = *request;
        let (followed, traced) = (request.followed != NOT_FOLLOWED, request.trace != NOT_TRACED);
        let (deadline, verb) = (SimTime::NEVER, Verb::Serve);
        Self { workload, class, priority, hops, deadline, luck, need: luck, site, followed, verb, traced }
    }

    /// The same for somebody who gives up at that time, unless whoever asked does before.
    pub fn until(self, deadline: SimTime) -> Self {
        Self { deadline: self.deadline.min(deadline), ..self }
    }
}

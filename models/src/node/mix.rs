//! What a workload's requests are like: kind, key, size, address, connection, drawn from one luck each.

use sim_core::{
    random::{Luck, Stream, distribution::Distribution, keys::Keys, name_hash, unit},
    time::SimTime,
};

use super::layout::{Layout, Occasion};
use crate::{
    measure::NOT_FOLLOWED,
    policy::arrival::trace::TraceRecord,
    request::{Awaited, Request, Site},
    trace::NOT_TRACED,
};

const INSTANCE: u64 = name_hash("client instance");
const CLASS: u64 = name_hash("class");
const ORIGIN: u64 = name_hash("origin");
const KEY: u64 = name_hash("key");
const ADDRESS: u64 = name_hash("address");
const SIZE: u64 = name_hash("size");

/// What requests are like. One stream gives each its luck; all the rest is mixed from that, purpose by purpose,
/// so that one more kind of draw shifts no other.
#[derive(Debug)]
pub struct Mix {
    /// Luck.
    pub luck: Stream,
    /// Kinds of requests with cumulative weights.
    pub classes: Vec<Kind>,
    /// Client sites with cumulative shares.
    pub origins: Vec<(f64, Site)>,
    /// The number of each one's region.
    pub regions: Vec<u64>,
    /// Keys made so far: by writes, or by all requests if none writes.
    pub made: u64,
    /// Addresses by popularity.
    pub addresses: Keys,
    /// Client processes.
    pub instances: u16,
    /// Whether any of its requests changes anything.
    pub writes: bool,
    /// Whether anybody asks for keys or addresses.
    pub identifies: bool,
}

/// A class of requests at this workload.
#[derive(Debug)]
pub struct Kind {
    /// Cumulative share, the last one 1.
    pub until: f64,
    /// Its index in the system's list of classes.
    pub class: u16,
    /// Its name.
    pub name: String,
    /// Its priority.
    pub priority: u8,
    /// Whether it changes what it asks for.
    pub writes: bool,
    /// Its keys; `None` draws from all 2⁶⁴.
    pub keys: Option<(Keys, Layout)>,
    /// Its sizes; `None` if they are all 0.
    pub size: Option<Distribution>,
}

/// Connections a workload's clients hold.
#[derive(Debug)]
pub struct Connections {
    /// Each one's requests since it was opened, and how often it was opened.
    pub each: Vec<(u32, u32)>,
    /// Requests after which one is opened anew; 0 for never.
    pub most_requests: u32,
    /// Round trips that opening one costs.
    pub round_trips: u64,
    /// Whether opening one needs a TLS handshake.
    pub handshakes: bool,
    /// Chance of which one a request uses.
    pub random: Stream,
}

impl Mix {
    /// The next request.
    #[inline(always)]
    pub(super) fn draw(&mut self, workload: u16, now: SimTime, user: u32) -> Request {
        let luck = Luck(self.luck.bits());
        let drawn = |purpose| unit(luck.at(purpose, 0));
        let kind = match self.classes.len() {
            1 => &self.classes[0],
            _ => &self.classes[place_of(drawn(CLASS), self.classes.iter().map(|kind| kind.until))],
        };
        let site = match self.origins.len() {
            1 => self.origins[0].1,
            _ => self.origins[place_of(drawn(ORIGIN), self.origins.iter().map(|origin| origin.0))].1,
        };
        let instance = if self.instances == 1 {
            0
        } else {
            scale(luck.at(INSTANCE, 0), u64::from(self.instances)) as u16
        };
        let (key, address) = if self.identifies { self.identity(luck, kind, site, now) } else { (0, 0) };
        if self.identifies && (kind.writes || !self.writes) {
            self.made += 1;
        }
        Request {
            workload,
            class: kind.class,
            priority: kind.priority,
            writes: kind.writes,
            fresh_connection: false,
            site,
            intended: now,
            luck,
            key,
            size: kind.size.as_ref().map_or(0, |size| size.sample(luck.at(SIZE, 0)) as u64),
            address,
            user,
            awaits: Awaited::Nothing,
            instance,
            followed: NOT_FOLLOWED,
            trace: NOT_TRACED,
        }
    }

    /// Which of the workload's origins a site is.
    pub(super) fn origin_of(&self, site: Site) -> usize {
        self.origins.iter().position(|(_, origin)| *origin == site).unwrap_or(0)
    }

    /// What it asks for, and who asks.
    fn identity(&self, luck: Luck, kind: &Kind, site: Site, now: SimTime) -> (u64, u32) {
        let key = self.key(luck, 0, kind, site, now);
        (key, address(self.addresses.draw(luck.at(ADDRESS, 0))))
    }

    /// The `nth` key of a request of this kind.
    fn key(&self, luck: Luck, nth: u64, kind: &Kind, site: Site, now: SimTime) -> u64 {
        let bits = luck.at(KEY, nth);
        let Some((keys, layout)) = &kind.keys else { return bits };
        let makes = nth == 0 && (kind.writes || !self.writes);
        let newest = if makes { self.made } else { self.made.saturating_sub(1) };
        let region = self.regions.get(self.origin_of(site)).copied().unwrap_or_default();
        layout.key(keys.draw(bits), keys.items(), Occasion { now, newest, region, luck })
    }

    /// The `nth` key that a request asks for; the 0th is its own, the others are drawn like it.
    pub(super) fn key_of(&self, request: &Request, nth: u64) -> u64 {
        if nth == 0 {
            return request.key;
        }
        match self.classes.iter().find(|kind| kind.class == request.class) {
            Some(kind) => self.key(request.luck, nth, kind, request.site, request.intended),
            None => request.luck.at(KEY, nth),
        }
    }

    /// What a record says goes before what was drawn.
    pub(super) fn apply(&self, record: &TraceRecord, request: &mut Request) {
        if let Some(key) = record.key {
            request.key = key;
        }
        if let Some(size) = record.size {
            request.size = size.0;
        }
        if let Some(kind) =
            record.class.as_ref().and_then(|name| self.classes.iter().find(|kind| kind.name == *name))
        {
            request.class = kind.class;
            request.priority = kind.priority;
        }
    }
}

impl Connections {
    /// Lets a request use a connection; the round trips it costs if it has to be opened.
    pub(super) fn use_one(&mut self, request: &mut Request) -> u64 {
        let number = self.random.below(self.each.len());
        let (used, openings) = &mut self.each[number];
        let opens = *openings == 0 || (self.most_requests > 0 && *used >= self.most_requests);
        if opens {
            *used = 0;
            *openings += 1;
        }
        *used += 1;
        request.user = number as u32;
        request.fresh_connection = opens && self.handshakes;
        if opens { self.round_trips } else { 0 }
    }
}

/// The first of some cumulative shares that is above `unit`.
fn place_of(unit: f64, until: impl ExactSizeIterator<Item = f64>) -> usize {
    let last = until.len() - 1;
    until.take(last).position(|share| unit < share).unwrap_or(last)
}

/// A whole number below `n` from 64 bits.
fn scale(bits: u64, n: u64) -> u64 {
    ((u128::from(bits) * u128::from(n)) >> 64) as u64
}

/// The IPv4 address of the client of that rank: spread over the address space, the same in every run.
fn address(rank: u64) -> u32 {
    (Luck(rank).at(name_hash("client address"), 0) >> 32) as u32
}

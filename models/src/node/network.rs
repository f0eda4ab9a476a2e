//! The network between sites: how long a message travels, and whether it arrives.

use std::collections::BTreeMap;

use sim_core::{
    random::{Luck, distribution::Distribution, name_hash, unit},
    time::SimDuration,
};

use crate::request::Site;

/// Where a site lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// Its region, an index; all in region 0 if the file has none.
    pub region: u16,
    /// Its zone within the region; `None` for the region's clients.
    pub zone: Option<u16>,
    /// Its name: `eu`, `eu/a`, `clients of eu`.
    pub name: String,
}

impl Location {
    fn is_apart_from(&self, other: &Self) -> bool {
        let zones_differ = self.zone.is_some() && other.zone.is_some() && self.zone != other.zone;
        self.region != other.region || zones_differ
    }
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passage {
    /// It arrives after so long.
    Arrives(SimDuration),
    /// It is lost and nobody is told.
    Lost,
}

/// A disturbance in force.
#[derive(Clone, Debug)]
pub struct Disturbance {
    /// Whether messages from or to a site are hit.
    pub sites: Vec<bool>,
    /// Added to the delay.
    pub delay: Option<Distribution>,
    /// Share lost; 1 for a partition.
    pub loss: f64,
}

/// Delays and losses between all sites.
#[derive(Debug)]
pub struct Network {
    locations: Vec<Location>,
    /// By pair of sites, row by row.
    delays: Vec<Distribution>,
    losses: Vec<f64>,
    /// Nanoseconds a byte takes; 0 for no limit.
    nanos_per_byte: f64,
    /// Disturbances in force, by fault.
    disturbances: BTreeMap<u16, Disturbance>,
    /// Whether every message arrives at once.
    instant: bool,
    /// By pair of sites: whether they lie in different zones, or regions where one has no zone.
    apart: Vec<bool>,
    /// Whether no pair of sites is.
    one_place: bool,
}

/// Draws of one message, told apart by purpose.
const DELAY: u64 = name_hash("network/delay");
const LOSS: u64 = name_hash("network/loss");
const DISTURBANCE: u64 = name_hash("network/disturbance");

impl Network {
    /// A network of these sites; `delays` and `losses` by pair, row by row.
    pub fn new(
        locations: Vec<Location>,
        delays: Vec<Distribution>,
        losses: Vec<f64>,
        nanos_per_byte: f64,
    ) -> Self {
        let still = |delay: &Distribution| delay.mean() == 0.0 && delay.variance() == 0.0;
        let instant =
            nanos_per_byte == 0.0 && delays.iter().all(still) && losses.iter().all(|loss| *loss == 0.0);
        let apart = locations.iter().flat_map(|from| locations.iter().map(|to| from.is_apart_from(to)));
        let apart: Vec<bool> = apart.collect();
        let one_place = !apart.contains(&true);
        let disturbances = BTreeMap::new();
        Self { locations, delays, losses, nanos_per_byte, disturbances, instant, apart, one_place }
    }

    /// Where each site lies.
    pub fn locations(&self) -> &[Location] {
        &self.locations
    }

    /// Whether a message from one site to another leaves its zone, or its region if either has no zone.
    #[inline]
    pub fn are_apart(&self, from: Site, to: Site) -> bool {
        self.apart[self.pair(from, to)]
    }

    /// Mean one-way delay from one site to another, in nanoseconds: what a balancer ranks regions by.
    pub fn mean_delay(&self, from: Site, to: Site) -> f64 {
        self.delays[self.pair(from, to)].mean()
    }

    fn pair(&self, from: Site, to: Site) -> usize {
        usize::from(from.0) * self.locations.len() + usize::from(to.0)
    }

    /// Whether every message arrives at once now.
    #[inline]
    pub fn is_instant(&self) -> bool {
        self.instant && self.disturbances.is_empty()
    }

    /// Whether no site is apart from any other.
    #[inline]
    pub fn is_one_place(&self) -> bool {
        self.one_place
    }

    /// What becomes of a message of `bytes`. The same luck and leg give the same answer whenever it is asked.
    pub fn send(&self, from: Site, to: Site, luck: Luck, leg: u64, bytes: u64) -> Passage {
        let pair = self.pair(from, to);
        let mut delay = self.delays[pair].sample(luck.at(DELAY, leg)) + bytes as f64 * self.nanos_per_byte;
        let mut kept = 1.0 - self.losses[pair];
        for (fault, disturbance) in &self.disturbances {
            if disturbance.sites[usize::from(from.0)] || disturbance.sites[usize::from(to.0)] {
                kept *= 1.0 - disturbance.loss;
                if let Some(more) = &disturbance.delay {
                    delay += more.sample(luck.at(DISTURBANCE ^ u64::from(*fault), leg));
                }
            }
        }
        if kept < 1.0 && unit(luck.at(LOSS, leg)) >= kept {
            return Passage::Lost;
        }
        Passage::Arrives(SimDuration::from_nanos_f64(delay))
    }

    /// Whether a message from one site can reach another at all.
    pub fn reaches(&self, from: Site, to: Site) -> bool {
        self.disturbances.values().all(|disturbance| {
            disturbance.loss < 1.0
                || !(disturbance.sites[usize::from(from.0)] || disturbance.sites[usize::from(to.0)])
        })
    }

    /// A fault begins to disturb the network.
    pub fn disturb(&mut self, fault: u16, disturbance: Disturbance) {
        self.disturbances.insert(fault, disturbance);
    }

    /// A fault stops disturbing the network.
    pub fn calm(&mut self, fault: u16) {
        self.disturbances.remove(&fault);
    }
}

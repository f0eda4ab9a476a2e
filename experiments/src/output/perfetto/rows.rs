//! Rows: which slices stand together on one thread, and on which, so that all that overlaps there nests.

use std::{cmp::Reverse, collections::BTreeMap};

use models::trace::{Span, SpanKind, Trace};

/// What a thread shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    /// Requests of clients, or what a server has to do.
    Own,
    /// Calls to others, and pauses between them.
    Out,
}

/// Threads of one server, or of a workload's clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Track {
    pub(super) lane: u32,
    side: Side,
}

/// Slices that nest and stay together.
#[derive(Clone, Debug)]
pub(super) struct Bundle {
    /// The request, call, part or pause that they are of.
    pub(super) owner: u32,
    pub(super) track: Track,
    /// Outer ones first.
    pub(super) slices: Vec<u32>,
    /// The first row of the track that was free; set when all bundles are known.
    pub(super) row: usize,
    from: u64,
    to: u64,
}

impl Track {
    /// `web[3]`, `web[3] #2`, `web[3] calls`.
    pub(super) fn name(self, lane: &str, row: usize) -> String {
        let side = match self.side {
            Side::Own => "",
            Side::Out => " calls",
        };
        if row == 0 { format!("{lane}{side}") } else { format!("{lane}{side} #{}", row + 1) }
    }
}

/// Where a span stands: what it belongs to, and on which side of that.
enum Standpoint {
    /// A bundle of its own.
    Itself,
    /// With the call it is a part of, on the caller's side.
    Way,
    /// With what it is a part of.
    Inside,
    /// It has no slice.
    Nowhere,
}

fn standpoint(span: &Span) -> Standpoint {
    match span.kind {
        SpanKind::Request
        | SpanKind::Call { .. }
        | SpanKind::Branch
        | SpanKind::Spawned
        | SpanKind::Pause
        | SpanKind::Held => Standpoint::Itself,
        SpanKind::Outbound | SpanKind::Inbound | SpanKind::Lost => Standpoint::Way,
        SpanKind::Queue
        | SpanKind::Service
        | SpanKind::Compute
        | SpanKind::Wait
        | SpanKind::Permit
        | SpanKind::Hold => Standpoint::Inside,
        SpanKind::Refused | SpanKind::Answered => Standpoint::Nowhere,
    }
}

/// The request, call, part or pause that a span is, or is a part of.
pub(super) fn owner(trace: &Trace, span: u32) -> u32 {
    let mut next = span;
    loop {
        let span = &trace.spans[next as usize];
        match (standpoint(span), span.parent) {
            (Standpoint::Way | Standpoint::Inside | Standpoint::Nowhere, Some(parent)) => next = parent,
            (Standpoint::Itself, _) | (Standpoint::Way | Standpoint::Inside | Standpoint::Nowhere, None) => {
                return next;
            }
        }
    }
}

/// The bundles of a request, without rows yet.
pub(super) fn bundles(trace: &Trace) -> Vec<Bundle> {
    let mut found: BTreeMap<(u32, Side), Vec<u32>> = BTreeMap::new();
    for (number, span) in (0..).zip(&trace.spans) {
        let side = match (standpoint(span), span.kind) {
            (Standpoint::Itself, SpanKind::Call { .. } | SpanKind::Pause | SpanKind::Held)
            | (Standpoint::Way, _) => Side::Out,
            (Standpoint::Itself | Standpoint::Inside, _) => Side::Own,
            (Standpoint::Nowhere, _) => continue,
        };
        found.entry((owner(trace, number), side)).or_default().push(number);
    }
    found.into_iter().map(|((owner, side), slices)| bundle(trace, owner, side, slices)).collect()
}

fn bundle(trace: &Trace, owner: u32, side: Side, mut slices: Vec<u32>) -> Bundle {
    let span = |slice: &u32| &trace.spans[*slice as usize];
    slices.sort_by_key(|slice| (span(slice).from, Reverse(span(slice).to), *slice));
    let of = &trace.spans[owner as usize];
    // A call out stands at its caller, what is served at the callee.
    let lane = match (side, of.parent) {
        (Side::Out, Some(parent)) => trace.spans[parent as usize].lane,
        (Side::Own, _) | (Side::Out, None) => of.lane,
    };
    let from = slices.iter().map(|slice| span(slice).from).min().unwrap_or(0);
    let to = slices.iter().map(|slice| span(slice).to).max().unwrap_or(0);
    Bundle { owner, track: Track { lane, side }, slices, row: 0, from, to }
}

/// Gives every bundle the first row of its track that is free when it begins.
pub(super) fn place(all: &mut [(usize, Bundle)]) {
    all.sort_by_key(|(number, bundle)| (bundle.from, *number, bundle.owner, bundle.track));
    // When each row is free again.
    let mut tracks: BTreeMap<Track, Vec<u64>> = BTreeMap::new();
    for (_, bundle) in all {
        let rows = tracks.entry(bundle.track).or_default();
        let free = rows.iter().position(|free| *free <= bundle.from);
        bundle.row = free.unwrap_or(rows.len());
        if free.is_none() {
            rows.push(0);
        }
        rows[bundle.row] = bundle.to;
    }
}

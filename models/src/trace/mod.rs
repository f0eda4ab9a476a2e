//! Traces of single requests: a tree of spans, from the client's wish to the last work that was done for it.
//!
//! A trace is what Dapper calls so (Sigelman et al., *Dapper, a Large-Scale Distributed Systems Tracing
//! Infrastructure*, 2010): spans with a parent, a place and two times. Here nothing is guessed: the simulator knows
//! when a call stood in line and when it was served. Times are whole nanoseconds of simulated time.

mod draft;
mod live;
mod recorder;
mod reservoir;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use self::recorder::{Actor, Place, Recorder};
use crate::request::{Outcome, Reason};

/// Says of a request that nobody records it.
pub const NOT_TRACED: u32 = u32::MAX;

/// Spans of a whole trace beyond which it is thinned: half of the requests are dropped, again and again.
pub const MOST_SPANS: usize = 200_000;

/// Which requests of a run are recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tracing {
    /// None.
    #[default]
    Off,
    /// Of each workload some that stand for all, and the slowest of those that are followed anyway.
    Sampled,
    /// All, as long as there are no more spans than this; else an even share of them.
    Whole {
        /// How many.
        most_spans: usize,
    },
}

/// What was recorded of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Traces {
    /// Where spans lie.
    pub lanes: Vec<Lane>,
    /// Names of stages and resources.
    pub names: Vec<String>,
    /// In the order in which their requests came.
    pub requests: Vec<Trace>,
    /// Of how many requests one was recorded, if spans were too many to record all.
    pub thinned: Option<u64>,
}

/// A workload, or a server of a component.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lane {
    /// The component's or workload's id: `web`.
    pub component: String,
    /// The server's name: `web[3]`; the component's if it has one server only.
    pub name: String,
}

/// One request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// Which of its workload's requests it is, in the order in which they came, from 1.
    pub number: u64,
    /// Why it was kept.
    pub kept: Kept,
    /// Its spans: the request itself first, and each behind its parent.
    pub spans: Vec<Span>,
    /// Whether it had more spans than are kept of one request.
    pub cut: bool,
}

/// Why a trace was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kept {
    /// It stands for all: chosen by luck.
    Even,
    /// It is one of the slowest that were seen.
    Slow,
}

/// A stretch of time with a cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The span it is a part of; none of the request itself.
    pub parent: Option<u32>,
    /// Why time passed.
    pub kind: SpanKind,
    /// Where, an index of [`Traces::lanes`]: a call stands at its callee.
    pub lane: u32,
    /// The stage or the resource it is about, an index of [`Traces::names`].
    pub name: Option<u32>,
    /// When it began, in nanoseconds.
    pub from: u64,
    /// When it ended, in nanoseconds.
    pub to: u64,
    /// How it ended.
    pub ending: Ending,
    /// Whether anybody waited for it.
    pub standing: Standing,
}

/// Why time passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SpanKind {
    /// The request, from its intended arrival to its outcome.
    Request,
    /// An attempt at a component, from sending to its end for its caller.
    Call {
        /// The number of the attempt, from 1.
        attempt: u16,
        /// Whether an earlier one had failed.
        retry: bool,
        /// Whether an earlier one was still out.
        copy: bool,
    },
    /// On the way to the component; opening a connection included.
    Outbound,
    /// On the way back.
    Inbound,
    /// Lost: the message, or the server that took it, never answered.
    Lost,
    /// In the component's line; of a part of a request, waiting for its turn.
    Queue,
    /// At work, or waiting for calls of its own.
    Service,
    /// Computing. Where a server's executor says who runs when, waiting for a turn is a part of it.
    Compute,
    /// Waiting for something that is no call.
    Wait,
    /// Waiting for a permit of a resource.
    Permit,
    /// Holding a permit.
    Hold,
    /// A part of the work that goes on beside others, and is waited for.
    Branch,
    /// What goes on by itself and nobody waits for.
    Spawned,
    /// Pausing before another attempt.
    Pause,
    /// Held back by a stage of the caller.
    Held,
    /// Refused before it was sent: by a stage, or since no backend was available.
    Refused,
    /// A stage of the caller answered in the callee's place.
    Answered,
}

/// How a span ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ending {
    /// Well, or it says nothing.
    Done,
    /// With something in place of what was asked for.
    Degraded,
    /// Badly.
    Failed(Reason),
    /// Not before the run did.
    Unfinished,
}

/// Whether anybody waits for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    /// Somebody does.
    Awaited,
    /// Whoever did has given up.
    Orphaned,
    /// Nobody ever did: it was spawned, or is a part of what was.
    Detached,
}

impl From<Outcome> for Ending {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Success => Self::Done,
            Outcome::Degraded => Self::Degraded,
            Outcome::Failure(reason) => Self::Failed(reason),
        }
    }
}

impl Ending {
    /// In one word: `done`, `timed_out`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Degraded => "degraded",
            Self::Failed(reason) => reason.name(),
            Self::Unfinished => "unfinished",
        }
    }
}

impl SpanKind {
    /// In words that a reader of traces knows.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Call { .. } => "call",
            Self::Outbound => "network out",
            Self::Inbound => "network back",
            Self::Lost => "lost",
            Self::Queue => "queue",
            Self::Service => "service",
            Self::Compute => "compute",
            Self::Wait => "wait",
            Self::Permit => "wait for permit",
            Self::Hold => "hold permit",
            Self::Branch => "branch",
            Self::Spawned => "spawned",
            Self::Pause => "backoff",
            Self::Held => "held back",
            Self::Refused => "refused",
            Self::Answered => "answered",
        }
    }
}

impl Standing {
    /// In one word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Awaited => "awaited",
            Self::Orphaned => "orphaned",
            Self::Detached => "detached",
        }
    }
}

impl Trace {
    /// The request's own span.
    pub fn root(&self) -> Option<&Span> {
        self.spans.first()
    }

    /// From intended arrival to outcome, in nanoseconds.
    pub fn latency(&self) -> u64 {
        self.root().map_or(0, Span::length)
    }
}

impl Span {
    /// How long it took, in nanoseconds.
    pub const fn length(&self) -> u64 {
        self.to - self.from
    }
}

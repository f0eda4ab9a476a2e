//! Requests and calls: what a client wants, and each attempt at one component for it.
//!
//! Both live in generational arenas, so that memory follows what is in flight and a late event that names a
//! call already gone finds nothing.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{
    random::Luck,
    time::{SimDuration, SimTime},
};
use slotmap::{SlotMap, new_key_type};

pub use crate::verb::{Asked, Verb};
use crate::{measure::Visit, policy::discipline::Ticket};

new_key_type! {
    /// A logical request.
    pub struct RequestId;
    /// One attempt at one component.
    pub struct CallId;
    /// One passage of a call through one stage between its caller and the wire.
    pub struct PassageId;
    /// One message about a key.
    pub struct NoticeId;
}

/// All requests in flight.
pub type Requests = SlotMap<RequestId, Request>;
/// All calls in flight, abandoned ones included.
pub type Calls = SlotMap<CallId, Call>;
/// All messages about keys in flight.
pub type Notices = SlotMap<NoticeId, Notice>;

/// A message about a key, which nobody answers.
#[derive(Clone, Copy, Debug)]
pub struct Notice {
    /// Whom it is for.
    pub to: Instance,
    /// The key.
    pub key: u64,
}

/// What a client wants: born with its luck, ended by one final outcome.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// Which workload it belongs to.
    pub workload: u16,
    /// Its class, an index into the system's classes.
    pub class: u16,
    /// Lower is served first where a queue knows priorities.
    pub priority: u8,
    /// Whether its connection was opened for it.
    pub fresh_connection: bool,
    /// Whether it changes what it asks for.
    pub writes: bool,
    /// Where its client sits.
    pub site: Site,
    /// When the client meant to send it: latency counts from here.
    pub intended: SimTime,
    /// From which all that it needs is mixed.
    pub luck: Luck,
    /// What it asks for.
    pub key: u64,
    /// Its size in bytes.
    pub size: u64,
    /// Its client's IPv4 address.
    pub address: u32,
    /// The client's user (closed loop) or connection.
    pub user: u32,
    /// What its client waits for.
    pub awaits: Awaited,
    /// Which of the workload's client processes sends it.
    pub instance: u16,
    /// Its number among those that are followed, or [`NOT_FOLLOWED`](crate::measure::NOT_FOLLOWED).
    pub followed: u32,
    /// The number of its trace, or [`NOT_TRACED`](crate::trace::NOT_TRACED).
    pub trace: u32,
}

/// What somebody waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Awaited {
    /// Nothing.
    #[default]
    Nothing,
    /// The reply to a call.
    Call(CallId),
    /// What comes out of a stage.
    Passage(PassageId),
}

/// A place in the network: a zone of a region, or the clients of a region.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Site(pub u16);

/// A server of a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instance {
    /// The component.
    pub node: u16,
    /// Its server.
    pub server: u16,
}

/// One attempt at one component, from sending to the reply.
// Four questions that have nothing to do with one another.
#[allow(clippy::struct_excessive_bools)]
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// For whom; gone when its client stopped waiting.
    pub request: RequestId,
    /// Its request's workload.
    pub workload: u16,
    /// Its request's class.
    pub class: u16,
    /// Its request's priority.
    pub priority: u8,
    /// How deep calls may nest from here, itself included; at 0 it is refused.
    pub hops: u8,
    /// Where it stands.
    pub phase: Phase,
    /// Whether somebody still waits for the reply.
    pub awaited: bool,
    /// Whether a call of its own was answered with something else than was asked for.
    pub degraded: bool,
    /// Whether its request is followed.
    pub followed: bool,
    /// What is asked of its callee.
    pub asked: Asked,
    /// Whether the cache that was asked last had it; of a call to a cache, whether that had it.
    pub found: bool,
    /// Whether its request is recorded.
    pub traced: bool,
    /// Bumped whenever its completion is scheduled anew, so that an old completion is known.
    pub run: u16,
    /// The next step of the service that handles it, or the attempts a gateway has made for it.
    pub step: u16,
    /// Who answers.
    pub callee: Instance,
    /// The caller's book in which it stands.
    pub book: u16,
    /// Who asks, if a component does; else the client.
    pub parent: Option<CallId>,
    /// The stage that sent it, if its caller has any; else it answers to whoever asks.
    pub passage: Option<PassageId>,
    /// What it waits for itself.
    pub awaits: Awaited,
    /// The caller's view of its backends, and the row picked.
    pub picked: Option<Picked>,
    /// Its place in the callee's line.
    pub ticket: Option<Ticket>,
    /// The luck of this attempt: its way, its server's errors.
    pub luck: Luck,
    /// The luck of its work, which every attempt at the same step shares, but for copies sent beside one another.
    pub need: Luck,
    /// When it was sent.
    pub sent: SimTime,
    /// When it reached the callee.
    pub arrived: SimTime,
    /// When its service began.
    pub started: SimTime,
    /// When its caller gives up; where deadlines propagate, when the first of all who wait for it does.
    pub deadline: SimTime,
    /// When the computing under way began, or the reply left.
    pub resumed: SimTime,
    /// Computing still to do, at speed 1.
    pub work: SimDuration,
}

// A call is copied wherever it goes: a byte more makes it eight more.
const _: () = assert!(size_of::<Call>() <= 176);

/// What those who asked hear of a call that ended.
#[derive(Clone, Copy, Debug)]
pub struct Ended {
    /// For whom it was.
    pub request: RequestId,
    /// Who asked, if a component did; else the client.
    pub parent: Option<CallId>,
    /// The stage that sent it, if any.
    pub passage: Option<PassageId>,
    /// Who was to answer.
    pub callee: Instance,
    /// The caller's view of its backends, and the row picked.
    pub picked: Option<Picked>,
    /// The caller's book in which it stands.
    pub book: u16,
    /// When it was sent.
    pub sent: SimTime,
}

impl Call {
    /// What is told of it when it ends.
    #[inline]
    pub const fn ended(&self) -> Ended {
        let Self { request, parent, passage, callee, picked, book, sent, .. } = *self;
        Ended { request, parent, passage, callee, picked, book, sent }
    }

    /// Where its time went, if it ends for its caller now.
    pub fn visit(&self, id: CallId, now: SimTime) -> Visit {
        // Marks that were not reached yet stand where the call was sent.
        let (arrived, started, finished) = match self.phase {
            Phase::Travelling | Phase::Lost => (now, now, now),
            Phase::Waiting => (self.arrived, now, now),
            Phase::Running | Phase::Calling => (self.arrived, self.started.max(self.arrived), now),
            Phase::Returning => {
                let started = if self.started < self.arrived { self.resumed } else { self.started };
                (self.arrived, started, self.resumed)
            }
        };
        let (call, parent, node, sent) = (id, self.parent, self.callee.node, self.sent);
        Visit { call, parent, node, sent, arrived, started, finished, ended: now }
    }
}

/// Which row of which view a call was sent by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Picked {
    /// The view.
    pub dispatch: u32,
    /// The row.
    pub row: u16,
}

/// Where a call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// On its way to the callee.
    Travelling,
    /// In the callee's line.
    Waiting,
    /// Computing; holds a worker.
    Running,
    /// Waits for a call of its own.
    Calling,
    /// On its way back.
    Returning,
    /// Gone where nobody answers; only its caller's timeout ends it.
    Lost,
}

/// How a call or a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Served.
    Success,
    /// Answered with something in place of what was asked for: a default, a stale copy, another service's answer.
    Degraded,
    /// Not served, for this reason.
    Failure(Reason),
}

/// Why a call or a request failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
#[repr(u8)]
pub enum Reason {
    /// The server answered with an error.
    Error,
    /// The line was full.
    QueueFull,
    /// Its place in a full line went to a newer one.
    Displaced,
    /// Its deadline had passed: it was thrown out of the line, or no more was done for it.
    Expired,
    /// The server was down, or went down while it was there.
    Crashed,
    /// No backend was available.
    NoBackend,
    /// The caller's timeout passed.
    TimedOut,
    /// The client's patience ended.
    Impatient,
    /// Calls nested deeper than the limit.
    TooDeep,
    /// Its caller gave up, and the callee was told.
    Cancelled,
    /// The caller's breaker was open.
    CircuitOpen,
    /// The caller's bulkhead was full.
    BulkheadFull,
    /// The caller's limit on calls in flight was reached.
    LimitReached,
    /// The caller held it back, since too many of its calls had failed.
    Throttled,
    /// No connection of the caller's pool was free.
    NoConnection,
    /// The server had no memory left for it.
    NoMemory,
    /// The server had no file descriptor left for it.
    NoDescriptor,
}

impl Reason {
    /// Every reason, in the order of the books.
    pub const ALL: [Self; 17] = [
        Self::Error,
        Self::QueueFull,
        Self::Displaced,
        Self::Expired,
        Self::Crashed,
        Self::NoBackend,
        Self::TimedOut,
        Self::Impatient,
        Self::TooDeep,
        Self::Cancelled,
        Self::CircuitOpen,
        Self::BulkheadFull,
        Self::LimitReached,
        Self::Throttled,
        Self::NoConnection,
        Self::NoMemory,
        Self::NoDescriptor,
    ];

    /// Its name in metrics: `failed_timed_out`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::QueueFull => "queue_full",
            Self::Displaced => "displaced",
            Self::Expired => "expired",
            Self::Crashed => "crashed",
            Self::NoBackend => "no_backend",
            Self::TimedOut => "timed_out",
            Self::Impatient => "impatient",
            Self::TooDeep => "too_deep",
            Self::Cancelled => "cancelled",
            Self::CircuitOpen => "circuit_open",
            Self::BulkheadFull => "bulkhead_full",
            Self::LimitReached => "limit_reached",
            Self::Throttled => "throttled",
            Self::NoConnection => "no_connection",
            Self::NoMemory => "no_memory",
            Self::NoDescriptor => "no_descriptor",
        }
    }

    /// Whether nobody wanted an answer any more: nothing that could be mended by trying again.
    pub const fn is_cancellation(self) -> bool {
        matches!(self, Self::Impatient | Self::Cancelled)
    }

    /// The reasons for which it makes sense to try again or elsewhere.
    pub fn all_but_cancellations() -> Vec<Self> {
        Self::ALL.into_iter().filter(|reason| !reason.is_cancellation()).collect()
    }

    /// Whether the callee turned the call away before any work, rather than failing at it.
    pub const fn is_refusal(self) -> bool {
        match self {
            Self::QueueFull
            | Self::Displaced
            | Self::Expired
            | Self::NoBackend
            | Self::TooDeep
            | Self::CircuitOpen
            | Self::BulkheadFull
            | Self::LimitReached
            | Self::Throttled
            | Self::NoConnection
            | Self::NoMemory
            | Self::NoDescriptor => true,
            Self::Error | Self::Crashed | Self::TimedOut | Self::Impatient | Self::Cancelled => false,
        }
    }
}

impl Outcome {
    /// Whether it was served as asked.
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Success)
    }

    /// Why it failed, if it did.
    pub const fn reason(self) -> Option<Reason> {
        match self {
            Self::Success | Self::Degraded => None,
            Self::Failure(reason) => Some(reason),
        }
    }
}

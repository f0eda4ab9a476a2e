//! Everything that can happen.

use sim_core::queue::Order;

use crate::{
    node::transaction::TransactionId,
    request::{CallId, NoticeId, Outcome, PassageId, RequestId},
};

/// An event: `Copy`, 12 bytes, ids inside. The calendar shifts events all the time: four bytes more cost a request 3 %.
#[derive(Clone, Copy, Debug)]
pub enum Event {
    /// A workload's next request comes.
    Arrive {
        /// The workload.
        workload: u16,
    },
    /// A user of a closed loop has thought enough.
    Think {
        /// The workload.
        workload: u16,
        /// The user.
        user: u32,
    },
    /// A call reaches its callee.
    Deliver(CallId),
    /// A reply reaches its caller.
    Reply {
        /// The call.
        call: CallId,
        /// What it says.
        outcome: Outcome,
    },
    /// A server is done computing for a call.
    Complete {
        /// The call.
        call: CallId,
        /// Which scheduling of its completion this is; an older one is stale.
        run: u16,
    },
    /// A server whose executor says who runs when is done with some computing.
    Share {
        /// The component.
        node: u16,
        /// Its server.
        server: u16,
        /// Which scheduling this is; an older one is stale.
        epoch: u32,
    },
    /// The front of a line of deadlines falls due.
    Deadlines {
        /// The line.
        line: u16,
    },
    /// A deadline that a call inherited passes.
    Expire(CallId),
    /// A client's patience ends.
    Patience(RequestId),
    /// The time a passage through a stage asked for.
    Wake(PassageId),
    /// A window of measurement opens or closes.
    Window,
    /// A bin of the time series ends.
    Bin,
    /// It is time for a server's heartbeat to a view.
    Heartbeat {
        /// The view it goes to.
        dispatch: u32,
        /// The server's row.
        row: u16,
    },
    /// A heartbeat reaches a view.
    Heard {
        /// The view.
        dispatch: u32,
        /// The row that is heard.
        row: u16,
    },
    /// A server may have been silent for too long.
    Suspect {
        /// The view that listens.
        dispatch: u32,
        /// The row that is not heard.
        row: u16,
    },
    /// A backend's health is to be checked.
    Check {
        /// The view that checks.
        dispatch: u32,
        /// The backend's row.
        row: u16,
    },
    /// The answer to a health check, or its timeout.
    Checked {
        /// The view that checks.
        dispatch: u32,
        /// The backend's row.
        row: u16,
        /// Whether it answered well.
        healthy: bool,
    },
    /// An ejector's or a slow start's turn.
    Tend {
        /// The view that owns it.
        dispatch: u32,
    },
    /// A view that reads a board of load figures sees it refreshed.
    Board {
        /// The view.
        dispatch: u32,
    },
    /// A message reaches a server of a cache that a key has changed.
    Invalidate(NoticeId),
    /// A message reaches a server of a cache that the cache below no longer holds a key.
    BackInvalidate(NoticeId),
    /// What a cache holds is saved.
    Snapshot {
        /// The cache.
        node: u16,
    },
    /// A cache looks for objects whose lifetime is over.
    Sweep {
        /// The cache.
        node: u16,
    },
    /// A call has a key it waited for, or has waited too long for it.
    Claim {
        /// The call.
        call: CallId,
        /// Which wait this is of; an older one is stale.
        run: u16,
        /// Whether it has it.
        granted: bool,
    },
    /// A coordinator hears that a participant knows its decision.
    Acknowledge {
        /// The transaction.
        transaction: TransactionId,
        /// Which participant.
        party: u16,
    },
    /// Whoever does not know how a transaction ended is told again.
    Resolve(TransactionId),
    /// A replica that missed something asks for it.
    CatchUp {
        /// The database.
        node: u16,
        /// Its server.
        server: u16,
    },
    /// What a server of a database said instead of answering, or an answer that another server passes on, arrives.
    Detour(CallId),
    /// It is time to change the number of a database's shards.
    Reshard {
        /// The database.
        node: u16,
    },
    /// It is time to look whether a database's ranges are asked alike.
    Rebalance {
        /// The database.
        node: u16,
    },
    /// A stream that copies keys goes on.
    Copy {
        /// The database.
        node: u16,
        /// The stream.
        stream: u16,
    },
    /// A fault begins or ends.
    Fault {
        /// The fault.
        fault: u16,
        /// Which of its targets, for faults that strike each by itself.
        target: u16,
        /// Whether it begins.
        begins: bool,
    },
}

const _: () = assert!(size_of::<Event>() <= 12);

impl Event {
    /// Completions, then timeouts, then controllers, then arrivals.
    #[inline]
    pub const fn order(&self) -> Order {
        match self {
            Self::Complete { .. } | Self::Share { .. } | Self::Reply { .. } | Self::Detour(_) => {
                Order::Completion
            }
            Self::Deadlines { .. } | Self::Expire(_) | Self::Patience(_) | Self::Wake(_) => Order::Timeout,
            Self::Window
            | Self::Bin
            | Self::Heartbeat { .. }
            | Self::Heard { .. }
            | Self::Suspect { .. }
            | Self::Check { .. }
            | Self::Checked { .. }
            | Self::Tend { .. }
            | Self::Board { .. }
            | Self::Invalidate(_)
            | Self::BackInvalidate(_)
            | Self::Snapshot { .. }
            | Self::Sweep { .. }
            | Self::CatchUp { .. }
            | Self::Claim { .. }
            | Self::Acknowledge { .. }
            | Self::Resolve(_)
            | Self::Reshard { .. }
            | Self::Rebalance { .. }
            | Self::Copy { .. }
            | Self::Fault { .. } => Order::Tick,
            Self::Arrive { .. } | Self::Think { .. } | Self::Deliver(_) => Order::Arrival,
        }
    }
}

//! What is asked of a callee, where that is more than its class says.

/// What a call asks of its callee.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verb {
    /// What its class says.
    #[default]
    Serve,
    /// Of a cache: what it has.
    Get,
    /// Of a cache: to take this.
    Put,
    /// Of a cache: to drop what it has.
    Drop,
    /// Of a cache: what its class says, and to leave the object to the cache that asks.
    Take,
    /// Of a cache: to take in what the cache above had to let go.
    Accept,
    /// Of a cache, by itself: to send what it had to let go to the cache below.
    HandDown,
    /// What its class says, unless the caller has it still right.
    Validate,
    /// Of a database: what this shard has.
    Shard(u16),
    /// Of this shard of a database: what its part of an index has of a value.
    Lookup(u16),
    /// Of this shard of a database: to write an entry of an index.
    Entry(u16),
    /// Of a replica of a shard: to take over what its leader wrote.
    Apply {
        /// The shard.
        shard: u16,
        /// Which of its replicas; 0 leads.
        replica: u8,
    },
    /// Of a replica of a shard: which version it has.
    Peek {
        /// The shard.
        shard: u16,
        /// Which of its replicas; 0 leads.
        replica: u8,
    },
    /// Of a shard: to promise its part of a transaction.
    Prepare(u16),
    /// Of a shard: to commit its part by itself.
    Alone(u16),
    /// Of a database: keys that move from a shard to another.
    Copy,
}

/// What a call was asked for, in a byte: which shard is known by its callee. Those whose work is not what their class
/// says come last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Asked {
    /// What its class says.
    Serve,
    /// Of a cache: what it has.
    Get,
    /// Of a cache: to take this.
    Put,
    /// Of a cache: to drop what it has.
    Drop,
    /// Of a cache: what its class says, and to leave the object to the cache that asks.
    Take,
    /// Of a cache: to take in what the cache above had to let go.
    Accept,
    /// Of a cache, by itself: to send what it had to let go to the cache below.
    HandDown,
    /// Of a database: what the shard has.
    Shard,
    /// Of a database: what a shard's part of an index has of a value.
    Lookup,
    /// What its class says, unless the caller has it still right. From here on it may take other work than its class
    /// says.
    Validate,
    /// Of a database: keys that move from a shard to another.
    Copy,
    /// Of a database: to write an entry of an index.
    Entry,
    /// Of a replica of a shard: to take over what its leader wrote.
    Apply,
    /// Of a replica of a shard: which version it has.
    Peek,
    /// What its class says; it waits for messages, and its worker serves others meanwhile.
    Released,
    /// Of a shard: to promise its part of a transaction.
    Prepare,
    /// Of a shard: to commit its part by itself.
    Alone,
    /// Of a shard: to commit what it promised.
    Commit,
    /// Of a shard: to abort.
    Abort,
    /// Of a shard: to undo what it committed.
    Undo,
}

impl From<Verb> for Asked {
    #[inline]
    fn from(verb: Verb) -> Self {
        match verb {
            Verb::Serve => Self::Serve,
            Verb::Shard(_) => Self::Shard,
            Verb::Lookup(_) => Self::Lookup,
            Verb::Entry(_) => Self::Entry,
            Verb::Copy => Self::Copy,
            Verb::Get => Self::Get,
            Verb::Put => Self::Put,
            Verb::Drop => Self::Drop,
            Verb::Take => Self::Take,
            Verb::Accept => Self::Accept,
            Verb::HandDown => Self::HandDown,
            Verb::Validate => Self::Validate,
            Verb::Apply { .. } => Self::Apply,
            Verb::Peek { .. } => Self::Peek,
            Verb::Prepare(_) => Self::Prepare,
            Verb::Alone(_) => Self::Alone,
        }
    }
}

impl From<Asked> for Verb {
    #[inline]
    fn from(asked: Asked) -> Self {
        match asked {
            // Those within a database do not come by a proxy.
            Asked::Serve
            | Asked::Shard
            | Asked::Lookup
            | Asked::Entry
            | Asked::Apply
            | Asked::Peek
            | Asked::Released
            | Asked::Prepare
            | Asked::Alone
            | Asked::Commit
            | Asked::Abort
            | Asked::Undo => Self::Serve,
            Asked::Copy => Self::Copy,
            Asked::Get => Self::Get,
            Asked::Put => Self::Put,
            Asked::Drop => Self::Drop,
            Asked::Take => Self::Take,
            Asked::Accept => Self::Accept,
            Asked::HandDown => Self::HandDown,
            Asked::Validate => Self::Validate,
        }
    }
}

impl Asked {
    /// Whether it is a part of a transaction, which says itself what it changes.
    #[inline]
    pub const fn is_of_transaction(self) -> bool {
        matches!(self, Self::Prepare | Self::Alone) || self.is_errand()
    }

    /// Whether it is a message that nobody waits for and that is of use all the same.
    #[inline]
    pub const fn is_errand(self) -> bool {
        matches!(self, Self::Commit | Self::Abort | Self::Undo)
    }
}

impl Verb {
    /// The shard it is meant for, if it is for one.
    #[inline]
    pub const fn shard(self) -> Option<u16> {
        match self {
            Self::Shard(shard)
            | Self::Lookup(shard)
            | Self::Entry(shard)
            | Self::Apply { shard, .. }
            | Self::Peek { shard, .. }
            | Self::Prepare(shard)
            | Self::Alone(shard) => Some(shard),
            Self::Serve
            | Self::Get
            | Self::Put
            | Self::Drop
            | Self::Take
            | Self::Accept
            | Self::HandDown
            | Self::Validate
            | Self::Copy => None,
        }
    }

    /// The replica of the shard it is meant for, if it is for one.
    #[inline]
    pub const fn replica(self) -> Option<u8> {
        match self {
            Self::Apply { replica, .. } | Self::Peek { replica, .. } => Some(replica),
            // Leaders take part, and write.
            Self::Prepare(_) | Self::Alone(_) | Self::Entry(_) => Some(0),
            Self::Serve
            | Self::Get
            | Self::Put
            | Self::Drop
            | Self::Take
            | Self::Accept
            | Self::HandDown
            | Self::Validate
            | Self::Copy
            | Self::Lookup(_)
            | Self::Shard(_) => None,
        }
    }
}

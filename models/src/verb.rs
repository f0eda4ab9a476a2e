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
}

/// What a call was asked for, in a byte: which shard is known by its callee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// What its class says, unless the caller has it still right.
    Validate,
}

impl From<Verb> for Asked {
    #[inline]
    fn from(verb: Verb) -> Self {
        match verb {
            Verb::Serve | Verb::Shard(_) => Self::Serve,
            Verb::Get => Self::Get,
            Verb::Put => Self::Put,
            Verb::Drop => Self::Drop,
            Verb::Take => Self::Take,
            Verb::Accept => Self::Accept,
            Verb::HandDown => Self::HandDown,
            Verb::Validate => Self::Validate,
        }
    }
}

impl From<Asked> for Verb {
    #[inline]
    fn from(asked: Asked) -> Self {
        match asked {
            Asked::Serve => Self::Serve,
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

impl Verb {
    /// The shard it is meant for, if it is for one.
    #[inline]
    pub const fn shard(self) -> Option<u16> {
        match self {
            Self::Shard(shard) => Some(shard),
            Self::Serve
            | Self::Get
            | Self::Put
            | Self::Drop
            | Self::Take
            | Self::Accept
            | Self::HandDown
            | Self::Validate => None,
        }
    }
}

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
    /// What its class says, unless the caller has it still right.
    Validate,
    /// Of a database: what this shard has.
    Shard(u16),
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
    /// Of a database: what the shard has.
    Shard,
    /// What its class says, unless the caller has it still right.
    Validate,
    /// Of a database: keys that move from a shard to another.
    Copy,
}

impl From<Verb> for Asked {
    #[inline]
    fn from(verb: Verb) -> Self {
        match verb {
            Verb::Serve => Self::Serve,
            Verb::Shard(_) => Self::Shard,
            Verb::Copy => Self::Copy,
            Verb::Get => Self::Get,
            Verb::Put => Self::Put,
            Verb::Drop => Self::Drop,
            Verb::Validate => Self::Validate,
        }
    }
}

impl From<Asked> for Verb {
    #[inline]
    fn from(asked: Asked) -> Self {
        match asked {
            Asked::Serve | Asked::Shard => Self::Serve,
            Asked::Copy => Self::Copy,
            Asked::Get => Self::Get,
            Asked::Put => Self::Put,
            Asked::Drop => Self::Drop,
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
            Self::Serve | Self::Get | Self::Put | Self::Drop | Self::Validate | Self::Copy => None,
        }
    }
}

//! Hashes and tables of the reference systems, bit for bit: pure functions that balancing and sharding share.
//!
//! Each computes what a real system computes, so that a simulated ring or table gives a key to the very
//! member that the real one would.

mod haproxy;
mod jump;
mod ketama;
mod maglev;
mod mersenne;
mod murmur;
mod rendezvous;
mod ring;

pub use haproxy::{HAPROXY_WEIGHT_MAX, avalanche, haproxy_weights, sdbm, server_map};
pub use jump::jump_hash;
pub use ketama::{KETAMA_POINTS, ketama_ring};
pub use maglev::{is_prime, maglev_table};
pub use mersenne::Mersenne;
pub use murmur::{kafka_partition, murmur2};
pub use rendezvous::rendezvous_score;
pub use ring::{Ring, ring_of};

/// What a table is made of: one member, as the table sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member<'a> {
    /// What the table answers with.
    pub index: u32,
    /// What is hashed: the same name gives the same places in every table.
    pub name: &'a str,
    /// How large its part is, at least 1.
    pub weight: u32,
}

/// xxHash64 with seed 0: what Envoy hashes requests and hosts with.
pub fn xx_hash(bytes: &[u8]) -> u64 {
    xxhash_rust::xxh64::xxh64(bytes, 0)
}

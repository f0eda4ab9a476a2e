//! Where a name or an address leads: answers that caches keep, and an address that moves to a standby.
//!
//! A balancer chooses anew for every request. These two do not: a resolver's cache goes on with an old answer until its
//! time is over, a virtual address belongs to one server until another has been silent long enough to take it over.

pub mod resolver_caches;
pub mod virtual_address;

pub use resolver_caches::{DnsSpec, ResolverCaches};
pub use virtual_address::{VirtualAddress, VirtualAddressSpec};

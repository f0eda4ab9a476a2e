//! IP hash as nginx does it: clients of one /24 network share a server.
//!
//! The first three octets are hashed modulo 6271, then modulo the total weight; a server that is away makes
//! the hash go round again, and after 20 tries turns take over. Adding a server moves almost every client.
//! nginx `ngx_http_upstream_ip_hash_module.c`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::Stream};

use super::{Ask, Backend, Backends, Balance, Endpoint, available, smooth::Smooth};

/// How often the hash may go round again.
const TRIES: u32 = 20;

/// `IpHash`: nothing to set; it always hashes the address.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {}

impl Spec {
    pub(super) fn check(&self, _: &mut Check) {}

    pub(super) fn build(&self, endpoints: &[Endpoint]) -> State {
        State { turns: Smooth::new(endpoints) }
    }
}

/// The turns taken where hashing finds no server.
#[derive(Debug)]
pub struct State {
    turns: Smooth,
}

/// One more round of nginx's hash over the network part of an address.
fn again(hash: u32, address: u32) -> u32 {
    let [a, b, c, _] = address.to_be_bytes();
    [a, b, c].into_iter().fold(hash, |hash, octet| (hash * 113 + u32::from(octet)) % 6271)
}

/// Whose weight the hash falls on.
fn owner(rows: &[Backend], hash: u32) -> Option<usize> {
    let total: u64 = rows.iter().map(|row| u64::from(row.weight)).sum();
    let mut left = u64::from(hash).checked_rem(total)?;
    rows.iter().position(|row| {
        let mine = left < u64::from(row.weight);
        left = left.saturating_sub(u64::from(row.weight));
        mine
    })
}

impl Balance for State {
    fn pick(&mut self, backends: &Backends<'_>, ask: &Ask, _: &mut Stream) -> Option<usize> {
        let rows = backends.rows;
        let mut hash = 89;
        for _ in 0..=TRIES {
            hash = again(hash, ask.address);
            if let Some(picked) = owner(rows, hash).filter(|&index| available::is(rows, index)) {
                return Some(picked);
            }
        }
        self.turns.pick(rows, |_, row| row.weight, |_, _| true)
    }

    fn on_membership(&mut self, endpoints: &[Endpoint]) {
        self.turns.on_membership(endpoints);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::balancing::testing::{endpoints, rows, stream, view};

    fn address(octets: [u8; 4]) -> u32 {
        u32::from_be_bytes(octets)
    }

    fn pick(rows: &[Backend], octets: [u8; 4]) -> Option<usize> {
        let ask = Ask { key: 0, address: address(octets) };
        Spec {}.build(&endpoints(&[1; 3])).pick(&view(rows), &ask, &mut stream())
    }

    #[test]
    fn the_hash_is_nginxs() {
        // By hand: 89·113 + 10 = 10067 ≡ 3796; 3796·113 + 0 = 428948 ≡ 2520; 2520·113 + 3 = 284763 ≡ 2568.
        assert_eq!(again(89, address([10, 0, 3, 77])), 2568);
        assert_eq!(pick(&rows(&[1; 3]), [10, 0, 3, 77]), Some(0));
        // 2568 mod 10 = 8 falls on the third of weights 5, 3, 2.
        assert_eq!(pick(&rows(&[5, 3, 2]), [10, 0, 3, 77]), Some(2));
    }

    #[test]
    fn a_network_shares_a_server_and_moves_together() {
        let mut rows = rows(&[1; 3]);
        let home = pick(&rows, [192, 0, 2, 1]).unwrap();
        assert_eq!(pick(&rows, [192, 0, 2, 254]), Some(home));
        rows[home].available = false;
        let away = pick(&rows, [192, 0, 2, 1]).unwrap();
        assert_ne!(away, home);
        assert_eq!(pick(&rows, [192, 0, 2, 254]), Some(away));
    }
}

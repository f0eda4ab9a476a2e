//! nginx's ketama ring (`hash … consistent`): 160 points a unit of weight, by chained CRC-32.
//!
//! Each point is crc32(HOST, NUL, PORT, previous point), the previous of the first being 0; a key belongs to
//! the first point at or after its crc32. Unlike Envoy's ring the number of points does not depend on how
//! many servers there are. nginx `ngx_http_upstream_hash_module.c`, compatible with Cache::Memcached::Fast.

use super::{Member, Ring};

/// Points for each unit of weight.
pub const KETAMA_POINTS: u32 = 160;

/// The ring of these servers, each with its port; of points with the same hash only the first server's is
/// kept.
pub fn ketama_ring(servers: &[(Member<'_>, u16)]) -> Ring<u32> {
    let mut points = Vec::new();
    for (member, port) in servers {
        let mut base = crc32fast::Hasher::new();
        base.update(member.name.as_bytes());
        base.update(&[0]);
        base.update(port.to_string().as_bytes());
        let mut previous = 0_u32;
        points.extend((0..KETAMA_POINTS.saturating_mul(member.weight)).map(|_| {
            let mut point = base.clone();
            point.update(&previous.to_le_bytes());
            previous = point.finalize();
            (previous, member.index)
        }));
    }
    points.sort_by_key(|&(hash, _)| hash);
    points.dedup_by_key(|&mut (hash, _)| hash);
    Ring::new(points)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_peers_own_what_nginx_gives_them() {
        // 10.0.0.{1,2,3}:80 with weight 1; the algorithm was checked against the log of a running nginx.
        let servers: Vec<_> = (0_u32..)
            .zip(["10.0.0.1", "10.0.0.2", "10.0.0.3"])
            .map(|(index, name)| (Member { index, name, weight: 1 }, 80))
            .collect();
        let ring = ketama_ring(&servers);
        assert_eq!(ring.points().len(), 480);
        for (share, expected) in ring.shares(3).into_iter().zip([0.347_875, 0.300_181, 0.351_944]) {
            assert!((share - expected).abs() < 1e-6, "{share} is not {expected}");
        }
        for (key, server) in
            [("/a", 0), ("/b", 2), ("/c", 1), ("user:1", 0), ("user:2", 2), ("foo", 0), ("bar", 0)]
        {
            assert_eq!(ring.walk(crc32fast::hash(key.as_bytes())).next(), Some(server), "{key}");
        }
    }
}

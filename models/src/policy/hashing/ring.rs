//! A ring of hashed points, and Envoy's way to fill it.
//!
//! A key belongs to the first point at or after its hash. Envoy gives the lightest host a whole number of
//! points and the others their weight's worth, rounded on running sums. Envoy `ring_hash_lb.cc`, after
//! libketama.

use super::{Member, xx_hash};

/// Points on a circle of hashes, each owned by a member.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ring<H> {
    points: Vec<(H, u32)>,
}

impl<H: Copy + Ord + Into<u64>> Ring<H> {
    /// A ring of these points; of points with the same hash the earlier given comes first.
    pub fn new(mut points: Vec<(H, u32)>) -> Self {
        points.sort_by_key(|&(hash, _)| hash);
        Self { points }
    }

    /// The points in the order of their hashes, each with its owner.
    pub fn points(&self) -> &[(H, u32)] {
        &self.points
    }

    /// The owners met on one turn of the ring that starts at the first point at or after `hash`.
    pub fn walk(&self, hash: H) -> impl Iterator<Item = usize> + '_ {
        let start = self.points.partition_point(|&(point, _)| point < hash);
        let (before, after) = self.points.split_at(start);
        after.iter().chain(before).map(|&(_, owner)| owner as usize)
    }

    /// What part of all hashes each of `members` owns.
    pub fn shares(&self, members: usize) -> Vec<f64> {
        let circle = libm::exp2(8.0 * size_of::<H>() as f64);
        let mut shares = vec![0.0; members];
        // The first point also owns what lies beyond the last.
        let mut previous = self.points.last().map_or(0.0, |&(hash, _)| hash.into() as f64 - circle);
        for &(hash, owner) in &self.points {
            let place = hash.into() as f64;
            if let Some(share) = shares.get_mut(owner as usize) {
                *share += (place - previous) / circle;
            }
            previous = place;
        }
        shares
    }
}

/// Envoy's ring: at least `minimum` points unless `maximum` is less, at xxHash64 of `name_0`, `name_1` and so
/// on.
pub fn ring_of(members: &[Member<'_>], minimum: u64, maximum: u64) -> Ring<u64> {
    let sum: f64 = members.iter().map(|member| f64::from(member.weight)).sum();
    let part = |member: &Member<'_>| f64::from(member.weight) / sum;
    let least = members.iter().map(part).fold(1.0, f64::min);
    let scale = ((least * minimum as f64).ceil() / least).min(maximum as f64);
    let mut points = Vec::new();
    let mut target = 0.0;
    for member in members {
        target += scale * part(member);
        let missing = (target - points.len() as f64).ceil().max(0.0) as u64;
        points.extend(
            (0..missing).map(|nth| (xx_hash(format!("{}_{nth}", member.name).as_bytes()), member.index)),
        );
    }
    Ring::new(points)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members<'a>(names: &'a [String], weights: &[u32]) -> Vec<Member<'a>> {
        let indices = 0_u32..;
        indices
            .zip(names.iter().zip(weights))
            .map(|(index, (name, &weight))| Member { index, name, weight })
            .collect()
    }

    fn local(ports: std::ops::Range<u32>) -> Vec<String> {
        ports.map(|port| format!("127.0.0.1:{port}")).collect()
    }

    #[test]
    fn points_lie_where_envoy_puts_them() {
        // RingHashLoadBalancerTest.Basic: six hosts, at least 12 points.
        let names = local(90..96);
        let ring = ring_of(&members(&names, &[1; 6]), 12, 8_388_608);
        let expected = [
            (833_437_586_790_550_860, 4),
            (928_266_305_478_181_108, 2),
            (1_033_482_794_131_418_490, 0),
            (3_551_244_743_356_806_947, 5),
            (3_851_675_632_748_031_481, 3),
            (5_583_722_120_771_150_861, 1),
            (6_311_230_543_546_372_928, 1),
            (7_700_377_290_971_790_572, 3),
            (13_144_177_310_400_110_813, 5),
            (13_444_792_449_719_432_967, 2),
            (15_516_499_411_664_133_160, 4),
            (16_117_243_373_044_804_889, 0),
        ];
        assert_eq!(ring.points(), expected);
        assert_eq!(ring.walk(3_551_244_743_356_806_947).next(), Some(5));
        assert_eq!(ring.walk(3_551_244_743_356_806_948).next(), Some(3));
        assert_eq!(ring.walk(u64::MAX).next(), Some(4));
    }

    #[test]
    fn weights_give_points_in_proportion() {
        // RingHashLoadBalancerTest.HostWeightedTinyRing and HostWeightedLargeRing: 6000 even steps round the
        // ring.
        let names = local(90..93);
        let tiny = ring_of(&members(&names, &[1, 2, 3]), 6, 6);
        assert_eq!(tiny.points().iter().map(|&(_, owner)| owner).collect::<Vec<_>>(), [2, 2, 1, 1, 2, 0]);
        let large = ring_of(&members(&names, &[1, 2, 3]), 6144, 8_388_608);
        let mut hits = [0; 3];
        for step in 0..6000 {
            hits[large.walk(step * (u64::MAX / 6000)).next().unwrap()] += 1;
        }
        assert_eq!((large.points().len(), hits), (6144, [987, 1932, 3081]));
    }

    /// Rings of `nodes` with `each` points, under names of their own.
    fn rings(count: usize, nodes: usize, each: usize) -> impl Iterator<Item = Ring<u64>> {
        (0..count).map(move |ring| {
            let names: Vec<String> = (0..nodes).map(|node| format!("ring {ring} node {node}")).collect();
            ring_of(&members(&names, &vec![1; nodes]), (nodes * each) as u64, u64::MAX)
        })
    }

    #[test]
    fn shares_vary_as_the_dirichlet_law_says() {
        // sqrt((N-1)/(NV+1)): the coefficient of variation of Dirichlet shares.
        for (count, nodes, each, expected) in [
            (20_000, 10, 1, 0.904_53),
            (4_000, 10, 10, 0.298_51),
            (1_000, 10, 100, 0.094_82),
            (1_000, 10, 160, 0.074_98),
            (300, 10, 1_000, 0.030_00),
            (200, 1_000, 1, 0.999_00),
            (50, 1_000, 10, 0.316_05),
            (10, 1_000, 100, 0.099_95),
            (3, 1_000, 1_000, 0.031_61),
        ] {
            let squares: f64 = rings(count, nodes, each)
                .flat_map(|ring| ring.shares(nodes))
                .map(|share| (share * nodes as f64 - 1.0) * (share * nodes as f64 - 1.0))
                .sum();
            let variation = (squares / (count * nodes) as f64).sqrt();
            assert!((variation / expected - 1.0).abs() < 0.03, "N={nodes} V={each}: {variation}");
        }
    }

    #[test]
    fn a_new_node_takes_its_share_from_all_and_nothing_else_moves() {
        let names: Vec<String> = (0..11).map(|node| format!("node {node}")).collect();
        let before = ring_of(&members(&names[..10], &[1; 10]), 1000, u64::MAX);
        let after = ring_of(&members(&names, &[1; 11]), 1100, u64::MAX);
        let moved = (0..100_000_u64)
            .map(|key| xx_hash(&key.to_le_bytes()))
            .filter(|&key| before.walk(key).next() != after.walk(key).next())
            .inspect(|&key| assert_eq!(after.walk(key).next(), Some(10)))
            .count();
        // Beta(100, 1000): 1/11 with standard deviation 0.0087; three of them.
        assert!((moved as f64 / 100_000.0 - 1.0 / 11.0).abs() < 3.0 * 0.0087, "{moved}");
    }
}

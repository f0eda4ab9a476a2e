//! Maglev's lookup table: a prime number of slots, filled in turns, so that shares differ by one slot at
//! most.
//!
//! Every member walks the slots in a permutation of its own and takes the first free one when it has its
//! turn; a member lighter than the heaviest sits out its share of the turns. A lookup is one modulo; in
//! return a few more keys move than on a ring when a member leaves. Members take turns in the order of their
//! names, so that every balancer builds the same table. Eisenbud et al., *Maglev*, NSDI 2016; Envoy
//! `maglev_lb.cc`.

use xxhash_rust::xxh64::xxh64;

use super::Member;

/// A slot that nobody has taken yet.
const FREE: u32 = u32::MAX;

/// A member while the table is filled.
struct Turn {
    index: u32,
    weight: u64,
    /// Where its walk stands, and its step.
    slot: u64,
    skip: u64,
    /// It sits out until the turns it was owed reach this.
    target: u64,
}

/// Which member owns each of `size` slots; `size` must be prime and at least 2. Empty if there is no member.
pub fn maglev_table(members: &[Member<'_>], size: u64) -> Vec<u32> {
    let mut members: Vec<&Member<'_>> = members.iter().collect();
    members.sort_by_key(|member| member.name);
    let Some(heaviest) = members.iter().map(|member| u64::from(member.weight)).max() else {
        return Vec::new();
    };
    let mut turns: Vec<Turn> = members.iter().map(|member| Turn::new(member, size)).collect();
    let mut table = vec![FREE; size as usize];
    let mut free = table.len();
    let mut round = 0;
    while free > 0 {
        round += 1;
        for turn in &mut turns {
            // Exact integers where Envoy compares rounded fractions of the total weight.
            if free > 0 && round * turn.weight >= turn.target {
                turn.target += heaviest;
                turn.take_slot(&mut table);
                free -= 1;
            }
        }
    }
    table
}

impl Turn {
    fn new(member: &Member<'_>, size: u64) -> Self {
        let name = member.name.as_bytes();
        Self {
            index: member.index,
            weight: u64::from(member.weight.max(1)),
            slot: xxh64(name, 0) % size,
            skip: xxh64(name, 1) % (size - 1) + 1,
            target: 0,
        }
    }

    /// Takes the next free slot of its walk. Ends: the step is no multiple of the prime size, so the walk
    /// meets all.
    fn take_slot(&mut self, table: &mut [u32]) {
        while table[self.slot as usize] != FREE {
            self.slot = (self.slot + self.skip) % table.len() as u64;
        }
        table[self.slot as usize] = self.index;
    }
}

/// Whether `number` is prime, by trial division.
pub fn is_prime(number: u64) -> bool {
    number >= 2 && (2..=number.isqrt()).all(|factor| !number.is_multiple_of(factor))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(names: &[String], weights: &[u32], size: u64) -> Vec<u32> {
        let members: Vec<Member<'_>> = (0_u32..)
            .zip(names.iter().zip(weights))
            .map(|(index, (name, &weight))| Member { index, name, weight })
            .collect();
        maglev_table(&members, size)
    }

    fn counts(table: &[u32], members: usize) -> Vec<usize> {
        let mut counts = vec![0; members];
        for &owner in table {
            counts[owner as usize] += 1;
        }
        counts
    }

    #[test]
    fn tables_are_envoys() {
        // MaglevLoadBalancerTest.Basic, BasicWithHostName and Weighted.
        let addresses: Vec<String> = (90..96).map(|port| format!("127.0.0.1:{port}")).collect();
        assert_eq!(table(&addresses, &[1; 6], 7), [2, 4, 0, 1, 5, 0, 3]);
        let names: Vec<String> = (90..96).map(|port| port.to_string()).collect();
        assert_eq!(table(&names, &[1; 6], 7), [2, 5, 0, 3, 4, 1, 0]);
        let weighted = [1, 0, 0, 1, 0, 1, 1, 0, 1, 1, 1, 1, 1, 0, 1, 0, 1];
        assert_eq!(table(&addresses[..2], &[1, 2], 17), weighted);
    }

    #[test]
    fn the_order_in_which_members_are_listed_does_not_matter() {
        let names: Vec<String> = (0..5).map(|node| format!("node {node}")).collect();
        let reversed: Vec<String> = names.iter().rev().cloned().collect();
        let mirrored: Vec<u32> = table(&reversed, &[1; 5], 101).iter().map(|owner| 4 - owner).collect();
        assert_eq!(table(&names, &[1; 5], 101), mirrored);
    }

    #[test]
    fn shares_differ_by_one_slot() {
        for (members, most, least) in [(10, 6554, 6553), (100, 656, 655), (1000, 66, 65)] {
            let names: Vec<String> = (0..members).map(|node| format!("backend-{node}")).collect();
            let counts = counts(&table(&names, &vec![1; members], 65_537), members);
            assert_eq!((counts.iter().max(), counts.iter().min()), (Some(&most), Some(&least)));
        }
    }

    /// The part of slots that change when one of `members` leaves, beyond those the leaver had; mean over
    /// leavers.
    fn needless_moves(members: usize, size: u64, leavers: usize) -> f64 {
        let names: Vec<String> = (0..members).map(|node| format!("backend-{node}")).collect();
        let all: Vec<Member<'_>> =
            (0_u32..).zip(&names).map(|(index, name)| Member { index, name, weight: 1 }).collect();
        let before = maglev_table(&all, size);
        let moved: usize = (0..leavers)
            .map(|leaver| {
                let left: Vec<Member<'_>> =
                    all.iter().filter(|member| member.index as usize != leaver).copied().collect();
                let after = maglev_table(&left, size);
                let kept = |&(was, is): &(&u32, &u32)| was != is && *was as usize != leaver;
                before.iter().zip(&after).filter(kept).count()
            })
            .sum();
        moved as f64 / leavers as f64 / size as f64
    }

    #[test]
    fn a_leaver_disturbs_few_others() {
        // Simulated with SHA-256 permutations: beyond the leaver's own 1/N, so much of the table changes.
        for (members, size, leavers, expected) in
            [(10, 65_537, 10, 0.002_05), (100, 65_537, 100, 0.0058), (1000, 65_537, 100, 0.0055)]
        {
            let extra = needless_moves(members, size, leavers);
            assert!((extra / expected - 1.0).abs() < 0.1, "N={members}: {extra}");
        }
        // A table of 1009 slots for ten members changes by 11.7 to 12.3 % in all.
        let small = 0.1 + needless_moves(10, 1009, 10);
        assert!((0.117..0.123).contains(&small), "{small}");
    }

    #[test]
    fn primes() {
        let small: Vec<u64> = (0..30).filter(|&number| is_prime(number)).collect();
        assert_eq!(small, [2, 3, 5, 7, 11, 13, 17, 19, 23, 29]);
        assert!(is_prime(65_537) && is_prime(655_373) && !is_prime(65_536) && !is_prime(655_371));
    }
}

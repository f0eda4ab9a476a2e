//! The order of work: all cells' first replications, then all second ones, so that whatever is done is balanced.

use std::str::FromStr;

use crate::study::Cell;

/// One replication of one cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its place in the schedule of the whole study; shards are told apart by it.
    pub index: usize,
    /// Index of the cell in the study.
    pub cell: usize,
    /// Which replication, from 0.
    pub replication: u64,
}

/// Every job of these cells: by replication, then by the cell's hash, which shuffles cheap and dear cells.
pub fn schedule(cells: &[Cell]) -> Vec<Job> {
    let mut order: Vec<usize> = (0..cells.len()).collect();
    order.sort_by_key(|cell| cells.get(*cell).map(|cell| &cell.hash));
    let most = cells.iter().map(|cell| cell.replications).max().unwrap_or(0);
    let wanted =
        |cell: usize, replication| cells.get(cell).is_some_and(|cell| replication < cell.replications);
    (0..most)
        .flat_map(|replication| order.iter().map(move |cell| (*cell, replication)))
        .filter(|(cell, replication)| wanted(*cell, *replication))
        .enumerate()
        .map(|(index, (cell, replication))| Job { index, cell, replication })
        .collect()
}

/// One of several equal parts of the work, for several machines: `2/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which part, from 1.
    pub part: usize,
    /// Of how many.
    pub of: usize,
}

impl Shard {
    /// Whether the job is of this part.
    pub fn takes(self, job: &Job) -> bool {
        job.index % self.of == self.part - 1
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a shard such as 2/8, the second of eight");
        let (part, of) = text.split_once('/').ok_or_else(wrong)?;
        let shard = Self { part: part.parse().map_err(|_| wrong())?, of: of.parse().map_err(|_| wrong())? };
        if (1..=shard.of).contains(&shard.part) { Ok(shard) } else { Err(wrong()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(hash: &str, replications: u64) -> Cell {
        Cell { hash: hash.into(), replications, ..Cell::default() }
    }

    #[test]
    fn replications_come_first_then_hashes() {
        let jobs = schedule(&[cell("c", 2), cell("a", 3), cell("b", 1)]);
        let order: Vec<_> = jobs.iter().map(|job| (job.replication, job.cell)).collect();
        assert_eq!(order, [(0, 1), (0, 2), (0, 0), (1, 1), (1, 0), (2, 1)]);
    }

    #[test]
    fn shards_part_the_work() {
        let jobs = schedule(&[cell("c", 5), cell("a", 4), cell("b", 3)]);
        let shards: Vec<Shard> = ["1/3", "2/3", "3/3"].map(|text| text.parse().unwrap()).into();
        for job in &jobs {
            assert_eq!(shards.iter().filter(|shard| shard.takes(job)).count(), 1);
        }
        for wrong in ["0/3", "4/3", "1/0", "1", "a/b", "-1/2"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }
}

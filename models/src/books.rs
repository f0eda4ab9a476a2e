//! The books: at the end of every run everything that came must be accounted for, or the run is an error.
//!
//! Checked in release builds too: what came in = what was served + what failed + what is still inside, at every
//! workload, server and caller; Little's law as an identity on the path; work done = busy time.

use std::fmt::Write;

use sim_core::{random::name_hash, time::SimTime};

use crate::{
    measure::{IndexTotals, Ledger, ShelfTotals, Stored, TransactionTotals},
    node::shelf::Shelf,
    policy::transaction::Locks,
    request::Phase,
    world::{Node, Role, World},
};

/// A book that does not balance: our mistake, told with its figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unbalanced {
    /// The station.
    pub station: String,
    /// The two sides.
    pub what: String,
}

impl World {
    /// Checks every book at the end of the run.
    ///
    /// # Errors
    /// The first station whose books do not balance, with the figures.
    pub(crate) fn check_books(&self, now: SimTime) -> Result<(), Unbalanced> {
        let mut inside: Vec<u128> = vec![0; self.workloads.len()];
        for request in self.requests.values() {
            let workload = usize::from(request.workload);
            inside[workload] += u128::from(self.workloads[workload].ledger.overlap(request.intended, now));
        }
        for (workload, inside) in self.workloads.iter().zip(inside) {
            check_flow(&workload.name, &workload.ledger)?;
            check_little(&workload.name, &workload.ledger, inside)?;
        }
        self.check_servers(now)?;
        self.check_resources(now)?;
        self.check_caches()?;
        self.check_transactions()?;
        self.check_shards()?;
        self.check_indexes()?;
        self.check_passages().map_err(|what| Unbalanced { station: "the callers' stages".into(), what })?;
        self.check_calls()
    }

    /// Every call sent was answered, given up, or is still awaited.
    fn check_calls(&self) -> Result<(), Unbalanced> {
        let mut awaited = vec![0; self.call_books.len()];
        for call in self.calls.values().filter(|call| call.awaited) {
            awaited[usize::from(call.book)] += 1;
        }
        for (book, awaited) in self.call_books.iter().zip(awaited) {
            let (sent, ended) = (book.totals.attempts, book.totals.finished());
            if sent != ended + awaited || book.outstanding != awaited {
                let what = format!("{sent} sent ≠ {ended} ended + {awaited} awaited");
                return Err(Unbalanced { station: book.name.clone(), what });
            }
        }
        Ok(())
    }

    fn check_servers(&self, now: SimTime) -> Result<(), Unbalanced> {
        let mut still: Vec<Vec<(u128, u128, usize)>> =
            self.nodes.iter().map(|node| vec![(0, 0, 0); node.servers.len()]).collect();
        for (id, call) in &self.calls {
            if !matches!(call.phase, Phase::Waiting | Phase::Running | Phase::Calling) {
                continue;
            }
            let server = &self.nodes[usize::from(call.callee.node)].servers[usize::from(call.callee.server)];
            let (inside, served, held) =
                &mut still[usize::from(call.callee.node)][usize::from(call.callee.server)];
            if self.tasks.is_task(id) {
                // A task is inside as a part of its request; only what goes on by itself has a worker of its own.
                let own_worker = call.phase == Phase::Running && self.tasks.is_apart(id);
                *served += if own_worker { u128::from(now.since(call.started).as_nanos()) } else { 0 };
                continue;
            }
            *inside += u128::from(server.ledger.overlap(call.arrived, now));
            *held += usize::from(call.ticket.is_none());
            if call.phase != Phase::Waiting && self.holds_worker(call) || call.phase == Phase::Running {
                *served += u128::from(now.since(call.started).as_nanos());
            }
        }
        for (node, still) in self.nodes.iter().zip(still) {
            for (server, (inside, served, held)) in node.servers.iter().zip(still) {
                check_flow(&server.name, &server.ledger)?;
                check_little(&server.name, &server.ledger, inside)?;
                match &server.host {
                    Some(host) => check_held(&server.name, host.held(), held)?,
                    None => check_work(&server.name, &server.ledger, served)?,
                }
            }
        }
        Ok(())
    }

    /// Every write that a cache acknowledged before its source had it was passed on, or lost with its server, or is to be
    /// passed on; and every object sent down arrived, was lost, or is under way.
    fn check_caches(&self) -> Result<(), Unbalanced> {
        for node in &self.nodes {
            let Some(keeper) = node.keeper() else { continue };
            let pending: u64 = keeper.shelves.iter().map(Shelf::pending).sum();
            let ShelfTotals { written, passed_on, lost_writes, .. } = keeper.book.totals;
            if written != passed_on + lost_writes + pending {
                let what = format!(
                    "{written} written ≠ {passed_on} passed on + {lost_writes} lost + {pending} pending"
                );
                return Err(Unbalanced { station: node.name.clone(), what });
            }
        }
        for (number, node) in (0..).zip(&self.nodes) {
            let Some(keeper) = node.keeper() else { continue };
            let ShelfTotals { demotions, landed, lost_demotions, .. } = keeper.book.totals;
            let under_way = self.tasks.outliving.under_way(number);
            if demotions != landed + lost_demotions + under_way {
                let what = format!(
                    "{demotions} sent down ≠ {landed} landed + {lost_demotions} lost + {under_way} under way"
                );
                return Err(Unbalanced { station: node.name.clone(), what });
            }
        }
        Ok(())
    }

    /// Every transaction that began was decided, or still is to be; none is held by some and not by others; whoever
    /// holds a key is there to give it back; and the shards know of as many claims as those who claim.
    fn check_transactions(&self) -> Result<(), Unbalanced> {
        for (number, node) in (0..).zip(&self.nodes) {
            let Some(own) = node.division().and_then(|division| division.participation.as_deref()) else {
                continue;
            };
            let TransactionTotals { begun, committed, .. } = own.book.totals;
            let (aborted, (open, _)) = (own.book.totals.failed(), self.transactions.open(number));
            let unbalanced = |what: String| Err(Unbalanced { station: node.name.clone(), what });
            if begun != committed + aborted + open {
                return unbalanced(format!(
                    "{begun} transactions ≠ {committed} committed + {aborted} aborted + {open} open"
                ));
            }
            if own.broken > 0 || self.transactions.are_broken(number) {
                return unbalanced("a transaction was committed by some and aborted by others".into());
            }
            if own.locks.iter().flat_map(Locks::holders).any(|holder| !self.transactions.lives(holder)) {
                return unbalanced("a key is held by nobody".into());
            }
            let claimed = self.transactions.claimed(number, &self.calls);
            for (server, locks) in (0..).zip(&own.locks) {
                let ((held, waited), (holds, waits)) =
                    (locks.counts(), claimed.get(&server).copied().unwrap_or_default());
                if (held, waited) != (holds, waits) {
                    return unbalanced(format!(
                        "{held} keys held and {waited} waited for ≠ {holds} and {waits} by those who claim them"
                    ));
                }
            }
        }
        Ok(())
    }

    /// Every key of a database is at one shard, wherever it went; who waits for one is inside.
    fn check_shards(&self) -> Result<(), Unbalanced> {
        for node in &self.nodes {
            let Some(division) = node.division() else { continue };
            let Some(resharding) = &division.resharding else { continue };
            let (there, all) = (division.stored.iter().copied().sum::<Stored>(), division.all);
            if !division.is_where_it_says() {
                let what = "a shard counts other keys than those that the map gives it".into();
                return Err(Unbalanced { station: node.name.clone(), what });
            }
            let lost = resharding.held().iter().filter(|id| !self.calls.contains_key(**id)).count();
            if let Some(what) = division.unbalanced_hot_keys() {
                return Err(Unbalanced { station: node.name.clone(), what });
            }
            if there != all || division.stored.iter().any(Stored::is_owed) || lost > 0 {
                let what = format!("{there} at its shards ≠ {all}, or {lost} waiting calls are lost");
                return Err(Unbalanced { station: node.name.clone(), what });
            }
        }
        Ok(())
    }

    /// Every entry that was to follow a write did, was lost, or still will, by a task that is there.
    fn check_indexes(&self) -> Result<(), Unbalanced> {
        for node in &self.nodes {
            let Some(indexes) = node.division().and_then(|division| division.indexes.as_deref()) else {
                continue;
            };
            let IndexTotals { begun, applied, lost, .. } = indexes.book.totals;
            let under_way = indexes.under_way();
            let there = indexes.carriers().all(|id| self.tasks.is_task(id));
            if begun != applied + lost + under_way || !there {
                let what =
                    format!("{begun} entries ≠ {applied} applied + {lost} lost + {under_way} under way");
                return Err(Unbalanced { station: node.name.clone(), what });
            }
        }
        Ok(())
    }

    /// Every permit asked for was had, given back, waited for in vain, or still is one of these.
    fn check_resources(&self, now: SimTime) -> Result<(), Unbalanced> {
        let gates = |node: &Node| -> Vec<Vec<(u128, u128)>> {
            node.resources().iter().map(|resource| vec![(0, 0); resource.gates.len()]).collect()
        };
        let mut still: Vec<_> = self.nodes.iter().map(gates).collect();
        for (id, permit) in self.tasks.permits() {
            let Some(call) = self.calls.get(id) else { continue };
            let node = usize::from(call.callee.node);
            let (resource, gate) = permit.gate_of(self.nodes[node].resources(), call.callee.server);
            let ledger = &self.nodes[node].resources()[resource].gates[gate].ledger;
            let (inside, served) = &mut still[node][resource][gate];
            let (asked, had) = permit.times();
            *inside += u128::from(ledger.overlap(asked, now));
            *served += had.map_or(0, |had| u128::from(now.since(had).as_nanos()));
        }
        for (resource, still) in self.nodes.iter().flat_map(Node::resources).zip(still.into_iter().flatten())
        {
            for (gate, (inside, served)) in resource.gates.iter().zip(still) {
                check_flow(&resource.name, &gate.ledger)?;
                check_little(&resource.name, &gate.ledger, inside)?;
                check_work(&resource.name, &gate.ledger, served)?;
            }
        }
        Ok(())
    }

    /// A hash of every final integer, in a fixed order.
    pub(crate) fn digest(&self) -> u64 {
        let mut text = String::new();
        let servers =
            self.nodes.iter().flat_map(|node| &node.servers).map(|server| (&server.name, &server.ledger));
        let gates = self
            .nodes
            .iter()
            .flat_map(Node::resources)
            .flat_map(|resource| resource.gates.iter().map(move |gate| (&resource.name, &gate.ledger)));
        for (name, ledger) in self
            .workloads
            .iter()
            .map(|workload| (&workload.name, &workload.ledger))
            .chain(servers)
            .chain(gates)
        {
            // Writing into a string cannot fail.
            let _ = write!(text, "{name} {:?} {} {};", ledger.totals, ledger.inside, ledger.level);
        }
        for book in &self.call_books {
            let _ = write!(text, "{} {:?} {};", book.name, book.totals, book.outstanding);
        }
        for (node, division) in self.nodes.iter().filter_map(|node| Some((node, node.division()?))) {
            if division.resharding.is_some() {
                let _ = write!(text, "{} {:?};", node.name, division.book.totals);
            }
        }
        for (node, keeper) in self.nodes.iter().filter_map(|node| Some((node, node.keeper()?))) {
            let _ = write!(text, "{} {:?};", node.name, keeper.book.totals);
        }
        for (node, division) in self.nodes.iter().filter_map(|node| Some((node, node.division()?))) {
            if let Some(replicas) = &division.replicas {
                let _ = write!(text, "{} {:?};", node.name, replicas.book.totals);
            }
            if let Some(own) = &division.participation {
                let _ = write!(text, "{} {:?};", node.name, own.book.totals);
            }
            if let Some(indexes) = &division.indexes {
                let _ = write!(text, "{} {:?};", node.name, indexes.book.totals);
            }
        }
        name_hash(&text)
    }

    /// The station with the longest line, for the message about a run that grew beyond its budget.
    pub(crate) fn fullest(&self) -> Option<(&str, u32)> {
        let services = self.nodes.iter().filter(|node| matches!(node.role, Role::Service(_)));
        let stations =
            services.flat_map(|node| &node.servers).map(|server| (server.name.as_str(), server.ledger.level));
        stations.max_by_key(|(_, level)| *level)
    }
}

fn check_flow(name: &str, ledger: &Ledger) -> Result<(), Unbalanced> {
    let (came, went, inside) = (ledger.totals.arrivals, ledger.totals.finished(), u64::from(ledger.level));
    if came == went + inside {
        return Ok(());
    }
    Err(Unbalanced { station: name.into(), what: format!("{came} came ≠ {went} went + {inside} inside") })
}

fn check_work(name: &str, ledger: &Ledger, still: u128) -> Result<(), Unbalanced> {
    let (done, busy) = (ledger.served + still, ledger.totals.busy_area);
    if done == busy {
        return Ok(());
    }
    Err(Unbalanced { station: name.into(), what: format!("work done {done} ns ≠ busy time {busy} ns") })
}

/// Whoever is inside an executor is a call there.
fn check_held(name: &str, held: usize, calls: usize) -> Result<(), Unbalanced> {
    if held == calls {
        return Ok(());
    }
    Err(Unbalanced { station: name.into(), what: format!("{held} in its executor ≠ {calls} calls there") })
}

fn check_little(name: &str, ledger: &Ledger, still: u128) -> Result<(), Unbalanced> {
    let area = ledger.within(0).level_area;
    let inside = ledger.inside + still;
    if area == inside {
        return Ok(());
    }
    Err(Unbalanced {
        station: name.into(),
        what: format!("Little's law: area {area} ns ≠ time inside {inside} ns"),
    })
}

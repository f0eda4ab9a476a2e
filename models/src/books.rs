//! The books: at the end of every run everything that came must be accounted for, or the run is an error.
//!
//! Checked in release builds too: what came in = what was served + what failed + what is still inside, at every
//! workload, server and caller; Little's law as an identity on the path; work done = busy time.

use std::fmt::Write;

use sim_core::{random::name_hash, time::SimTime};

use crate::{
    measure::Ledger,
    request::Phase,
    world::{Role, World},
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
        let mut still: Vec<Vec<(u128, u128, u64)>> =
            self.nodes.iter().map(|node| vec![(0, 0, 0); node.servers.len()]).collect();
        for call in self.calls.values() {
            if !matches!(call.phase, Phase::Waiting | Phase::Running | Phase::Calling) {
                continue;
            }
            let server = &self.nodes[usize::from(call.callee.node)].servers[usize::from(call.callee.server)];
            let (inside, served, held) =
                &mut still[usize::from(call.callee.node)][usize::from(call.callee.server)];
            *inside += u128::from(server.ledger.overlap(call.arrived, now));
            *held += u64::from(call.ticket.is_none());
            if call.phase != Phase::Waiting && self.holds_worker(call) || call.phase == Phase::Running {
                *served += u128::from(now.since(call.started).as_nanos());
            }
        }
        for (node, still) in self.nodes.iter().zip(still) {
            for (server, (inside, served, held)) in node.servers.iter().zip(still) {
                check_flow(&server.name, &server.ledger)?;
                check_little(&server.name, &server.ledger, inside)?;
                if let Some(host) = &server.host
                    && host.held() as u64 != held
                {
                    let what = format!("{} in its executor ≠ {held} calls there", host.held());
                    return Err(Unbalanced { station: server.name.clone(), what });
                }
                if server.host.is_none() && server.ledger.served + served != server.ledger.totals.busy_area {
                    let (done, busy) = (server.ledger.served + served, server.ledger.totals.busy_area);
                    return Err(Unbalanced {
                        station: server.name.clone(),
                        what: format!("work done {done} ns ≠ busy time {busy} ns"),
                    });
                }
            }
        }
        Ok(())
    }

    /// A hash of every final integer, in a fixed order.
    pub(crate) fn digest(&self) -> u64 {
        let mut text = String::new();
        let servers =
            self.nodes.iter().flat_map(|node| &node.servers).map(|server| (&server.name, &server.ledger));
        for (name, ledger) in
            self.workloads.iter().map(|workload| (&workload.name, &workload.ledger)).chain(servers)
        {
            // Writing into a string cannot fail.
            let _ = write!(text, "{name} {:?} {} {};", ledger.totals, ledger.inside, ledger.level);
        }
        for book in &self.call_books {
            let _ = write!(text, "{} {:?} {};", book.name, book.totals, book.outstanding);
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

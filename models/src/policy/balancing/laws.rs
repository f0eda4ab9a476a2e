//! What every strategy must obey, checked over the whole catalogue: a newcomer is tested before it has a
//! test.
//!
//! The laws: only available backends are picked; none is picked only if none is available (no strategy is
//! excused); the same seed and history give the same picks; no history breaks one; what is written reads
//! back.

use proptest::prelude::*;
use sim_core::{
    check::Check,
    random::{Stream, Streams},
    time::{SimDuration, SimTime},
};

use super::{
    Ask, Backend, Backends, Balance, Balancer, BalancerSpec, Done, Endpoint, LoadReport,
    testing::{endpoints, rows, stream, view},
};

/// RON as the loader reads it.
fn ron() -> ron::Options {
    use ron::extensions::Extensions;
    ron::Options::default().with_default_extension(
        Extensions::IMPLICIT_SOME | Extensions::UNWRAP_NEWTYPES | Extensions::UNWRAP_VARIANT_NEWTYPES,
    )
}

fn read(text: &str) -> BalancerSpec {
    ron().from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// What a file may say beyond the defaults.
const WRITTEN: [&str; 15] = [
    "WeightedRoundRobin(weights: ByCapacity, max_fails: 3)",
    "WeightedRoundRobin(weights: Given([5, 1, 1]))",
    "EarliestDeadlineFirst(weights: Given([3, 2, 7]))",
    "LeastOutstandingRequests(ties: RoundRobin)",
    "LeastRequest(full_scan: true)",
    "LeastRequest(choice_count: 3, active_request_bias: 0.5)",
    "PowerOfChoices(choices: 3, replacement: true, by: OutstandingByWeight)",
    "PowerOfTwoChoices(by: OutstandingRequests)",
    "PowerOfTwoChoices(by: PeakEwma(decay: \"1s\"))",
    "LeastTime(inflight: true)",
    "ConsistentHash(of: Address, balance_factor: 150)",
    "BoundedLoads(semantics: Envoy, factor: 150)",
    "Maglev(of: Address, table_size: 251)",
    "Dynamic(members: [Maglev(), PeakEwma(), IpHash()],
        switch: Schedule([(at: \"1s\", member: 1), (at: \"2s\", member: 2)]))",
    "Dynamic(members: [JoinIdleQueue(), LeastTime()],
        switch: Imbalance(above: 1.5, below: 1.2, dwell: \"100ms\"))",
];

/// Every strategy by its defaults, and some with options.
fn specs() -> Vec<BalancerSpec> {
    let catalog = BalancerSpec::catalog().into_iter().map(|(_, _, spec)| spec);
    catalog.chain(WRITTEN.map(read)).collect()
}

fn pick(balancer: &mut Balancer, rows: &[Backend], key: u64) -> Option<usize> {
    balancer.pick(&view(rows), &Ask { key, address: key as u32 }, &mut stream())
}

#[test]
fn the_catalogue_names_and_describes_every_strategy() {
    for (name, documentation, spec) in BalancerSpec::catalog() {
        assert_eq!(name, spec.name());
        assert!(documentation.ends_with('.'), "{name}: {documentation}");
        let mut check = Check::default();
        spec.check(&mut check);
        assert!(check.is_clean(), "the defaults of {name}: {:?}", check.into_problems());
    }
}

#[test]
fn what_is_written_reads_back() {
    for (name, _, spec) in BalancerSpec::catalog() {
        assert_eq!(read(&format!("{name}()")), spec);
        let unknown = ron().from_str::<BalancerSpec>(&format!("{name}(nonsense: 1)"));
        assert!(unknown.is_err(), "{name} takes a field it does not know");
    }
    for spec in specs() {
        let text = ron().to_string(&spec).unwrap();
        assert_eq!(read(&text), spec, "{text}");
        let mut check = Check::default();
        spec.check(&mut check);
        assert!(check.is_clean(), "{text}: {:?}", check.into_problems());
    }
}

#[test]
fn a_lone_backend_gets_everything_and_nobody_gets_nothing() {
    for spec in specs() {
        let mut balancer = spec.build(&endpoints(&[3]));
        let mut rows = rows(&[3]);
        for key in 0..20 {
            assert_eq!(pick(&mut balancer, &rows, key), Some(0), "{spec:?}");
        }
        rows[0].available = false;
        balancer.on_change(&view(&rows));
        assert_eq!(pick(&mut balancer, &rows, 1), None, "{spec:?}");
        assert_eq!(pick(&mut spec.build(&[]), &[], 1), None, "{spec:?}");
    }
}

#[test]
fn whoever_is_left_is_found_though_no_change_was_told() {
    for spec in specs() {
        let mut rows = rows(&[1; 9]);
        let mut balancer = spec.build(&endpoints(&[1; 9]));
        for left in 0..9 {
            for (index, row) in rows.iter_mut().enumerate() {
                row.available = index == left;
            }
            for key in 0..10 {
                assert_eq!(pick(&mut balancer, &rows, key), Some(left), "{spec:?}");
            }
        }
    }
}

/// One thing that happens to a pool; numbers are taken modulo what there is.
#[derive(Clone, Copy, Debug)]
enum Happening {
    Pick { key: u64 },
    Forced { backend: usize },
    End { request: usize, success: bool, reports: bool },
    Idle { backend: usize },
    Health { backend: usize, up: bool },
    Passing { backend: usize },
    Weight { backend: usize, weight: u32 },
    Share { backend: usize, percent: u8 },
    Add { weight: u32 },
    Remove { backend: usize },
    Wait { millis: u64 },
}

fn happening() -> impl Strategy<Value = Happening> {
    let backend = 0..16_usize;
    prop_oneof![
        12 => any::<u64>().prop_map(|key| Happening::Pick { key }),
        1 => backend.clone().prop_map(|backend| Happening::Forced { backend }),
        8 => (any::<usize>(), any::<bool>(), any::<bool>())
            .prop_map(|(request, success, reports)| Happening::End { request, success, reports }),
        2 => backend.clone().prop_map(|backend| Happening::Idle { backend }),
        2 => (backend.clone(), any::<bool>()).prop_map(|(backend, up)| Happening::Health { backend, up }),
        1 => backend.clone().prop_map(|backend| Happening::Passing { backend }),
        1 => (backend.clone(), 1..1000_u32)
            .prop_map(|(backend, weight)| Happening::Weight { backend, weight }),
        1 => (backend.clone(), 1..=100_u8)
            .prop_map(|(backend, percent)| Happening::Share { backend, percent }),
        1 => (1..5_u32).prop_map(|weight| Happening::Add { weight }),
        1 => backend.prop_map(|backend| Happening::Remove { backend }),
        4 => (0..5000_u64).prop_map(|millis| Happening::Wait { millis }),
    ]
}

/// A pool kept as the owner of a balancer would keep it.
struct Pool {
    balancer: Balancer,
    random: Stream,
    endpoints: Vec<Endpoint>,
    rows: Vec<Backend>,
    /// Where each request under way is, and since when.
    requests: Vec<(usize, SimTime)>,
    born: u32,
    now: SimTime,
}

impl Pool {
    fn new(spec: &BalancerSpec) -> Self {
        let weights = [1, 2, 1, 3];
        let endpoints = endpoints(&weights);
        Self {
            balancer: spec.build(&endpoints),
            random: Streams::new(7, 0).stream("lb/choice"),
            endpoints,
            rows: rows(&weights),
            requests: Vec::new(),
            born: 4,
            now: SimTime::ZERO,
        }
    }

    /// Lets it happen.
    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Pick { key } => {
                self.pick(key);
            }
            Happening::Forced { backend } => self.force(backend),
            Happening::End { request, success, reports } => self.end(request, success, reports),
            Happening::Idle { backend } => {
                if let Some(at) = self.at(backend) {
                    self.balancer.on_idle(at);
                }
            }
            Happening::Health { backend, up } => self.change(backend, |row| row.available = up),
            Happening::Passing { backend } => {
                if let Some(at) = self.at(backend) {
                    self.rows[at].available ^= true;
                }
            }
            Happening::Weight { backend, weight } => self.change(backend, |row| row.weight = weight),
            Happening::Share { backend, percent } => {
                self.change(backend, |row| row.share = f32::from(percent) / 100.0);
            }
            Happening::Add { weight } => self.add(weight),
            Happening::Remove { backend } => self.remove(backend),
            Happening::Wait { millis } => self.now = self.now + SimDuration::from_millis(millis),
        }
    }

    /// Which backend that is; none in an empty pool.
    fn at(&self, backend: usize) -> Option<usize> {
        backend.checked_rem(self.rows.len())
    }

    fn pick(&mut self, key: u64) -> Option<usize> {
        let backends = Backends::new(self.now, &self.rows);
        let picked = self.balancer.pick(&backends, &Ask { key, address: key as u32 }, &mut self.random);
        if let Some(picked) = picked {
            self.send(picked);
        }
        picked
    }

    fn send(&mut self, backend: usize) {
        self.rows[backend].in_flight += 1;
        self.requests.push((backend, self.now));
    }

    fn force(&mut self, backend: usize) {
        if let Some(at) = self.at(backend) {
            self.balancer.on_forced(&Backends::new(self.now, &self.rows), at);
            self.send(at);
        }
    }

    fn end(&mut self, request: usize, success: bool, reports: bool) {
        if self.requests.is_empty() {
            return;
        }
        let (backend, sent) = self.requests.remove(request % self.requests.len());
        self.rows[backend].in_flight -= 1;
        let report = LoadReport { rate: 10.0, errors: 1.0, utilization: 0.1 + backend as f64 / 10.0 };
        let done =
            Done { backend, latency: self.now.since(sent), success, report: reports.then_some(report) };
        self.balancer.on_done(&Backends::new(self.now, &self.rows), &done);
    }

    fn change(&mut self, backend: usize, change: impl FnOnce(&mut Backend)) {
        if let Some(at) = self.at(backend) {
            change(&mut self.rows[at]);
            self.balancer.on_change(&Backends::new(self.now, &self.rows));
        }
    }

    fn add(&mut self, weight: u32) {
        self.born += 1;
        let mut newcomer = endpoints(&[weight]).remove(0);
        newcomer.name = format!("born-{}", self.born);
        self.endpoints.push(newcomer);
        self.rows.extend(rows(&[weight]));
        self.balancer.on_membership(&self.endpoints);
    }

    fn remove(&mut self, backend: usize) {
        let Some(gone) = self.at(backend) else { return };
        self.endpoints.remove(gone);
        self.rows.remove(gone);
        self.requests.retain(|&(at, _)| at != gone);
        for (at, _) in &mut self.requests {
            *at -= usize::from(*at > gone);
        }
        self.balancer.on_membership(&self.endpoints);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn only_and_always_the_available_are_picked_and_history_repeats(
        history in prop::collection::vec(happening(), 1..120)
    ) {
        for spec in specs() {
            let (mut pool, mut twin) = (Pool::new(&spec), Pool::new(&spec));
            for &happening in &history {
                let Happening::Pick { key } = happening else {
                    pool.happen(happening);
                    twin.happen(happening);
                    continue;
                };
                let before = pool.rows.clone();
                let picked = pool.pick(key);
                prop_assert_eq!(picked, twin.pick(key), "{:?} is not repeatable", spec);
                match picked {
                    None => prop_assert!(!before.iter().any(|row| row.available), "{spec:?} gave up"),
                    Some(picked) => prop_assert!(before[picked].available, "{spec:?} picked one away"),
                }
            }
        }
    }
}

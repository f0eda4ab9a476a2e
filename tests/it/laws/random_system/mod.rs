//! Random systems, as the experiment files a user could write: every kind of workload, component, policy and fault.
//!
//! A system is text, so that one that breaks a law can be read, saved and run as it stands.

use models::policy::arrival::ArrivalSpec;

use super::tape::Tape;
use words::{group, keys, member, section, sizes, some_millis, time};

mod components;
mod data;
mod steps;
mod stores;
mod words;

/// How long a run is. Rates are such that some hundreds of requests come.
pub(super) const SECONDS: f64 = 2.0;

const MOST_POOLS: usize = 4;
const MOST_BALANCERS: usize = 3;
const MOST_REGIONS: usize = 4;
const MOST_CACHES: usize = 3;
const MOST_DATABASES: usize = 2;

/// What the parts of a system must know of each other.
struct Plan {
    regions: usize,
    classes: bool,
    /// Whether calls may form circles.
    circles: bool,
    pools: usize,
    /// The first pool behind each balancer; its backends are that one and some after it.
    balancers: Vec<usize>,
    /// What each cache keeps.
    caches: Vec<data::Source>,
    databases: Vec<stores::Store>,
    /// What caches whose source is a cache have to do with what that one holds, if anything. Nobody looks into them then.
    inclusion: Option<&'static str>,
}

/// The experiment file that a tape of numbers stands for.
pub(super) fn experiment(numbers: &[u16]) -> String {
    let tape = &mut Tape::new(numbers);
    let pools = 1 + tape.below(MOST_POOLS);
    let balancers = (0..tape.below(MOST_BALANCERS)).map(|_| tape.below(pools)).collect();
    let (regions, classes, circles) = (tape.below(MOST_REGIONS), tape.chance(60), tape.chance(20));
    let databases = stores::stores(tape.below(MOST_DATABASES + 1), tape);
    let caches = data::sources(tape.below(MOST_CACHES + 1), pools, databases.len(), tape);
    let inclusion = tape.maybe(30, |tape| tape.one_of(&["Inclusive", "Exclusive"]));
    let plan = Plan { regions, classes, circles, pools, balancers, caches, databases, inclusion };
    let mut text = "(\n    name: \"random\",\n    question: \"Do the books balance?\",\n".to_owned();
    text += &plan.places(tape);
    let workloads: Vec<String> = (0..=tape.below(3)).map(|id| plan.workload(id, tape)).collect();
    text += &section("workloads", '{', &workloads);
    let mut components: Vec<String> = (0..plan.balancers.len()).map(|id| plan.balancer(id, tape)).collect();
    components.extend((0..pools).map(|id| plan.pool(id, tape)));
    let services = components.concat();
    components.extend((0..plan.caches.len()).map(|id| plan.cache(id, &services, tape)));
    components.extend((0..plan.databases.len()).map(|id| plan.database(id, &services, tape)));
    text += &section("components", '{', &components);
    let faults: Vec<String> = (0..tape.below(5)).map(|_| plan.fault(tape)).collect();
    text += &section("faults", '[', &faults);
    let seed = tape.below(1000);
    text + &format!(
        "    run: (seed: {seed}, replications: 1, horizon: Terminating(end: \"{SECONDS}s\")),\n)\n"
    )
}

impl Plan {
    /// Regions and the network between them.
    fn places(&self, tape: &mut Tape<'_>) -> String {
        let regions = (0..self.regions).map(|region| {
            let zones = tape.maybe(40, |_| "zones: [\"a\", \"b\"]".to_owned());
            format!("\"r{region}\": {}", group("", &[zones]))
        });
        let regions = section("regions", '{', &regions.collect::<Vec<_>>());
        let delays = [
            tape.maybe(40, |tape| format!("within_zone: {}", time(tape))),
            tape.maybe(20, |tape| format!("within_region: {}", time(tape))),
            tape.maybe(40, |tape| format!("between_regions: {}", time(tape))),
            tape.maybe(20, |_| "loss: 0.05".to_owned()),
            tape.maybe(20, |_| "bandwidth: \"1MB\"".to_owned()),
            tape.maybe(20, |tape| format!("client_to_region: {{ \"r0\": {} }}", time(tape)))
                .filter(|_| self.regions > 0),
            tape.maybe(20, |tape| {
                format!("links: [(between: (\"r0\", \"r1\"), latency: {}, loss: 0.1)]", time(tape))
            })
            .filter(|_| self.regions > 1),
        ];
        format!("{regions}    network: {},\n", group("", &delays))
    }

    /// A region, or sometimes a zone that every region may lack.
    fn region(&self, tape: &mut Tape<'_>) -> String {
        format!("r{}", tape.below(self.regions.max(1)))
    }

    fn placed_in(&self, tape: &mut Tape<'_>) -> Option<String> {
        tape.maybe(30, |tape| format!("placed_in: \"{}\"", self.region(tape))).filter(|_| self.regions > 0)
    }

    fn target(&self, tape: &mut Tape<'_>) -> String {
        let several = |kind: &'static str, count| (0..count).map(move |id| format!("{kind}{id}"));
        let names = several("lb", self.balancers.len()).chain(several("pool", self.pools));
        let data = several("cache", self.caches.len()).chain(several("db", self.databases.len()));
        tape.one_of(&names.chain(data).collect::<Vec<_>>())
    }

    fn workload(&self, id: usize, tape: &mut Tape<'_>) -> String {
        // What stands at the end of a chain hears little of it: it is asked directly too.
        let straight = tape.chance(40) && !self.databases.is_empty();
        let target =
            if straight { format!("db{}", tape.below(self.databases.len())) } else { self.target(tape) };
        let mut fields = vec![Some(format!("target: \"{target}\""))];
        let kind = tape.one_of(&["OpenLoop", "OpenLoop", "ClosedLoop", "Trace"]);
        fields.extend(match kind {
            "OpenLoop" => Self::open_loop(tape),
            "ClosedLoop" => vec![Some(format!("users: {}, think_time: {}", tape.between(1, 20), time(tape)))],
            _ => vec![Some("trace: (file: \"trace.csv\")".to_owned())],
        });
        if self.classes {
            let of_its_own = tape.maybe(30, |tape| format!(", size: {}, keys: {}", sizes(tape), keys(tape)));
            let of_its_own = of_its_own.unwrap_or_default();
            let put = format!("(weight: 0.3, priority: {}, writes: true{of_its_own})", tape.below(3));
            fields.push(Some(format!("requests: {{ \"get\": 0.7, \"put\": {put} }}")));
        }
        fields.extend([
            tape.maybe(40, |tape| format!("timeout: {}", some_millis(tape))),
            tape.maybe(25, |tape| format!("patience: {}", time(tape))),
            tape.maybe(30, |tape| format!("keys: {}", keys(tape))),
            tape.maybe(20, |tape| format!("size: {}", sizes(tape))),
            tape.maybe(20, |tape| format!("instances: {}", tape.between(2, 4))),
            tape.maybe(30, |tape| {
                let security = tape.one_of(&["Plain", "Tls12", "Tls13", "EarlyData"]);
                format!(
                    "connections: (count: {}, requests: {}, security: {security})",
                    tape.between(1, 8),
                    tape.below(5)
                )
            }),
            tape.maybe(20, |_| "origin: { \"r0\": 1.0 }".to_owned()).filter(|_| self.regions > 0),
            self.circles.then(|| format!("max_call_depth: {}", tape.between(1, 4))),
            tape.maybe(40, |_| "propagate_deadline: true".to_owned()),
            tape.maybe(40, |tape| format!("calls: {{ \"{target}\": {} }}", Self::call_of(&target, tape))),
        ]);
        format!("\"load{id}\": {}", group(kind, &fields))
    }

    fn open_loop(tape: &mut Tape<'_>) -> Vec<Option<String>> {
        // Arrivals of the family that need more than their name.
        let own_words = [
            "Mmpp(states: [(rate_factor: 1, mean_sojourn: \"200ms\"), (rate_factor: 9, mean_sojourn: \"50ms\")])",
            "Renewal(Gamma(mean: \"1s\", cv: 2.0))",
        ];
        let profiles = [
            "Constant",
            "Steps([(\"0s\", 1), (\"500ms\", 3), (\"1s\", 0), (\"1500ms\", 1)])",
            "Ramp(from: 0, to: 2, end: \"2s\")",
            "Sine(period: \"1s\", amplitude: 1.0)",
            "Diurnal(day: \"1s\")",
            "Hourly(day: \"1s\")",
        ];
        let rate = tape.one_of(&[50, 1, 150, 300]);
        let bare = ArrivalSpec::catalog().into_iter().filter(|(name, _, _)| *name != "Renewal").collect();
        vec![
            Some(format!("load: Rate(\"{rate}/s\")")),
            tape.maybe(50, |tape| format!("arrivals: {}", member(bare, &own_words, tape))),
            tape.maybe(30, |tape| format!("profile: {}", tape.one_of(&profiles))),
        ]
    }

    fn fault(&self, tape: &mut Tape<'_>) -> String {
        let (name, how) = tape.one_of(&[
            ("Crash", ""),
            ("CapacityLoss", "remaining: 0.5"),
            ("CapacityLoss", "remaining: 0.0"),
            ("Slow", "factor: 5.0"),
            ("Slow", "factor: 0.3"),
            ("Errors", "share: 0.5"),
            ("FastFailure", ""),
            ("FastFailure", "latency: \"3ms\""),
            ("Silence", ""),
            ("NetworkDelay", "delay: Exponential(mean: \"30ms\")"),
            ("NetworkLoss", "share: 0.4"),
            ("Partition", ""),
            ("RegionOutage", ""),
        ]);
        let regional = self.regions > 0 && (name == "RegionOutage" || tape.chance(30));
        let name = if name == "RegionOutage" && !regional { "Crash" } else { name };
        let place = if regional {
            format!("region: \"{}\"", self.region(tape))
        } else {
            let one = if self.regions == 0 && tape.chance(50) { "[0]" } else { "" };
            format!("target: \"{}{one}\"", self.target(tape))
        };
        let when = if tape.chance(30) {
            format!("time_between: {}, time_to_repair: {}", time(tape), time(tape))
        } else {
            let duration = tape.maybe(70, |tape| format!(", duration: {}", some_millis(tape)));
            format!("at: \"{}ms\"{}", tape.one_of(&[500, 0, 1, 900, 1500]), duration.unwrap_or_default())
        };
        group(name, &[Some(place), Some(when), Some(how.to_owned()).filter(|how| !how.is_empty())])
    }
}

//! Balancers and services of random systems.

use models::policy::{concurrency::ShareSpec, locality::LocalitySpec};

use super::{
    super::tape::Tape,
    Plan,
    steps::dressed,
    words::{balancing, care, group, member, named, queue, retry, some_millis, time},
};

impl Plan {
    pub(super) fn balancer(&self, id: usize, tape: &mut Tape<'_>) -> String {
        let first = self.balancers[id];
        let others = (first + 1..self.pools).filter(|_| tape.chance(50)).collect::<Vec<_>>();
        let backends: Vec<String> =
            std::iter::once(first).chain(others).map(|pool| format!("\"pool{pool}\"")).collect();
        let layer4 = tape.chance(30);
        let works = tape.chance(30);
        let handshake = works && !layer4 && tape.chance(50);
        let mut fields = vec![
            Some(format!("backends: [{}]", backends.join(", "))),
            Some(format!("strategy: {}", balancing(tape))),
            layer4.then(|| "layer: Layer4".to_owned()),
            handshake.then(|| "layer: Layer7(handshake: \"2ms\")".to_owned()),
            works.then(|| {
                format!(
                    "workers: {}, service_time: {}, queue: {}",
                    tape.between(1, 3),
                    time(tape),
                    queue(tape)
                )
            }),
            tape.maybe(40, |tape| format!("instances: {}", tape.between(2, 3))),
            tape.maybe(40, |tape| format!("retry: {}", retry(tape))).filter(|_| !layer4),
            tape.maybe(20, |tape| format!("max_connections: {}", tape.between(1, 3))),
            tape.maybe(20, |tape| format!("sticky: (capacity: {}, ttl: \"100ms\")", tape.between(1, 20))),
            tape.maybe(30, |tape| {
                let quick = [
                    "PriorityLevels(fail_on_panic: true)",
                    "ZoneAware(min_cluster_size: 1)",
                    "NearestHealthyRegion(spill_at: 0.5, fail_open: false)",
                ];
                format!("locality: {}", member(LocalitySpec::catalog(), &quick, tape))
            }),
            tape.maybe(30, |tape| {
                format!("routes: {{ \"put\": \"pool{}\" }}", first + tape.below(self.pools - first))
            })
            .filter(|_| self.classes && !layer4),
            self.placed_in(tape),
        ];
        fields.extend(care(tape));
        format!("\"lb{id}\": {}", group("LoadBalancer", &fields))
    }

    pub(super) fn pool(&self, id: usize, tape: &mut Tape<'_>) -> String {
        let servers = tape.between(1, 4);
        let sharing = tape.maybe(25, |tape| {
            let discipline = tape.one_of(&named(ShareSpec::catalog()));
            format!("sharing: {discipline}(cores: {})", tape.between(1, 3))
        });
        let model = tape.maybe(40, |tape| self.concurrency(tape)).filter(|_| sharing.is_none());
        let alone = sharing.is_none() && model.is_none();
        let line = model.as_ref().map_or(alone, |(_, line)| *line);
        let server = tape.below(servers as usize);
        let mut fields = vec![
            Some(format!("servers: {servers}")),
            sharing,
            model.map(|(text, _)| format!("concurrency: {text}")),
            Some(format!("workers_per_server: {}", tape.between(1, 3))).filter(|_| alone),
            Some(format!("service_time: {}", time(tape))),
            tape.maybe(60, |tape| format!("queue: {}", queue(tape)))
                .filter(|text| line && (alone || !text.contains("when_full"))),
            tape.maybe(30, |tape| format!("service_times: {{ \"put\": {} }}", time(tape)))
                .filter(|_| self.classes),
            tape.maybe(30, |tape| {
                let workers = if alone { ", workers: 2" } else { "" };
                format!(
                    "overrides: {{ {server}: (speed: {}, weight: 3{workers}) }}",
                    tape.one_of(&[0.5, 3.0])
                )
            }),
            tape.maybe(40, |_| "cancel_abandoned_work: true".to_owned()),
            tape.maybe(20, |_| "warm_up: (duration: \"300ms\", initial_speed: 0.2)".to_owned()),
            tape.maybe(30, |tape| format!("timeout: {}", some_millis(tape))),
            self.placed_in(tape),
        ];
        fields.extend(self.handles(id, tape));
        format!("\"pool{id}\": {}", group("Service", &fields))
    }

    /// How a server runs its requests, and whether some of them stand in the component's line.
    fn concurrency(&self, tape: &mut Tape<'_>) -> (String, bool) {
        let cpu =
            tape.maybe(50, |tape| format!("cpu: (cores: {}, context_switch: \"100us\")", tape.between(1, 3)));
        match tape.below(4) {
            0 => {
                let threads = Some(format!("threads: {}", tape.between(1, 6)));
                let connections = tape.maybe(40, |tape| format!("connections: {}", tape.between(1, 9)));
                let memory = tape.maybe(40, |_| "memory: (limit: \"3MB\", per_thread: \"1MB\")".to_owned());
                (group("Threads", &[threads, cpu, connections, memory]), true)
            }
            1 => {
                let core = tape.below(3);
                let max = core.max(1) + tape.below(3);
                let size = Some(format!("core: {core}, max: {max}, keep_alive: \"50ms\""));
                let on_full = tape.one_of(&["Abort", "CallerRuns", "CallerRuns"]);
                let start = tape.maybe(30, |_| "thread_start: \"3ms\"".to_owned());
                (group("ThreadPool", &[size, Some(format!("on_full: {on_full}")), start, cpu]), true)
            }
            2 => {
                let workers = Some(format!("workers: {}", tape.between(1, 4)));
                let still = tape.maybe(40, |_| "work_stealing: false".to_owned());
                let cost = tape.maybe(40, |_| "steal_cost: \"1ms\"".to_owned()).filter(|_| still.is_none());
                let most = tape.maybe(50, |tape| format!("max_in_flight: {}", tape.between(1, 8)));
                let blocking = tape
                    .maybe(50, |tape| {
                        format!("blocking: [\"put\"], blocking_threads: {}", tape.between(1, 3))
                    })
                    .filter(|_| self.classes);
                let line = most.is_some();
                (group("EventLoop", &[workers, still, cost, most, blocking]), line)
            }
            _ => {
                let actors = Some(format!("actors: {}", tape.between(1, 9)));
                let mailbox = tape.maybe(60, |tape| {
                    format!("mailbox: {}, when_full: {}", 2, tape.one_of(&["Reject", "DropOldest"]))
                });
                (group("Actor", &[actors, mailbox, cpu]), false)
            }
        }
    }

    /// Steps, calling only components further down unless calls may form circles.
    fn handles(&self, id: usize, tape: &mut Tape<'_>) -> Vec<Option<String>> {
        let below = self.balancers.iter().enumerate().filter(|(_, first)| **first > id);
        let mut callees: Vec<String> = below.map(|(balancer, _)| format!("lb{balancer}")).collect();
        callees.extend((id + 1..self.pools).map(|pool| format!("pool{pool}")));
        if self.circles {
            callees.extend((0..=id).map(|pool| format!("pool{pool}")));
        }
        callees.extend(self.data_below(id));
        let mut called: Vec<String> = Vec::new();
        let mut steps = Vec::new();
        if let Some((database, store)) = self.transacting().filter(|_| tape.chance(50)) {
            steps.push(dressed(store.transaction(&database, tape), self.classes, tape));
            called.push(database);
        }
        for _ in 0..tape.below(4) {
            if callees.is_empty() || tape.chance(30) {
                let step = format!("Compute({})", time(tape));
                steps.push(dressed(step, self.classes, tape));
                continue;
            }
            let callee = tape.one_of(&callees);
            let data = callee.starts_with("cache") || callee.starts_with("db");
            let (step, whom) =
                if data { self.query(&callee, tape) } else { (format!("Call(\"{callee}\")"), vec![callee]) };
            steps.push(dressed(step, self.classes, tape));
            called.extend(whom);
        }
        if steps.is_empty() {
            return Vec::new();
        }
        let class = if self.classes && tape.chance(50) { "put" } else { "*" };
        let calls = called.first().and_then(|callee| {
            tape.maybe(50, |tape| format!("calls: {{ \"{callee}\": {} }}", Self::call_of(callee, tape)))
        });
        let steps = steps.join(", ");
        let resources = steps.contains("Section(").then(|| {
            let scope = tape.one_of(&["Server", "Component"]);
            format!("resources: {{ \"lock\": (permits: {}, scope: {scope}) }}", tape.between(1, 2))
        });
        vec![Some(format!("handles: {{ \"{class}\": [{steps}] }}")), calls, resources]
    }
}

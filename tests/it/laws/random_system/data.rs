//! Caches of random systems, and the steps that ask caches and databases.

use models::policy::eviction::EvictionSpec;

use super::{
    super::tape::Tape,
    Plan,
    stores::Kind,
    words::{balancing, call, care, group, member, some_millis, time},
};

/// What a cache keeps the answers of.
#[derive(Clone)]
pub(super) struct Source {
    name: String,
    /// The first pool behind it: those before it may ask it.
    first: usize,
}

/// A source for each of so many caches: a database, a pool, or a cache before it.
pub(super) fn sources(count: usize, pools: usize, databases: usize, tape: &mut Tape<'_>) -> Vec<Source> {
    let mut sources: Vec<Source> = Vec::new();
    for _ in 0..count {
        let pool = tape.below(pools);
        let mut choices = vec![Source { name: format!("pool{pool}"), first: pool }];
        choices.extend((0..databases).map(|id| Source { name: format!("db{id}"), first: pools }));
        choices.extend(
            sources
                .iter()
                .enumerate()
                .map(|(id, below)| Source { name: format!("cache{id}"), ..below.clone() }),
        );
        sources.push(tape.one_of(&choices));
    }
    sources
}

/// What a caller may say of a database: it hides none of its shards.
fn open_call(tape: &mut Tape<'_>) -> String {
    let mut fields: Vec<_> = care(tape)
        .into_iter()
        .filter(|field| field.as_ref().is_none_or(|field| !field.starts_with("subset")))
        .collect();
    fields.push(tape.maybe(60, |tape| format!("balancer: {}", balancing(tape))));
    group("", &fields)
}

impl Plan {
    /// What a caller says of whom it calls, whatever that is.
    pub(super) fn call_of(callee: &str, tape: &mut Tape<'_>) -> String {
        if callee.starts_with("db") { open_call(tape) } else { call(tape) }
    }

    /// The caches and databases that a pool may ask.
    pub(super) fn data_below(&self, pool: usize) -> Vec<String> {
        let caches = self.caches.iter().enumerate().filter(|(_, source)| source.first > pool);
        let caches = caches.map(|(id, _)| format!("cache{id}"));
        caches.chain((0..self.databases.len()).map(|id| format!("db{id}"))).collect()
    }

    /// A step that asks a cache or a database, and whom it calls.
    pub(super) fn query(&self, asked: &str, tape: &mut Tape<'_>) -> (String, Vec<String>) {
        let source = asked.strip_prefix("cache").and_then(|id| id.parse::<usize>().ok());
        let Some(source) = source.map(|id| self.caches[id].name.clone()) else {
            let number = asked.strip_prefix("db").and_then(|id| id.parse::<usize>().ok());
            let store = number.and_then(|id| self.databases.get(id));
            if let Some(store) = store.filter(|store| store.kind == Kind::Transacting)
                && tape.chance(60)
            {
                return (store.transaction(asked, tape), vec![asked.to_owned()]);
            }
            let join = tape.one_of(&["All", "Any", "Quorum(2)"]);
            let step = match tape.below(4) {
                0 => format!("Call(\"{asked}\")"),
                1 => format!("Scatter(database: \"{asked}\", join: {join})"),
                2 => format!("RangeRead(database: \"{asked}\", span: {})", tape.between(1, 100)),
                _ => format!("MultiGet(database: \"{asked}\", keys: {})", tape.between(1, 5)),
            };
            return (step, vec![asked.to_owned()]);
        };
        if self.inclusion.is_some() {
            return (format!("Call(\"{asked}\")"), vec![asked.to_owned()]);
        }
        let coalesce = tape.chance(50);
        let then = tape.one_of(&["Invalidate", "Update", "Nothing"]);
        let both = vec![asked.to_owned(), source.clone()];
        match tape.below(3) {
            0 => (format!("Call(\"{asked}\")"), vec![asked.to_owned()]),
            1 => {
                let step = format!(
                    "CachedRead(cache: \"{asked}\", on_miss: [Call(\"{source}\")], coalesce: {coalesce})"
                );
                (step, both)
            }
            _ => {
                let step =
                    format!("CachedWrite(cache: \"{asked}\", steps: [Call(\"{source}\")], then: {then})");
                (step, both)
            }
        }
    }

    pub(super) fn cache(&self, id: usize, services: &str, tape: &mut Tape<'_>) -> String {
        let Source { name: source, .. } = &self.caches[id];
        let inclusion = self.inclusion.filter(|_| source.starts_with("cache"));
        let servers = tape.maybe(50, |tape| tape.between(2, 3));
        let on_write = ["WriteAround", "WriteBack()", "WriteBack(flush_every: \"50ms\")"];
        let on_write = tape.maybe(50, |tape| tape.one_of(&on_write));
        let on_write = on_write.filter(|text| self.inclusion.is_none() || !text.starts_with("WriteBack"));
        let writes_later = on_write.is_some_and(|text| text.starts_with("WriteBack"));
        let on_restart = ["Snapshot(every: \"200ms\")", "Preload(keys: 4)"];
        let put = services.contains(&format!("CachedRead(cache: \"cache{id}\""));
        let capacity = tape.one_of(&["3", "1", "50", "\"20KB\""]);
        let lives = tape.maybe(60, some_millis);
        let on_miss = ["Coalesce()", "Coalesce(lease: \"20ms\")"];
        let fields = [
            Some(format!("source: \"{source}\", capacity: {capacity}")),
            Some(format!("hit_time: {}", time(tape))),
            tape.maybe(50, |tape| format!("policy: {}", member(EvictionSpec::catalog(), &[], tape))),
            servers.map(|servers| format!("servers: {servers}")),
            tape.maybe(30, |tape| format!("workers_per_server: {}", tape.between(2, 3))),
            tape.maybe(30, |_| "object_size: Exponential(mean: \"4KB\")".to_owned()),
            tape.maybe(50, |tape| format!("on_concurrent_miss: {}", tape.one_of(&on_miss))),
            on_write.map(|text| format!("on_write: {text}")),
            inclusion.map(|inclusion| format!("inclusion: {inclusion}")),
            tape.maybe(40, |tape| format!("on_restart: {}", tape.one_of(&on_restart)))
                .filter(|_| inclusion.is_none()),
            tape.maybe(30, |_| "storage: Disk(iops_limit: \"300/s\", queue_depth: 3)".to_owned()),
            tape.maybe(40, |_| "hot_keys: (share: 0.1, window: \"100ms\")".to_owned())
                .filter(|_| servers.is_some() && !writes_later),
            put.then(|| tape.maybe(50, |_| "on_put: UnlessOlder".to_owned())).flatten(),
            tape.maybe(40, |tape| format!("invalidation: (delay: {}, loss: 0.2)", time(tape))),
            tape.maybe(30, |tape| format!("warm: {}", tape.between(1, 9))),
            lives.as_ref().map(|ttl| format!("freshness: {}", freshness(ttl, tape))),
            lives
                .as_ref()
                .and_then(|_| tape.maybe(40, |_| "revalidation: 0.2".to_owned()))
                .filter(|_| inclusion != Some("Exclusive")),
            tape.maybe(40, |tape| format!("timeout: {}", some_millis(tape))),
            tape.maybe(40, |tape| format!("calls: {{ \"{source}\": {} }}", Self::call_of(source, tape))),
            self.placed_in(tape),
        ];
        format!("\"cache{id}\": {}", group("Cache", &fields))
    }
}

/// How long objects with this lifetime are served.
fn freshness(ttl: &str, tape: &mut Tape<'_>) -> String {
    let fields = [
        Some(format!("ttl: {ttl}")),
        tape.maybe(30, |_| "jitter: 0.1".to_owned()),
        tape.maybe(30, |_| "sliding: true".to_owned()),
        tape.maybe(30, |tape| format!("stale_while_revalidate: {}", some_millis(tape))),
        tape.maybe(30, |tape| format!("stale_if_error: {}", some_millis(tape))),
        tape.maybe(30, |tape| format!("negative_ttl: {}", some_millis(tape))),
        tape.maybe(20, |_| "early_expiry: 1.0".to_owned()),
    ];
    group("", &fields)
}

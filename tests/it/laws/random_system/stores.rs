//! Databases of random systems: what does not go together is drawn as kinds apart.

use models::policy::partitioning::PartitionerSpec;

use super::{
    super::tape::Tape,
    Plan,
    words::{group, member, queue, quoted, some_millis, time},
};

/// What else a database does than to answer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing.
    Plain,
    /// Its followers lag.
    Replicated,
    /// Services write several of its keys as one.
    Transacting,
    /// Its keys move, or its callers may be wrong about where they are.
    Moving,
}

/// What the parts of a system must know of a database.
#[derive(Clone, Copy)]
pub(super) struct Store {
    pub(super) kind: Kind,
    shards: u64,
}

/// So many databases.
pub(super) fn stores(count: usize, tape: &mut Tape<'_>) -> Vec<Store> {
    let kinds = [Kind::Plain, Kind::Replicated, Kind::Transacting, Kind::Moving, Kind::Moving];
    (0..count).map(|_| Store { kind: tape.one_of(&kinds), shards: tape.between(1, 4) }).collect()
}

impl Store {
    /// A step that writes several keys as one.
    pub(super) fn transaction(self, database: &str, tape: &mut Tape<'_>) -> String {
        let keys = tape.between(1, 5);
        let fields = [
            Some(format!("database: \"{database}\", keys: {keys}")),
            tape.maybe(40, |tape| format!("shards: {}", tape.between(1, keys.min(self.shards)))),
            tape.maybe(50, |_| "protocol: Saga".to_owned()),
            tape.maybe(50, |tape| format!("log_time: {}", time(tape))),
            tape.maybe(30, |_| "refuse: 0.2".to_owned()),
        ];
        group("Transaction", &fields)
    }
}

impl Plan {
    /// The first database whose keys are written several as one.
    pub(super) fn transacting(&self) -> Option<(String, Store)> {
        let mut numbered = self.databases.iter().enumerate();
        let (id, store) = numbered.find(|(_, store)| store.kind == Kind::Transacting)?;
        Some((format!("db{id}"), *store))
    }

    /// A database, which has to know what services do with it.
    pub(super) fn database(&self, id: usize, services: &str, tape: &mut Tape<'_>) -> String {
        let Store { kind, shards } = self.databases[id];
        let replicas = if kind == Kind::Replicated { tape.between(2, 3) } else { tape.between(1, 3) };
        let rebalanced = kind == Kind::Moving && tape.chance(25);
        let partitioning = if rebalanced {
            "Range(keys: 1000)".to_owned()
        } else {
            member(PartitionerSpec::catalog(), &["Range(keys: 1000)"], tape)
        };
        let mut fields = vec![
            Some(format!("shards: {shards}, partitioning: {partitioning}")),
            Some(format!("replicas_per_shard: {replicas}")),
            Some(format!("read_time: {}", time(tape))),
            tape.maybe(50, |tape| format!("write_time: {}", time(tape))),
            tape.maybe(50, |tape| format!("connections_per_replica: {}", tape.between(2, 3))),
            tape.maybe(50, |tape| format!("queue: {}", queue(tape))),
            tape.maybe(30, |tape| format!("timeout: {}", some_millis(tape))),
        ];
        fields.extend(match kind {
            Kind::Plain => vec![Some(format!("read_from: {}", read_from(false, tape))), self.placed_in(tape)],
            Kind::Replicated => self.replicated(replicas, tape),
            Kind::Transacting => {
                let written = services.contains(&format!("Transaction(database: \"db{id}\""));
                let conflict = tape.maybe(60, on_lock_conflict).filter(|_| written);
                vec![conflict, self.placed_in(tape)]
            }
            Kind::Moving => self.moving(rebalanced, tape),
        });
        format!("\"db{id}\": {}", group("Database", &fields))
    }

    /// Where a database stands that is told of as a whole.
    fn one_place(&self, tape: &mut Tape<'_>) -> Option<String> {
        (self.regions > 0).then(|| format!("placed_in: \"{}\"", self.region(tape)))
    }

    fn replicated(&self, replicas: u64, tape: &mut Tape<'_>) -> Vec<Option<String>> {
        let apply = tape.maybe(50, |tape| format!("apply_time: {}", time(tape)));
        let lag = tape.maybe(60, |tape| format!("lag: {}", time(tape)));
        let replication = match tape.below(3) {
            0 => group("Asynchronous", &[lag, apply]),
            1 => group("Synchronous", &[apply]),
            _ => {
                let (write, read) = (tape.between(1, replicas), tape.between(1, replicas));
                group("Quorum", &[Some(format!("write: {write}, read: {read}")), apply])
            }
        };
        let read_from = read_from(true, tape);
        vec![
            Some(format!("replication: {replication}")),
            Some(format!("read_from: {read_from}")),
            self.one_place(tape),
        ]
    }

    fn moving(&self, rebalanced: bool, tape: &mut Tape<'_>) -> Vec<Option<String>> {
        let routing = tape.one_of(&["Informed", "Aware()", "Aware(learns: Part)", "AnyNode"]);
        let copies = tape.maybe(40, |tape| {
            let keys = tape.one_of(&["[0]", "[1, 0, 5]"]);
            format!("copied_keys: (keys: {keys}, copies: {})", tape.between(1, 4))
        });
        let changes = (0..tape.below(4)).map(|_| change(tape)).collect::<Vec<_>>();
        let turns = tape.chance(30);
        let read_from = read_from(false, tape);
        vec![
            Some(format!("routing: {routing}, keys: {}", tape.one_of(&[1000, 10, 200]))),
            tape.maybe(40, |_| "bytes_per_key: Exponential(mean: \"10KB\")".to_owned()),
            tape.maybe(40, |tape| format!("look_time: {}", some_millis(tape))),
            copies,
            Some(format!("reshard: [{}]", changes.join(", "))).filter(|_| !changes.is_empty()),
            rebalanced.then(|| rebalance(tape)),
            Some(format!("read_from: {read_from}")),
            if turns { Some("spread: InTurn".to_owned()) } else { self.one_place(tape) },
        ]
    }
}

fn read_from(replicated: bool, tape: &mut Tape<'_>) -> String {
    let all = ["Leader", "Followers", "AnyReplica", "FollowersUnlessWrote(\"20ms\")"];
    tape.one_of(if replicated { &all } else { &all[..3] }).to_owned()
}

fn on_lock_conflict(tape: &mut Tape<'_>) -> String {
    let patience = some_millis(tape);
    let all = [format!("Wait({patience})"), "NoWait".to_owned(), "WaitDie".to_owned()];
    format!("on_lock_conflict: {}", tape.one_of(&all))
}

fn cut_over(tape: &mut Tape<'_>) -> String {
    let all = ["Block()", "Block(pause: \"0ms\")", "DualWrites", "KeyByKey"];
    format!("cut_over: {}", tape.one_of(&all))
}

/// How fast keys are copied, by a change or for balance.
fn pace(tape: &mut Tape<'_>) -> [Option<String>; 4] {
    [
        tape.maybe(70, |tape| format!("bandwidth: {}", tape.one_of(&["None", "\"1MB\"", "\"200KB\""]))),
        tape.maybe(50, |tape| format!("batch: {}", tape.one_of(&[1, 3, 1000]))),
        tape.maybe(50, |tape| format!("copy_time: {}", quoted(tape.one_of(&["0ms", "100us", "3ms"])))),
        Some(cut_over(tape)),
    ]
}

fn change(tape: &mut Tape<'_>) -> String {
    let at = tape.one_of(&["300ms", "0ms", "310ms", "1s", "1990ms"]);
    let mut fields = vec![Some(format!("at: \"{at}\", shards: {}", tape.between(1, 6)))];
    fields.extend(pace(tape));
    fields.push(tape.maybe(50, |tape| format!("streams: {}", tape.between(2, 5))));
    fields.push(tape.maybe(50, |tape| format!("keys_per_part: {}", tape.one_of(&[1, 7, 100]))));
    group("", &fields)
}

fn rebalance(tape: &mut Tape<'_>) -> String {
    let every = quoted(tape.one_of(&["200ms", "50ms", "1s"]));
    let mut fields = vec![
        Some(format!("every: {every}")),
        tape.maybe(50, |_| "threshold: 0.0".to_owned()),
        tape.maybe(60, |tape| {
            let (largest, smallest) = tape.one_of(&[("\"100KB\"", "\"10KB\""), ("\"1MB\"", "\"300KB\"")]);
            format!("split: (largest: {largest}, smallest: {smallest}, busiest: \"20/s\")")
        }),
    ];
    fields.extend(pace(tape));
    format!("rebalance: {}", group("", &fields))
}

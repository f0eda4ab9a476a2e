//! What the file says of the system: plain serde data, with defaults and units. No logic but its own checks.

mod cache;
mod call;
mod component;
mod data_step;
mod database;
mod fault;
mod form;
mod heartbeats;
mod index;
mod key_layout;
mod load_balancer;
mod network;
mod overrides;
mod replication;
mod request;
mod step;
mod step_check;
mod tier;
mod transaction;
mod workload;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};
use sim_core::{random::distribution::Column, time::SimDuration};

use crate::policy::arrival::ArrivalSpec;

pub use cache::{CacheCapacity, CachePool, CacheSpec, InvalidationSpec, OnConcurrentMiss, OnPut, OnWrite};
pub use call::{CallSpec, ConnectionsSpec, RetrySpec, Security, View};
pub use component::{ComponentSpec, PoolSpec};
pub use data_step::{CachedRead, CachedWrite, IndexRead, MultiGet, RangeRead, Scatter, ThenCache};
pub use database::{DatabasePool, DatabaseSpec, ReadFrom, Spread};
pub use fault::{FaultSpec, Moment, Struck};
pub use form::Form;
pub use heartbeats::HeartbeatsSpec;
pub use index::{GlobalIndex, IndexSpec, IndexUpdate, LocalIndex, UpdateLater};
pub use key_layout::KeyLayout;
pub use load_balancer::{Layer, LoadBalancerSpec};
pub use network::{LinkSpec, NetworkSpec, RegionSpec};
pub use overrides::{Overrides, WarmUpSpec};
pub use replication::{Asynchronous, Quorum, ReplicationSpec, Synchronous};
pub use request::RequestSpec;
pub use step::{Join, Parallel, Repeat, ResourceSpec, Scope, Section, Step, Try, Way, of_class};
pub(crate) use step_check::check_shards;
pub use tier::{DiskSpec, Inclusion, OnRestart, Storage};
pub use transaction::Transaction;
pub use workload::{ClosedLoopSpec, Common, Load, OpenLoopSpec, TraceWorkloadSpec, WorkloadSpec};

/// A system: who asks, what answers, what lies between and what goes wrong.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SystemSpec {
    /// Regions and their zones; none means that all stands in one place.
    pub regions: BTreeMap<String, RegionSpec>,
    /// How long messages travel, and how many are lost.
    pub network: NetworkSpec,
    /// Where load comes from, by id.
    pub workloads: BTreeMap<String, WorkloadSpec>,
    /// What answers, by id.
    #[serde(deserialize_with = "tier::components")]
    pub components: BTreeMap<String, ComponentSpec>,
    /// What goes wrong, and when.
    pub faults: Vec<FaultSpec>,
}

/// Reads the values of a column of a file.
pub type ReadColumn<'a, E> = &'a mut dyn FnMut(&Column) -> Result<Vec<SimDuration>, E>;

impl SystemSpec {
    /// What the component of this id is to whoever wires it.
    pub fn form(&self, id: &str) -> Option<Form<'_>> {
        self.components.get(id).map(ComponentSpec::form)
    }

    /// Whether requests of a class change what they ask for.
    pub fn writes(&self, class: &str) -> bool {
        let requests = |workload: &WorkloadSpec| {
            workload.common().requests.get(class).is_some_and(|request| request.writes)
        };
        self.workloads.values().any(requests)
    }

    /// Fills in what distributions of time take from files: service, think and patience times, gaps.
    ///
    /// # Errors
    /// The first error of `read`.
    pub fn fill_columns<E>(&mut self, read: ReadColumn<'_, E>) -> Result<(), E> {
        for component in self.components.values_mut() {
            match component {
                ComponentSpec::LoadBalancer(balancer) => balancer.service_time.fill(read)?,
                ComponentSpec::ServerPool(pool) | ComponentSpec::Service(pool) => {
                    pool.service_time.fill(read)?;
                    pool.service_times.values_mut().try_for_each(|time| time.fill(read))?;
                    pool.handles.values_mut().flatten().try_for_each(|step| step.fill(read))?;
                }
                ComponentSpec::Database(database) => {
                    database.spec.read_time.fill(read)?;
                    database.spec.write_time.iter_mut().try_for_each(|time| time.fill(read))?;
                    let replication = database.spec.replication.iter_mut();
                    replication.flat_map(|own| own.times_mut()).try_for_each(|time| time.fill(read))?;
                    let indexes = database.spec.indexes.values_mut();
                    indexes.flat_map(IndexSpec::times_mut).try_for_each(|time| time.fill(read))?;
                    **database = DatabasePool::from(database.spec.clone());
                }
                ComponentSpec::Cache(cache) => {
                    cache.spec.hit_time.fill(read)?;
                    if let Some(invalidation) = &mut cache.spec.invalidation {
                        invalidation.delay.fill(read)?;
                    }
                    **cache = CachePool::from(cache.spec.clone());
                }
            }
        }
        tier::move_in(&mut self.components);
        for workload in self.workloads.values_mut() {
            match workload {
                WorkloadSpec::OpenLoop(open) => {
                    if let ArrivalSpec::Renewal(gaps) = &mut open.arrivals {
                        gaps.0.fill(read)?;
                    }
                    open.patience.iter_mut().try_for_each(|time| time.fill(read))?;
                }
                WorkloadSpec::ClosedLoop(closed) => {
                    closed.think_time.fill(read)?;
                    closed.patience.iter_mut().try_for_each(|time| time.fill(read))?;
                }
                WorkloadSpec::Trace(trace) => {
                    trace.patience.iter_mut().try_for_each(|time| time.fill(read))?;
                }
            }
        }
        Ok(())
    }

    /// Reports everything that is wrong with the values; references are the wiring's to check.
    pub fn check(&self, check: &mut sim_core::check::Check) {
        check.at("network", |check| self.network.check(check));
        for (id, workload) in &self.workloads {
            check.at("workloads", |check| check.at(id, |check| workload.check(check)));
        }
        for (id, component) in &self.components {
            check.at("components", |check| check.at(id, |check| component.check(check)));
        }
        for (number, fault) in self.faults.iter().enumerate() {
            check.at("faults", |check| check.at(number, |check| fault.check(check)));
        }
    }
}

/// One id or a list of them: `"web"` or `["blue", "green"]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline, title = "an id or a list of ids")]
pub struct Ids(pub Vec<String>);

impl<'de> Deserialize<'de> for Ids {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Ids;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an id or a list of ids")
            }
            fn visit_str<E: de::Error>(self, id: &str) -> Result<Ids, E> {
                Ok(Ids(vec![id.to_owned()]))
            }
            fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Ids, A::Error> {
                let mut ids = Vec::new();
                while let Some(id) = list.next_element()? {
                    ids.push(id);
                }
                Ok(Ids(ids))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_read_wherever_a_time_stands() {
        let column = r#"Empirical((file: Some("times.csv"), column: Some("time")))"#;
        let text = format!(
            r#"(
                workloads: {{ "users": ClosedLoop((target: "web", think_time: {column}, patience: Some({column}))) }},
                components: {{ "web": Service((
                    service_time: {column}, service_times: {{ "a": {column} }}, handles: {{ "*": [Compute({column})] }},
                )) }},
            )"#
        );
        let mut spec: SystemSpec = ron::from_str(&text).unwrap();
        let mut read = 0;
        let filled: Result<(), String> = spec.fill_columns(&mut |column| {
            assert_eq!((column.file.as_str(), column.column.as_str()), ("times.csv", "time"));
            read += 1;
            Ok(vec![SimDuration::from_millis(5)])
        });
        assert_eq!((filled, read), (Ok(()), 5));
    }
}

//! What components are to whoever wires them.

use super::{
    CacheSpec, ComponentSpec, DatabaseSpec, LoadBalancerSpec, PoolSpec, Step, SystemSpec, Transaction,
};

/// What a component is to whoever wires it, whatever it is called in files.
#[derive(Clone, Copy, Debug)]
pub enum Form<'a> {
    /// It spreads what comes over others.
    Balancer(&'a LoadBalancerSpec),
    /// Its servers answer.
    Pool(&'a PoolSpec),
}

impl<'a> Form<'a> {
    /// Whether it is a service that looks into this cache by itself.
    pub fn looks_into(self, cache: &str) -> bool {
        let looks = |step: &Step| matches!(step, Step::CachedRead(read) if read.cache == cache || read.gutter.as_deref() == Some(cache));
        match self {
            Form::Pool(pool) => pool.handles.values().flatten().any(|step| step.has(looks)),
            Form::Balancer(_) => false,
        }
    }

    /// How its servers share the keys, if it is a database.
    pub fn divides(self) -> Option<&'a DatabaseSpec> {
        match self {
            Form::Pool(pool) => pool.divides.as_deref(),
            Form::Balancer(_) => None,
        }
    }

    /// What it keeps, if it is a cache.
    pub fn keeps(self) -> Option<&'a CacheSpec> {
        match self {
            Form::Pool(pool) => pool.keeps.as_deref(),
            Form::Balancer(_) => None,
        }
    }
}

impl SystemSpec {
    /// The caches whose source is this component.
    pub fn caches_on<'a>(&'a self, source: &'a str) -> impl Iterator<Item = &'a CacheSpec> {
        let keeps = self.components.values().filter_map(|component| component.form().keeps());
        keeps.filter(move |cache| cache.source == source)
    }

    /// Whether any service has the shards of a database take part in transactions.
    pub fn transacts(&self, database: &str) -> bool {
        self.transactions(database).next().is_some()
    }

    /// The transactions that shards of a database take part in.
    pub fn transactions<'a>(&'a self, database: &'a str) -> impl Iterator<Item = &'a Transaction> {
        let steps = self.components.values().flat_map(|component| match component.form() {
            Form::Pool(pool) => pool.handles.values().flatten().collect(),
            Form::Balancer(_) => Vec::new(),
        });
        let found = steps.flat_map(|step| {
            let mut found = Vec::new();
            step.visit(None, 1.0, &mut |step, _| {
                if let Step::Transaction(transaction) = step {
                    found.push(transaction);
                }
            });
            found
        });
        found.filter(move |transaction| transaction.database == database)
    }
}

impl ComponentSpec {
    /// What it is to whoever wires it.
    pub fn form(&self) -> Form<'_> {
        match self {
            Self::LoadBalancer(balancer) => Form::Balancer(balancer),
            Self::ServerPool(pool) | Self::Service(pool) => Form::Pool(pool),
            Self::Cache(cache) => Form::Pool(&cache.pool),
            Self::Database(database) => Form::Pool(&database.pool),
        }
    }
}

//! What components are to whoever wires them.

use super::{CacheSpec, ComponentSpec, LoadBalancerSpec, PoolSpec};

/// What a component is to whoever wires it, whatever it is called in files.
#[derive(Clone, Copy, Debug)]
pub enum Form<'a> {
    /// It spreads what comes over others.
    Balancer(&'a LoadBalancerSpec),
    /// Its servers answer.
    Pool(&'a PoolSpec),
}

impl<'a> Form<'a> {
    /// What it keeps, if it is a cache.
    pub fn keeps(self) -> Option<&'a CacheSpec> {
        match self {
            Form::Pool(pool) => pool.keeps.as_deref(),
            Form::Balancer(_) => None,
        }
    }
}

impl ComponentSpec {
    /// What it is to whoever wires it.
    pub fn form(&self) -> Form<'_> {
        match self {
            Self::LoadBalancer(balancer) => Form::Balancer(balancer),
            Self::ServerPool(pool) | Self::Service(pool) => Form::Pool(pool),
            Self::Cache(cache) => Form::Pool(&cache.pool),
        }
    }
}

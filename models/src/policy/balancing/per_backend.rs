//! What a strategy remembers of each backend, by index; when backends come and go it follows them by name.

use super::Endpoint;

/// One value a backend.
#[derive(Clone, Debug)]
pub(super) struct PerBackend<T> {
    names: Vec<String>,
    values: Vec<T>,
}

impl<T: Clone + Default> PerBackend<T> {
    /// The default value for each of these backends.
    pub(super) fn new(endpoints: &[Endpoint]) -> Self {
        Self {
            names: endpoints.iter().map(|endpoint| endpoint.name.clone()).collect(),
            values: vec![T::default(); endpoints.len()],
        }
    }

    /// Moves every value to where its backend now stands; newcomers get the default. Answers with the former
    /// index of each.
    pub(super) fn on_membership(&mut self, endpoints: &[Endpoint]) -> Vec<Option<usize>> {
        // Backends keep their order, so the search goes on from the last one found.
        let mut seen = 0;
        let mut former = Vec::with_capacity(endpoints.len());
        for endpoint in endpoints {
            let found = (seen..self.names.len()).find(|&index| self.names[index] == endpoint.name);
            seen = found.map_or(seen, |index| index + 1);
            former.push(found);
        }
        let value = |index: &Option<usize>| index.map_or_else(T::default, |index| self.values[index].clone());
        self.values = former.iter().map(value).collect();
        self.names = endpoints.iter().map(|endpoint| endpoint.name.clone()).collect();
        former
    }

    #[inline]
    pub(super) fn get(&self, backend: usize) -> Option<&T> {
        self.values.get(backend)
    }

    #[inline]
    pub(super) fn get_mut(&mut self, backend: usize) -> Option<&mut T> {
        self.values.get_mut(backend)
    }

    #[cfg(test)]
    pub(super) fn values(&self) -> &[T] {
        &self.values
    }

    #[inline]
    pub(super) fn values_mut(&mut self) -> &mut [T] {
        &mut self.values
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::balancing::testing::endpoints;

    #[test]
    fn values_follow_their_backends() {
        let mut members = endpoints(&[1; 4]);
        let mut memory = PerBackend::<u32>::new(&members);
        memory.values_mut().copy_from_slice(&[10, 20, 30, 40]);
        members.remove(1);
        members.push(Endpoint { name: "new".into(), ..members[0].clone() });
        assert_eq!(memory.on_membership(&members), [Some(0), Some(2), Some(3), None]);
        assert_eq!(memory.values(), [10, 30, 40, 0]);
    }
}

//! Tables of backends and replays, for the tests of this family.

use sim_core::{
    random::{Stream, Streams},
    time::{SimDuration, SimTime},
};

use super::{Ask, Backend, Backends, Balance, Done, Endpoint};

/// Backends 10.0.0.1:80 and on with these weights and no limit.
pub(super) fn endpoints(weights: &[u32]) -> Vec<Endpoint> {
    let addresses = 0x0A00_0001_u32..;
    let endpoint = |(address, &weight): (u32, &u32)| Endpoint {
        name: format!("10.0.0.{}", address & 0xFF),
        address,
        port: 80,
        weight,
        slots: 0,
    };
    addresses.zip(weights).map(endpoint).collect()
}

/// Available, idle backends with these weights.
pub(super) fn rows(weights: &[u32]) -> Vec<Backend> {
    weights.iter().map(|&weight| Backend { available: true, in_flight: 0, weight, share: 1.0 }).collect()
}

/// Available backends of weight 1 with so many requests in flight.
pub(super) fn loaded(in_flight: &[u32]) -> Vec<Backend> {
    in_flight.iter().map(|&in_flight| Backend { available: true, in_flight, weight: 1, share: 1.0 }).collect()
}

/// The table at the start of time.
pub(super) fn view(rows: &[Backend]) -> Backends<'_> {
    Backends::new(SimTime::ZERO, rows)
}

/// The table so many milliseconds later.
pub(super) fn view_at(rows: &[Backend], millis: u64) -> Backends<'_> {
    Backends::new(SimTime::ZERO + SimDuration::from_millis(millis), rows)
}

/// A success of `backend` after so many milliseconds.
pub(super) fn done(backend: usize, millis: u64) -> Done {
    Done { backend, latency: SimDuration::from_millis(millis), success: true, report: None }
}

/// The stream that strategies draw from.
pub(super) fn stream() -> Stream {
    Streams::new(1, 0).stream("lb/choice")
}

/// The next picks from a table that does not change, a letter each: `a` is the first backend, `-` none.
pub(super) fn letters(balancer: &mut impl Balance, rows: &[Backend], picks: usize) -> String {
    let mut random = stream();
    let letter = |index: usize| (b'a' + index as u8) as char;
    (0..picks).map(|_| balancer.pick(&view(rows), &Ask::default(), &mut random).map_or('-', letter)).collect()
}

/// How often each backend is picked for the keys 0, 1, 2 and on, from a table that does not change.
pub(super) fn picks_by_key(balancer: &mut impl Balance, rows: &[Backend], keys: u64) -> Vec<usize> {
    let mut random = stream();
    let mut picks = vec![0; rows.len()];
    for key in 0..keys {
        let ask = Ask { key, address: 0 };
        if let Some(picked) = balancer.pick(&view(rows), &ask, &mut random) {
            picks[picked] += 1;
        }
    }
    picks
}

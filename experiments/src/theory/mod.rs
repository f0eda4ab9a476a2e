//! The simulator beside queueing theory: suites of checks, each with deliberate mistakes that it must notice.
//!
//! Every check runs the whole model on a system written as a file has it. Time is counted in mean services, told as
//! seconds, unless a system says otherwise. A tolerance is about four standard errors of its figure at the length
//! of its run, measured over independent seeds (`tests/it/theory.rs`), and small enough that a service a few percent
//! too long is noticed.

mod suite;
mod trial;

mod balanced; // many stations behind a balancer: choices, shortest lines, idle queues, turns, old news
mod cached; // caches in a system: lifetimes, stampedes, writes
mod caching; // what is held, in limited room or for a limited time
mod closed; // a fixed number of customers
mod connected; // connections, deadlines met and missed, a server that fails fast
mod detection; // who is down, and who is thought to be
mod executors; // threads, loops, actors, connections
mod fan_out; // all parts of a request
mod general_service; // one channel, any service
mod loss; // who finds no room
mod markov; // exponential all over
mod metastable; // what outlives its cause
mod networks; // one station after another
mod order; // who is served next
mod overload; // more than can be served, and of use for a while only
mod priority; // classes that go first
mod redirection; // misled by caches, or by an address that has to move
mod sharing; // all served at once
mod stages; // between caller and callee
mod steps; // waits, choices, repetitions, branches

use suite::Suite;

pub use trial::Lab;

use crate::cli::TheoryCheck;

/// Every check, in the order to show them.
pub fn checks(lab: &Lab) -> Vec<TheoryCheck> {
    stations(lab).into_iter().chain(techniques(lab)).flat_map(Suite::into_checks).collect()
}

/// One station and several, as queueing theory knows them.
fn stations(lab: &Lab) -> Vec<Suite> {
    vec![
        markov::one_channel(lab),
        markov::several_channels(lab),
        markov::unlimited_channels(lab),
        loss::no_line(lab),
        loss::short_line(lab),
        loss::bulkheads(lab),
        general_service::any_variance(lab),
        general_service::constant(lab),
        order::blind(lab),
        order::by_demand(lab),
        priority::waiting(lab),
        priority::interrupting(lab),
        sharing::equal_parts(lab),
        sharing::latest_first(lab),
        sharing::shortest_remaining(lab),
        overload::deadlines(lab),
        networks::tandem(lab),
        networks::open(lab),
        closed::mean_values(lab),
        closed::repair(lab),
        steps::threads_that_wait(lab),
        steps::ways(lab),
        executors::threads(lab),
        executors::loops(lab),
        executors::actors(lab),
        executors::connections(lab),
        steps::branches(lab),
        steps::slow_leaves(lab),
    ]
}

/// What is done about load, failure and distance.
fn techniques(lab: &Lab) -> Vec<Suite> {
    vec![
        balanced::supermarket(lab),
        balanced::shortest_line(lab),
        balanced::idle_queue(lab),
        balanced::turns(lab),
        balanced::old_news(lab),
        fan_out::slowest(lab),
        fan_out::fork_join(lab),
        stages::retries(lab),
        stages::hedges(lab),
        stages::semaphores(lab),
        stages::throttles(lab),
        metastable::metastable(lab),
        detection::silence_and_checks(lab),
        detection::lost_heartbeats(lab),
        redirection::caches(lab),
        redirection::takeover(lab),
        cached::lifetimes(lab),
        cached::stampedes(lab),
        cached::writes(lab),
        caching::small_caches(lab),
        caching::characteristic_times(lab),
        caching::times_to_live(lab),
        connected::omission(lab),
        connected::opening(lab),
        connected::layers(lab),
        connected::black_hole(lab),
        connected::bounded(lab),
        connected::attempts(lab),
    ]
}

//! Ctrl-C: the first asks, the second insists.

use std::{
    process,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use crate::exit::Exit;

/// What runs look at now and then: whether to go on.
#[derive(Debug, Default)]
pub struct Supervisor {
    stop: AtomicBool,
}

impl Supervisor {
    /// Asks all runs to stop, and no more to start.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Whether runs are to stop.
    pub fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// A supervisor that Ctrl-C stops; a second Ctrl-C ends the process at once, with the same exit code.
///
/// Called once a process; where no handler can be installed, Ctrl-C kills as it would without one.
pub fn listen_for_interrupts() -> Arc<Supervisor> {
    let supervisor = Arc::new(Supervisor::default());
    let handler = Arc::clone(&supervisor);
    let _ = ctrlc::set_handler(move || {
        if handler.stopped() {
            process::exit(Exit::Interrupted.code().into());
        }
        handler.stop();
    });
    supervisor
}

//! A panic inside a run is that run's failure, told with its place, and not the end of the others.

use std::{
    any::Any,
    cell::{Cell, RefCell},
    panic::{self, AssertUnwindSafe, PanicHookInfo},
    sync::Once,
};

thread_local! {
    static IN_RUN: Cell<bool> = const { Cell::new(false) };
    static WHERE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Keeps panics inside runs from printing over the progress bar; all others print as ever.
pub fn quiet_panics_in_runs() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info: &PanicHookInfo<'_>| {
            if IN_RUN.get() {
                WHERE.replace(info.location().map(ToString::to_string));
            } else {
                usual(info);
            }
        }));
    });
}

/// The result of `run`, or what it panicked with and where.
///
/// # Errors
/// It panicked.
pub fn caught<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    IN_RUN.set(true);
    // What a broken run leaves behind is its own: nothing of it is looked at again.
    let result = panic::catch_unwind(AssertUnwindSafe(run));
    IN_RUN.set(false);
    result.map_err(|payload| match WHERE.take() {
        Some(place) => format!("{} (at {place})", message(payload.as_ref())),
        None => message(payload.as_ref()).to_owned(),
    })
}

fn message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("panicked without a message")
}

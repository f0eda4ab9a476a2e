//! Events of the Trace Event Format, and the file they make.

use serde::Serialize;

/// What kind of event it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) enum Phase {
    /// Names a process or a thread.
    #[serde(rename = "M")]
    Metadata,
    /// Something that lasts.
    #[serde(rename = "X")]
    Slice,
    /// Something that takes no time.
    #[serde(rename = "i")]
    Instant,
    /// An arrow begins.
    #[serde(rename = "s")]
    FlowStart,
    /// It goes on.
    #[serde(rename = "t")]
    FlowStep,
    /// It ends.
    #[serde(rename = "f")]
    FlowEnd,
}

/// What is told when an event is clicked on.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Arguments {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sort_index: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) request: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) attempt: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) retry: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) copy: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ending: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) standing: Option<&'static str>,
}

/// One event.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Event {
    name: String,
    cat: &'static str,
    ph: Phase,
    /// Microseconds.
    ts: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    dur: Option<f64>,
    pid: u32,
    tid: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<u64>,
    /// An arrow that ends binds to the slice around its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    bp: Option<&'static str>,
    /// How far an instant is seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    s: Option<&'static str>,
    args: Arguments,
    /// For the order in the file: when, and how long.
    #[serde(skip)]
    place: (u64, u64),
}

impl Event {
    fn new(ph: Phase, name: &str, cat: &'static str, from: u64, (pid, tid): (u32, u32)) -> Self {
        Self {
            name: name.to_owned(),
            cat,
            ph,
            ts: micros(from),
            dur: None,
            pid,
            tid,
            id: None,
            bp: None,
            s: None,
            args: Arguments::default(),
            place: (from, 0),
        }
    }

    /// Something that lasts.
    pub(super) fn slice(
        name: &str,
        cat: &'static str,
        (from, to): (u64, u64),
        at: (u32, u32),
        args: Arguments,
    ) -> Self {
        let base = Self::new(Phase::Slice, name, cat, from, at);
        Self { dur: Some(micros(to - from)), args, place: (from, to - from), ..base }
    }

    /// Something that takes no time.
    pub(super) fn instant(name: &str, cat: &'static str, at: u64, on: (u32, u32), args: Arguments) -> Self {
        Self { s: Some("t"), args, ..Self::new(Phase::Instant, name, cat, at, on) }
    }

    /// A part of an arrow.
    pub(super) fn flow(ph: Phase, id: u64, at: u64, on: (u32, u32)) -> Self {
        let bp = (ph == Phase::FlowEnd).then_some("e");
        Self { id: Some(id), bp, ..Self::new(ph, "call", "flow", at, on) }
    }

    /// The name of a process or a thread.
    pub(super) fn name(kind: &str, process: u32, thread: u32, name: &str) -> Self {
        let args = Arguments { name: Some(name.to_owned()), ..Arguments::default() };
        Self { args, ..Self::new(Phase::Metadata, kind, "__metadata", 0, (process, thread)) }
    }

    /// The place of a thread among those of its process.
    pub(super) fn sort_index(process: u32, thread: u32) -> Self {
        let args = Arguments { sort_index: Some(thread), ..Arguments::default() };
        let kind = "thread_sort_index";
        Self { args, ..Self::new(Phase::Metadata, kind, "__metadata", 0, (process, thread)) }
    }
}

fn micros(nanos: u64) -> f64 {
    nanos as f64 / 1e3
}

/// The file of these events: names first, then by time, and of what begins together the longest first.
pub(super) fn file(mut events: Vec<Event>) -> String {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct File {
        display_time_unit: &'static str,
        trace_events: Vec<Event>,
    }
    events.sort_by_key(|event| {
        let (from, length) = event.place;
        (event.ph != Phase::Metadata, from, event.ph, std::cmp::Reverse(length))
    });
    // Plain data in memory cannot fail to be written.
    serde_json::to_string(&File { display_time_unit: "ms", trace_events: events }).unwrap_or_default() + "\n"
}

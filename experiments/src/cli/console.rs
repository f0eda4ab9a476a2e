//! Where commands write: results to stdout, narration to stderr, colour only where it is wanted.

use std::{
    env,
    io::{self, IsTerminal, Write},
    sync::{Arc, Mutex, PoisonError},
};

use anstream::{AutoStream, ColorChoice};

use super::{
    LoadFailure,
    options::{Color, Format, Global, ProgressKind},
};
use crate::{
    exit::Exit,
    output::terminal::Look,
    runner::{
        Pending,
        progress::{Bar, Plain, Progress, Silent},
    },
    store::StoreError,
    study::Study,
};

/// The two streams of a process, whether people look at them, and whether continuous integration does.
pub struct Streams {
    out: Box<dyn Write + Send>,
    err: Box<dyn Write + Send>,
    colors: Colors,
    interactive: bool,
    in_ci: bool,
}

/// Which streams show colours.
#[derive(Clone, Copy)]
struct Colors {
    out: bool,
    err: bool,
}

impl Streams {
    /// Those of this process.
    pub fn standard() -> Self {
        Self {
            out: Box::new(io::stdout()),
            err: Box::new(io::stderr()),
            colors: Colors {
                out: AutoStream::choice(&io::stdout()) != ColorChoice::Never,
                err: AutoStream::choice(&io::stderr()) != ColorChoice::Never,
            },
            interactive: io::stderr().is_terminal(),
            in_ci: env::var("CI").is_ok_and(|value| value == "true"),
        }
    }

    /// Others, at which nobody looks: for tests.
    pub fn captured(out: Box<dyn Write + Send>, err: Box<dyn Write + Send>) -> Self {
        let colors = Colors { out: false, err: false };
        Self { out, err, colors, interactive: false, in_ci: false }
    }
}

/// How much is narrated.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Talk {
    Little,
    Usual,
    Much,
}

/// What a command writes to.
pub(super) struct Console {
    out: Mutex<Box<dyn Write + Send>>,
    err: Shared,
    colors: Colors,
    interactive: bool,
    in_ci: bool,
    talk: Talk,
    progress: ProgressKind,
    /// What stdout gets.
    pub(super) format: Format,
    /// How tables for people look.
    pub(super) look: Look,
}

impl Console {
    pub(super) fn new(global: &Global, streams: Streams) -> Self {
        Self {
            out: Mutex::new(streams.out),
            err: Shared(Arc::new(Mutex::new(streams.err))),
            colors: match global.color {
                Color::Auto => streams.colors,
                Color::Always => Colors { out: true, err: true },
                Color::Never => Colors { out: false, err: false },
            },
            interactive: streams.interactive,
            in_ci: streams.in_ci,
            talk: match (global.quiet, global.verbose) {
                (true, _) => Talk::Little,
                (false, true) => Talk::Much,
                (false, false) => Talk::Usual,
            },
            progress: global.progress,
            format: global.format,
            look: Look { ascii: global.ascii, time_unit: global.time_unit },
        }
    }

    /// A result.
    pub(super) fn print(&self, text: &str) {
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        // A reader that has seen enough, such as `head`, is no error.
        let _ = out.write_all(dressed(text, self.colors.out).as_bytes()).and_then(|()| out.flush());
    }

    /// A sentence of narration.
    pub(super) fn narrate(&self, text: &str) {
        if self.talk != Talk::Little {
            self.complain(text);
        }
    }

    /// A sentence for those who asked for more.
    pub(super) fn detail(&self, text: &str) {
        if self.talk == Talk::Much {
            self.complain(text);
        }
    }

    /// An error: told even to the quiet.
    pub(super) fn complain(&self, text: &str) {
        let text = dressed(&self.look.finish(text.to_owned()), self.colors.err);
        // Nobody is left to be told.
        let _ = writeln!(self.err.clone(), "{text}");
    }

    /// Warnings about a file; none if the text is empty.
    pub(super) fn warn(&self, text: &str) {
        if !text.is_empty() {
            self.narrate(text.trim_end());
        }
    }

    /// Text for people, in the formats that are for people.
    pub(super) fn print_human(&self, text: &str) {
        if self.format != Format::Quiet {
            self.print(&self.look.finish(text.to_owned()));
        }
    }

    /// Tells a failure of the file system.
    pub(super) fn fail(&self, error: &StoreError) -> Exit {
        self.complain(&format!("error: {error}"));
        Exit::Internal
    }

    /// Tells why there is no experiment.
    pub(super) fn refuse(&self, failure: &LoadFailure) -> Exit {
        let (text, exit) = match failure {
            LoadFailure::Invalid(text) => (text, Exit::Invalid),
            LoadFailure::NothingMatched(text) => (text, Exit::NothingMatched),
            LoadFailure::Unreadable(text) => (text, Exit::Internal),
        };
        self.complain(text.trim_end());
        exit
    }

    /// The progress display of one round.
    pub(super) fn progress(&self, study: &Study, pending: &Pending, threads: usize) -> Box<dyn Progress> {
        match self.progress {
            _ if self.talk == Talk::Little => Box::new(Silent),
            ProgressKind::None => Box::new(Silent),
            ProgressKind::Bar => Box::new(Bar::new(study, pending, threads, self.look.ascii)),
            ProgressKind::Auto if self.interactive => {
                Box::new(Bar::new(study, pending, threads, self.look.ascii))
            }
            ProgressKind::Plain | ProgressKind::Auto => {
                Box::new(Plain::new(study, pending, self.err.clone()))
            }
        }
    }

    /// Whether a question can be put to somebody.
    pub(super) fn is_interactive(&self) -> bool {
        self.interactive && io::stdin().is_terminal()
    }

    /// Whether this is continuous integration, which writes nothing that is kept in a repository.
    pub(super) fn is_in_ci(&self) -> bool {
        self.in_ci
    }
}

fn dressed(text: &str, colored: bool) -> String {
    if colored { text.to_owned() } else { anstream::adapter::strip_str(text).to_string() }
}

/// A stream that several hold.
#[derive(Clone)]
struct Shared(Arc<Mutex<Box<dyn Write + Send>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).flush()
    }
}

//! A bar for people at a terminal.

use std::sync::{Mutex, PoisonError};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{Progress, seconds_in_words, short_rate};
use crate::{
    clock::Stopwatch,
    runner::{Job, Pending, pace::Pace},
    study::Study,
};

/// `lb_one_slow_server  ▕███████▏░░░▏ 214/360 runs  5.9 M req/s  ETA 6 s  (8 jobs)`
#[derive(Debug)]
pub struct Bar {
    drawn: ProgressBar,
    pace: Mutex<Pace>,
    watch: Stopwatch,
    threads: usize,
}

impl Bar {
    /// Draws on stderr; `ascii` keeps to plain characters.
    pub fn new(study: &Study, pending: &Pending, threads: usize, ascii: bool) -> Self {
        let pace = Pace::new(&study.cells, &pending.jobs, &pending.stored);
        let drawn = ProgressBar::with_draw_target(Some(pace.total as u64), ProgressDrawTarget::stderr())
            .with_prefix(study.name.clone())
            .with_style(style(ascii))
            .with_position(pace.done as u64);
        Self { drawn, pace: Mutex::new(pace), watch: Stopwatch::start(), threads }
    }
}

fn style(ascii: bool) -> ProgressStyle {
    let (template, characters) = if ascii {
        ("{prefix}  [{bar:24}] {pos}/{len} runs  {msg}", "#>-")
    } else {
        ("{prefix}  ▕{bar:24}▏ {pos}/{len} runs  {msg}", "█▉▊▋▌▍▎▏░")
    };
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars(characters)
}

impl Progress for Bar {
    fn finished(&self, job: &Job, events: u64, requests: u64) {
        let elapsed = self.watch.seconds();
        let (rate, left) = {
            let mut pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
            pace.finished(job, events, requests);
            (pace.requests as f64 / elapsed.max(1e-3), pace.seconds_left(elapsed))
        };
        let eta =
            left.map_or_else(|| "ETA …".to_owned(), |seconds| format!("ETA {}", seconds_in_words(seconds)));
        self.drawn.set_message(format!("{} req/s  {eta}  ({} jobs)", short_rate(rate), self.threads));
        self.drawn.inc(1);
    }

    fn end(&self) {
        self.drawn.finish_and_clear();
    }
}

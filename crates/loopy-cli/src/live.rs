//! What a person sees while work goes on: one live line a stage on a terminal, plain lines
//! elsewhere, NDJSON with `--json`.

use std::{
    io::IsTerminal as _,
    sync::{Mutex, PoisonError},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use loopy_engine::events::{Event, Stage};

use crate::{args::Global, log, words};

/// Turns events into lines.
pub(crate) struct Live {
    json: bool,
    /// Standard output carries the video; JSON goes to standard error.
    taken: bool,
    lines: bool,
    /// Nothing is told at all.
    silent: bool,
    bar: Mutex<Option<ProgressBar>>,
}

impl Live {
    pub(crate) fn new(global: &Global, taken: bool) -> Self {
        let terminal = std::io::stderr().is_terminal();
        Self {
            json: global.json,
            taken,
            lines: terminal && !global.json && !global.no_progress,
            silent: false,
            bar: Mutex::new(None),
        }
    }

    /// For work that is nobody's wish.
    pub(crate) fn silent() -> Self {
        Self {
            json: false,
            taken: false,
            lines: false,
            silent: true,
            bar: Mutex::new(None),
        }
    }

    /// Takes one event.
    pub(crate) fn take(&self, event: &Event) {
        if self.silent {
            return;
        }
        log::told(event);
        if self.json {
            if let Ok(line) = serde_json::to_string(event) {
                self.data(&line);
            }
            return;
        }
        match event {
            Event::StageStarted { stage, total, unit } if self.lines && *total > 0 => {
                self.set(Some(bar(*stage, *total, unit)));
            }
            Event::Progress { done, .. } => self.with(|bar| bar.set_position(*done)),
            Event::StageStarted { .. } | Event::StageFinished { .. } => self.set(None),
            Event::LeftOut { file, reason } => {
                self.say(&format!("left out: {}: {reason}", file.display()));
            }
            Event::Remark { file, reason } => {
                self.say(&format!("note: {}: {reason}", file.display()));
            }
            Event::Fallback(noted) => self.say(&words::fallback(&noted.entry)),
            Event::Note { message } => self.say(&format!("note: {message}")),
        }
    }

    /// No stage is at work any more.
    pub(crate) fn done(&self) {
        self.set(None);
    }

    /// A line of data for programs.
    pub(crate) fn data(&self, line: &str) {
        if self.taken {
            words::say(line);
        } else {
            words::data(line);
        }
    }

    /// A line for people, above the live one.
    pub(crate) fn say(&self, line: &str) {
        if self.json {
            return;
        }
        let bar = self.bar.lock().unwrap_or_else(PoisonError::into_inner);
        match bar.as_ref() {
            Some(bar) => bar.suspend(|| words::say(line)),
            None => words::say(line),
        }
    }

    fn set(&self, bar: Option<ProgressBar>) {
        let mut current = self.bar.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(old) = current.take() {
            old.finish_and_clear();
        }
        *current = bar;
    }

    fn with(&self, work: impl FnOnce(&ProgressBar)) {
        if let Some(bar) = self
            .bar
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_ref()
        {
            work(bar);
        }
    }
}

fn bar(stage: Stage, total: u64, unit: &str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
    let template =
        format!("{{prefix:>8}} {{bar:30}} {{pos}}/{{len}} {unit} {{per_sec}} {{eta}} left");
    if let Ok(style) = ProgressStyle::with_template(&template) {
        bar.set_style(style);
    }
    bar.set_prefix(stage.name());
    bar.enable_steady_tick(std::time::Duration::from_millis(250));
    bar
}

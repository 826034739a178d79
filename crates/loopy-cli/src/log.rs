//! The log: lines about this program's work, in a file or on standard error, as `debug` and `log` say.
//!
//! What a person is told while work goes on ([`crate::live`]) is in the file, too, one line an event,
//! and not a second time on standard error.

mod redact;
mod rotate;

use std::{io, path::PathBuf, sync::Arc};

use loopy_core::config::{LogFormat, Secret, Settings};
use loopy_engine::events::Event;
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

pub(crate) use self::redact::Redactor;
use self::rotate::Rotating;
use crate::words;

/// Target of what a person is told anyway.
const TOLD: &str = "told";
/// Size of a log file where nobody says.
const USUAL_SIZE: u64 = 10 << 20;

/// Begins the log; `LOOPYCOMFY_LOG` goes before the level in the settings. A file that cannot be
/// written is told, and nothing more.
pub(crate) fn begin(settings: &Settings) {
    let debug = &settings.config.debug;
    let level = if debug.enabled {
        debug.log_level.filter()
    } else {
        "warn"
    };
    let file = debug.log_file.as_ref().filter(|_| debug.enabled);
    let file = file.and_then(|path| match open(settings, path) {
        Ok(file) => Some(file),
        Err(error) => {
            words::say(&format!(
                "warning: the log `{path}` cannot be written: {error}; its lines go here"
            ));
            None
        }
    });
    let told = if file.is_some() { "" } else { ",told=off" };
    let filter = |level: &str| EnvFilter::try_new(format!("{level}{told}"));
    let wanted = std::env::var("LOOPYCOMFY_LOG").ok();
    let wanted = wanted.as_deref().filter(|wanted| !wanted.trim().is_empty());
    let parsed = filter(wanted.unwrap_or(level)).or_else(|error| {
        words::say(&format!("warning: LOOPYCOMFY_LOG is no filter: {error}"));
        filter(level)
    });
    let Ok(filter) = parsed else {
        return;
    };
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_target(false)
        .with_ansi(false);
    let json = settings.config.log.format == LogFormat::Json;
    match file {
        Some(file) if json => subscriber
            .json()
            .flatten_event(true)
            .with_writer(file)
            .init(),
        Some(file) => subscriber.with_writer(file).init(),
        None if json => subscriber
            .json()
            .flatten_event(true)
            .with_writer(Lines::Errors)
            .init(),
        None => subscriber.without_time().with_writer(Lines::Errors).init(),
    }
}

fn open(settings: &Settings, path: &str) -> io::Result<Lines> {
    let log = &settings.config.log;
    let cap = log.size.unwrap_or(USUAL_SIZE);
    let file = Rotating::open(PathBuf::from(path), cap, log.files)?;
    let redactor = words::redactor().clone();
    Ok(Lines::File(Arc::new(File {
        file,
        redactor: if log.hide_home {
            redactor.hiding(std::env::home_dir())
        } else {
            redactor
        },
    })))
}

/// What must never be shown, as settings and environment give it.
pub(crate) fn secrets(settings: &Settings) -> Vec<String> {
    let key = "features.real_time.websocket.auth_token";
    let by_variable = std::env::var(loopy_core::config::variable(key)).ok();
    let websocket = &settings.config.features.real_time.websocket;
    let token = websocket.auth_token.as_ref().map(Secret::reveal);
    token
        .map(str::to_owned)
        .into_iter()
        .chain(by_variable)
        .collect()
}

/// Where lines go, without what must not be shown.
#[derive(Clone)]
enum Lines {
    Errors,
    File(Arc<File>),
}

struct File {
    file: Rotating,
    redactor: Redactor,
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// An event comes as one write.
impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        // An event is a line, whatever is in it.
        let text = text.trim_end().replace('\n', "; ");
        match self {
            Self::Errors => words::say(&text),
            Self::File(log) => {
                let line = format!("{}\n", log.redactor.clean(&text));
                if let Some(error) = log.file.line(line.as_bytes()) {
                    words::say(&format!(
                        "warning: the log `{}` cannot be written any more: {error}",
                        log.file.path().display()
                    ));
                }
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes an event that a person was told of into the log.
pub(crate) fn told(event: &Event) {
    match event {
        Event::LeftOut { file, reason } => {
            tracing::warn!(target: TOLD, file = %file.display(), reason, "left out");
        }
        Event::Remark { file, reason } => {
            tracing::info!(target: TOLD, file = %file.display(), reason, "used, but not as it is");
        }
        Event::Fallback(noted) => {
            let entry = &noted.entry;
            let (what, from, to) = (&entry.what, &entry.from, &entry.to);
            let (why, fix) = (&entry.why, &entry.fix);
            tracing::warn!(target: TOLD, what, from, to, why, fix, "fallback");
        }
        Event::Note { message } => tracing::info!(target: TOLD, "{message}"),
        Event::StageStarted { stage, total, unit } => {
            tracing::debug!(target: TOLD, stage = stage.name(), total, unit, "begins");
        }
        Event::StageFinished { stage, wall, cpu } => {
            tracing::info!(target: TOLD, stage = stage.name(), wall, cpu, "done");
        }
        Event::Progress { .. } => {}
    }
}

/// Writes how a command failed into the log.
pub(crate) fn failed(error: &loopy_engine::Error) {
    let hint = error.hint().unwrap_or_default();
    tracing::error!(target: TOLD, code = error.exit_code(), hint, "{error}");
}

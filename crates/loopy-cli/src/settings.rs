//! Settings of a file and of the environment, as defaults of the command line.
//!
//! What is given by hand goes before the environment, that before the file, that before what an
//! option has by itself: each setting becomes the default of its option, and options are read as
//! always.

use std::{
    ffi::OsString,
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _, parser::ValueSource};
use loopy_core::{
    clip::show,
    config::{self, Finding, Findings, LARGEST, Place, Settings, Workers},
};
use loopy_engine::Error;
use serde_json::Value;

use crate::args::{Args, Command};

/// Keys, their options, and the commands that have these.
const OPTIONS: [(&str, &str, &[&str]); 22] = [
    ("render.size", "size", &["render", "loop"]),
    ("render.fps", "fps", &["render", "plan", "loop", "serve"]),
    ("render.fit", "fit", &["render", "loop", "serve"]),
    ("render.preset", "preset", &["render", "loop"]),
    ("render.quality", "quality", &["render", "loop"]),
    ("render.audio", "audio", &["render", "loop", "serve"]),
    ("seams.mode", "seams", &["render", "plan", "loop", "serve"]),
    ("seams.threshold", "seam_threshold", WALKS),
    (
        "seams.bridge_frames",
        "bridge_frames",
        &["render", "plan", "loop", "serve"],
    ),
    ("seams.bridge_budget", "bridge_budget", WALKS),
    ("walk.mode", "mode", WALKS),
    ("walk.min_gap", "min_gap", WALKS),
    ("walk.history_window", "history_window", WALKS),
    ("walk.temperature", "temperature", WALKS),
    ("walk.repetition_penalty", "repetition_penalty", WALKS),
    ("live.rungs", "rungs", &["serve"]),
    ("live.max_viewers", "max_viewers", &["serve"]),
    ("live.max_per_address", "max_per_address", &["serve"]),
    ("live.allow_host", "allow_host", &["serve"]),
    ("live.allow_origin", "allow_origin", &["serve"]),
    ("features.real_time.websocket.host", "host", &["serve"]),
    ("features.real_time.websocket.port", "port", &["serve"]),
];

/// The commands that walk.
const WALKS: &[&str] = &["render", "plan", "serve"];

/// Keys of options that every command has.
const GLOBAL: [(&str, &str); 3] = [
    ("store.path", "cache"),
    ("store.size", "cache_size"),
    ("monitor.memory_limit", "memory_limit"),
];

/// What a preset decides: given by whoever goes before, it goes before these, too.
const OF_PRESET: [&str; 2] = ["render.size", "render.quality"];

/// The command line alone.
pub(crate) fn first() -> Result<Args, clap::Error> {
    Args::command()
        .try_get_matches()
        .and_then(|matches| Args::from_arg_matches(&matches))
}

/// The command line over the environment, the file and the defaults.
pub(crate) fn with(mut args: Args) -> Result<Args, Error> {
    if matches!(
        args.command,
        Command::Worker(_) | Command::Config(_) | Command::Migrate(_)
    ) {
        return Ok(args);
    }
    let settings = match find(args.global.config.as_deref()) {
        Ok((settings, _)) => settings,
        // The doctor says what is wrong, and looks at everything else all the same.
        Err(Error::Settings(findings)) if matches!(args.command, Command::Doctor) => {
            args.global.trouble = Some(findings.to_string());
            return Ok(args);
        }
        Err(error) => return Err(error),
    };
    let line: Vec<OsString> = std::env::args_os().collect();
    parse(&settings, &line).map_err(|error| Error::Usage(error.to_string()))
}

/// A command line with `settings` as its defaults.
pub(crate) fn parse(settings: &Settings, line: &[OsString]) -> Result<Args, clap::Error> {
    let matches = matches(settings, line)?;
    let mut args = Args::from_arg_matches(&matches)?;
    args.global.settings = settings.clone();
    Ok(args)
}

fn matches(settings: &Settings, line: &[OsString]) -> Result<ArgMatches, clap::Error> {
    let by_hand = Args::command().try_get_matches_from(line)?;
    let preset_by_hand = by_hand.subcommand().is_some_and(|(_, matches)| {
        matches.try_contains_id("preset").unwrap_or(false)
            && matches.value_source("preset") == Some(ValueSource::CommandLine)
    });
    let preset = if preset_by_hand {
        2
    } else {
        rank(settings.place("render.preset"))
    };
    let mut command = Args::command();
    for (key, option, commands) in OPTIONS {
        let place = settings.place(key);
        if *place == Place::Default || (OF_PRESET.contains(&key) && preset > rank(place)) {
            continue;
        }
        let Some(text) = text(settings.value(key)) else {
            continue;
        };
        for name in commands {
            command = command.mut_subcommand(name, |command| {
                command.mut_arg(option, |arg| arg.default_value(text.clone()))
            });
        }
    }
    for (key, option) in GLOBAL {
        if let (true, Some(text)) = (
            *settings.place(key) != Place::Default,
            text(settings.value(key)),
        ) {
            command = command.mut_arg(option, |arg| arg.default_value(text));
        }
    }
    let parallel = &settings.config.features.parallel_processing;
    if parallel.enabled {
        let most = match parallel.max_workers {
            Workers::Auto => std::thread::available_parallelism()
                .map_or(1, std::num::NonZero::get)
                .min(256),
            Workers::Most(most) => usize::from(most),
        };
        command = command.mut_arg("workers", |arg| arg.default_value(most.to_string()));
    }
    command.try_get_matches_from(line)
}

/// Who goes before whom: the default, the file, the environment.
fn rank(place: &Place) -> u8 {
    match place {
        Place::Default => 0,
        Place::File { .. } => 1,
        Place::Variable(_) => 2,
    }
}

/// A value as one would type it.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        value => Some(value.to_string()),
    }
}

/// What holds, of the file that was given or the default one, and that file where there is one.
pub(crate) fn find(given: Option<&Path>) -> Result<(Settings, Option<PathBuf>), Error> {
    let file = match given {
        Some(file) => Some(file.to_owned()),
        None => usual().ok().filter(|file| file.exists()),
    };
    let settings = read(file.as_deref())?;
    for stranger in &settings.strangers {
        crate::words::say(&format!("warning: {stranger}"));
    }
    Ok((settings, file))
}

/// Where a file lies that nobody names.
pub(crate) fn usual() -> Result<PathBuf, Error> {
    use etcetera::BaseStrategy as _;
    etcetera::choose_base_strategy()
        .map(|dirs| dirs.config_dir().join("loopycomfy/config.yaml"))
        .map_err(|_homeless| {
            Error::Usage("there is no home folder to look for settings in; give a FILE".into())
        })
}

/// The environment over a file over the defaults.
pub(crate) fn read(file: Option<&Path>) -> Result<Settings, Error> {
    let environment: Vec<(String, String)> = std::env::vars_os()
        .filter_map(|(name, value)| {
            let name = name.into_string().ok()?;
            name.starts_with("LOOPYCOMFY_")
                .then(|| (name, value.to_string_lossy().into_owned()))
        })
        .collect();
    let name = file.map(show).unwrap_or_default();
    let bytes = file.map(bytes).transpose()?;
    let file = bytes
        .as_ref()
        .map(|bytes| config::File { name: &name, bytes });
    Ok(config::resolve(file, &environment)?)
}

/// What is in a file, as far as settings may reach.
pub(crate) fn bytes(file: &Path) -> Result<Vec<u8>, Error> {
    let wrong = |why: String, hint: &str| {
        Error::Settings(Findings(vec![Finding::of_file(show(file), why, hint)]))
    };
    if file.is_dir() {
        return Err(wrong("is a folder".to_owned(), "give a .yaml file"));
    }
    let mut bytes = Vec::new();
    File::open(file)
        .and_then(|file| file.take(LARGEST as u64 + 1).read_to_end(&mut bytes))
        .map_err(|error| {
            let why = match error.kind() {
                std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
                _ => error.to_string(),
            };
            wrong(why, "`loopy config init FILE` writes one to begin with")
        })?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;

//! `loopy config`: writes, checks and shows settings.

use std::{
    fmt::Write as _,
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use loopy_core::{
    clip::show,
    config::{self, AdvancedFeaturesConfig, Findings, Key, Place},
};
use loopy_engine::{Error, fallback};

use crate::{
    args::{Config, Global},
    settings, words,
};

pub(super) fn run(global: &Global, command: &Config) -> Result<ExitCode, Error> {
    match command {
        Config::Init { file } => {
            let file = match file.as_ref().or(global.config.as_ref()) {
                Some(file) => file.clone(),
                None => settings::usual()?,
            };
            init(global, &file)
        }
        Config::Check { file } => {
            let file = file.as_deref().or(global.config.as_deref());
            check(global, file)
        }
        Config::Show { origin } => list(global, *origin),
        Config::Schema => {
            let text = serde_json::to_string_pretty(&AdvancedFeaturesConfig::schema());
            words::data(&text.unwrap_or_default());
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Name of the schema beside a file that is written.
const SCHEMA: &str = "config.schema.json";

fn init(global: &Global, file: &Path) -> Result<ExitCode, Error> {
    let token = token()?;
    let key = "features.real_time.websocket.auth_token";
    let text = config::written(SCHEMA, &[(key, token.into())]);
    write_with_schema(file, &text, false)?;
    if global.json {
        let path = loopy_core::ClipPath::from(file);
        let line = serde_json::json!({ "type": "written", "file": path });
        words::data(&line.to_string());
    } else {
        words::say(&format!(
            "{}: every setting at its default, and a fresh token; only you may read it",
            show(file)
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes settings, and beside them the schema that their first line names.
pub(super) fn write_with_schema(file: &Path, text: &str, over: bool) -> Result<(), Error> {
    let folder = folder(file);
    std::fs::create_dir_all(&folder).map_err(|error| failed(&folder, &error))?;
    write(file, text.as_bytes(), over)?;
    let schema = serde_json::to_string_pretty(&AdvancedFeaturesConfig::schema());
    let beside = folder.join(SCHEMA);
    write(&beside, schema.unwrap_or_default().as_bytes(), true)
}

/// 256 bits that nobody can guess.
pub(super) fn token() -> Result<String, Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| Error::Output {
        path: PathBuf::from("token"),
        why: format!("the system gives no random numbers: {error}"),
    })?;
    Ok(bytes.iter().fold(String::new(), |mut text, byte| {
        let _written = write!(text, "{byte:02x}");
        text
    }))
}

/// Writes a file that only its owner may read, whole or not at all.
pub(super) fn write(file: &Path, bytes: &[u8], over: bool) -> Result<(), Error> {
    let failed = |error: &std::io::Error| failed(file, error);
    // A temporary file is its owner's alone from the beginning.
    let mut temporary = tempfile::Builder::new()
        .prefix(".loopy-")
        .tempfile_in(folder(file))
        .map_err(|error| failed(&error))?;
    temporary
        .write_all(bytes)
        .and_then(|()| temporary.as_file().sync_all())
        .map_err(|error| failed(&error))?;
    let kept = if over {
        temporary.persist(file)
    } else {
        temporary.persist_noclobber(file)
    };
    kept.map(drop).map_err(|error| failed(&error.error))
}

/// The folder that a file lies in.
pub(super) fn folder(file: &Path) -> PathBuf {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn failed(path: &Path, error: &std::io::Error) -> Error {
    let why = match error.kind() {
        std::io::ErrorKind::AlreadyExists => "it is there already and may hold a token".to_owned(),
        _ => error.to_string(),
    };
    Error::Output {
        path: path.to_owned(),
        why,
    }
}

fn check(global: &Global, file: Option<&Path>) -> Result<ExitCode, Error> {
    let found = match file {
        Some(file) => Some(file.to_owned()),
        None => settings::usual().ok().filter(|file| file.exists()),
    };
    let settings = settings::read(found.as_deref())?;
    if !settings.strangers.is_empty() {
        return Err(Findings(settings.strangers).into());
    }
    let name = found.map_or_else(
        || "no file, only the environment".to_owned(),
        |file| show(&file),
    );
    if global.json {
        let line = serde_json::json!({ "type": "checked", "file": name });
        words::data(&line.to_string());
    } else {
        words::say(&format!("{name}: nothing is wrong"));
        for (what, why) in fallback::lacking(&settings.config) {
            words::say(&format!("note: {what}: {why}; what works is used instead"));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn list(global: &Global, origin: bool) -> Result<ExitCode, Error> {
    let (settings, _) = settings::find(global.config.as_deref())?;
    for key in Key::ALL {
        let (value, place) = (settings.shown(key), settings.place(key.path));
        let line = if global.json {
            serde_json::json!({
                "type": "setting", "key": key.path, "value": value,
                "origin": place.to_string(), "given": *place != Place::Default,
            })
            .to_string()
        } else if origin {
            format!("{}: {value}  ({place})", key.path)
        } else {
            format!("{}: {value}", key.path)
        };
        if !words::data(&line) {
            break;
        }
    }
    Ok(ExitCode::SUCCESS)
}

//! What the doctor looks at, one thing a line.

mod codecs;
mod machine;

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use loopy_core::{
    clip::show,
    config::{Key, Place},
};
use loopy_engine::{Error, fallback, store};
use loopy_media::capabilities;
use loopy_monitor::ResourceMonitor;
use serde::Serialize;

use super::{super::store_dir, places};
use crate::{args::Global, settings, version, words::size};

/// Names and titles of all checks, in their order.
pub(super) const TITLES: [(&str, &str); 18] = [
    ("program", "program"),
    ("settings", "settings"),
    ("ffmpeg", "FFmpeg"),
    ("encoders", "encoders"),
    ("devices", "devices"),
    ("gpu", "GPU"),
    ("cpu", "CPU"),
    ("workers", "workers"),
    ("memory", "memory"),
    ("limits", "limits"),
    ("store", "store"),
    ("port", "port"),
    ("token", "token"),
    ("browser", "browser"),
    ("models", "models"),
    ("features", "features"),
    ("log", "log"),
    ("main-job", "a small render"),
];

/// Room below which a store is of little use.
const LITTLE: u64 = 512 << 20;
/// How something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Mark {
    /// As it should be.
    Good,
    /// Something is not there, and renders do without.
    Note,
    /// Renders fail.
    Bad,
}

/// One thing that was looked at.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Check {
    pub(super) id: &'static str,
    pub(super) mark: Mark,
    pub(super) says: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fix: Option<String>,
}

impl Check {
    fn new(id: &'static str, mark: Mark, says: impl Into<String>, fix: Option<String>) -> Self {
        let says = says.into();
        Self {
            id,
            mark,
            says,
            fix,
        }
    }

    pub(super) fn good(id: &'static str, says: impl Into<String>) -> Self {
        Self::new(id, Mark::Good, says, None)
    }

    pub(super) fn note(id: &'static str, says: impl Into<String>, fix: &str) -> Self {
        let fix = (!fix.is_empty()).then(|| fix.to_owned());
        Self::new(id, Mark::Note, says, fix)
    }

    pub(super) fn bad(id: &'static str, says: impl Into<String>, fix: &str) -> Self {
        Self::new(id, Mark::Bad, says, Some(fix.to_owned()))
    }

    pub(super) fn title(&self) -> &'static str {
        let found = TITLES.iter().find(|(id, _)| *id == self.id);
        found.map_or(self.id, |(_, title)| title)
    }
}

/// Everything but the small render.
pub(super) fn all(global: &Global) -> Vec<Check> {
    let folder = store_dir(global);
    let place = folder.as_deref().unwrap_or(Path::new("."));
    let mut monitor = ResourceMonitor::new(&global.settings.config, place);
    let info = monitor.get_system_info();
    let encoders = capabilities::video_encoders();
    vec![
        program(),
        configuration(global),
        codecs::ffmpeg(),
        codecs::coders(&encoders),
        codecs::devices(&encoders),
        machine::gpu(&info),
        machine::cpu(&info),
        machine::workers(global, &monitor.get_recommended_quality()),
        machine::memory(&info),
        machine::limits(&info),
        storage(global, folder),
        port(global),
        token(global),
        browser(),
        Check::good(
            "models",
            "none needed: the trees that score joints are part of the program; it has no model runner",
        ),
        features(global),
        log(global),
    ]
}

fn program() -> Check {
    Check::good(
        "program",
        format!(
            "loopy {} ({}); {}",
            env!("CARGO_PKG_VERSION"),
            version::build(),
            version::features()
        ),
    )
}

fn configuration(global: &Global) -> Check {
    if let Some(trouble) = &global.trouble {
        let says = trouble
            .lines()
            .map(str::trim)
            .collect::<Vec<_>>()
            .join("; ");
        let fix = "`loopy config check` tells every mistake; renders end with code 3 until then";
        return Check::bad("settings", says, fix);
    }
    let given = Key::ALL
        .iter()
        .filter(|key| *global.settings.place(key.path) != Place::Default);
    let given = given.count();
    let file = global.config.clone().or_else(|| {
        let usual = settings::usual().ok();
        usual.filter(|file| file.exists())
    });
    match file {
        Some(file) => Check::good(
            "settings",
            format!("{} ({given} of {} keys given)", show(&file), Key::ALL.len()),
        ),
        None => Check::note(
            "settings",
            format!("no file ({given} keys given by the environment)"),
            "`loopy config init` writes one",
        ),
    }
}

fn storage(global: &Global, folder: Result<PathBuf, Error>) -> Check {
    let (id, fix) = ("store", "give a folder that may be written: --cache DIR");
    let folder = match folder {
        Ok(folder) => folder,
        Err(error) => return Check::bad(id, error.to_string(), fix),
    };
    let name = show(&folder);
    if let Err(why) = write_in(&folder) {
        // The error itself names a file that is there for a moment.
        let why = why.kind();
        return Check::bad(id, format!("{name} cannot be written: {why}"), fix);
    }
    let cap = global
        .cache_size
        .unwrap_or_else(|| store::default_cap(&folder));
    match store::free_space(&folder) {
        Err(error) => Check::note(id, format!("{name}: {error}"), ""),
        Ok(free) if free < LITTLE => Check::note(
            id,
            format!("{name}, only {} free on its disk", size(free)),
            "free some space there, or choose another disk: --cache DIR",
        ),
        Ok(free) => {
            let says = format!("{name}, up to {}, {} free", size(cap), size(free));
            Check::good(id, says)
        }
    }
}

/// Writes something into a folder, or into its nearest parent that is there, and takes it away.
fn write_in(folder: &Path) -> std::io::Result<()> {
    let whole = std::path::absolute(folder)?;
    let there = whole
        .ancestors()
        .find(|place| place.symlink_metadata().is_ok())
        .unwrap_or(&whole);
    let mut file = tempfile::Builder::new()
        .prefix(".loopy-doctor-")
        .tempfile_in(there)?;
    file.write_all(&[0; 4096])?;
    file.as_file().sync_all()
}

fn port(global: &Global) -> Check {
    let socket = &global.settings.config.features.real_time.websocket;
    let place = format!("{}:{}", socket.host, socket.port);
    match places::listen(&socket.host, socket.port) {
        Ok(()) => Check::good("port", format!("{place} is free")),
        Err(why) => Check::note(
            "port",
            format!("{place}: {why}"),
            "end it, or set features.real_time.websocket.port to another",
        ),
    }
}

fn token(global: &Global) -> Check {
    let socket = &global.settings.config.features.real_time.websocket;
    match &socket.auth_token {
        Some(_secret) => Check::good("token", "given, and not one that everybody knows"),
        None => Check::note(
            "token",
            "none is given; a live stream needs one",
            "`loopy config init` draws one",
        ),
    }
}

fn browser() -> Check {
    match places::browser() {
        Some(file) => Check::good("browser", show(&file)),
        None => Check::note("browser", "none in the search path of programs", ""),
    }
}

fn features(global: &Global) -> Check {
    let lacking = fallback::lacking(&global.settings.config);
    let Some((what, why)) = lacking.first() else {
        return Check::good("features", "nothing is switched on that is not there");
    };
    Check::note(
        "features",
        format!("{what}: {why}"),
        "switch it off; what works is used until then",
    )
}

fn log(global: &Global) -> Check {
    let debug = &global.settings.config.debug;
    let level = debug.log_level.filter();
    match (&debug.log_file, debug.enabled) {
        (Some(file), true) => Check::good("log", format!("{level} and worse, in {file}")),
        (None, true) => Check::good("log", format!("{level} and worse, on standard error")),
        (_, false) => Check::note(
            "log",
            "warnings only, on standard error",
            "debug.enabled: true, or LOOPYCOMFY_DEV=1",
        ),
    }
}

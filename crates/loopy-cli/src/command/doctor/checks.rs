//! What the doctor looks at, one thing a line.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    sync::mpsc,
    time::Duration,
};

use loopy_core::{
    clip::show,
    config::{Key, Place},
};
use loopy_engine::{Error, fallback, store};
use loopy_media::{
    audio::encode::Codec,
    capabilities::{self, VideoEncoder},
};
use loopy_monitor::{Quality, Reading, ResourceMonitor, SystemInfo};
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
/// Drivers of devices may take their time, and some never answer.
const PATIENCE: Duration = Duration::from_secs(10);

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
        ffmpeg(),
        coders(&encoders),
        devices(&encoders),
        gpu(&info),
        cpu(&info),
        workers(global, &monitor.get_recommended_quality()),
        memory(&info),
        limits(&info),
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

fn ffmpeg() -> Check {
    let libraries = loopy_media::libraries();
    let told: Vec<String> = libraries
        .iter()
        .take(3)
        .map(|(name, version)| format!("{name} {version}"))
        .collect();
    Check::good(
        "ffmpeg",
        format!("{} ({})", told.join(", "), capabilities::licence()),
    )
}

fn coders(all: &[VideoEncoder]) -> Check {
    let has = |name: &str| all.iter().any(|encoder| encoder.name == name);
    let sound = |codec| capabilities::prove_sound(codec).is_ok_and(|packets| packets > 0);
    let mut found: Vec<&str> = ["libx264", "libx265", "libsvtav1", "libvpx-vp9"]
        .into_iter()
        .filter(|name| has(name))
        .collect();
    let opus = sound(Codec::Opus);
    found.extend(sound(Codec::Aac).then_some("aac"));
    found.extend(opus.then_some("libopus"));
    let told = found.join(", ");
    let id = "encoders";
    if !has("libx264") {
        let fix = "install an FFmpeg that was built with --enable-gpl --enable-libx264";
        return Check::bad(id, format!("no libx264 (there are: {told})"), fix);
    }
    if !opus {
        let fix = "install an FFmpeg that was built with --enable-libopus";
        return Check::note(id, format!("{told}; no libopus: sound is AAC"), fix);
    }
    Check::good(id, told)
}

fn devices(encoders: &[VideoEncoder]) -> Check {
    let (sender, receiver) = mpsc::sync_channel(1);
    let asked = std::thread::Builder::new()
        .name("devices".to_owned())
        // Nobody may wait any more.
        .spawn(move || drop(sender.send(capabilities::devices())));
    let id = "devices";
    let hardware: Vec<&str> = encoders
        .iter()
        .filter(|encoder| encoder.hardware && encoder.codec == "h264")
        .map(|encoder| encoder.name.as_str())
        .collect();
    let has = if hardware.is_empty() {
        "no hardware H.264 encoder in this FFmpeg".to_owned()
    } else {
        format!("FFmpeg has {}", hardware.join(", "))
    };
    let found = match asked.map(|_thread| receiver.recv_timeout(PATIENCE)) {
        Ok(Ok(found)) => found,
        Ok(Err(_late)) => {
            let says = format!("{has}; a driver did not answer in {} s", PATIENCE.as_secs());
            return Check::note(id, says, "");
        }
        Err(error) => return Check::note(id, format!("{has}; not asked: {error}"), ""),
    };
    let (open, shut): (Vec<_>, Vec<_>) = found.into_iter().partition(|(_, opened)| opened.is_ok());
    let names = |list: &[(String, Result<(), String>)]| {
        let names: Vec<&str> = list.iter().map(|(name, _)| name.as_str()).collect();
        names.join(", ")
    };
    if open.is_empty() {
        // The reason of those that most machines have comes first.
        let rank = |name: &str| ["cuda", "vaapi"].iter().position(|usual| *usual == name);
        let why = shut
            .iter()
            .min_by_key(|(name, _)| rank(name).unwrap_or(usize::MAX))
            .and_then(|(name, opened)| Some(format!("{name}: {}", opened.as_ref().err()?)));
        let why = why.map_or(String::new(), |why| format!(" ({why})"));
        let says = format!("{has}; none can be opened of {}{why}", names(&shut));
        return Check::note(id, says, "");
    }
    Check::good(id, format!("{has}; can be opened: {}", names(&open)))
}

fn gpu(info: &SystemInfo) -> Check {
    let id = "gpu";
    match &info.gpus {
        Reading::Known(gpus) if gpus.is_empty() => Check::note(id, "the driver shows none", ""),
        Reading::Known(gpus) => {
            let told: Vec<String> = gpus
                .iter()
                .map(|gpu| {
                    let name = gpu.name.known().map_or("a GPU", String::as_str);
                    match gpu.memory_total.known() {
                        Some(bytes) => format!("{name}, {}", size(*bytes)),
                        None => name.to_owned(),
                    }
                })
                .collect();
            let told = format!("{}; this version works on the CPU", told.join("; "));
            Check::good(id, told)
        }
        Reading::Unknown { why } => Check::note(
            id,
            format!("none: {why}"),
            "nothing has to be done: this version works on the CPU",
        ),
    }
}

fn cpu(info: &SystemInfo) -> Check {
    let name = match &info.processor {
        Reading::Known(name) => name.clone(),
        Reading::Unknown { why } => why.clone(),
    };
    let cores = info.usable_cores();
    let features = places::cpu_features().join(" ");
    Check::good("cpu", format!("{name}, {cores} cores, {features}"))
}

fn workers(global: &Global, quality: &Quality) -> Check {
    let (count, suits) = (u32::from(global.workers), &quality.workers);
    let says = format!("{count} of {} that suit ({})", suits.value, suits.reason);
    if count < suits.value {
        let fix = format!(
            "`--workers {}`, or features.parallel_processing.enabled: true",
            suits.value
        );
        return Check::note("workers", says, &fix);
    }
    Check::good("workers", says)
}

fn memory(info: &SystemInfo) -> Check {
    match &info.memory {
        Reading::Known(memory) => Check::good(
            "memory",
            format!(
                "{} of {} available",
                size(memory.available),
                size(memory.total)
            ),
        ),
        Reading::Unknown { why } => Check::note("memory", why.clone(), ""),
    }
}

fn limits(info: &SystemInfo) -> Check {
    let memory = match &info.limit {
        Reading::Known(limit) => match limit.limit {
            Some(bytes) => format!("memory: {} used of {}", size(limit.used), size(bytes)),
            None => "memory: none".to_owned(),
        },
        Reading::Unknown { why } => format!("memory: {why}"),
    };
    let cores = match &info.quota {
        Reading::Known(quota) => match quota.cores {
            Some(cores) => format!("CPU: {cores:.1} cores"),
            None => "CPU: none".to_owned(),
        },
        Reading::Unknown { why } => format!("CPU: {why}"),
    };
    Check::good("limits", format!("of the container: {memory}; {cores}"))
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

//! Values that have the right type and still make no sense.

use std::ops::RangeInclusive;

use super::{
    AdvancedFeaturesConfig, PLACEHOLDER, Secret, Workers,
    finding::{Finding, Place},
};

/// Characters of the shortest token that is accepted.
const SHORTEST_TOKEN: usize = 16;

/// Bytes of memory with which the program and one worker can do anything.
pub const LEAST_MEMORY: u64 = 256 << 20;

/// Bytes of a log file that hold a few lines.
const LEAST_LOG: u64 = 4 << 10;

const FRESH: &str = "`loopy config init` writes a file with a fresh one";

pub(super) fn findings(config: &AdvancedFeaturesConfig) -> Vec<Finding> {
    let mut found = Found(Vec::new());
    let version = config.version.as_str();
    if version != "2" && !version.starts_with("2.") {
        found
            .add(
                "version",
                format!("is `{version}`; this program reads version 2"),
            )
            .hint = Some("`loopy migrate FILE` turns earlier versions into this one".to_owned());
    }
    token(config, &mut found);
    let features = &config.features;
    if features.real_time.websocket.host.trim().is_empty() {
        found.add("features.real_time.websocket.host", "is empty");
    }
    if features.real_time.websocket.port == 0 {
        found.add("features.real_time.websocket.port", "is 0; give 1 to 65535");
    }
    let fraction = features.gpu_acceleration.memory_fraction;
    if !(fraction > 0.0 && fraction <= 1.0) {
        found.add(
            "features.gpu_acceleration.memory_fraction",
            format!("is {fraction}; give more than 0 and at most 1"),
        );
    }
    if let Workers::Most(most) = features.parallel_processing.max_workers
        && !(1..=256).contains(&most)
    {
        let path = "features.parallel_processing.max_workers";
        found.add(path, format!("is {most}; give auto or 1 to 256"));
    }
    found.within("seams.threshold", config.seams.threshold, 0.0..=1.0);
    found.within(
        "seams.bridge_budget",
        config.seams.bridge_budget,
        0.0..=10_000.0,
    );
    if let Some(frames) = config.seams.bridge_frames {
        found.within("seams.bridge_frames", f64::from(frames), 1.0..=60.0);
    }
    found.within("walk.temperature", config.walk.temperature, 0.01..=100.0);
    let penalty = config.walk.repetition_penalty;
    found.within("walk.repetition_penalty", penalty, 0.0..=10.0);
    for (key, most) in [
        ("live.max_viewers", config.live.max_viewers),
        ("live.max_per_address", config.live.max_per_address),
    ] {
        found.within(key, f64::from(most), 1.0..=100_000.0);
    }
    found.within("monitor.interval", config.monitor.interval, 0.1..=60.0);
    if let Some(bytes) = config.monitor.memory_limit
        && bytes < LEAST_MEMORY
    {
        let why = format!("is {bytes} bytes; give at least 256M");
        found.add("monitor.memory_limit", why);
    }
    found.within("log.files", f64::from(config.log.files), 0.0..=100.0);
    if let Some(bytes) = config.log.size
        && bytes < LEAST_LOG
    {
        found.add("log.size", format!("is {bytes} bytes; give at least 4K"));
    }
    let paths = [
        ("debug.log_file", config.debug.log_file.as_deref()),
        ("store.path", config.store.path.as_deref()),
        ("render.audio", Some(config.render.audio.as_str())),
    ];
    for (key, path) in paths {
        match path {
            Some(path) if path.starts_with("~/") => {
                found
                    .add(key, "begins with `~`, which stands for nothing here")
                    .hint = Some("write the whole path".to_owned());
            }
            Some(path) if path.trim().is_empty() => {
                found.add(key, "is empty");
            }
            _ => {}
        }
    }
    let audio = config.render.audio.as_str();
    if ["no", "off", "false", "mute"].contains(&audio.to_ascii_lowercase().as_str()) {
        found
            .add(
                "render.audio",
                format!("is `{audio}`, which is no sound file"),
            )
            .hint = Some("write `none` for silence".to_owned());
    }
    found.0
}

fn token(config: &AdvancedFeaturesConfig, found: &mut Found) {
    let real_time = &config.features.real_time;
    let why = match real_time.websocket.auth_token.as_ref().map(Secret::reveal) {
        Some(PLACEHOLDER) => "is the example's, which everybody knows".to_owned(),
        Some(token) if token.chars().count() < SHORTEST_TOKEN => {
            format!("has fewer than {SHORTEST_TOKEN} characters and can be guessed")
        }
        Some(token)
            if token
                .chars()
                .any(|letter| letter.is_whitespace() || letter.is_control()) =>
        {
            "has spaces or controls, which no client sends".to_owned()
        }
        None if real_time.enabled => {
            let why = "is true, and no `websocket.auth_token` is given";
            found.add("features.real_time.enabled", why).hint = Some(FRESH.to_owned());
            return;
        }
        _ => return,
    };
    found
        .add("features.real_time.websocket.auth_token", why)
        .hint = Some(FRESH.to_owned());
}

struct Found(Vec<Finding>);

impl Found {
    fn add(&mut self, key: &str, why: impl Into<String>) -> &mut Finding {
        self.0.push(Finding::new(Place::Default, Some(key), why));
        let last = self.0.len() - 1;
        &mut self.0[last]
    }

    fn within(&mut self, key: &str, value: f64, range: RangeInclusive<f64>) {
        if !range.contains(&value) {
            let (least, most) = (range.start(), range.end());
            self.add(key, format!("is {value}; give {least} to {most}"));
        }
    }
}

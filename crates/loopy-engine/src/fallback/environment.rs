//! What of this machine decides which rungs can work, cheap enough to be looked at every time.

use std::{fs, os::unix::fs::MetadataExt as _, sync::OnceLock};

use loopy_core::ladder::Environment;

pub(super) fn now() -> Environment {
    static FFMPEG: OnceLock<String> = OnceLock::new();
    let ffmpeg = FFMPEG.get_or_init(loopy_media::versions);
    Environment::default()
        .with("FFmpeg", ffmpeg)
        .with("program", program())
        .with("driver", driver())
}

/// Which file this program is started from.
fn program() -> String {
    let file = std::env::current_exe().and_then(fs::metadata);
    file.map_or_else(
        |error| format!("absent ({error})"),
        |file| format!("file {} of {} bytes", file.ino(), file.size()),
    )
}

/// Which drivers of GPUs the kernel has loaded, and which devices they offer.
fn driver() -> String {
    let nvidia = fs::read_to_string("/proc/driver/nvidia/version").unwrap_or_default();
    let mut found: Vec<String> = nvidia.lines().take(1).map(str::to_owned).collect();
    let devices = fs::read_dir("/dev/dri").into_iter().flatten().flatten();
    let names = devices.map(|device| device.file_name().to_string_lossy().into_owned());
    found.extend(names.filter(|name| name.starts_with("render")));
    found.sort();
    if found.is_empty() {
        "none".to_owned()
    } else {
        found.join(", ")
    }
}

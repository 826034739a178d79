//! What FFmpeg has, and which devices it can reach.

use std::{sync::mpsc, time::Duration};

use loopy_media::{
    audio::encode::Codec,
    capabilities::{self, VideoEncoder},
};

use super::Check;

/// Drivers of devices may take their time, and some never answer.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) fn ffmpeg() -> Check {
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

pub(super) fn coders(all: &[VideoEncoder]) -> Check {
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

pub(super) fn devices(encoders: &[VideoEncoder]) -> Check {
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

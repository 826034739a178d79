//! Sound of real files: stereo at 48 kHz from any layout, on the container's clock.

mod input_support;

use input_support::{ffmpeg, hostile, read, shared, to};
use loopy_core::limits::Limits;
use loopy_media::audio::decode::{Sound, sound};

fn seconds(sound: &Sound) -> f64 {
    sound.samples.len() as f64 / 2.0 / 48_000.0
}

fn loudest(samples: &[f32]) -> f32 {
    samples
        .iter()
        .fold(0.0, |most, sample| sample.abs().max(most))
}

#[test]
fn sound_lies_where_the_container_puts_it() {
    for (name, offset, length) in [
        ("audio_offset_700ms.mp4", 0.7, 2.3),
        ("audio_longer_than_video.mp4", 0.0, 8.0),
        ("start_at_100s.mkv", 0.0, 1.5),
        ("start_offset_wrap.ts", 0.0, 1.5),
    ] {
        let Some(path) = hostile(name) else { return };
        let sound = sound(&path, &Limits::default()).unwrap().unwrap();
        let (pictures, _) = read(&path, &to(64, 64)).unwrap();
        let first = pictures[0].time.unwrap();
        let lag = (sound.start - first) as f64 / 1e6;
        println!("{name}: {lag} {} {}", seconds(&sound), sound.faults);
        assert!((lag - offset).abs() < 0.06, "{name}: {lag}");
        assert!(
            seconds(&sound) > length - 0.2,
            "{name}: {}",
            seconds(&sound)
        );
    }
}

#[test]
fn beds_of_sound_alone_are_read_and_silent_files_have_none() {
    for name in [
        "audio_only.mp4",
        "audio_only_renamed_mp3.mp4",
        "audio_with_cover_art.m4a",
    ] {
        let Some(path) = hostile(name) else { return };
        let sound = sound(&path, &Limits::default()).unwrap().unwrap();
        assert!(
            seconds(&sound) > 1.0 && loudest(&sound.samples) > 0.01,
            "{name}"
        );
        assert!(loudest(&sound.samples) <= 1.2, "{name}");
    }
    let Some(path) = hostile("all_black.mp4") else {
        return;
    };
    assert_eq!(sound(&path, &Limits::default()).unwrap(), None);
}

#[test]
fn every_clip_of_the_library_has_readable_sound_or_none() {
    let Some(folder) = shared("clips") else {
        return;
    };
    for name in [
        "avatar_talking_d10_001.mp4",
        "nature_stream_001.mp4",
        "nature_stream_002.webm",
    ] {
        let path = folder.join(name);
        let Some(sound) = sound(&path, &Limits::default()).unwrap() else {
            continue;
        };
        assert_eq!(sound.faults, 0, "{name}");
        assert!(seconds(&sound) > 1.0, "{name}");
    }
}

#[test]
fn surround_is_mixed_down_without_clipping_and_rates_are_converted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("surround.wav");
    let source = "-f lavfi -i aevalsrc=exprs=0.9*sin(880*PI*t)|0.9*sin(880*PI*t)|0.9*sin(880*PI*t)|0|0.9*sin(880*PI*t)|0.9*sin(880*PI*t):c=5.1:s=44100:d=2";
    if !ffmpeg(&format!("{source} -c:a pcm_s16le"), &path) {
        return;
    }
    let surround = sound(&path, &Limits::default()).unwrap().unwrap();
    assert!(
        (seconds(&surround) - 2.0).abs() < 0.001,
        "{}",
        seconds(&surround)
    );
    let most = loudest(&surround.samples);
    assert!((0.7..=1.0).contains(&most), "{most}");
}

#[test]
fn mono_keeps_its_level_and_a_hole_is_silent() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hole.mkv");
    let source =
        "-f lavfi -i aevalsrc=exprs=0.5*sin(880*PI*t):c=mono:s=48000:d=3,aselect='lt(t,1)+gt(t,2)'";
    if !ffmpeg(&format!("{source} -c:a pcm_s16le"), &path) {
        return;
    }
    let sound = sound(&path, &Limits::default()).unwrap().unwrap();
    assert!((seconds(&sound) - 3.0).abs() < 0.05, "{}", seconds(&sound));
    let part = |from: f64, to: f64| {
        let at = |seconds: f64| (seconds * 48_000.0) as usize * 2;
        loudest(&sound.samples[at(from)..at(to)])
    };
    assert!((part(0.2, 0.8) - 0.5).abs() < 0.01);
    assert!(part(1.1, 1.9) < 1e-6);
    assert!((part(2.2, 2.8) - 0.5).abs() < 0.01);
}

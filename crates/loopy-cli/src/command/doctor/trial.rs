//! A render as small as one can be, by the same way as any other.

use std::{
    path::Path,
    sync::mpsc::{self, RecvTimeoutError},
    time::{Duration, Instant},
};

use loopy_core::{
    Frame, Rate, Size,
    encode::{Quality, Settings},
    report::Report,
};
use loopy_engine::render;
use loopy_media::{encode::Encoder, mux};

use super::super::{House, render::options};
use crate::{
    args::{Command, Global},
    settings,
};

/// A machine that needs longer renders nothing in a reasonable time.
const PATIENCE: Duration = Duration::from_secs(90);
const SIZE: Size = Size {
    width: 160,
    height: 90,
};
const CLIPS: u32 = 2;
const FRAMES: u32 = 40;

/// Draws clips in `place`, renders them in `house`, and looks at what came of it.
pub(super) fn run(place: &Path, house: &House, global: &Global) -> Result<String, String> {
    let begun = Instant::now();
    let report = draw(place)
        .map_err(|error| format!("clips for a trial cannot be made: {error}"))
        .and_then(|()| within(house, || film(place, house, global)))?;
    let apart = house
        .fallbacks
        .get_processor()
        .is_ok_and(|chosen| chosen.value.apart);
    let bytes = std::fs::metadata(place.join("o.mp4")).map_or(0, |file| file.len());
    if report.frames != u64::from(FRAMES) || bytes == 0 || report.totals.encoded_frames == 0 {
        return Err(format!(
            "a trial of {FRAMES} frames gave {} frames in {bytes} bytes",
            report.frames
        ));
    }
    Ok(format!(
        "{} frames encoded {} and joined in {:.1} s",
        report.totals.encoded_frames,
        if apart {
            "by a worker"
        } else {
            "in this process"
        },
        begun.elapsed().as_secs_f64()
    ))
}

/// Runs `work`; after so long its workers are killed, which ends it.
fn within<T>(house: &House, work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    let (done, waiting) = mpsc::channel::<()>();
    let cancel = house.cancel.clone();
    let guard = std::thread::spawn(move || {
        let late = waiting.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout);
        if late {
            cancel.kill();
        }
        late
    });
    let result = work();
    drop(done);
    match guard.join() {
        Ok(true) => Err(format!("a trial did not end in {} s", PATIENCE.as_secs())),
        _ => result,
    }
}

fn film(place: &Path, house: &House, global: &Global) -> Result<Report, String> {
    let mut line: Vec<std::ffi::OsString> = vec!["loopy".into(), "render".into()];
    line.extend([
        place.join("clips").into(),
        "-o".into(),
        place.join("o.mp4").into(),
    ]);
    let rest = [
        "--audio",
        "none",
        "--quality",
        "draft",
        "--size",
        "160x90",
        "--fit",
        "pad",
        "--mode",
        "uniform",
    ];
    line.extend(rest.map(Into::into));
    line.extend(["--frames".into(), FRAMES.to_string().into()]);
    let parsed = settings::parse(&global.settings, &line).map_err(|error| error.to_string())?;
    let Command::Render(args) = parsed.command else {
        return Err("the trial's own command line is broken".to_owned());
    };
    let options = options(global, &args).map_err(|error| error.to_string())?;
    house
        .with(|room| render::render(&options, room))
        .map_err(|error| error.to_string())
}

/// Clips of a slope that moves, each its own way.
fn draw(place: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let folder = place.join("clips");
    std::fs::create_dir(&folder)?;
    let rate = Rate::new(25, 1).ok_or("no rate")?;
    let settings = Settings {
        preset: "veryfast".to_owned(),
        ..Settings::file(Quality::Good)
    };
    for clip in 0..CLIPS {
        let mut encoder = Encoder::new(&settings, SIZE, rate, FRAMES)?;
        for number in 0..FRAMES {
            encoder.push(&picture(clip, number))?;
        }
        let segment = encoder.finish()?;
        let options = mux::Options {
            container: mux::Container::Mp4,
            size: SIZE,
            fps: rate,
            config: segment.config.clone(),
            delay: segment.delay(),
            frames: u64::from(FRAMES),
            audio: None,
            tags: Vec::new(),
            created: None,
        };
        let file = folder.join(format!("{clip}.mp4"));
        let mut writer = mux::Writer::create(mux::Output::File(&file), options)?;
        writer.segment(&segment)?;
        writer.finish()?;
    }
    Ok(())
}

fn picture(clip: u32, number: u32) -> Frame {
    let mut frame = Frame::black(SIZE);
    let stride = frame.stride() as u32;
    for (at, sample) in (0_u32..).zip(&mut *frame.planes_mut()[0]) {
        let (x, y) = (at % stride, at / stride);
        let slope = (x + number * 2) * (clip + 1) + y * 3;
        *sample = (40 + slope % 160) as u8;
    }
    frame
}

//! Writes the demo's clips as ordinary files: drawn pictures and made sound, encoded and muxed by
//! the same rooms that renders use.

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
};

use loopy_core::{
    Rate, Size,
    encode::{Quality, Settings},
    limits::Limits,
};
use loopy_demo::{Painter, Spec, sound};
use loopy_media::{
    audio::encode::{Codec, Encoder as SoundEncoder},
    encode::Encoder,
    mux::{Container, Options, Output, Writer},
    probe,
};

use crate::{Error, output::Partial, scan::plain};

/// What the clips are like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Size of the pictures.
    pub size: Size,
    /// Frame rate.
    pub rate: Rate,
    /// Clip and frame number can be read in every picture.
    pub marks: bool,
}

/// Draws the library into `folder`; clips that are there already in this size and rate stay. Returns all files.
///
/// # Errors
/// [`Error::Output`] when the folder cannot be written to.
pub fn write_library(
    folder: &Path,
    wish: &Wish,
    drawn: &(dyn Fn(&str) + Sync),
) -> Result<Vec<PathBuf>, Error> {
    std::fs::create_dir_all(folder).map_err(|error| Error::Output {
        path: folder.to_owned(),
        why: plain(&error),
    })?;
    let specs: Vec<Spec> = loopy_demo::library()
        .into_iter()
        .map(|spec| {
            spec.with_rate(wish.rate)
                .with_size(wish.size)
                .with_marks(wish.marks)
        })
        .collect();
    let next = AtomicUsize::new(0);
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let results: Vec<Result<(), Error>> = std::thread::scope(|scope| {
        let work = || {
            while let Some(spec) = specs.get(next.fetch_add(1, Ordering::Relaxed)) {
                let file = path(folder, spec);
                if !fits(&file, spec) {
                    write_clip(&file, spec)?;
                    drawn(&spec.name);
                }
            }
            Ok(())
        };
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let lost = |_panic| {
            Err(Error::Output {
                path: folder.to_owned(),
                why: "drawing stopped".to_owned(),
            })
        };
        handles
            .into_iter()
            .map(|handle| handle.join().unwrap_or_else(lost))
            .collect()
    });
    results.into_iter().collect::<Result<(), Error>>()?;
    Ok(specs.iter().map(|spec| path(folder, spec)).collect())
}

fn path(folder: &Path, spec: &Spec) -> PathBuf {
    folder.join(format!("{}.mp4", spec.name))
}

/// The file is there and holds what would be drawn.
fn fits(file: &Path, spec: &Spec) -> bool {
    probe::probe(file, &Limits::default())
        .is_ok_and(|facts| facts.coded == spec.size && facts.stated_rate == Some(spec.rate))
}

/// Draws one clip into `file`.
///
/// # Errors
/// When it cannot be encoded or written.
pub fn write_clip(file: &Path, spec: &Spec) -> Result<(), Error> {
    let settings = Settings {
        preset: "veryfast".to_owned(),
        ..Settings::file(Quality::Crf(16))
    };
    let mut painter = Painter::new(spec);
    let mut encoder = Encoder::new(&settings, spec.size, spec.rate, spec.frames)?;
    for index in 0..spec.frames {
        encoder.push(&painter.frame(index))?;
    }
    let segment = encoder.finish()?;
    let mut packets = Vec::new();
    let mut track = None;
    if let Some(samples) = sound(spec) {
        let mut encoder = SoundEncoder::new(Codec::Aac, 160_000)?;
        track = Some(encoder.track().clone());
        let mut sink = |packet| {
            packets.push(packet);
            Ok(())
        };
        encoder.push(&samples, &mut sink)?;
        encoder.finish(&mut sink)?;
    }
    let partial = Partial::create(file)?;
    let mut writer = Writer::create(
        Output::File(partial.path()),
        Options {
            container: Container::Mp4,
            size: spec.size,
            fps: spec.rate,
            config: segment.config.clone(),
            delay: segment.delay(),
            frames: u64::from(spec.frames),
            audio: track,
            tags: Vec::new(),
            created: None,
        },
    )?;
    writer.segment(&segment)?;
    for packet in &packets {
        writer.sound(packet)?;
    }
    writer.finish()?;
    partial.finish()
}

//! Fingerprints of pictures, read from files: those of clips are made by workers and kept in the
//! store, those of a film are made here.

use std::path::Path;

use loopy_core::{
    Clip, Hash, Rate, Size,
    clip::{ClipPath, Facts},
    limits::Limits,
    normalise::{Fit, Normalise},
};
use loopy_media::{decode::Reader, probe};
use loopy_sight::fingerprint::{Printer, Prints, fits};
use serde::{Deserialize, Serialize};

use crate::{
    Error,
    events::{Event, Sink, Stage},
    store::{Kind, Store},
};

/// Changes when other fingerprints would come of the same file.
const VERSION: &str = "fingerprint-1";
/// Frames of a film between two words about how far it is.
const EVERY: u64 = 256;

/// A clip to be read for films of one size.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Wanted {
    /// The file.
    pub path: ClipPath,
    /// Hash of its bytes.
    pub hash: Hash,
    /// Its facts.
    pub facts: Facts,
    /// Size of the films.
    pub film: Size,
    /// What the file may ask of us.
    pub limits: Limits,
}

impl Wanted {
    /// `clip` for films of `size`.
    pub fn new(clip: &Clip, size: Size, limits: &Limits) -> Self {
        Self {
            path: clip.path.clone(),
            hash: clip.hash,
            facts: clip.facts.clone(),
            film: size,
            limits: *limits,
        }
    }

    /// The fits that fingerprints are made for, with their keys in the store.
    pub fn keys(&self) -> Vec<(Fit, Hash)> {
        let key = |fit: Fit| {
            let text = format!("{VERSION} {} {} {fit:?}", self.hash, self.film);
            (fit, Hash::of(text.as_bytes()))
        };
        fits(self.facts.shown, self.film)
            .into_iter()
            .map(key)
            .collect()
    }
}

/// Reads a clip and keeps its fingerprints in the store.
///
/// # Errors
/// When the file cannot be read, or the store fails.
pub fn keep(store: &Store, wanted: &Wanted) -> Result<(), Error> {
    let keys = wanted.keys();
    if keys
        .iter()
        .all(|(_, key)| store.contains(Kind::Analysis, key))
    {
        return Ok(());
    }
    let Wanted { facts, film, .. } = wanted;
    let whole = whole(facts.shown);
    let mut printers: Vec<Printer> = Vec::new();
    let path = wanted.path.as_path();
    let mut reader = Reader::open(path, facts, &whole, 1, &wanted.limits)?;
    while let Some(picture) = reader.next()? {
        if printers.is_empty() {
            let lies = keys.iter().map_while(|(fit, _)| {
                reader.lies(&Normalise {
                    fit: *fit,
                    ..Normalise::to(*film)
                })
            });
            printers = lies
                .map(|lies| Printer::new(whole.size, *film, lies))
                .collect();
        }
        for printer in &mut printers {
            printer.push(&picture.frame);
        }
    }
    for ((_, key), printer) in keys.iter().zip(printers) {
        store.put(Kind::Analysis, key, &printer.finish().to_bytes())?;
    }
    Ok(())
}

/// All of the picture at its own size: means over areas need no scaler.
fn whole(shown: Size) -> Normalise {
    Normalise {
        fit: Fit::Stretch,
        ..Normalise::to(shown.even())
    }
}

/// A clip's fingerprints from the store.
///
/// # Errors
/// When they are not there or are none.
pub fn kept(store: &Store, clip: &Clip, key: &Hash) -> Result<Prints, Error> {
    let bytes = store.get(Kind::Analysis, key)?;
    let prints = bytes.and_then(|bytes| Prints::from_bytes(&bytes).ok());
    prints.ok_or_else(|| Error::Clip {
        path: clip.path.as_path().to_owned(),
        why: "its fingerprints are gone from the store; is `--cache-size` too small?".to_owned(),
    })
}

/// A film's fingerprints and its clock.
#[derive(Debug)]
pub struct Film {
    /// One for each frame.
    pub prints: Prints,
    /// Frame rate.
    pub fps: Rate,
    /// Size of its picture.
    pub size: Size,
}

/// Reads a film.
///
/// # Errors
/// When it cannot be read, or Ctrl-C was pressed.
pub fn film(path: &Path, sink: Sink, interrupted: &dyn Fn() -> bool) -> Result<Film, Error> {
    let limits = Limits {
        frames: u32::MAX,
        ..Limits::default()
    };
    let facts = probe::probe(path, &limits)?;
    let whole = whole(facts.shown);
    let mut reader = Reader::open(path, &facts, &whole, 1, &limits)?;
    let mut printer = Printer::film(whole.size);
    let expected = facts.stated_rate.zip(facts.stated_micros);
    let total = expected.map_or(0, |(rate, micros)| rate.frames_in(micros.max(0) as u64));
    sink(Event::StageStarted {
        stage: Stage::Fingerprint,
        total,
        unit: "frames",
    });
    let mut span: Option<(i64, i64)> = None;
    let mut done = 0;
    while let Some(picture) = reader.next()? {
        printer.push(&picture.frame);
        if let Some(time) = picture.time {
            span = Some((span.map_or(time, |span| span.0), time));
        }
        done += 1;
        if done % EVERY == 0 {
            if interrupted() {
                return Err(Error::Interrupted);
            }
            sink(Event::Progress {
                stage: Stage::Fingerprint,
                done,
                total,
            });
        }
    }
    if done == 0 {
        let why = reader.faults().first.clone();
        return Err(Error::Input {
            path: path.to_owned(),
            why: why.unwrap_or_else(|| "it has no frames".to_owned()),
        });
    }
    let measured = span.and_then(|(first, last)| {
        let micros = last - first;
        (micros > 0).then(|| Rate::from_f64((done - 1) as f64 * 1e6 / micros as f64))?
    });
    let fps = facts.stated_rate.or(measured);
    Ok(Film {
        prints: printer.finish(),
        fps: fps.or(Rate::from_f64(25.0)).ok_or_else(|| Error::Input {
            path: path.to_owned(),
            why: "it tells no frame rate".to_owned(),
        })?,
        size: whole.size,
    })
}

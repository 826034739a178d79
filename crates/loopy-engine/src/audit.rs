//! The blind audit of finished videos: proves that each is its report's, decodes the pictures that
//! the detector asks for, hands them over, and pools what it says of all.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
};

pub use loopy_audit::{Figure, Outcome, Scene};
use loopy_audit::{Film, Look, Looks, Picks, Strips, Takes, model::Model};
use loopy_core::{
    clip,
    limits::Limits,
    normalise::{Fit, Normalise, Scaler},
    report::Report,
};
use loopy_media::{decode::Reader, probe};
use loopy_pixels::png;

use crate::{Error, output, scan::plain, verify};

/// What an audit is asked.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'a> {
    /// List of known takes.
    pub takes: Option<&'a Path>,
    /// Picture of the plainest seams to write.
    pub worst: Option<&'a Path>,
    /// Seed of draws.
    pub seed: u64,
}

/// Audits videos against their reports. One after another: of each, only scores are kept, and the
/// pictures of the plainest seams.
///
/// # Errors
/// When a video or the list cannot be read, a video is not its report's, or `worst` cannot be
/// written.
pub fn run(films: &[(PathBuf, Report)], options: &Options) -> Result<Outcome, Error> {
    let takes = match options.takes {
        Some(list) => read_takes(list)?,
        None => Takes::default(),
    };
    let model = Model::built_in()?;
    // All of them before the long work.
    for (path, report) in films {
        let findings = verify::video(path, report)?;
        if let Some(problem) = findings.problems.first() {
            return Err(Error::Usage(format!(
                "the report is not this video's: {}: {problem}",
                path.display()
            )));
        }
    }
    let mut strips = Strips::default();
    let mut scored = Vec::with_capacity(films.len());
    for (path, report) in films {
        let name = path.file_name().unwrap_or(path.as_os_str());
        let name = clip::show(name.as_ref());
        let film = Film::of(report, &takes)?;
        let picks = Picks::draw(&film, options.seed);
        let looks = decode(path, &film, picks.needed())?;
        let seed = options.seed;
        scored.push(loopy_audit::run(
            &name, report, &film, &picks, &looks, model, seed,
        ));
        if options.worst.is_some() {
            strips.keep(&scored, &film, &looks);
        }
    }
    if let Some(file) = options.worst {
        if let Some(picture) = strips.picture(films.len() > 1) {
            output::write(file, &png::encode(&picture))?;
        } else {
            tracing::warn!("no seams, so no picture of the worst");
        }
    }
    Ok(loopy_audit::pool(&scored, options.seed))
}

fn read_takes(list: &Path) -> Result<Takes, Error> {
    let fail = |why: String| Error::Document {
        path: list.to_owned(),
        why,
    };
    let text = std::fs::read_to_string(list).map_err(|error| fail(plain(&error)))?;
    Takes::parse(&text).map_err(|error| fail(error.to_string()))
}

/// The pictures that are needed, each decoded at its first showing.
fn decode(path: &Path, film: &Film, needed: &BTreeSet<loopy_audit::Id>) -> Result<Looks, Error> {
    let limits = Limits {
        frames: u32::MAX,
        ..Limits::default()
    };
    let facts = probe::probe(path, &limits)?;
    let small = Normalise {
        fit: Fit::Stretch,
        scaler: Scaler::Bilinear,
        ..Normalise::to(loopy_audit::reading_size(facts.shown))
    };
    let mut reader = Reader::open(path, &facts, &small, 1, &limits)?;
    let mut looks = Looks::new();
    for id in film.frames() {
        if looks.len() == needed.len() {
            break;
        }
        if !needed.contains(id) || looks.contains_key(id) {
            if !reader.skip()? {
                break;
            }
            continue;
        }
        let Some(picture) = reader.next()? else {
            break;
        };
        looks.insert(*id, Arc::new(Look::new(picture.frame)));
    }
    Ok(looks)
}

//! The analysis job: one decode of a file at low resolution tells which of it is usable,
//! when its frames are due, and what they look like.

use std::path::Path;

use loopy_core::{
    Hash,
    limits::Limits,
    normalise::{Fit, Normalise, Rgb, Scaler},
    repair,
};
use loopy_media::{decode::Reader, probe};
use loopy_sight::{
    features::{self, Features},
    verdict::{self, Faults},
};

use crate::{
    Error,
    index::content,
    job::{Analysis, Verdict},
    scan,
    store::{Kind, Store},
};

/// Changes when the analysis would find something else in the same file.
pub const VERSION: &str = "analysis-3";

/// Reads the file and keeps its features in the store under its hash.
///
/// # Errors
/// Only what is not the file's fault: the store, or that it is not there (any more), or not what was
/// asked about. Everything wrong with the file is a verdict, and verdicts are kept.
pub fn read(store: &Store, path: &Path, hash: &Hash, limits: &Limits) -> Result<Verdict, Error> {
    let analysis = match examine(path, limits) {
        Ok(found) => found,
        Err(reason) => {
            still_there(path, hash)?;
            return Ok(Verdict::Unusable { reason });
        }
    };
    let (analysis, features) = analysis;
    store.put(Kind::Analysis, &features_key(hash), &features.to_bytes())?;
    Ok(Verdict::Usable(Box::new(analysis)))
}

/// The file can be read and is the one that was asked about.
fn still_there(path: &Path, hash: &Hash) -> Result<(), Error> {
    let unread = |why| Error::Input {
        path: path.to_owned(),
        why,
    };
    let now = content::hash_of(path).map_err(|error| unread(scan::plain(&error)))?;
    if now != *hash {
        return Err(unread("it has changed meanwhile".to_owned()));
    }
    Ok(())
}

/// Where the features of a file are kept.
pub fn features_key(hash: &Hash) -> Hash {
    Hash::of(format!("{VERSION} {hash}").as_bytes())
}

fn examine(path: &Path, limits: &Limits) -> Result<(Analysis, Features), String> {
    let words = |error: loopy_media::Error| error.to_string();
    let facts = probe::probe(path, limits).map_err(words)?;
    let small = Normalise {
        size: features::SIZE,
        fit: Fit::Stretch,
        pad: Rgb::default(),
        scaler: Scaler::Bilinear,
    };
    let mut reader = Reader::open(path, &facts, &small, 1, limits).map_err(words)?;
    let mut builder = features::Builder::new();
    let mut times = Vec::new();
    while let Some(picture) = reader.next().map_err(words)? {
        builder.push(&picture.frame, picture.corrupt);
        times.push(picture.time);
    }
    let faults = reader.faults();
    if times.is_empty() {
        let why = faults.first.as_deref().unwrap_or("the stream is empty");
        return Err(format!("no frame of it can be decoded: {why}"));
    }
    let features = builder.finish();
    let repaired = repair::times(&times, facts.stated_rate);
    let shots = verdict::judge_shots(
        &features,
        &repaired.times,
        &facts,
        Faults {
            decode_errors: faults.decode_errors,
            corrupt_frames: faults.corrupt_frames,
            truncated: faults.truncated,
        },
        limits,
    )?;
    let mut remarks: Vec<String> = repaired.remark.into_iter().collect();
    if faults.resolution_changes > 0 {
        remarks.push(format!(
            "its size changes {} times; every part is fitted",
            faults.resolution_changes
        ));
    }
    let analysis = Analysis {
        facts,
        start: times.iter().flatten().next().copied().unwrap_or(0),
        times: repaired.times,
        end: repaired.end,
        shots,
        remarks,
        fallbacks: reader.fallbacks(),
    };
    Ok((analysis, features))
}

//! How visible the joints of a finished video are: relative seam visibility measured again on
//! what the encoder made of them, beside the clips' own moments measured the same way.

mod film;

use std::{collections::HashMap, ops::Range, path::Path, sync::Arc};

use loopy_core::{
    ClipPath, Frame,
    graph::UNUSUAL,
    limits::Limits,
    normalise::{Fit, Normalise, Scaler},
    plan::SeamKind,
    report::Report,
};
use loopy_media::{decode::Reader, probe};
use loopy_sight::rsv::{self, CONTEXT, Natural, Statistic, Steps, Usual};
use serde::Serialize;

use self::film::{Film, Stretch};
use crate::Error;

/// A clip's own moments are sampled at every such step.
const EVERY: usize = 5;
/// Joints in the list of the most visible.
const WORST: usize = 10;

/// One distinct joint.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Joint {
    /// Output frame at which it is first shown.
    pub start: u64,
    /// What fills it.
    pub kind: SeamKind,
    /// Relative seam visibility on the encoded picture.
    pub rsv: f32,
    /// What is most unusual about it.
    pub worst: Statistic,
    /// The same, for people.
    pub words: &'static str,
    /// Clips that are left and entered.
    pub clips: (ClipPath, ClipPath),
}

/// The joints of a video.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Visibility {
    /// Distinct joints that were measured; scene changes are none.
    pub joints: usize,
    /// Of them, those that are ordinary.
    pub ordinary: usize,
    /// The clips' own moments measured likewise.
    pub moments: usize,
    /// Of them, those that are ordinary.
    pub ordinary_moments: usize,
    /// Distinct joints that lie too near an end of the video or of a short visit.
    pub unmeasured: usize,
    /// The most visible joints, worst first.
    pub worst: Vec<Joint>,
}

/// Measures every distinct joint of the video at its first showing.
///
/// # Errors
/// When the video cannot be read, or ends before its report says.
pub fn measure(path: &Path, report: &Report) -> Result<Visibility, Error> {
    let film = Film::of(report);
    let taken = take(path, report, &film)?;
    let natural = |stretch: &Stretch| {
        let mut parts = stretch.iter();
        let mut next = || {
            let part = parts.next()?;
            taken.get(&(part.start, part.end))
        };
        let mut steps = next()?.clone();
        while let Some(part) = next() {
            steps.extend(part);
        }
        Some(Arc::new(Natural::new(steps)))
    };
    let parts = film.stretches.iter().map(|parts| parts.iter());
    let naturals: Vec<Vec<Arc<Natural>>> = parts
        .map(|parts| parts.filter_map(natural).collect())
        .collect();
    let scene = |clip: usize| {
        let same =
            (film.scenes.iter().zip(&naturals)).filter(|(scene, _)| **scene == film.scenes[clip]);
        let parts = same.flat_map(|(_, parts)| parts.iter().map(Arc::clone));
        parts.collect::<Vec<_>>()
    };
    let usual_of = |own: &[Arc<Natural>], clip: usize| Usual::of_parts(own, &scene(clip));
    let usual = |clip: usize| Some(usual_of(naturals.get(clip)?, clip));
    let mut found = Visibility::default();
    for seam in &film.seams {
        let window = taken.get(&(seam.window.start, seam.window.end));
        let start = (seam.joint.start - seam.window.start) as usize;
        let joint = start - 1..start + (seam.joint.end - seam.joint.start) as usize;
        let told = &report.seams[seam.index];
        let judged = window.and_then(|window| {
            let (from, to) = (usual(seam.from)?, usual(seam.to)?);
            rsv::rsv(window, joint, (&from, &to))
        });
        let Some(rsv) = judged else {
            found.unmeasured += 1;
            continue;
        };
        found.joints += 1;
        found.ordinary += usize::from(rsv.percentile <= UNUSUAL);
        found.worst.push(Joint {
            start: told.start,
            kind: told.kind,
            rsv: rsv.percentile,
            worst: rsv.worst,
            words: rsv.worst.words(),
            clips: (told.from.clip.clone(), told.to.clip.clone()),
        });
    }
    found
        .worst
        .sort_by(|a, b| b.rsv.total_cmp(&a.rsv).then(a.start.cmp(&b.start)));
    found.worst.truncate(WORST);
    for (clip, parts) in naturals.iter().enumerate() {
        for (place, natural) in parts.iter().enumerate() {
            let mut own = parts.clone();
            own.swap(0, place);
            let steps = natural.steps();
            let all = usual_of(&own, clip);
            for at in (CONTEXT..steps.len().saturating_sub(CONTEXT)).step_by(EVERY) {
                let usual = all.clone();
                let usual = usual.without(at.saturating_sub(CONTEXT)..at + CONTEXT);
                if let Some(rsv) = rsv::rsv(steps, at..at + 1, (&usual, &usual)) {
                    found.moments += 1;
                    found.ordinary_moments += usize::from(rsv.percentile <= UNUSUAL);
                }
            }
        }
    }
    Ok(found)
}

/// Steps of the frames that are looked at, by where they begin and end.
fn take(path: &Path, report: &Report, film: &Film) -> Result<HashMap<(u64, u64), Steps>, Error> {
    let limits = Limits {
        frames: u32::MAX,
        ..Limits::default()
    };
    let windows = film.seams.iter().map(|seam| seam.window.clone());
    let stretches = film.stretches.iter().flatten().flatten().cloned();
    let mut waiting: Vec<Range<u64>> = stretches.chain(windows).collect();
    waiting.retain(|range| !range.is_empty());
    waiting.sort_unstable_by_key(|range| (std::cmp::Reverse(range.start), range.end));
    let facts = probe::probe(path, &limits)?;
    let small = Normalise {
        fit: Fit::Stretch,
        scaler: Scaler::Bilinear,
        ..Normalise::to(rsv::SIZE)
    };
    let mut reader = Reader::open(path, &facts, &small, 1, &limits)?;
    let mut open: Vec<(Range<u64>, Vec<Frame>)> = Vec::new();
    let mut taken = HashMap::new();
    for index in 0..report.frames {
        if waiting.is_empty() && open.is_empty() {
            break;
        }
        while waiting.last().is_some_and(|range| range.start == index) {
            open.extend(waiting.pop().map(|range| (range, Vec::new())));
        }
        let missing = || {
            let (path, frames) = (loopy_core::clip::show(path), report.frames);
            Error::Usage(format!(
                "{path} has {index} frames, its report says {frames}"
            ))
        };
        if open.is_empty() {
            if !reader.skip()? {
                return Err(missing());
            }
            continue;
        }
        let picture = reader.next()?.ok_or_else(missing)?;
        for (range, pictures) in &mut open {
            pictures.push(picture.frame.clone());
            if range.end == index + 1 {
                taken.insert((range.start, range.end), Steps::of(pictures));
            }
        }
        open.retain(|(range, _)| range.end > index + 1);
    }
    Ok(taken)
}

/// One line of what was found.
pub fn summary(found: &Visibility) -> String {
    let percent = |part: usize, whole: usize| 100.0 * part as f64 / whole.max(1) as f64;
    format!(
        "{} of {} distinct joints ({:.0} %) are as ordinary as 95 % of the clips' own moments; of \
         {} such moments {:.0} % are",
        found.ordinary,
        found.joints,
        percent(found.ordinary, found.joints),
        found.moments,
        percent(found.ordinary_moments, found.moments),
    )
}

//! How visible the joints of a finished video are: relative seam visibility measured again on
//! what the encoder made of them, beside the clips' own moments measured the same way.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    ops::Range,
    path::Path,
    sync::Arc,
};

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

use crate::Error;

/// Frames on each side of a joint that are looked at.
const AROUND: u64 = CONTEXT as u64 + 2;
/// Longest stretch of a clip that tells what is usual, in frames.
const LONGEST: u64 = 400;
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
    let naturals: Vec<Option<Arc<Natural>>> = film
        .stretches
        .iter()
        .map(|stretch| {
            let steps = taken.get(&(stretch.start, stretch.end))?;
            Some(Arc::new(Natural::new(steps.clone())))
        })
        .collect();
    // A film tells no scenes; every clip that a joint leads to is company enough.
    let usual = |clip: usize| {
        let own = naturals.get(clip)?.as_ref()?;
        let company: Vec<Arc<Natural>> = film.company[clip]
            .iter()
            .filter_map(|other| naturals[*other].clone())
            .collect();
        Some(Usual::of(own, &company))
    };
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
    for (clip, natural) in naturals.iter().enumerate() {
        let Some(natural) = natural else { continue };
        let steps = natural.steps();
        for at in (CONTEXT..steps.len().saturating_sub(CONTEXT)).step_by(EVERY) {
            let Some(usual) = usual(clip) else { continue };
            let usual = usual.without(at.saturating_sub(CONTEXT)..at + CONTEXT);
            if let Some(rsv) = rsv::rsv(steps, at..at + 1, (&usual, &usual)) {
                found.moments += 1;
                found.ordinary_moments += usize::from(rsv.percentile <= UNUSUAL);
            }
        }
    }
    Ok(found)
}

/// Where in the film what is looked at.
struct Film {
    /// The longest visit of each clip, without what lies beside its joints.
    stretches: Vec<Range<u64>>,
    /// For each clip the clips that its joints lead to.
    company: Vec<Vec<usize>>,
    seams: Vec<Seam>,
}

struct Seam {
    /// Index into the report.
    index: usize,
    from: usize,
    to: usize,
    /// Frames that belong to neither side.
    joint: Range<u64>,
    /// Frames that are looked at.
    window: Range<u64>,
}

impl Film {
    fn of(report: &Report) -> Self {
        let mut numbers: BTreeMap<&ClipPath, usize> = BTreeMap::new();
        let mut stretches: Vec<Range<u64>> = Vec::new();
        let mut clips = Vec::with_capacity(report.visits.len());
        for visit in &report.visits {
            let next = stretches.len();
            let clip = *numbers.entry(&visit.clip).or_insert(next);
            let frames = u64::from(visit.frames).min(LONGEST);
            if clip == next {
                stretches.push(0..0);
            }
            let known = &mut stretches[clip];
            if frames > known.end - known.start {
                *known = visit.start..visit.start + frames;
            }
            clips.push(clip);
        }
        let mut company = vec![Vec::new(); stretches.len()];
        let mut seen: HashSet<(usize, u32, usize, u32)> = HashSet::new();
        let mut seams = Vec::new();
        for (index, seam) in report.seams.iter().enumerate() {
            let (Some(from), Some(to)) = (clips.get(index), clips.get(index + 1)) else {
                continue;
            };
            let (from, to) = (*from, *to);
            let key = (from, seam.from.frame, to, seam.to.frame);
            if seam.changes_scene() || !seen.insert(key) {
                continue;
            }
            for (clip, other) in [(from, to), (to, from)] {
                if clip != other && !company[clip].contains(&other) {
                    company[clip].push(other);
                }
            }
            let joint = seam.start..seam.start + u64::from(seam.frames);
            let (before, after) = (&report.visits[index], &report.visits[index + 1]);
            let low = joint.start.saturating_sub(AROUND).max(before.start);
            let high = (joint.end + AROUND).min(after.start + u64::from(after.frames));
            seams.push(Seam {
                index,
                from,
                to,
                joint,
                window: low..high,
            });
        }
        Self {
            stretches,
            company,
            seams,
        }
    }
}

/// Steps of the frames that are looked at, by where they begin and end.
fn take(path: &Path, report: &Report, film: &Film) -> Result<HashMap<(u64, u64), Steps>, Error> {
    let limits = Limits {
        frames: u32::MAX,
        ..Limits::default()
    };
    let windows = film.seams.iter().map(|seam| seam.window.clone());
    let mut waiting: Vec<Range<u64>> = film.stretches.iter().cloned().chain(windows).collect();
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

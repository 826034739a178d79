//! Where in a film its joints lie, and where its clips' own moments.

use std::{
    collections::{BTreeMap, HashSet},
    ops::Range,
};

use loopy_core::{
    ClipPath,
    report::{Report, Visit},
};
use loopy_sight::rsv::CONTEXT;

/// Frames on each side of a joint that are looked at.
const AROUND: u64 = CONTEXT as u64 + 2;
/// Frames of a clip that tell what is usual, at most.
const MOST: u64 = 400;
/// Fewer frames that no other visit shows are left out.
const FEW: u64 = 5;

/// Frames of a clip that follow each other, put together from where the film shows them: each part
/// begins with the last two pictures of the one before.
pub(super) type Stretch = Vec<Range<u64>>;

/// Where in the film what is looked at.
pub(super) struct Film {
    /// For each clip what the film shows of it, each frame once.
    pub(super) stretches: Vec<Vec<Stretch>>,
    /// For each clip its scene: equal where joints lead from one to the other, over others if need be.
    pub(super) scenes: Vec<usize>,
    /// Every distinct joint at its first showing.
    pub(super) seams: Vec<Seam>,
}

/// A joint of the film.
pub(super) struct Seam {
    /// Index into the report.
    pub(super) index: usize,
    /// Clip that is left.
    pub(super) from: usize,
    /// Clip that is entered.
    pub(super) to: usize,
    /// Frames that belong to neither side.
    pub(super) joint: Range<u64>,
    /// Frames that are looked at.
    pub(super) window: Range<u64>,
}

impl Film {
    /// What is looked at of the film that this is the report of.
    pub(super) fn of(report: &Report) -> Self {
        let mut numbers: BTreeMap<&ClipPath, usize> = BTreeMap::new();
        let mut visits: Vec<Vec<&Visit>> = Vec::new();
        let mut clips = Vec::with_capacity(report.visits.len());
        for visit in &report.visits {
            let next = visits.len();
            let clip = *numbers.entry(&visit.clip).or_insert(next);
            if clip == next {
                visits.push(Vec::new());
            }
            visits[clip].push(visit);
            clips.push(clip);
        }
        let stretches: Vec<Vec<Stretch>> = visits.into_iter().map(stretches).collect();
        let mut scenes: Vec<usize> = (0..stretches.len()).collect();
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
            let (one, other) = (scenes[from], scenes[to]);
            for scene in scenes.iter_mut().filter(|scene| **scene == other) {
                *scene = one;
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
            scenes,
            seams,
        }
    }
}

/// A part of a clip that one visit shows.
struct Part<'a> {
    visit: &'a Visit,
    /// Source frames.
    source: Range<u64>,
}

impl Part<'_> {
    /// Source frames of the visit; at least one.
    fn count(&self) -> u64 {
        u64::from(self.visit.last) + 1 - u64::from(self.visit.first)
    }

    /// The visit shows each source frame once.
    fn is_whole(&self) -> bool {
        u64::from(self.visit.frames) == self.count()
    }

    /// Where this part goes on where the one `before` ends: so many frames more behind that one or
    /// ahead of this one that both of them show two.
    fn overlap(&self, before: &Self) -> Option<(u64, u64)> {
        let goes_on = before.source.end == self.source.start;
        if !goes_on || !before.is_whole() || !self.is_whole() {
            return None;
        }
        if before.source.end + 2 <= u64::from(before.visit.last) + 1 {
            Some((2, 0))
        } else if self.source.start >= u64::from(self.visit.first) + 2 {
            Some((0, 2))
        } else {
            None
        }
    }

    /// Output frames that show these source frames of the visit; at another rate than the source's
    /// they are more or fewer.
    fn output(&self, source: Range<u64>) -> Range<u64> {
        let at = |source: u64| {
            let ahead = source - u64::from(self.visit.first);
            self.visit.start + ahead * u64::from(self.visit.frames) / self.count()
        };
        at(source.start)..at(source.end)
    }
}

/// What these visits of one clip show of it: what is unusual for a part of a clip may be usual for the
/// clip.
fn stretches(mut visits: Vec<&Visit>) -> Vec<Stretch> {
    visits.retain(|visit| visit.first <= visit.last);
    visits.sort_by_key(|visit| (std::cmp::Reverse(visit.frames), visit.start));
    let mut shown: Vec<Range<u64>> = Vec::new();
    let mut parts: Vec<Part> = Vec::new();
    let mut left = MOST;
    for visit in visits {
        let all = u64::from(visit.first)..u64::from(visit.last) + 1;
        let new = without(&all, &shown);
        if !new.is_empty() {
            shown.push(all);
        }
        for source in new {
            let source = source.start..source.end.min(source.start + left);
            if source.end - source.start >= FEW {
                left -= source.end - source.start;
                parts.push(Part { visit, source });
            }
        }
    }
    parts.sort_by_key(|part| part.source.start);
    let mut stretches: Vec<Stretch> = Vec::new();
    let mut before: Option<&Part> = None;
    for part in &parts {
        let own = part.output(part.source.clone());
        let overlap = before.and_then(|before| part.overlap(before));
        match (overlap, stretches.last_mut()) {
            (Some((behind, ahead)), Some(stretch)) => {
                if let Some(range) = stretch.last_mut() {
                    range.end += behind;
                }
                stretch.push(own.start - ahead..own.end);
            }
            _ => stretches.push(vec![own]),
        }
        before = Some(part);
    }
    stretches
}

/// What of `all` lies in none of `others`, in order.
fn without(all: &Range<u64>, others: &[Range<u64>]) -> Vec<Range<u64>> {
    let mut rest = vec![all.clone()];
    for other in others {
        let parts = rest.iter().flat_map(|part| {
            let before = part.start..part.end.min(other.start);
            let after = part.start.max(other.end)..part.end;
            [before, after]
        });
        rest = parts.filter(|part| !part.is_empty()).collect();
    }
    rest
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use loopy_core::Hash;

    use super::*;

    fn visit(first: u32, last: u32, start: u64, frames: u32) -> Visit {
        Visit {
            clip: ClipPath::from(Path::new("a.mp4")),
            blake3: Hash::of(b"a"),
            first,
            last,
            start,
            frames,
            segments: Vec::new(),
        }
    }

    fn of(visits: &[Visit]) -> Vec<Stretch> {
        stretches(visits.iter().collect())
    }

    /// The same, where none is put together of several.
    fn alone(visits: &[Visit]) -> Vec<Range<u64>> {
        let all = of(visits);
        assert!(all.iter().all(|stretch| stretch.len() == 1), "{all:?}");
        all.concat()
    }

    #[test]
    fn a_clip_is_put_together_from_where_it_is_shown() {
        let visits = [
            visit(0, 113, 0, 114),
            visit(64, 113, 120, 50),
            visit(64, 163, 176, 100),
            visit(64, 163, 282, 100),
        ];
        // Frames 112 and 113 are shown by both.
        assert_eq!(of(&visits), [[0..114, 224..276]]);
        // The other way round: the longer visit is the later part of the clip.
        let visits = [visit(0, 49, 0, 50), visit(30, 163, 50, 134)];
        assert_eq!(of(&visits), [[0..32, 50..184]]);
    }

    #[test]
    fn what_does_not_go_on_stands_alone() {
        // No picture is shown by both.
        let visits = [visit(0, 49, 0, 50), visit(50, 99, 50, 50)];
        assert_eq!(alone(&visits), [0..50, 50..100]);
        // At another rate than the source's it is not told which picture is which.
        let visits = [visit(0, 59, 0, 120), visit(30, 89, 200, 120)];
        assert_eq!(alone(&visits), [0..120, 260..320]);
    }

    #[test]
    fn no_more_of_a_clip_is_looked_at_than_there_is_time_for() {
        let visits = [visit(0, 299, 0, 300), visit(400, 699, 300, 300)];
        assert_eq!(alone(&visits), [0..300, 300..400]);
        let long = [visit(0, 899, 0, 900), visit(0, 99, 900, 100)];
        assert_eq!(of(&long), of(&long[..1]));
    }
}

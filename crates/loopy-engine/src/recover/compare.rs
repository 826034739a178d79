//! The walk that the picture tells beside the one that the report tells.

use loopy_core::report::{self, Report};
use serde::Serialize;

use super::{Visit, Walk};

/// Frames by which borders and places may differ.
const WITHIN: u64 = 2;
/// Differences that are told; more say nothing new.
const MOST: usize = 20;

/// How the two agree.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Compared {
    /// Visits of the report.
    pub visits: usize,
    /// Of them, those whose clip, borders and place in the clip the picture tells as the report
    /// does, within two frames.
    pub within: usize,
    /// Of the others, those that the picture could show just as well as what was found: clips look
    /// the same there, or hardly move.
    pub open: usize,
    /// Of the rest, those that show another clip than the report says, or none.
    pub others: usize,
    /// Visits that the picture shows and the report does not tell.
    pub untold: usize,
    /// Where they differ, in order.
    pub differences: Vec<String>,
}

/// Compares a recovered walk with a report's. `could` tells whether the picture could show what
/// the report tells of a visit.
pub(super) fn compare(
    walk: &Walk,
    report: &Report,
    could: &dyn Fn(&report::Visit) -> bool,
) -> Compared {
    let mut compared = Compared {
        visits: report.visits.len(),
        ..Compared::default()
    };
    let mut used = vec![false; walk.visits.len()];
    let mut from = 0;
    for (number, told) in report.visits.iter().enumerate() {
        let end = told.start + u64::from(told.frames);
        while walk
            .visits
            .get(from)
            .is_some_and(|visit| visit.end() <= told.start)
        {
            from += 1;
        }
        let beside = walk.visits[from..].iter().enumerate();
        let beside = beside.take_while(|(_, visit)| visit.start < end);
        let shared = |visit: &Visit| visit.end().min(end) - visit.start.max(told.start);
        let best = beside.max_by_key(|(index, visit)| (shared(visit), std::cmp::Reverse(*index)));
        let verdict = match best {
            None => Verdict::Other("the picture shows no clip there".to_owned()),
            Some((index, visit)) => {
                used[from + index] = true;
                judge(visit, told, walk)
            }
        };
        let (other, words) = match verdict {
            Verdict::Within => {
                compared.within += 1;
                continue;
            }
            Verdict::Off(words) => (false, words),
            Verdict::Other(words) => (true, words),
        };
        if could(told) {
            compared.open += 1;
            continue;
        }
        compared.others += usize::from(other);
        compared.tell(format!(
            "visit {} ({} from frame {}): {words}",
            number + 1,
            told.clip.display(),
            told.start
        ));
    }
    let untold: Vec<&Visit> = walk
        .visits
        .iter()
        .zip(used)
        .filter(|(_, used)| !used)
        .map(|(visit, _)| visit)
        .collect();
    compared.untold = untold.len();
    for visit in untold {
        compared.tell(format!(
            "frames {}..{} show {} by themselves, which the report does not tell",
            visit.start,
            visit.end(),
            visit.clip.display()
        ));
    }
    compared
}

impl Compared {
    fn tell(&mut self, difference: String) {
        if self.differences.len() < MOST {
            self.differences.push(difference);
        }
    }
}

enum Verdict {
    Within,
    Off(String),
    Other(String),
}

fn judge(visit: &Visit, told: &report::Visit, walk: &Walk) -> Verdict {
    if !same_clip(visit, told, walk) {
        return Verdict::Other(format!("the picture shows {}", visit.clip.display()));
    }
    let end = told.start + u64::from(told.frames);
    let (starts, ends) = (visit.start.abs_diff(told.start), visit.end().abs_diff(end));
    if starts > WITHIN || ends > WITHIN {
        return Verdict::Off(format!(
            "the picture shows it in frames {}..{} instead of {}..{end}",
            visit.start,
            visit.end(),
            told.start
        ));
    }
    let middle = u64::midpoint(visit.start.max(told.start), visit.end().min(end));
    let place = |first: u32, last: u32, start: u64, frames: u32| {
        let share =
            middle.saturating_sub(start) as f64 / f64::from(frames.saturating_sub(1).max(1));
        f64::from(first) + share * f64::from(last - first)
    };
    let off = place(visit.first, visit.last, visit.start, visit.frames)
        - place(told.first, told.last, told.start, told.frames);
    if off.abs() <= WITHIN as f64 + 0.5 || visit.blake3 != told.blake3 {
        Verdict::Within
    } else {
        Verdict::Off(format!(
            "the picture shows it {off:+.0} frames later in the clip"
        ))
    }
}

/// It is the clip of the report, or one that cannot be told from it.
fn same_clip(visit: &Visit, told: &report::Visit, walk: &Walk) -> bool {
    let (own, told_name) = (visit.clip.display(), told.clip.display());
    let in_group = |group: &[String], name: &str| group.iter().any(|one| file(one) == file(name));
    let mut groups = walk.alike.iter();
    visit.blake3 == told.blake3
        || in_group(&visit.also, &told_name)
        || groups.any(|group| in_group(group, &own) && in_group(group, &told_name))
}

/// The name of a clip's file, without its folder and the number of its shot.
fn file(name: &str) -> &str {
    let name = name.rsplit('/').next().unwrap_or(name);
    name.split_once('#').map_or(name, |(file, _)| file)
}

//! Whether a file is a usable clip, and which of its frames: what is black, blank, frozen, faded
//! or damaged is left out, with the reason for people. A file of several shots is several clips.

mod marks;
mod shots;

use std::ops::Range;

use loopy_core::{clip::Facts, limits::Limits};
use serde::{Deserialize, Serialize};

use self::marks::{Fault, Timeline, mark, runs};
use crate::{defects, features::Features};

/// What the decoder met in the whole file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Packets that it could not decode.
    pub decode_errors: u32,
    /// Frames that came out damaged.
    pub corrupt_frames: u32,
    /// The file ends before its container says.
    pub truncated: bool,
}

/// The part of a file that is a usable clip.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usable {
    /// First usable frame.
    pub first: u32,
    /// One past the last usable frame.
    pub until: u32,
    /// What was left out and why, for people.
    pub remarks: Vec<String>,
    /// What is odd about it and costs nothing but places for joints, for people.
    pub habits: Vec<String>,
}

/// Shortest part of a faulty file worth keeping, in microseconds.
const PART: i64 = 1_000_000;
/// Part of a file, in percent, that has to be whole: of one that is damaged, and of any.
const WHOLE_OF_DAMAGED: i64 = 50;
const WHOLE_OF_ANY: i64 = 20;
/// Undecodable packets per hundred frames beyond which the picture jumps all over.
const LOSSES: usize = 10;

/// Judges a file by what was decoded of it and picks its longest shot, the first of equals: see
/// [`judge_shots`].
///
/// # Errors
/// The reason for people why the file is left out.
pub fn judge(
    features: &Features,
    times: &[i64],
    facts: &Facts,
    faults: Faults,
    limits: &Limits,
) -> Result<Usable, String> {
    let length = |usable: &Usable| {
        let at = |index: u32| times.get(index as usize).or(times.last()).copied();
        at(usable.until)
            .zip(at(usable.first))
            .map(|(end, start)| end - start)
    };
    let shots = judge_shots(features, times, facts, faults, limits)?;
    let longest = shots.into_iter().rev().max_by_key(length);
    longest.ok_or_else(|| "nothing of it is usable".to_owned())
}

/// Judges a file by what was decoded of it: its usable shots in their order, at least one. `times`
/// holds the time of each frame in microseconds, strictly rising, as many as `features` has
/// frames.
///
/// # Errors
/// The reason for people why the file is left out.
pub fn judge_shots(
    features: &Features,
    times: &[i64],
    facts: &Facts,
    faults: Faults,
    limits: &Limits,
) -> Result<Vec<Usable>, String> {
    let frames = features.frames();
    let timeline = Timeline::new(times, facts);
    if frames.is_empty() || times.len() < frames.len() {
        return Err("it has no frames; is it a video at all?".to_owned());
    }
    let whole = timeline.length(0, frames.len());
    if whole < limits.shortest_micros {
        return Err(format!(
            "too short: {} ({:.2} s); a clip needs at least {:.1} s",
            count(frames.len(), "frame"),
            seconds(whole),
            seconds(limits.shortest_micros),
        ));
    }
    let slowest = f64::from(limits.slowest_millifps) / 1000.0;
    let rate = 1.0 / seconds(timeline.length(0, frames.len()) / frames.len() as i64).max(1e-6);
    if rate < slowest {
        return Err(format!(
            "too slow: {rate:.1} frames a second; motion needs at least {slowest:.1}"
        ));
    }
    let mut marks = mark(frames, &timeline);
    if faults.decode_errors as usize * 100 > frames.len() * LOSSES && faults.decode_errors > 2 {
        return Err(format!(
            "damaged: {} could not be decoded, {} of {} came out broken; get a whole copy or \
             re-encode it",
            count(faults.decode_errors as usize, "packet"),
            faults.corrupt_frames,
            count(frames.len(), "frame"),
        ));
    }
    let shots = shots::shots(features, &mut marks);
    let length = |shot: &Range<usize>| timeline.length(shot.start, shot.end);
    let cut = shots.first() != Some(&(0..frames.len()));
    let least = PART.max(limits.shortest_micros);
    let kept: Vec<&Range<usize>> = shots
        .iter()
        .filter(|shot| !cut || length(shot) >= least)
        .collect();
    // What is whole between two damages is not trusted to be.
    let damaged = marks.contains(&Some(Fault::Damaged));
    let lengths = kept.iter().map(|shot| length(shot));
    let (share, needed) = if damaged {
        (lengths.max().unwrap_or(0), WHOLE_OF_DAMAGED)
    } else {
        (lengths.sum(), WHOLE_OF_ANY)
    };
    if kept.is_empty() || cut && share * 100 / whole.max(1) < needed {
        return Err(refusal(&marks, &timeline));
    }
    let mut remarks = Vec::new();
    if faults.truncated {
        let stated = facts
            .stated_micros
            .map(|stated| format!(" of {:.1} s", seconds(stated)));
        remarks.push(format!(
            "the file ends early: {:.1} s{} could be read",
            seconds(whole),
            stated.unwrap_or_default()
        ));
    }
    if faults.decode_errors > 0 {
        let packets = count(faults.decode_errors as usize, "packet");
        remarks.push(format!("passed over: {packets} that could not be decoded"));
    }
    let total = kept.len();
    let usable = (1..).zip(kept).map(|(number, shot)| {
        let mut own = Vec::new();
        if cut {
            own.push(part(shot, (number, total), &marks, &timeline));
        }
        Usable {
            first: shot.start as u32,
            until: shot.end as u32,
            remarks: own.into_iter().chain(remarks.iter().cloned()).collect(),
            habits: habits(features, shot),
        }
    });
    Ok(usable.collect())
}

/// Which part of the file a shot is.
fn part(
    shot: &Range<usize>,
    (number, total): (usize, usize),
    marks: &[Option<Fault>],
    timeline: &Timeline,
) -> String {
    let mut text = format!(
        "used from {:.2} s to {:.2} s",
        seconds(timeline.at(shot.start)),
        seconds(timeline.at(shot.end)),
    );
    if total > 1 {
        text = format!("shot {number} of {total}: {text}");
    }
    let out = list(marks, timeline);
    if !out.is_empty() {
        text = format!("{text}; left out: {out}");
    }
    text
}

/// What is odd about a shot that is used all the same.
fn habits(features: &Features, shot: &Range<usize>) -> Vec<String> {
    let mut words = Vec::new();
    if let Some(cadence) = defects::cadence(features, shot.clone()) {
        let (pictures, frames) = (cadence.pictures as usize, cadence.frames as usize);
        words.push(format!(
            "it shows {} in {}: joints keep to their rhythm",
            count(pictures, "picture"),
            count(frames, "frame"),
        ));
    }
    let marks = defects::no_ports(features, shot.clone());
    for why in [
        defects::NoPort::Flash,
        defects::NoPort::Fade,
        defects::NoPort::Repeated,
    ] {
        let places = runs(marks.len(), |index| marks[index] == Some(why)).len();
        if places > 0 {
            words.push(format!(
                "no joint near {}: {}",
                why.reason(),
                count(places, "place")
            ));
        }
    }
    words
}

/// Why a file with such faults is left out: what most of it is, and what to do about it.
fn refusal(marks: &[Option<Fault>], timeline: &Timeline) -> String {
    let (worst, _) = lengths(marks, timeline)
        .into_iter()
        .max_by_key(|(_, length)| *length)
        .unwrap_or((Fault::Damaged, 0));
    let all = marks.iter().all(|mark| *mark == Some(worst));
    let hint = match worst {
        Fault::Black => "there is nothing to show",
        Fault::Plain => "there is nothing to show; is it a leader or a matte?",
        Fault::Frozen => "nothing moves; a picture is no clip",
        Fault::Fade => "no picture stays; use it in an editor",
        Fault::Damaged => "get a whole copy or re-encode it",
    };
    // A frozen clip keeps the one frame that it repeats.
    if all || worst == Fault::Frozen && marks.iter().filter(|mark| mark.is_none()).count() <= 1 {
        return format!("all of it is {}: {hint}", worst.word());
    }
    format!(
        "too much of it is {}: {}; {hint}",
        worst.word(),
        list(marks, timeline)
    )
}

/// Faults with their lengths: "0.40 s black, 2.00 s frozen".
fn list(marks: &[Option<Fault>], timeline: &Timeline) -> String {
    let parts: Vec<String> = lengths(marks, timeline)
        .into_iter()
        .filter(|(_, length)| *length > 0)
        .map(|(fault, length)| format!("{:.2} s {}", seconds(length), fault.word()))
        .collect();
    parts.join(", ")
}

fn lengths(marks: &[Option<Fault>], timeline: &Timeline) -> [(Fault, i64); 5] {
    [
        Fault::Damaged,
        Fault::Black,
        Fault::Plain,
        Fault::Frozen,
        Fault::Fade,
    ]
    .map(|fault| {
        let runs = runs(marks.len(), |index| marks[index] == Some(fault));
        let length = runs
            .iter()
            .map(|run| timeline.length(run.start, run.end))
            .sum();
        (fault, length)
    })
}

fn count(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

fn seconds(micros: i64) -> f64 {
    micros as f64 / 1e6
}

#[cfg(test)]
mod tests;

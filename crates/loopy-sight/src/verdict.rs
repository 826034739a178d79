//! Whether a file is a usable clip, and which of its frames: what is black, blank, frozen or
//! damaged is left out, with the reason for people.

use loopy_core::{clip::Facts, limits::Limits};

use crate::features::{Features, Frame};

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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usable {
    /// First usable frame.
    pub first: u32,
    /// One past the last usable frame.
    pub until: u32,
    /// What was left out and why, for people.
    pub remarks: Vec<String>,
}

/// Luma up to which nearly every sample of a black frame lies, and its mean in 1/256.
const BLACK: u8 = 24;
const BLACK_MEAN: u16 = 20 * 256;
/// Spread of luma and of chroma in a frame of one colour.
const PLAIN: u8 = 6;
/// Microseconds without any change that count as frozen: longer than any pause in a living
/// picture, whose noise and breath are seen.
const FROZEN: i64 = 1_500_000;
/// Microseconds of black or plain frames inside a clip that are a gap, not a flash.
const GAP: i64 = 250_000;
/// Microseconds after a damaged frame whose pictures are built on it.
const SETTLE: i64 = 1_000_000;
/// Shortest part of a faulty file worth keeping, in microseconds.
const PART: i64 = 1_000_000;
/// Part of a file, in percent, that has to be whole: of one that is damaged, and of any.
const WHOLE_OF_DAMAGED: i64 = 50;
const WHOLE_OF_ANY: i64 = 20;
/// Undecodable packets per hundred frames beyond which the picture jumps all over.
const LOSSES: usize = 10;

/// What is wrong with a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Black,
    Plain,
    Frozen,
    Damaged,
}

impl Fault {
    fn word(self) -> &'static str {
        match self {
            Self::Black => "black",
            Self::Plain => "one plain colour",
            Self::Frozen => "frozen",
            Self::Damaged => "damaged",
        }
    }
}

/// Judges a file by what was decoded of it. `times` holds the time of each frame in microseconds,
/// strictly rising, as many as `features` has frames.
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
    let marks = mark(frames, &timeline);
    if faults.decode_errors as usize * 100 > frames.len() * LOSSES && faults.decode_errors > 2 {
        return Err(format!(
            "damaged: {} could not be decoded beside {}; get a whole copy or re-encode it",
            count(faults.decode_errors as usize, "packet"),
            count(frames.len(), "frame"),
        ));
    }
    let usable = longest(&marks, &timeline);
    let kept = timeline.length(usable.start, usable.end);
    let share = kept * 100 / whole.max(1);
    let damaged = marks.contains(&Some(Fault::Damaged));
    let needed = if damaged { WHOLE_OF_DAMAGED } else { WHOLE_OF_ANY };
    let cut = usable.len() < frames.len();
    if cut && (kept < PART.max(limits.shortest_micros) || share < needed) {
        return Err(refusal(&marks, &timeline));
    }
    let mut remarks = Vec::new();
    if cut {
        remarks.push(format!(
            "used from {:.2} s to {:.2} s; left out: {}",
            seconds(timeline.at(usable.start)),
            seconds(timeline.at(usable.end)),
            list(&marks, &timeline),
        ));
    }
    if faults.truncated {
        let stated = facts.stated_micros.map(|stated| format!(" of {:.1} s", seconds(stated)));
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
    Ok(Usable { first: usable.start as u32, until: usable.end as u32, remarks })
}

/// What is wrong with each frame.
fn mark(frames: &[Frame], timeline: &Timeline) -> Vec<Option<Fault>> {
    let mut marks: Vec<Option<Fault>> = frames.iter().map(empty).collect();
    // A flash inside the clip is a matter of taste; at its ends nobody misses it.
    for run in runs(frames.len(), |index| marks[index].is_some()) {
        let inside = run.start > 0 && run.end < frames.len();
        if inside && timeline.length(run.start, run.end) < GAP {
            marks[run].fill(None);
        }
    }
    for run in runs(frames.len(), |index| frames[index].still) {
        // The frame that the run repeats comes right before it.
        let start = run.start.saturating_sub(1);
        if timeline.length(start, run.end) < FROZEN {
            continue;
        }
        // At the head the last of the equal frames is the one to keep, elsewhere the first.
        let frozen = if start == 0 { 0..run.end - 1 } else { run };
        for mark in &mut marks[frozen] {
            *mark = mark.or(Some(Fault::Frozen));
        }
    }
    let mut settled = i64::MIN;
    for (index, frame) in frames.iter().enumerate() {
        if frame.corrupt {
            settled = timeline.at(index) + SETTLE;
        }
        if timeline.at(index) < settled {
            marks[index] = Some(Fault::Damaged);
        }
    }
    marks
}

fn empty(frame: &Frame) -> Option<Fault> {
    let plain = frame.brightest - frame.darkest.min(frame.brightest) <= PLAIN && frame.colours <= PLAIN;
    if frame.brightest <= BLACK && frame.luma <= BLACK_MEAN && frame.colours <= 2 * PLAIN {
        Some(Fault::Black)
    } else {
        plain.then_some(Fault::Plain)
    }
}

/// Maximal runs of indices for which `is` holds.
fn runs(len: usize, is: impl Fn(usize) -> bool) -> Vec<std::ops::Range<usize>> {
    let mut runs: Vec<std::ops::Range<usize>> = Vec::new();
    for index in (0..len).filter(|index| is(*index)) {
        match runs.last_mut() {
            Some(run) if run.end == index => run.end += 1,
            _ => runs.push(index..index + 1),
        }
    }
    runs
}

/// The longest run without fault, the first of equals; empty when there is none.
fn longest(marks: &[Option<Fault>], timeline: &Timeline) -> std::ops::Range<usize> {
    runs(marks.len(), |index| marks[index].is_none())
        .into_iter()
        .rev()
        .max_by_key(|run| timeline.length(run.start, run.end))
        .unwrap_or(0..0)
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
        Fault::Damaged => "get a whole copy or re-encode it",
    };
    // A frozen clip keeps the one frame that it repeats.
    if all || worst == Fault::Frozen && marks.iter().filter(|mark| mark.is_none()).count() <= 1 {
        return format!("all of it is {}: {hint}", worst.word());
    }
    format!("too much of it is {}: {}; {hint}", worst.word(), list(marks, timeline))
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

fn lengths(marks: &[Option<Fault>], timeline: &Timeline) -> [(Fault, i64); 4] {
    [Fault::Damaged, Fault::Black, Fault::Plain, Fault::Frozen].map(|fault| {
        let runs = runs(marks.len(), |index| marks[index] == Some(fault));
        let length = runs.iter().map(|run| timeline.length(run.start, run.end)).sum();
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

/// When frames begin, the one past the last included.
struct Timeline<'a> {
    times: &'a [i64],
    end: i64,
}

impl<'a> Timeline<'a> {
    /// The last frame is shown as long as frames usually are.
    fn new(times: &'a [i64], facts: &Facts) -> Self {
        let mut steps: Vec<i64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        steps.sort_unstable();
        let stated = facts.stated_rate.map(|rate| rate.micros(1));
        let step = steps.get(steps.len() / 2).copied().or(stated).unwrap_or(0);
        Self { times, end: times.last().map_or(0, |last| last + step) }
    }

    fn at(&self, index: usize) -> i64 {
        self.times.get(index).copied().unwrap_or(self.end)
    }

    fn length(&self, start: usize, end: usize) -> i64 {
        self.at(end) - self.at(start)
    }
}

#[cfg(test)]
mod tests {
    use loopy_core::{Frame as Picture, Rate, Size, color::Color};

    use super::*;
    use crate::{
        features::{Builder, SIZE},
        synthetic,
    };

    fn facts() -> Facts {
        let size = Size::new(640, 360);
        Facts {
            container: "mov".to_owned(),
            codec: "h264".to_owned(),
            pixel_format: "yuv420p".to_owned(),
            coded: size,
            shown: size,
            rotation: 0,
            mirrored: false,
            interlaced: false,
            alpha: false,
            color: Color::SDR,
            stated_rate: Rate::new(25, 1),
            stated_micros: None,
            sound: false,
        }
    }

    /// What a drawn frame shows.
    #[derive(Clone, Copy)]
    enum Show {
        Scene(u32),
        /// Nothing moves but sensor noise.
        Idle(u32),
        Black,
        Colour,
        Corrupt(u32),
    }
    use Show::{Black, Colour, Corrupt, Idle, Scene};

    fn draw(shows: impl IntoIterator<Item = Show>) -> Features {
        let mut builder = Builder::new();
        for show in shows {
            let mut picture = match show {
                Scene(at) | Corrupt(at) => synthetic::picture(1, at as f32 * 0.06, 0),
                Idle(_) => synthetic::picture(1, 0.0, 0),
                Black | Colour => Picture::black(SIZE),
            };
            match show {
                Idle(seed) => {
                    for (index, sample) in picture.planes_mut()[0].iter_mut().enumerate() {
                        let mixed = (index as u32).wrapping_mul(2_654_435_761) ^ seed.wrapping_mul(40_503);
                        *sample += u8::from(mixed.wrapping_mul(2_246_822_519) >> 28 == 0);
                    }
                }
                Colour => picture.planes_mut()[0].fill(90),
                _ => {}
            }
            builder.push(&picture, matches!(show, Corrupt(_)));
        }
        builder.finish()
    }

    fn judged(features: &Features, fps: i64, faults: Faults) -> Result<Usable, String> {
        let times: Vec<i64> = (0..features.len() as i64).map(|i| i * 1_000_000 / fps).collect();
        judge(features, &times, &facts(), faults, &Limits::default())
    }

    fn verdict(shows: impl IntoIterator<Item = Show>) -> Result<(u32, u32), String> {
        judged(&draw(shows), 25, Faults::default()).map(|usable| (usable.first, usable.until))
    }

    #[test]
    fn whole_clips_are_used_whole_without_a_word() {
        let usable = judged(&draw((0..75).map(Scene)), 25, Faults::default());
        assert_eq!(usable, Ok(Usable { first: 0, until: 75, remarks: Vec::new() }));
    }

    #[test]
    fn a_dark_scene_and_a_noisy_still_life_are_clips() {
        assert_eq!(verdict((0..100).map(Idle)), Ok((0, 100)));
        let mut dark = Builder::new();
        for index in 0..50 {
            let mut picture = synthetic::picture(1, index as f32 * 0.06, 0);
            for sample in &mut *picture.planes_mut()[0] {
                *sample = 16 + *sample / 8;
            }
            dark.push(&picture, false);
        }
        assert!(judged(&dark.finish(), 25, Faults::default()).is_ok());
    }

    #[test]
    fn low_rate_sources_on_a_fast_clock_are_not_frozen() {
        // Five pictures a second, each shown six times.
        assert_eq!(verdict((0..150).map(|index| Scene(index / 6))), Ok((0, 150)));
    }

    #[test]
    fn black_plain_and_frozen_files_are_left_out_by_name() {
        for (show, word) in [(Black, "black"), (Colour, "plain colour"), (Scene(3), "frozen")] {
            let reason = verdict([show; 75]).unwrap_err();
            assert!(reason.contains(word) && reason.starts_with("all of it"), "{reason}");
        }
        // A long freeze with a little life.
        let mostly = verdict((0..20).map(Scene).chain([Scene(20); 100])).unwrap_err();
        assert!(mostly.contains("frozen"), "{mostly}");
    }

    #[test]
    fn black_and_frozen_ends_are_trimmed_with_a_remark() {
        let head = [Black; 3].into_iter().chain((0..50).map(Scene)).chain([Colour; 5]);
        let usable = judged(&draw(head), 25, Faults::default()).unwrap();
        assert_eq!((usable.first, usable.until), (3, 53));
        assert!(usable.remarks[0].contains("0.12 s black"), "{:?}", usable.remarks);
        assert!(usable.remarks[0].contains("0.20 s one plain colour"), "{:?}", usable.remarks);

        let frozen = [Scene(0); 50].into_iter().chain((1..60).map(Scene));
        assert_eq!(verdict(frozen), Ok((49, 109)), "the last of the equal frames stays");
        let frozen = (0..60).map(Scene).chain([Scene(59); 50]);
        assert_eq!(verdict(frozen), Ok((0, 60)), "the first of the equal frames stays");
    }

    #[test]
    fn a_flash_of_black_inside_stays_and_a_gap_parts_the_clip() {
        let with = |black: usize| {
            (0..40).map(Scene).chain(std::iter::repeat_n(Black, black)).chain((40..100).map(Scene))
        };
        assert_eq!(verdict(with(2)), Ok((0, 102)));
        assert_eq!(verdict(with(10)), Ok((50, 110)));
    }

    #[test]
    fn the_whole_part_of_a_damaged_file_is_kept_when_it_is_most_of_it() {
        let at = |bad: u32| (0..100).map(move |i| if i == bad { Corrupt(i) } else { Scene(i) });
        assert_eq!(verdict(at(80)), Ok((0, 80)));
        // A damaged frame spoils those after it for a second.
        assert_eq!(verdict(at(10)), Ok((35, 100)));
        let middle = verdict(at(45)).unwrap_err();
        assert!(middle.contains("damaged"), "{middle}");
        let all = verdict((0..100).map(Corrupt)).unwrap_err();
        assert!(all.starts_with("all of it is damaged"), "{all}");
    }

    #[test]
    fn too_short_and_too_slow_say_how_much_is_needed() {
        assert!(verdict([Scene(0)]).unwrap_err().contains("1 frame "));
        assert!(verdict((0..12).map(Scene)).unwrap_err().contains("too short"));
        assert!(verdict((0..13).map(Scene)).is_ok());
        let slow = judged(&draw((0..9).map(|i| Scene(i * 9))), 1, Faults::default());
        assert!(slow.unwrap_err().contains("1.0 frames a second"));
        assert!(verdict([]).unwrap_err().contains("no frames"));
    }

    #[test]
    fn lost_packets_are_told_and_too_many_refuse_the_file() {
        let features = draw((0..50).map(Scene));
        let faults = |decode_errors| Faults { decode_errors, truncated: true, ..Faults::default() };
        let usable = judged(&features, 25, faults(2)).unwrap();
        assert!(usable.remarks.iter().any(|remark| remark.contains("2 packets")));
        assert!(usable.remarks.iter().any(|remark| remark.contains("ends early")));
        assert!(judged(&features, 25, faults(20)).unwrap_err().contains("20 packets"));
    }
}

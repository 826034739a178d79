//! Timestamps as files have them become times that a clip can be cut by: from zero, strictly
//! rising, without holes that would freeze the picture.

use crate::rate::Rate;

/// What [`times`] makes of a file's timestamps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repaired {
    /// Time of each frame in microseconds: from 0, strictly rising, as many as there were frames.
    pub times: Vec<i64>,
    /// Time at which the last frame ends; later than the last of `times`.
    pub end: i64,
    /// What had to be mended, for people; `None` when the timestamps were whole.
    pub remark: Option<String>,
}

/// Step of a file that tells no rate at all, in microseconds (25 frames per second).
const USUAL_STEP: i64 = 40_000;
/// Steps that a frame rate can have, in microseconds.
const STEPS: std::ops::RangeInclusive<i64> = 1_000..=10_000_000;
/// A hole this long is a fault, whatever the frame rate, in microseconds.
const HOLE: i64 = 1_000_000;
/// A hole of so many steps is a fault when it is also longer than [`HOLE`].
const HOLE_STEPS: i64 = 8;

/// Times of frames in presentation order, from their timestamps in microseconds (`None` where the
/// file has none) and the rate that the container states.
///
/// A variable frame rate is kept. Missing timestamps are filled in evenly; single stray ones are
/// replaced; a jump backwards or a hole longer than one second and eight usual steps is closed to
/// one usual step. When more than a quarter of all steps do not rise, the frames are spaced evenly.
pub fn times(raw: &[Option<i64>], stated: Option<Rate>) -> Repaired {
    let (step, broken) = usual_step(raw, stated);
    let mut mended = Mended::default();
    let known = if broken {
        mended.uneven = true;
        vec![None; raw.len()]
    } else {
        without_strays(raw, step, &mut mended)
    };
    let mut times = Vec::with_capacity(raw.len());
    // The last frame with a timestamp: its timestamp, and its place in `times`.
    let mut anchor: Option<(i64, usize)> = None;
    for (index, stamp) in known.iter().enumerate() {
        let Some(stamp) = *stamp else {
            mended.missing += u32::from(!broken && raw[index].is_none());
            let next = times.last().map_or(0, |last: &i64| last + step);
            times.push(next);
            continue;
        };
        let time = match anchor {
            // Frames before the first timestamp keep the steps they were given.
            None => times.last().map_or(0, |last: &i64| last + step),
            Some((before, at)) => {
                let frames = (index - at) as i64;
                let delta = i128::from(stamp) - i128::from(before);
                let usual = i128::from(step) * i128::from(frames);
                let over = delta - i128::from(step) * i128::from(frames - 1);
                let limit = i128::from(HOLE.max(HOLE_STEPS * step));
                let length = if delta < i128::from(frames) {
                    mended.backwards += 1;
                    usual
                } else if over > limit {
                    mended.hole(delta - usual, index);
                    usual
                } else {
                    delta
                };
                let start = i128::from(times[at]);
                for (between, time) in times[at..].iter_mut().enumerate() {
                    let share = length * between as i128 / i128::from(frames);
                    *time = (start + share) as i64;
                }
                (start + length) as i64
            }
        };
        times.push(time);
        anchor = Some((stamp, index));
    }
    let end = times.last().map_or(step, |last| last + step);
    Repaired {
        times,
        end,
        remark: mended.remark(),
    }
}

/// Whether a file ends early: `decoded` is the length that came out, `stated` the length that the
/// container promises, both in microseconds.
///
/// Containers round and count the longest stream, so that less than half a second or a twentieth
/// is no sign.
pub fn cut_short(decoded: i64, stated: Option<i64>) -> bool {
    stated.is_some_and(|stated| stated.saturating_sub(decoded) > (stated / 20).max(500_000))
}

/// The usual step, and whether the timestamps are past mending.
fn usual_step(raw: &[Option<i64>], stated: Option<Rate>) -> (i64, bool) {
    let pairs = raw
        .windows(2)
        .filter_map(|pair| Some(pair[1]?.saturating_sub(pair[0]?)));
    let (mut rising, mut falling) = (Vec::new(), 0_usize);
    for delta in pairs {
        if delta > 0 {
            rising.push(delta);
        } else {
            falling += 1;
        }
    }
    let broken = falling * 3 > rising.len();
    let stated = stated.map(|rate| rate.micros(1));
    let middle = rising.len() / 2;
    let measured = (!rising.is_empty()).then(|| *rising.select_nth_unstable(middle).1);
    let first = if broken {
        stated.or(measured)
    } else {
        measured.or(stated)
    };
    (
        first
            .unwrap_or(USUAL_STEP)
            .clamp(*STEPS.start(), *STEPS.end()),
        broken,
    )
}

/// The timestamps without those that stand alone against both neighbours.
fn without_strays(raw: &[Option<i64>], step: i64, mended: &mut Mended) -> Vec<Option<i64>> {
    let limit = HOLE.max(HOLE_STEPS * step);
    let mut known = raw.to_vec();
    let mut before: Option<i64> = None;
    for index in 0..known.len() {
        let Some(here) = known[index] else { continue };
        let after = raw[index + 1..].iter().flatten().next().copied();
        if let (Some(before), Some(after)) = (before, after) {
            let behind = here <= before && after > before;
            let ahead = here.saturating_sub(before) > limit && after > before && after < here;
            if behind || ahead {
                known[index] = None;
                mended.strays += 1;
                continue;
            }
        }
        before = Some(here);
    }
    known
}

/// What was mended, counted.
#[derive(Default)]
struct Mended {
    missing: u32,
    strays: u32,
    backwards: u32,
    holes: u32,
    /// Microseconds and frame of the longest hole.
    longest: (i128, usize),
    uneven: bool,
}

impl Mended {
    fn hole(&mut self, micros: i128, index: usize) {
        self.holes += 1;
        if micros > self.longest.0 {
            self.longest = (micros, index);
        }
    }

    fn remark(&self) -> Option<String> {
        let mut parts = Vec::new();
        if self.uneven {
            parts.push("timestamps out of order, frames spaced evenly".to_owned());
        }
        if self.missing > 0 {
            parts.push(format!("{} timestamps missing, filled in", self.missing));
        }
        if self.strays > 0 {
            parts.push(format!("{} stray timestamps replaced", self.strays));
        }
        if self.backwards > 0 {
            parts.push(format!(
                "timestamps jump back {} times, joined",
                self.backwards
            ));
        }
        if self.holes > 0 {
            let (micros, frame) = self.longest;
            let seconds = micros as f64 / 1e6;
            parts.push(format!(
                "{} holes in the timestamps closed (longest {seconds:.1} s before frame {frame})",
                self.holes
            ));
        }
        (!parts.is_empty()).then(|| parts.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn every(step: i64, count: i64) -> Vec<Option<i64>> {
        (0..count).map(|i| Some(i * step)).collect()
    }

    #[test]
    fn whole_timestamps_are_kept_and_only_moved_to_zero() {
        let offset = 95_443_717_688; // a transport stream just before its clock wraps
        let raw: Vec<_> = [0, 33_367, 66_733, 100_100]
            .map(|t| Some(t + offset))
            .to_vec();
        let fixed = times(&raw, None);
        assert_eq!(fixed.times, [0, 33_367, 66_733, 100_100]);
        assert_eq!((fixed.end, fixed.remark), (133_467, None));
    }

    #[test]
    fn a_variable_rate_is_kept() {
        let raw = [0, 33_000, 233_000, 266_000, 800_000, 833_000].map(Some);
        assert_eq!(times(&raw, None).times, raw.map(Option::unwrap));
        assert_eq!(times(&raw, None).remark, None);
    }

    #[test]
    fn a_hole_of_two_seconds_is_closed_and_told() {
        let mut raw = every(40_000, 20);
        raw.extend((20..40).map(|i| Some(i * 40_000 + 2_000_000)));
        let fixed = times(&raw, None);
        assert_eq!(fixed.times[20] - fixed.times[19], 40_000);
        assert_eq!(fixed.end, 40 * 40_000);
        assert!(
            fixed
                .remark
                .unwrap()
                .contains("longest 2.0 s before frame 20")
        );
    }

    #[test]
    fn one_frame_a_second_is_a_rate_and_no_hole() {
        let fixed = times(&every(1_000_000, 8), None);
        assert_eq!((fixed.times[7], fixed.end), (7_000_000, 8_000_000));
        assert_eq!(fixed.remark, None);
    }

    #[test]
    fn missing_timestamps_are_filled_evenly() {
        let raw = [
            None,
            Some(40_000),
            None,
            None,
            Some(160_000),
            Some(200_000),
            None,
        ];
        let fixed = times(&raw, Rate::new(25, 1));
        assert_eq!(
            fixed.times,
            [0, 40_000, 80_000, 120_000, 160_000, 200_000, 240_000]
        );
        assert!(fixed.remark.unwrap().contains("4 timestamps missing"));
        let none = times(&[None, None, None], Rate::new(50, 1));
        assert_eq!((none.times, none.end), (vec![0, 20_000, 40_000], 60_000));
    }

    #[test]
    fn duplicates_and_strays_are_replaced() {
        let mut raw = every(40_000, 20);
        raw[2] = Some(40_000);
        raw[8] = Some(9_000_000_000);
        raw[14] = Some(7);
        let fixed = times(&raw, None);
        assert_eq!(fixed.times, (0..20).map(|i| i * 40_000).collect::<Vec<_>>());
        assert_eq!(fixed.remark.as_deref(), Some("3 stray timestamps replaced"));
    }

    #[test]
    fn a_clock_that_starts_again_goes_on() {
        let raw: Vec<_> = every(40_000, 10)
            .into_iter()
            .chain(every(40_000, 10))
            .collect();
        let fixed = times(&raw, None);
        assert_eq!(fixed.times, (0..20).map(|i| i * 40_000).collect::<Vec<_>>());
        assert!(fixed.remark.unwrap().contains("jump back"));
    }

    #[test]
    fn timestamps_past_mending_are_replaced_by_the_rate() {
        let raw: Vec<_> = (0..20)
            .map(|i| Some(if i % 2 == 0 { i } else { -i } * 40_000))
            .collect();
        let fixed = times(&raw, Rate::new(25, 1));
        assert_eq!(fixed.times, (0..20).map(|i| i * 40_000).collect::<Vec<_>>());
    }

    #[test]
    fn a_file_that_ends_well_before_its_stated_length_was_cut() {
        assert!(cut_short(3_000_000, Some(5_000_000)));
        assert!(!cut_short(4_800_000, Some(5_000_000)));
        assert!(!cut_short(6_000_000, Some(5_000_000)));
        assert!(!cut_short(0, None));
    }

    fn stamp() -> impl Strategy<Value = Option<i64>> {
        prop_oneof![
            1 => Just(None),
            6 => (-10_000_000_i64..100_000_000).prop_map(Some),
            1 => any::<i64>().prop_map(Some),
        ]
    }

    proptest! {
        #[test]
        fn times_always_rise_from_zero(
            raw in prop::collection::vec(stamp(), 0..60),
            sorted in any::<bool>(),
            rate in prop::option::of((1_u32..240, 1_u32..3)),
        ) {
            let mut raw = raw;
            if sorted {
                raw.sort();
            }
            let fixed = times(&raw, rate.and_then(|(num, den)| Rate::new(num, den)));
            prop_assert_eq!(fixed.times.len(), raw.len());
            prop_assert_eq!(fixed.times.first().copied().unwrap_or(0), 0);
            prop_assert!(fixed.times.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert!(fixed.end > fixed.times.last().copied().unwrap_or(-1));
        }
    }
}

//! The output clock: which source frame each output frame of a clip shows.
//!
//! Clips, ports and edges live in source frames. For one output rate, a clip becomes a row of
//! output frames; a port at source boundary `b` becomes the first output frame that shows frame
//! `b` or later. Everything is integer arithmetic on absolute times, so nothing drifts.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{clip::Clip, rate::Rate};

/// How a clip of another frame rate is fitted to the output clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Show the nearest earlier source frame: frames are repeated or left out, never mixed.
    #[default]
    Duplicate,
    /// Mix the two neighbouring source frames by their distance in time.
    Blend,
    /// Draw what lies between the two neighbouring source frames by their motion.
    Motion,
}

/// What one output frame shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Tap {
    /// Source frame.
    pub frame: u32,
    /// How far it lies on the way to the source frame after it, in 1/256; 0 in
    /// [`Mode::Duplicate`].
    pub next: u8,
}

/// The output frames of one clip at one rate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClipClock {
    taps: Vec<Tap>,
}

impl ClipClock {
    /// The row of output frames that shows the usable range of `clip` at `rate`.
    ///
    /// The row is as long as the range lasts, rounded to whole output frames, at least one.
    pub fn new(clip: &Clip, rate: Rate, mode: Mode) -> Self {
        let origin = clip.time(clip.first);
        let count = rate.frames_in(clip.micros().max(0) as u64).max(1);
        // A source frame counts as due up to an eighth of an output frame early: container times
        // are rounded to milliseconds or coarser, and must not make one frame show twice.
        let slack = rate.micros(1) / 8;
        let last = clip.until - 1;
        let mut frame = clip.first;
        let taps = (0..count)
            .map(|index| {
                let now = origin + rate.micros(index);
                while frame < last && clip.time(frame + 1) <= now + slack {
                    frame += 1;
                }
                let next = if mode != Mode::Duplicate && frame < last {
                    let (from, to) = (clip.time(frame), clip.time(frame + 1));
                    let share = (now - from).max(0) * 256 / (to - from).max(1);
                    // Within the slack of either side, a whole frame is the sharper answer.
                    if share < 16 { 0 } else { share.min(240) as u8 }
                } else {
                    0
                };
                Tap { frame, next }
            })
            .collect();
        Self { taps }
    }

    /// Output frames in the row.
    pub fn len(&self) -> u32 {
        self.taps.len() as u32
    }

    /// A row is never empty; here because `len` is.
    pub fn is_empty(&self) -> bool {
        self.taps.is_empty()
    }

    /// What output frame `index` of the clip shows.
    pub fn tap(&self, index: u32) -> Tap {
        self.taps[(index as usize).min(self.taps.len() - 1)]
    }

    /// The taps of `range`.
    pub fn taps(&self, range: Range<u32>) -> &[Tap] {
        &self.taps[range.start as usize..range.end as usize]
    }

    /// The output frame at which source boundary `boundary` lies: the first that shows that
    /// source frame or a later one, or the end of the row.
    pub fn position(&self, boundary: u32) -> u32 {
        self.taps.partition_point(|tap| tap.frame < boundary) as u32
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::walk::sample::{Noise, steady, timed};

    fn rate(num: u32, den: u32) -> Rate {
        Rate::new(num, den).unwrap()
    }

    fn frames(clock: &ClipClock) -> Vec<u32> {
        clock
            .taps(0..clock.len())
            .iter()
            .map(|tap| tap.frame)
            .collect()
    }

    /// Ten seconds at `fps`, times rounded to `ticks` a second.
    fn rounded(fps: Rate, ticks: i64) -> Clip {
        let count = fps.frames_in(10_000_000);
        let time = |index: u64| {
            let exact = i128::from(index) * i128::from(fps.den()) * i128::from(ticks);
            let tick = (exact + i128::from(fps.num()) / 2) / i128::from(fps.num());
            (tick * 1_000_000 / i128::from(ticks)) as i64
        };
        timed("rounded.mkv", (0..count).map(time).collect(), time(count))
    }

    #[test]
    fn equal_rates_map_one_to_one_however_times_are_rounded() {
        let rates = [
            (24000, 1001),
            (24, 1),
            (25, 1),
            (30000, 1001),
            (30, 1),
            (50, 1),
            (60000, 1001),
            (60, 1),
            (120, 1),
        ];
        for (num, den) in rates {
            let fps = rate(num, den);
            for ticks in [1000, 90_000, 12_800, 1_000_000] {
                for mode in [Mode::Duplicate, Mode::Blend, Mode::Motion] {
                    let clip = rounded(fps, ticks);
                    let clock = ClipClock::new(&clip, fps, mode);
                    let all: Vec<u32> = (0..clip.frames()).collect();
                    assert_eq!(frames(&clock), all, "{fps} at 1/{ticks}, {mode:?}");
                    assert!(clock.taps(0..clock.len()).iter().all(|tap| tap.next == 0));
                    // A range inside the clip starts at a rounded time of its own.
                    let part = Clip {
                        first: 7,
                        until: 101,
                        ..clip
                    };
                    let clock = ClipClock::new(&part, fps, mode);
                    assert_eq!(
                        frames(&clock),
                        (7..101).collect::<Vec<u32>>(),
                        "{fps} at 1/{ticks}"
                    );
                }
            }
        }
    }

    #[test]
    fn film_on_a_30_hz_clock_shows_every_fourth_frame_twice() {
        let clock = ClipClock::new(&steady("a", 240, rate(24, 1)), rate(30, 1), Mode::Duplicate);
        assert_eq!(clock.len(), 300);
        assert_eq!(&frames(&clock)[..11], [0, 0, 1, 2, 3, 4, 4, 5, 6, 7, 8]);
        for second in frames(&clock).chunks(5).skip(1) {
            assert_eq!(
                second.iter().filter(|frame| **frame == second[0]).count(),
                2
            );
        }
    }

    #[test]
    fn a_faster_source_loses_frames_evenly() {
        let clock = ClipClock::new(&steady("a", 300, rate(30, 1)), rate(25, 1), Mode::Duplicate);
        assert_eq!(clock.len(), 250);
        let shown = frames(&clock);
        assert_eq!(&shown[..6], [0, 1, 2, 3, 4, 6]);
        let dropped = shown
            .windows(2)
            .filter(|pair| pair[1] == pair[0] + 2)
            .count();
        assert_eq!(dropped, 49);
        assert!(
            shown
                .windows(2)
                .all(|pair| pair[1] > pair[0] && pair[1] <= pair[0] + 2)
        );
    }

    #[test]
    fn thirty_on_a_29_97_clock_drops_one_frame_in_a_thousand() {
        let clip = steady("a", 3003, rate(30, 1));
        let clock = ClipClock::new(&clip, rate(30000, 1001), Mode::Duplicate);
        assert_eq!(clock.len(), 3000);
        let shown = frames(&clock);
        let jumps = shown
            .windows(2)
            .filter(|pair| pair[1] == pair[0] + 2)
            .count();
        assert!((2..=3).contains(&jumps), "{jumps}");
        assert!(shown.windows(2).all(|pair| pair[1] > pair[0]));
    }

    #[test]
    fn variable_times_keep_their_pace() {
        // Half a second at 30, a pause of one second on one frame, half a second at 60.
        let mut times: Vec<i64> = (0..15).map(|index| index * 33_333).collect();
        times.extend((0..30).map(|index| 1_500_000 + index * 16_667));
        let clip = timed("phone.mp4", times, 2_000_000);
        let clock = ClipClock::new(&clip, rate(30, 1), Mode::Duplicate);
        assert_eq!(clock.len(), 60);
        let shown = frames(&clock);
        assert_eq!(shown[..15], (0..15).collect::<Vec<u32>>());
        assert!(shown[14..45].iter().all(|frame| *frame == 14));
        assert_eq!(shown[45..50], [15, 17, 19, 21, 23]);
    }

    #[test]
    fn blending_weighs_neighbours_by_their_distance_in_time() {
        let clock = ClipClock::new(&steady("a", 240, rate(24, 1)), rate(30, 1), Mode::Blend);
        let taps: Vec<(u32, u8)> = clock
            .taps(0..6)
            .iter()
            .map(|tap| (tap.frame, tap.next))
            .collect();
        // Output frame i lies 0.8 i source frames in: shares of 0.8, 0.6, 0.4 and 0.2.
        assert_eq!(
            taps,
            [(0, 0), (0, 204), (1, 153), (2, 102), (3, 51), (4, 0)]
        );
        // The last frame has nothing after it to be mixed with.
        assert_eq!(
            clock.tap(clock.len() - 1),
            Tap {
                frame: 239,
                next: 0
            }
        );
    }

    #[test]
    fn a_port_lies_where_its_frame_or_a_later_one_is_first_shown() {
        let slow = ClipClock::new(&steady("a", 24, rate(24, 1)), rate(30, 1), Mode::Duplicate);
        assert_eq!(
            [0, 1, 2, 4, 5, 24].map(|port| slow.position(port)),
            [0, 2, 3, 5, 7, 30]
        );
        // Frame 1 is never shown: its port is that of frame 2.
        let fast = ClipClock::new(&steady("a", 60, rate(60, 1)), rate(30, 1), Mode::Duplicate);
        assert_eq!([0, 1, 2, 60].map(|port| fast.position(port)), [0, 1, 1, 30]);
    }

    #[test]
    fn the_shortest_clip_is_one_frame() {
        let clock = ClipClock::new(&timed("a", vec![0], 10), rate(30, 1), Mode::Duplicate);
        assert_eq!((clock.len(), clock.tap(0).frame), (1, 0));
    }

    proptest! {
        #[test]
        fn any_times_give_a_row_in_order(
            seed in any::<u64>(),
            count in 1_u32..200,
            longest in 1_u32..200_000,
            out in prop_oneof![Just((24, 1)), Just((30000, 1001)), Just((60, 1)), Just((1, 1))],
            blend in any::<bool>(),
        ) {
            let mut noise = Noise(seed);
            let mut now = 0;
            let times: Vec<i64> = (0..count)
                .map(|_| {
                    let time = now;
                    now += 1 + i64::from(noise.below(longest));
                    time
                })
                .collect();
            let clip = timed("any", times, now);
            let mode = if blend { Mode::Blend } else { Mode::Duplicate };
            let fps = rate(out.0, out.1);
            let clock = ClipClock::new(&clip, fps, mode);
            prop_assert_eq!(u64::from(clock.len()), fps.frames_in(now as u64).max(1));
            let shown = frames(&clock);
            prop_assert!(shown.windows(2).all(|pair| pair[0] <= pair[1]));
            for (index, tap) in clock.taps(0..clock.len()).iter().enumerate() {
                let due = fps.micros(index as u64) + fps.micros(1) / 8;
                // The latest frame that is due, and no frame that is not.
                prop_assert!(tap.frame < count && clip.time(tap.frame) <= due);
                prop_assert!(tap.frame + 1 == count || clip.time(tap.frame + 1) > due);
                prop_assert!(tap.next == 0 || (blend && tap.frame + 1 < count));
            }
            for port in 0..=count {
                let place = clock.position(port);
                prop_assert!(place == clock.len() || clock.tap(place).frame >= port);
                prop_assert!(place == 0 || clock.tap(place - 1).frame < port);
            }
        }
    }
}

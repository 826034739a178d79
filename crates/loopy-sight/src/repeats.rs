//! Stretches of a film that it shows again, told from the film alone.
//!
//! A stretch counts as shown again when it agrees with an earlier one frame by frame, and agrees
//! much less when the two are moved against each other by two frames: what hardly moves looks alike
//! without being the same, and nothing is claimed of it.

use std::ops::Range;

use crate::{
    fingerprint::Prints,
    recover::{Comparison, Row},
};

/// Frames between the places where a search begins, as a share of the shortest repeat.
const EVERY: usize = 6;
/// Places that are searched for at once.
const BLOCK: usize = 16;
/// Most mean square in code values between a frame and itself shown again: coding noise.
const NOISE: f32 = 0.3;
/// Where two showings differ most, in one frame, they differ by at most so many times what is usual
/// between them, or by this square in code values.
const TIGHT: (f32, f32) = (3.0, 0.04);
/// A frame may differ by so many times that, for so many frames in a row.
const BURST: (f32, usize) = (4.0, 3);
/// Frames by which two showings are moved against each other, and the part of the difference then
/// that they may differ by as they are.
const MOVED: (usize, f32) = (2, 0.25);
/// Candidates that are followed for each place, nearest in time first.
const MOST: usize = 24;

/// A stretch that was shown before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repeat {
    /// First frame of it.
    pub start: u64,
    /// First frame of the showing before.
    pub earlier: u64,
    /// Frames.
    pub frames: u64,
}

/// Stretches of at least `shortest` frames that were shown before, in order and apart from each
/// other, each with its last showing before. `progress` is told how many frames are done.
pub fn find(film: &Prints, shortest: usize, progress: &mut dyn FnMut(u64)) -> Vec<Repeat> {
    let taps: Vec<u32> = (0..film.len() as u32).collect();
    let row = Row {
        prints: film,
        taps: &taps,
    };
    let search = Search {
        film,
        comparison: Comparison::new(film, &[row]),
        shortest: shortest.max(2),
    };
    let mut found: Vec<Repeat> = Vec::new();
    let places: Vec<usize> = (shortest..film.len())
        .step_by((shortest / EVERY).max(1))
        .collect();
    for block in places.chunks(BLOCK) {
        let apart = search.comparison.apart(block);
        for (place, apart) in block.iter().zip(apart.rows()) {
            let last = found.last().copied();
            let until = last.map_or(0, |last| last.start + last.frames) as usize;
            // Inside a repeat, only a showing nearer in time says more.
            let inside = last.filter(|_| *place < until);
            let (from, below) = match inside {
                Some(last) => (last.start, (last.start - last.earlier) as usize),
                None => (until as u64, usize::MAX),
            };
            let apart = apart.to_slice().unwrap_or(&[]);
            let Some(repeat) = search.at(*place, apart, from as usize, below) else {
                continue;
            };
            if inside.is_some() {
                cut(&mut found, repeat.start, search.shortest);
            }
            found.push(repeat);
        }
        progress(block.last().map_or(0, |place| *place as u64 + 1));
    }
    found
}

/// Ends the last repeat at `end`; what is left of it may be too short to be told.
fn cut(found: &mut Vec<Repeat>, end: u64, shortest: usize) {
    if let Some(mut last) = found.pop() {
        last.frames = end - last.start;
        if last.frames >= shortest as u64 {
            found.push(last);
        }
    }
}

/// Frames forth and back from `place` within `limits` that are no more than `most` apart, but for a
/// few in a row that somebody may have spoilt.
fn reach(
    place: usize,
    limits: Range<usize>,
    most: f32,
    apart: &dyn Fn(usize) -> f32,
) -> Range<usize> {
    let along = |frames: &mut dyn Iterator<Item = usize>| {
        let (mut reached, mut off) = (None, 0);
        for at in frames {
            let apart = apart(at);
            if apart <= most {
                (reached, off) = (Some(at), 0);
            } else {
                off += 1;
                if off > BURST.1 || apart > most * BURST.0 {
                    break;
                }
            }
        }
        reached
    };
    let end = along(&mut (place..limits.end));
    let start = along(&mut (limits.start..=place).rev());
    match (start, end) {
        (Some(start), Some(end)) => start..end + 1,
        _ => place..place,
    }
}

struct Search<'a> {
    film: &'a Prints,
    comparison: Comparison<'a>,
    shortest: usize,
}

impl Search<'_> {
    /// The repeat that `place` lies in, if it lies in one that begins at `from` or later and was
    /// last shown less than `below` frames before.
    fn at(&self, place: usize, apart: &[f32], from: usize, below: usize) -> Option<Repeat> {
        // Nearer in time, two frames of one showing are compared.
        let last = (place + 1).checked_sub(self.shortest)?;
        let least = |earlier: &usize| {
            let low = earlier.saturating_sub(MOVED.0);
            let around = &apart[low..(earlier + MOVED.0 + 1).min(place)];
            apart[*earlier] <= NOISE && around.iter().all(|other| apart[*earlier] <= *other)
        };
        let first = (place + 1).saturating_sub(below);
        let candidates = (first..last).rev().filter(least).take(MOST);
        let mut stretches = candidates.filter_map(|earlier| self.stretch(place, earlier, from));
        stretches.find(|stretch| self.moves(stretch))
    }

    /// All that agrees around two frames, where that is long enough. How exactly the two showings
    /// agree in the middle tells how exactly they have to at their ends.
    fn stretch(&self, place: usize, earlier: usize, from: usize) -> Option<Repeat> {
        let lag = place - earlier;
        let first = from.max(lag);
        let apart = |at: usize| self.comparison.one(at, at - lag);
        let loose = reach(place, first..self.film.len(), NOISE, &apart);
        if loose.len() < self.shortest {
            return None;
        }
        let peak = |at: usize| self.comparison.peak(at, at - lag);
        let mut usual: Vec<f32> = loose.clone().step_by(2).map(peak).collect();
        usual.sort_unstable_by(f32::total_cmp);
        let usual = usual.get(usual.len() / 2).copied().unwrap_or(0.0);
        let middle = loose.start + loose.len() / 2;
        let mut tight = reach(middle, loose, (usual * TIGHT.0).max(TIGHT.1), &peak);
        // A stretch never runs into its own earlier showing.
        tight.end = tight.end.min(tight.start + lag);
        (tight.len() >= self.shortest && tight.contains(&place)).then_some(Repeat {
            start: tight.start as u64,
            earlier: (tight.start - lag) as u64,
            frames: tight.len() as u64,
        })
    }

    /// The two showings agree much better than when they are moved against each other, wherever
    /// one looks: they are the same and not only alike.
    fn moves(&self, repeat: &Repeat) -> bool {
        let (start, count) = (repeat.start as usize, repeat.frames as usize);
        let lag = start - repeat.earlier as usize;
        let parts = (count / self.shortest).max(1);
        (0..parts).all(|part| {
            let frames = start + part * count / parts..start + (part + 1) * count / parts;
            let own = self.mean(frames.clone(), lag);
            let moved = |lag: usize| own <= MOVED.1 * self.mean(frames.clone(), lag);
            moved(lag + MOVED.0) && moved(lag - MOVED.0)
        })
    }

    fn mean(&self, frames: Range<usize>, lag: usize) -> f32 {
        let (mut sum, mut count) = (0.0, 0_u32);
        for at in frames {
            if let Some(earlier) = at.checked_sub(lag) {
                sum += self.comparison.one(at, earlier);
                count += 1;
            }
        }
        sum / count.max(1) as f32
    }
}

#[cfg(test)]
mod tests {
    use loopy_core::Size;
    use proptest::prelude::*;

    use super::*;
    use crate::fingerprint::Grid;

    /// A frame of a take in which lights go round, each take by itself.
    fn frame(take: usize, at: f32, noise: f32, dice: &mut u32) -> Vec<u16> {
        let own = take as f32 * 1.3;
        let (x, y) = (
            16.0 + 12.0 * (0.031 * at * (1.0 + 0.1 * own) + own).sin(),
            9.0 + 7.0 * (0.047 * at + own * own).cos(),
        );
        (0..576)
            .map(|cell| {
                let (u, v) = ((cell % 32) as f32, (cell / 32) as f32);
                let glow = 60.0 * (-((u - x).powi(2) + (v - y).powi(2)) / 9.0).exp();
                *dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let grain = noise * 3.46 * ((*dice >> 8) as f32 / (1 << 24) as f32 - 0.5);
                ((60.0 + 3.0 * u + glow + grain) * 256.0) as u16
            })
            .collect()
    }

    /// A film of stretches of takes, under noise.
    fn film(stretches: &[(usize, Range<usize>)], noise: f32) -> Prints {
        let mut dice = 7;
        let mut values = Vec::new();
        for (take, frames) in stretches {
            for at in frames.clone() {
                values.extend(frame(*take, at as f32, noise, &mut dice));
            }
        }
        Prints::of(Grid::of(Size::new(1280, 720)), values)
    }

    fn found(film: &Prints) -> Vec<Repeat> {
        find(film, 50, &mut |_| ())
    }

    #[test]
    fn what_is_shown_again_is_found_with_its_last_showing() {
        for noise in [0.0, 0.2] {
            let film = film(
                &[
                    (0, 0..100),
                    (1, 0..90),
                    (0, 20..100),
                    (2, 0..60),
                    (0, 10..80),
                    (3, 0..40),
                ],
                noise,
            );
            let found = found(&film);
            assert_eq!(found.len(), 2, "{found:?}");
            let near = |found: &Repeat, start: u64, earlier: u64, frames: u64| {
                assert_eq!(found.start - found.earlier, start - earlier);
                assert!(found.start.abs_diff(start) <= 2 && found.frames.abs_diff(frames) <= 3);
            };
            near(&found[0], 190, 20, 80);
            // The third showing begins before the second did; what both share is told.
            near(&found[1], 340, 190, 60);
        }
    }

    #[test]
    fn nothing_is_claimed_of_what_does_not_move_or_is_too_short_or_another_take() {
        let mut dice = 3;
        let still: Vec<u16> = (0..200)
            .flat_map(|_| frame(0, 5.0, 0.1, &mut dice))
            .collect();
        assert_eq!(
            found(&Prints::of(Grid::of(Size::new(1280, 720)), still)),
            []
        );
        let short = film(&[(0, 0..45), (1, 0..90), (0, 0..45), (2, 0..30)], 0.1);
        assert_eq!(found(&short), []);
        let takes = film(&[(0, 0..90), (1, 0..90), (2, 0..90), (3, 0..90)], 0.1);
        assert_eq!(found(&takes), []);
        assert_eq!(found(&film(&[(0, 0..1)], 0.0)), []);
        assert_eq!(found(&film(&[], 0.0)), []);
    }

    #[test]
    fn a_loop_repeats_from_its_second_round_on() {
        let film = film(&[(0, 0..80), (0, 0..80), (0, 0..80)], 0.1);
        let found = found(&film);
        let covered: u64 = found.iter().map(|repeat| repeat.frames).sum();
        assert!(covered >= 155, "{found:?}");
        assert!(
            found
                .iter()
                .all(|repeat| repeat.start - repeat.earlier == 80)
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn every_claim_is_true(
            stretches in proptest::collection::vec((0_usize..4, 0_usize..60, 20_usize..100), 1..9),
            noise in 0.0_f32..0.4,
        ) {
            let stretches: Vec<(usize, Range<usize>)> = stretches
                .into_iter()
                .map(|(take, start, length)| (take, start..start + length))
                .collect();
            let truth: Vec<(usize, usize)> = stretches
                .iter()
                .flat_map(|(take, frames)| frames.clone().map(|at| (*take, at)))
                .collect();
            let film = film(&stretches, noise);
            let mut end = 0;
            for repeat in found(&film) {
                prop_assert!(repeat.start >= end && repeat.frames >= 50);
                end = repeat.start + repeat.frames;
                prop_assert!(repeat.earlier + repeat.frames <= repeat.start);
                let same = (0..repeat.frames).filter(|at| {
                    let a = truth[(repeat.start + at) as usize];
                    let b = truth[(repeat.earlier + at) as usize];
                    a.0 == b.0 && a.1.abs_diff(b.1) <= 2
                });
                prop_assert!(same.count() as u64 * 100 >= repeat.frames * 94, "{repeat:?}");
            }
        }
    }
}

use loopy_core::Size;
use proptest::prelude::*;

use super::*;
use crate::fingerprint::Grid;

const CELLS: usize = 576;

/// Reproducible noise.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> f32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1 << 24) as f32 - 0.5
    }

    fn nth(&mut self, count: usize) -> f32 {
        (0..count).fold(0.0, |_, _| self.next())
    }
}

/// A frame of a clip: a ground that all clips of a scene share, and lights that go their own way.
fn frame(clip: usize, at: usize) -> Vec<f32> {
    let time = at as f32;
    let own = |which: usize| Dice((clip * 16 + which) as u64 * 7919).nth(3) + 0.5;
    let lights: [(f32, f32); 3] = std::array::from_fn(|light| {
        let pace = |which: usize| 0.03 + 0.06 * own(light * 4 + which);
        let x = 16.0 + 12.0 * (time * pace(0) + 6.3 * own(light * 4 + 2)).sin();
        let y = 9.0 + 7.0 * (time * pace(1) + 6.3 * own(light * 4 + 3)).cos();
        (x, y)
    });
    (0..CELLS)
        .map(|cell| {
            let (x, y) = ((cell % 32) as f32, (cell / 32) as f32);
            let ground = 70.0 + 30.0 * (x * 0.3).sin() * (y * 0.5).cos();
            let glow =
                |(u, v): &(f32, f32)| 40.0 * (-((x - u).powi(2) + (y - v).powi(2)) / 8.0).exp();
            ground + lights.iter().map(glow).sum::<f32>()
        })
        .collect()
}

fn prints(frames: &[Vec<f32>]) -> Prints {
    let values = frames.iter().flatten().map(|cell| (cell * 256.0) as u16);
    Prints::of(Grid::of(Size::new(1280, 720)), values.collect())
}

/// A film: pieces of clips, and between them bridges of so many frames.
struct Film {
    frames: Vec<Vec<f32>>,
    visits: Vec<Visit>,
}

impl Film {
    fn new() -> Self {
        Self {
            frames: Vec::new(),
            visits: Vec::new(),
        }
    }

    fn visit(&mut self, clip: usize, frames: Range<usize>) {
        self.visits.push(Visit {
            row: clip,
            start: self.frames.len() as u64,
            frames: frames.len() as u32,
            enter: frames.start as u32,
            slack: 0,
            also: Vec::new(),
        });
        self.frames.extend(frames.map(|at| frame(clip, at)));
    }

    /// Frames that dissolve from one place to another.
    fn dissolve(&mut self, from: (usize, usize), to: (usize, usize), count: usize) {
        for step in 0..count {
            let share = (step + 1) as f32 / (count + 1) as f32;
            let (a, b) = (frame(from.0, from.1 + step), frame(to.0, to.1 + step));
            let mixed = a.iter().zip(&b).map(|(a, b)| a + (b - a) * share);
            self.frames.push(mixed.collect());
        }
    }

    /// What another encoder and a correction of light leave of it.
    fn coded(&self, noise: f32, gain: f32, light: f32) -> Prints {
        // Every film has grain of its own.
        let mut dice = Dice(self.frames.len() as u64 * 977 + 5);
        let frames: Vec<Vec<f32>> = self
            .frames
            .iter()
            .map(|frame| {
                let cells = frame.iter();
                cells
                    .map(|cell| (cell - 16.0) * gain + 16.0 + light + noise * 3.46 * dice.next())
                    .collect()
            })
            .collect();
        prints(&frames)
    }
}

fn library(clips: usize, frames: usize) -> Vec<Prints> {
    (0..clips)
        .map(|clip| prints(&(0..frames).map(|at| frame(clip, at)).collect::<Vec<_>>()))
        .collect()
}

fn found(film: &Prints, library: &[Prints]) -> Recovered {
    let taps: Vec<Vec<u32>> = library
        .iter()
        .map(|prints| (0..prints.len() as u32).collect())
        .collect();
    let rows: Vec<Row> = library
        .iter()
        .zip(&taps)
        .map(|(prints, taps)| Row { prints, taps })
        .collect();
    Comparison::new(film, &rows).recover(&mut |_| ())
}

/// Every visit is found with its borders and its place, within two frames.
fn assert_found(film: &Film, found: &Recovered) {
    let clips = |visits: &[Visit]| visits.iter().map(|visit| visit.row).collect::<Vec<_>>();
    assert_eq!(clips(&found.visits), clips(&film.visits));
    for (found, told) in found.visits.iter().zip(&film.visits) {
        let near = |a: u64, b: u64| a.abs_diff(b) <= 2;
        assert!(
            near(found.start, told.start) && near(found.end(), told.end()),
            "{found:?} {told:?}"
        );
        let place = |visit: &Visit| u64::from(visit.enter) + 10_000 - visit.start;
        assert_eq!(place(found), place(told), "{found:?} {told:?}");
    }
}

#[test]
fn hard_cuts_and_bridges_are_found_under_noise_and_correction() {
    let mut film = Film::new();
    film.visit(0, 10..70);
    film.visit(2, 0..90);
    film.dissolve((2, 90), (1, 24), 6);
    film.visit(1, 30..80);
    film.dissolve((1, 80), (0, 38), 12);
    film.visit(0, 50..100);
    film.visit(0, 5..40);
    let library = library(4, 100);
    for (noise, gain, light) in [
        (0.0, 1.0, 0.0),
        (0.3, 1.0, 0.0),
        (0.3, 1.12, 9.0),
        (0.5, 0.9, -8.0),
    ] {
        let found = found(&film.coded(noise, gain, light), &library);
        assert_found(&film, &found);
        assert_eq!(found.class, [0, 1, 2, 3]);
        let bridges: Vec<u64> = found.gaps().iter().map(|gap| gap.end - gap.start).collect();
        assert_eq!(bridges.len(), 2, "{:?}", found.gaps());
    }
}

#[test]
fn a_frame_that_was_dropped_shown_twice_or_spoilt_does_not_part_a_visit() {
    let mut film = Film::new();
    film.visit(1, 0..100);
    film.frames.remove(50);
    let twice = film.frames[70].clone();
    film.frames.insert(70, twice);
    film.frames[30] = vec![200.0; CELLS];
    let found = found(&film.coded(0.2, 1.0, 0.0), &library(3, 100));
    assert_eq!(found.visits.len(), 1, "{:?}", found.visits);
    assert_eq!((found.visits[0].start, found.visits[0].frames), (0, 100));
}

#[test]
fn a_film_of_other_clips_shows_none_of_these() {
    let mut film = Film::new();
    film.visit(7, 0..90);
    film.visit(9, 20..90);
    let film = film.coded(0.3, 1.0, 0.0);
    let found = found(&film, &library(3, 100));
    assert_eq!(found.visits, []);
    assert_eq!(found.gaps(), vec![0..160; 1]);
}

#[test]
fn a_visit_to_a_clip_that_is_not_there_is_a_gap() {
    let mut film = Film::new();
    film.visit(0, 0..80);
    film.visit(9, 0..90);
    film.visit(1, 10..80);
    let found = found(&film.coded(0.3, 1.0, 0.0), &library(3, 100));
    assert_eq!(found.visits.len(), 2);
    let gaps = found.gaps();
    assert_eq!(gaps.len(), 1);
    assert!(
        gaps[0].start.abs_diff(80) <= 2 && gaps[0].end.abs_diff(170) <= 2,
        "{gaps:?}"
    );
}

#[test]
fn takes_that_are_copies_are_one_and_a_blink_makes_two() {
    let mut library = library(2, 90);
    let mut copy = Film::new();
    copy.visit(1, 3..88);
    library.push(copy.coded(0.2, 1.05, 2.0));
    let mut blink = Film::new();
    blink.visit(0, 0..90);
    for frame in &mut blink.frames[40..46] {
        for cell in &mut frame[200..208] {
            *cell -= 30.0;
        }
    }
    library.push(blink.coded(0.2, 1.0, 0.0));
    let mut film = Film::new();
    film.visit(0, 0..90);
    film.visit(1, 10..85);
    let found = found(&film.coded(0.3, 1.0, 0.0), &library);
    assert_eq!(found.class, [0, 1, 1, 3]);
    assert_eq!(found.alike(), [vec![1, 2]]);
    assert_eq!(found.visits[0].row, 0);
    assert!(found.visits[0].also.is_empty());
}

#[test]
fn what_hardly_moves_is_told_with_its_doubt() {
    let still: Vec<Vec<f32>> = (0..90).map(|_| frame(0, 0)).collect();
    let mut library = library(2, 90);
    library[0] = prints(&still);
    let mut film = Film::new();
    film.visit(1, 0..90);
    film.frames.extend(still[..60].iter().cloned());
    let found = found(&film.coded(0.3, 1.0, 0.0), &library);
    assert_eq!(found.visits.len(), 2);
    assert_eq!(found.visits[0].slack, 0);
    assert!(found.visits[1].slack >= 10, "{:?}", found.visits[1]);
}

#[test]
fn the_smallest_films_and_libraries_are_no_trouble() {
    let grid = Grid::of(Size::new(1280, 720));
    let none = Prints::of(grid, Vec::new());
    let one = prints(&[frame(0, 5)]);
    assert_eq!(found(&none, &library(2, 20)).visits, []);
    assert_eq!(found(&one, &[]).gaps(), vec![0..1; 1]);
    assert_eq!(found(&one, &[none]).gaps(), vec![0..1; 1]);
    let found = found(&one, &library(2, 20));
    assert_eq!(found.frames, 1);
    assert!(found.visits.len() <= 1);
}

#[test]
fn of_several_fits_the_one_that_the_film_shows_is_chosen() {
    let library = library(4, 60);
    let mut film = Film::new();
    film.visit(0, 0..60);
    film.visit(2, 10..60);
    let film = film.coded(0.3, 1.0, 0.0);
    let right = vec![&library[0], &library[2]];
    let wrong = vec![&library[1], &library[3]];
    assert_eq!(likeliest(&film, &[wrong.clone(), right.clone()]), Some(1));
    assert_eq!(likeliest(&film, &[right, wrong]), Some(0));
    assert_eq!(likeliest(&film, &[]), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_walk_is_found(
        visits in proptest::collection::vec((0_usize..5, 0_usize..50, 30_usize..50, 0_usize..13), 1..8),
        noise in 0.0_f32..0.5,
        gain in 0.9_f32..1.1,
        light in -9.0_f32..9.0,
    ) {
        let mut film = Film::new();
        let mut last: Option<(usize, usize)> = None;
        for (clip, start, length, bridge) in visits {
            // Where a clip would just go on, there is no joint to be found.
            if last.is_some_and(|(before, end)| before == clip && end.abs_diff(start) < 20) {
                continue;
            }
            if let Some(from) = last && bridge > 0 {
                film.dissolve(from, (clip, start.saturating_sub(bridge)), bridge);
            }
            film.visit(clip, start..start + length);
            last = Some((clip, start + length));
        }
        let found = found(&film.coded(noise, gain, light), &library(5, 100));
        assert_found(&film, &found);
        let shown: u64 = found.visits.iter().map(|visit| u64::from(visit.frames)).sum();
        let gaps: u64 = found.gaps().iter().map(|gap| gap.end - gap.start).sum();
        prop_assert_eq!(shown + gaps, film.frames.len() as u64);
    }
}

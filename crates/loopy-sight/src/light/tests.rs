use proptest::prelude::*;

use super::*;

const CELLS: usize = 144;

/// Numbers that look random, from -1 to 1.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f64 / f64::from(1 << 23) - 1.0
    }
}

/// What a place looks like under even light.
fn place(seed: u64) -> Vec<[f64; 3]> {
    let mut dice = Dice(seed);
    (0..CELLS)
        .map(|_| {
            [
                115.0 + 65.0 * dice.roll(),
                128.0 + 20.0 * dice.roll(),
                128.0 + 20.0 * dice.roll(),
            ]
        })
        .collect()
}

/// A light: gain and offset of each channel.
type Light = [(f64, f64); 3];

const EVEN: Light = [(1.0, 0.0); 3];

fn under(place: &[[f64; 3]], light: &Light, noise: f64, dice: &mut Dice) -> Look {
    let zeros = [16.0, 128.0, 128.0];
    let cell = |cell: &[f64; 3]| {
        std::array::from_fn(|channel| {
            let (gain, offset) = light[channel];
            let noise = if channel == 0 { noise } else { noise / 4.0 };
            let value = (cell[channel] - zeros[channel]) * gain + offset + zeros[channel];
            (value + noise * dice.roll()) as f32
        })
    };
    place.iter().map(cell).collect()
}

/// Every two of the clips meet, each in its light.
fn meetings(place: &[[f64; 3]], lights: &[Light], noise: f64) -> Vec<Pair> {
    let mut dice = Dice(7);
    let mut pairs = Vec::new();
    for a in 0..lights.len() {
        for b in (0..lights.len()).filter(|b| *b != a) {
            pairs.push(Pair {
                clips: [a as u32, b as u32],
                looks: [a, b].map(|clip| under(place, &lights[clip], noise, &mut dice)),
            });
        }
    }
    pairs
}

/// What is left between two clips of a grey and of a coloured cell, in code values.
fn left(grades: &[Grade], lights: &[Light]) -> f64 {
    let shown = |clip: usize, at: [f64; 3]| -> [f64; 3] {
        let lines = grades[clip].lines();
        std::array::from_fn(|channel| {
            let (gain, offset) = lights[clip][channel];
            (at[channel] * gain + offset) * lines[channel].factor() + lines[channel].codes()
        })
    };
    let mut most = 0.0_f64;
    for at in [[60.0, -10.0, 5.0], [150.0, 10.0, -10.0]] {
        for clip in 1..grades.len() {
            for (a, b) in shown(0, at).into_iter().zip(shown(clip, at)) {
                most = most.max((a - b).abs());
            }
        }
    }
    most
}

#[test]
fn clips_that_agree_stay_as_they_are() {
    let pairs = meetings(&place(1), &[EVEN; 4], 1.0);
    assert_eq!(solve(4, &pairs, &[]), [Grade::default(); 4]);
    assert_eq!(solve(2, &[], &[]), [Grade::default(); 2]);
}

#[test]
fn one_clip_that_is_brighter_is_the_one_that_changes() {
    let mut lights = [EVEN; 5];
    lights[3] = [(1.0, 8.0), (1.0, 3.0), (1.0, -3.0)];
    let grades = solve(5, &meetings(&place(2), &lights, 1.0), &[]);
    for (clip, grade) in grades.iter().enumerate() {
        assert_eq!(grade.is_identity(), clip != 3, "{clip}: {grade}");
    }
    let [luma, u, v] = grades[3].at_grey();
    assert!((luma + 8.0).abs() < 1.0, "{}", grades[3]);
    assert!(
        (u + 3.0).abs() < 0.5 && (v - 3.0).abs() < 0.5,
        "{}",
        grades[3]
    );
}

#[test]
fn something_else_in_a_third_of_the_picture_does_not_count() {
    let (room, guest) = (place(3), place(4));
    let mut lights = [EVEN; 2];
    lights[1][0] = (1.06, 3.0);
    let mut pairs = meetings(&room, &lights, 1.0);
    let mut dice = Dice(9);
    for pair in &mut pairs {
        let other = under(&guest, &EVEN, 1.0, &mut dice);
        pair.looks[1][..CELLS / 3].copy_from_slice(&other[..CELLS / 3]);
    }
    let grades = solve(2, &pairs, &[]);
    assert!(left(&grades, &lights) < 1.2, "{grades:?}");
}

#[test]
fn another_place_is_not_corrected_and_does_not_disturb() {
    let mut lights = [EVEN; 4];
    lights[1][0] = (1.0, 6.0);
    let pairs = meetings(&place(5), &lights[..3], 1.0);
    let mut with_other = pairs.clone();
    let mut dice = Dice(3);
    for clip in 0..3 {
        with_other.push(Pair {
            clips: [clip, 3],
            looks: [5, 6].map(|seed| under(&place(seed), &EVEN, 1.0, &mut dice)),
        });
    }
    let grades = solve(4, &with_other, &[]);
    assert!(grades[3].is_identity(), "{}", grades[3]);
    assert_eq!(grades[..3], solve(3, &pairs, &[])[..]);
}

#[test]
fn a_pair_that_contradicts_all_others_hardly_counts() {
    let mut pairs = meetings(&place(6), &[EVEN; 5], 1.0);
    let mut dice = Dice(4);
    let mut lie = EVEN;
    lie[0].1 = 9.0;
    for pair in pairs.iter_mut().filter(|pair| pair.clips == [0, 1]) {
        pair.looks[1] = under(&place(6), &lie, 1.0, &mut dice);
    }
    for grade in solve(5, &pairs, &[]) {
        assert!(grade.at_grey()[0].abs() < 1.5, "{grade}");
    }
}

#[test]
fn another_night_in_the_same_room_is_not_made_day() {
    let mut lights = [EVEN; 2];
    lights[1][0] = (0.4, 0.0);
    let grades = solve(2, &meetings(&place(7), &lights, 0.5), &[]);
    assert_eq!(grades, [Grade::default(); 2]);
}

#[test]
fn a_clip_that_comes_later_leaves_the_grades_of_the_others() {
    let lights: Vec<Light> = [0.0, 2.0, 5.0, 3.6]
        .map(|offset| [(1.0, offset), (1.0, 0.0), (1.0, 0.0)])
        .to_vec();
    let first = solve(3, &meetings(&place(8), &lights[..3], 0.5), &[]);
    let known: Vec<Option<Grade>> = first.iter().copied().map(Some).collect();
    let all = meetings(&place(8), &lights, 0.5);
    let later = solve(4, &all, &known);
    assert_eq!(later[..3], first[..]);
    assert!(!later[3].is_identity());
    assert!(left(&later, &lights) < 2.0 * NOTICED + 0.5);
}

#[test]
fn clips_that_come_later_go_by_the_one_that_was_there_unless_they_are_many() {
    let mut lights = [EVEN; 4];
    lights[0][0] = (1.0, 6.0);
    let meet = |clips: usize| meetings(&place(9), &lights[..clips], 0.5);
    let first = solve(1, &[], &[]);
    assert_eq!(first, [Grade::default()]);
    let known = [Some(first[0])];
    let two = solve(2, &meet(2), &known);
    assert!(
        two[0].is_identity() && (two[1].at_grey()[0] - 6.0).abs() < 1.0,
        "{two:?}"
    );
    let many = solve(4, &meet(4), &known);
    assert!((many[0].at_grey()[0] + 6.0).abs() < 1.0, "{many:?}");
    assert!(many[1..].iter().all(Grade::is_identity), "{many:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn injected_gains_and_offsets_are_found(
        seed: u64,
        light in prop::collection::vec(
            [(0.94_f64..1.06, -5.0_f64..5.0), (0.97_f64..1.03, -3.0_f64..3.0), (0.97_f64..1.03, -3.0_f64..3.0)],
            2..7,
        ),
    ) {
        let grades = solve(light.len(), &meetings(&place(seed), &light, 0.5), &[]);
        prop_assert!(left(&grades, &light) < 2.0, "{} {grades:?} {light:?}", left(&grades, &light));
    }

    #[test]
    fn whatever_comes_in_grades_stay_within_their_limits(
        clips in 0_usize..5,
        known in any::<bool>(),
        pairs in prop::collection::vec(
            ([0_u32..6, 0_u32..6], prop::collection::vec((any::<[f32; 3]>(), any::<[f32; 3]>()), 0..12)),
            0..8,
        ),
        codes in prop::collection::vec(([0_u32..6, 0_u32..6], any::<u64>(), any::<u64>()), 0..8),
    ) {
        let wild = pairs.into_iter().map(|(clips, cells)| {
            let (a, b) = cells.into_iter().unzip();
            Pair { clips, looks: [a, b] }
        });
        let mut dice = Dice(1);
        let likely = codes.into_iter().map(|(clips, a, b)| Pair {
            clips,
            looks: [a, b].map(|seed| under(&place(seed % 3), &EVEN, 30.0, &mut dice)),
        });
        let pairs: Vec<Pair> = wild.chain(likely).collect();
        let known = if known { vec![Some(Grade::default()); clips] } else { Vec::new() };
        let grades = solve(clips, &pairs, &known);
        prop_assert_eq!(grades.len(), clips);
        for grade in grades {
            for line in grade.lines() {
                prop_assert!((line.factor() - 1.0).abs() <= MOST_GAIN + 1e-3);
                prop_assert!(line.codes().abs() <= MOST_OFFSET);
            }
        }
    }
}

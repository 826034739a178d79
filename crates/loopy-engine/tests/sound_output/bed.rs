//! A bed: exact length, whole copies, smooth ends.

use loopy_engine::sound::{Bed, BedOptions, Error, Memory, RATE, Source, Stream};
use proptest::prelude::*;

use super::kit::{Counter, amplitude, channel, decibels, drain, largest_step, noise, tone};

fn options(crossfade_ms: u32, looped: bool) -> BedOptions {
    BedOptions {
        crossfade_ms,
        looped,
        ..BedOptions::default()
    }
}

#[expect(clippy::unwrap_used, reason = "a helper of tests fails like a test")]
fn lay(source: impl Source + 'static, total: u64, crossfade_ms: u32, looped: bool) -> Vec<f32> {
    drain(&mut Bed::new(source, total, options(crossfade_ms, looped)).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bed_has_the_exact_length_whatever_the_block(
        seconds in 0.0001..1.5_f64,
        total in 0..150_000_u64,
        crossfade_ms in 0..3000_u32,
        looped in any::<bool>(),
        block in 100..9000_usize,
        at in any::<prop::sample::Index>(),
    ) {
        let source = noise(3, 0.3, seconds.max(0.00005));
        prop_assume!(!source.is_empty());
        let whole = lay(source.clone(), total, crossfade_ms, looped);
        prop_assert_eq!(whole.len() as u64, total * 2);
        prop_assert!(whole.iter().all(|sample| sample.abs() <= 0.6));
        let mut bed =
            Bed::new(source, total, BedOptions { block, ..options(crossfade_ms, looped) }).unwrap();
        prop_assert!(drain(&mut bed) == whole);
        let at = at.index(total as usize + 1);
        bed.seek(at as u64);
        prop_assert!(drain(&mut bed)[..] == whole[at * 2..]);
    }
}

#[test]
fn a_long_bed_is_cut_with_a_fade() {
    let total = 100_000;
    let all = channel(&lay(Counter(u64::from(RATE) * 3600), total, 2000, false), 0);
    for at in [0, 1, 50_000, 97_599] {
        assert_eq!(all[at], Counter::sample(at as u64));
    }
    assert!(all[98_800] < Counter::sample(98_800) * 0.8);
    assert!(all[total as usize - 1] < 1e-4);
}

#[test]
fn copies_follow_each_other_at_equal_power() {
    let second = RATE as usize;
    let all = lay(noise(5, 0.3, 12.0), 30 * u64::from(RATE), 2000, false);
    let body = decibels(&all[..2 * 8 * second]);
    for start in (0..2 * 29 * second).step_by(8000) {
        let level = decibels(&all[start..start + 8000]);
        assert!(
            (level - body).abs() < 0.6,
            "{level} beside {body} at {start}"
        );
    }
    // The second copy starts 10 s in and is whole 2 s later.
    assert_eq!(
        all[2 * 13 * second..2 * 19 * second],
        all[2 * 3 * second..2 * 9 * second]
    );
}

#[test]
fn a_short_bed_overlaps_by_a_quarter_at_most() {
    let second = RATE as usize;
    let all = lay(noise(5, 0.3, 2.0), 8 * u64::from(RATE), 2000, false);
    // Copies every 1.5 s, of which half a second is shared at each end.
    assert_eq!(all[2 * second * 2..3 * second * 2], all[second..3 * second]);
}

#[test]
fn a_looped_bed_meets_its_own_beginning() {
    for (seconds, total) in [
        (10.0, 47.3),
        (10.0, 10.2),
        (3.3, 60.0),
        (40.0, 12.0),
        (20.0, 19.9),
    ] {
        let hertz = 311.7;
        let total = (total * f64::from(RATE)) as u64;
        let left = channel(&lay(tone(hertz, 0.4, seconds), total, 2000, true), 0);
        let twice = [&left[..], &left[..]].concat();
        let tone_step = (0.4 * hertz / 48_000.0 * std::f64::consts::TAU) as f32;
        assert!(largest_step(&twice) < 1.45 * tone_step, "{seconds} {total}");
        // Nothing fades to silence around the seam.
        let noise = lay(noise(8, 0.3, seconds), total, 2000, true);
        let around = [&noise[noise.len() - 9600..], &noise[..9600]].concat();
        assert!(
            (decibels(&around) - decibels(&noise)).abs() < 0.6,
            "{seconds} {total}"
        );
    }
}

#[test]
fn a_steady_hum_keeps_its_level_where_copies_meet() {
    // 10 s, 2 s of crossfade and 100 Hz: copies meet in step.
    let all = channel(
        &lay(tone(100.0, 0.4, 10.0), 20 * u64::from(RATE), 2000, false),
        0,
    );
    for start in (0..19 * 48_000).step_by(4800) {
        assert!((amplitude(&all[start..start + 4800], 100.0) - 0.4).abs() < 0.002);
    }
}

#[test]
fn a_bed_without_sound_is_refused() {
    let bed = Bed::new(Memory::new(vec![]), 100, BedOptions::default());
    assert!(matches!(bed.err(), Some(Error::Empty)));
}

//! Sound is exact in length, safe in level, and as different in loudness as promised.

use loopy_core::Rate;
use loopy_demo::{SAMPLE_RATE, Spec, library, neutral, phase, sound};

fn level(samples: &[f32]) -> f32 {
    let power: f64 = samples
        .iter()
        .map(|sample| f64::from(*sample).powi(2))
        .sum();
    (10.0 * (power / samples.len() as f64).log10()) as f32
}

#[test]
fn sound_is_as_long_as_the_picture_and_never_clips() {
    for rate in ["25", "29.97", "30"] {
        let rate: Rate = rate.parse().unwrap();
        for spec in library().into_iter().map(|spec| spec.with_rate(rate)) {
            let Some(samples) = sound(&spec) else {
                assert_eq!(spec.name, "lumi_idle_03");
                continue;
            };
            let wanted = rate.samples(u64::from(spec.frames), SAMPLE_RATE);
            assert_eq!(samples.len() as u64, 2 * wanted, "{}", spec.name);
            let peak = samples
                .iter()
                .fold(0.0f32, |peak, sample| peak.max(sample.abs()));
            assert!(
                (0.005..0.9).contains(&peak),
                "{} peaks at {peak}",
                spec.name
            );
        }
    }
}

#[test]
fn equal_clips_sound_equal_and_exactly_one_is_silent() {
    let specs = library();
    assert_eq!(sound(&specs[3]), sound(&specs[3].clone()));
    assert_eq!(specs.iter().filter(|spec| sound(spec).is_none()).count(), 1);
}

#[test]
fn loudness_differs_between_clips() {
    let levels: Vec<f32> = library()
        .iter()
        .filter_map(sound)
        .map(|samples| level(&samples))
        .collect();
    let loudest = levels.iter().copied().fold(f32::MIN, f32::max);
    let softest = levels.iter().copied().fold(f32::MAX, f32::min);
    assert!(loudest - softest > 12.0, "{softest} to {loudest} dB");
    assert!(loudest < -12.0, "pleasantly quiet: {loudest} dB");
}

#[test]
fn talking_is_heard_in_gestures_alone() {
    let specs = library();
    let (talk, asleep) = (&specs[3], &specs[11]);
    let [voice, air] = [talk, asleep].map(|spec| sound(spec).unwrap());
    let at = |frame: u32| talk.rate.samples(u64::from(frame), SAMPLE_RATE) as usize * 2;
    // Both clips begin at one phase and neither makes a sound in the first 15 frames: what is
    // heard there is the same air, 13 dB apart.
    assert!((phase(talk, 0) - phase(asleep, 0)).abs() < 1e-6);
    assert!((0..=15).all(|frame| neutral(talk, frame)) && !neutral(talk, 60));
    let ratio = 10f32.powf(-13.0 / 20.0);
    let rest = voice[..at(15)].iter().zip(&air);
    assert!(rest.clone().all(|(a, b)| (a * ratio - b).abs() < 1e-5));
    // Steps between samples weigh a voice as ears do, and a low hum hardly.
    let steps = |first, last| {
        let channel = &voice[at(first)..at(last)];
        let steps: Vec<f32> = channel
            .windows(3)
            .map(|three| three[2] - three[0])
            .collect();
        level(&steps)
    };
    let (talking, resting) = (steps(20, 120), steps(0, 15));
    assert!(talking > resting + 12.0, "{talking} beside {resting} dB");
}

#[test]
fn the_air_at_equal_phases_is_equal() {
    let quiet = |spec: &Spec| spec.clone().with_frames(12);
    let specs = library();
    // Clips 1 and 9 begin at one phase; without gestures only their gain tells them apart.
    let (a, b) = (quiet(&specs[0]), quiet(&specs[8]));
    assert!((phase(&a, 0) - phase(&b, 0)).abs() < 1e-6);
    let (a, b) = (sound(&a).unwrap(), sound(&b).unwrap());
    let ratio = 10f32.powf(-8.0 / 20.0);
    assert!(a.iter().zip(&b).all(|(a, b)| (a * ratio - b).abs() < 1e-5));
}

//! Whole plans: length, what sounds when, and what never changes it.

use loopy_core::{Clip, Plan, Rate};
use loopy_engine::sound::{Error, Mixer, Options, RATE, Stream, Track};
use proptest::prelude::*;

use super::kit::{
    Counter, Stop, amplitude, channel, clip, decibels, drain, largest_step, mix, plan, rate, sound,
    tone, track,
};

const AMPLITUDE: f64 = 0.3;

/// A random walk over clips whose sound may be missing, short, early or late.
#[derive(Clone, Debug)]
struct Walk {
    plan: Plan,
    /// Seconds of sound and its offset in microseconds, for each clip.
    sounds: Vec<Option<(f64, i64)>>,
}

impl Walk {
    fn tracks(&self) -> Vec<Option<Track>> {
        let hertz = (0..).map(|index| 90.0 + 37.0 * f64::from(index));
        hertz
            .zip(&self.sounds)
            .map(|(hertz, sound)| {
                sound.map(|(seconds, offset)| Track {
                    source: Box::new(tone(hertz, AMPLITUDE, seconds)),
                    offset,
                    gain: 1.0,
                })
            })
            .collect()
    }
}

fn walks() -> impl Strategy<Value = Walk> {
    let rates = prop::sample::select(vec![
        rate(24000, 1001),
        rate(25, 1),
        rate(30000, 1001),
        rate(30, 1),
        rate(60, 1),
    ]);
    let clip_facts = (
        20_u32..60,
        prop::option::of((0.0..3.0_f64, -700_000_i64..700_000)),
    );
    let stop = (any::<prop::sample::Index>(), 0..50_u32, 1..30_u32, 0..8_u32);
    (
        (rates.clone(), rates),
        prop::collection::vec(clip_facts, 1..5),
        prop::collection::vec(stop, 1..9),
        any::<bool>(),
    )
        .prop_map(|((fps, source_fps), facts, stops, looped)| {
            walk(fps, source_fps, &facts, &stops, looped)
        })
}

fn walk(
    fps: Rate,
    source_fps: Rate,
    facts: &[(u32, Option<(f64, i64)>)],
    stops: &[(prop::sample::Index, u32, u32, u32)],
    looped: bool,
) -> Walk {
    let clips: Vec<Clip> = facts
        .iter()
        .enumerate()
        .map(|(index, (frames, _))| clip(&index.to_string(), *frames, source_fps))
        .collect();
    let stops: Vec<Stop> = stops
        .iter()
        .map(|(index, enter, frames, bridge)| {
            let which = index.index(clips.len());
            let len = fps.frames_in(clips[which].micros() as u64) as u32;
            let enter = enter % len;
            (which as u32, enter..(enter + frames).min(len), *bridge)
        })
        .collect();
    Walk {
        sounds: facts.iter().map(|(_, sound)| *sound).collect(),
        plan: plan(fps, clips, &stops, looped),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_plan_is_as_long_as_its_pictures_and_never_clicks(walk in walks()) {
        let all = mix(&walk.plan, walk.tracks());
        let total = walk.plan.fps.samples(walk.plan.frames, RATE) as usize;
        prop_assert_eq!(all.len(), total * 2);
        prop_assert!(all.iter().all(|sample| sample.abs() <= 1.0));
        // Two tones of at most 240 Hz and two fades of at least 400 samples.
        let bound = 2.0 * AMPLITUDE as f32 * (240.0 / 48_000.0 * std::f32::consts::TAU + 2.5 / 400.0);
        let mut left = channel(&all, 0);
        if walk.plan.looped {
            left.push(left[0]);
        } else {
            left.insert(0, 0.0);
            left.push(0.0);
        }
        let step = largest_step(&left);
        prop_assert!(step < bound, "{} of {}", step, bound);
    }

    #[test]
    fn block_size_and_seeking_change_nothing(
        walk in walks(),
        block in 1..5000_usize,
        at in any::<prop::sample::Index>(),
    ) {
        let whole = mix(&walk.plan, walk.tracks());
        let options = Options { block, ..Options::default() };
        let mut mixer = Mixer::new(&walk.plan, walk.tracks(), options).unwrap();
        prop_assert!(drain(&mut mixer) == whole);
        let at = at.index(whole.len() / 2);
        mixer.seek(at as u64);
        prop_assert_eq!(mixer.position(), at as u64);
        prop_assert!(drain(&mut mixer)[..] == whole[at * 2..]);
    }
}

#[test]
fn each_visit_plays_its_own_clip() {
    let fps = rate(30000, 1001);
    let hertz = [440.0, 1000.0, 2300.0];
    let clips = ["a", "b", "c"].map(|name| clip(name, 120, fps)).to_vec();
    let stops = [
        (0, 0..60, 0),
        (2, 30..90, 6),
        (1, 10..40, 0),
        (0, 45..120, 0),
        (1, 0..120, 0),
    ];
    let plan = plan(fps, clips, &stops, false);
    let tracks = hertz.map(|hertz| track(tone(hertz, 0.5, 4.1))).into();
    let left = channel(&mix(&plan, tracks), 0);
    for visit in &plan.visits {
        let from = fps.samples(visit.start, RATE) as usize;
        let to = fps.samples(visit.start + u64::from(visit.frames()), RATE) as usize;
        for (index, hertz) in hertz.iter().enumerate() {
            let level = amplitude(&left[from + 960..to - 960], *hertz);
            let wish = if index == visit.clip as usize {
                0.5
            } else {
                0.0
            };
            assert!(
                (level - wish).abs() < 0.01,
                "{level} instead of {wish} at {}",
                visit.start
            );
        }
    }
}

#[test]
fn a_visit_plays_the_sound_of_its_frames() {
    // 25 fps pictures on a 30000/1001 clock, trimmed, with half a second of sound before them.
    let fps = rate(30000, 1001);
    let mut trimmed = clip("a", 200, rate(25, 1));
    trimmed.first = 50;
    let plan = plan(
        fps,
        vec![trimmed],
        &[(0, 30..60, 0), (0, 90..110, 0)],
        false,
    );
    let mut late = track(Counter(480_000)).unwrap();
    late.offset = 500_000;
    let left = channel(&mix(&plan, vec![Some(late)]), 0);
    // 2 s trimmed away, 0.5 s before the first frame, 30 frames of 1601.6 samples.
    let first = 96_000 + 24_000 + 48_048;
    assert_eq!(left[20_000], Counter::sample(first + 20_000));
    // 90 frames in, at output frame 30.
    let second = 96_000 + 24_000 + 144_144;
    assert_eq!(left[48_048 + 9000], Counter::sample(second + 9000));
}

#[test]
fn the_gain_of_a_track_scales_it() {
    let fps = rate(25, 1);
    let plan = plan(fps, vec![clip("a", 50, fps)], &[(0, 0..50, 0)], false);
    let mut quiet = track(tone(300.0, 0.8, 2.0)).unwrap();
    quiet.gain = 0.25;
    let left = channel(&mix(&plan, vec![Some(quiet)]), 0);
    assert!((amplitude(&left[9600..19_200], 300.0) - 0.2).abs() < 1e-3);
}

#[test]
fn there_is_silence_where_a_clip_has_no_sound() {
    let fps = rate(25, 1);
    let clips = ["none", "short", "late"]
        .map(|name| clip(name, 100, fps))
        .to_vec();
    let stops = [(1, 0..100, 0), (0, 0..100, 0), (2, 0..100, 0)];
    let plan = plan(fps, clips, &stops, false);
    let mut late = track(tone(500.0, 0.5, 3.0)).unwrap();
    late.offset = -1_000_000;
    let left = channel(
        &mix(&plan, vec![None, track(tone(500.0, 0.5, 1.0)), Some(late)]),
        0,
    );
    let second = RATE as usize;
    let level = |from: usize, to: usize| decibels(&left[from..to]);
    assert!(level(1000, second - 960) > -10.0);
    // The short sound ends after 1 s, the late one starts 1 s into the third visit.
    assert!(left[second..9 * second].iter().all(|sample| *sample == 0.0));
    assert!(level(9 * second + 960, 12 * second - 960) > -10.0);
}

#[test]
fn nothing_drifts_over_six_hours() {
    let fps = rate(30000, 1001);
    let stops: Vec<Stop> = (0..6 * 360).map(|_| (0, 7..307, 0)).collect();
    let plan = plan(fps, vec![clip("a", 320, fps)], &stops, false);
    assert!(plan.frames >= 6 * 3600 * 30 * 1000 / 1001);
    let mut mixer = Mixer::new(&plan, vec![track(Counter(600_000))], Options::default()).unwrap();
    let exact = plan.frames as f64 * 1001.0 / 30000.0 * f64::from(RATE);
    assert!((mixer.total() as f64 - exact).abs() <= 0.5);
    let mut block = Vec::new();
    for visit in plan.visits.iter().rev().step_by(97) {
        // Frame 150 of the visit is frame 157 of the clip: 157 * 1601.6 samples in.
        mixer.seek(fps.samples(visit.start + 150, RATE));
        assert!(mixer.next(&mut block).unwrap());
        let sample = f64::from(block[0]) * f64::from(1 << 21);
        assert!(
            (sample - 157.0 * 1601.6).abs() <= 1.0,
            "{sample} at {}",
            visit.start
        );
    }
}

#[test]
fn tracks_must_pair_up_with_clips() {
    let fps = rate(30, 1);
    let plan = plan(fps, vec![clip("a", 40, fps)], &[(0, 0..40, 0)], false);
    let mixer = Mixer::new(&plan, vec![], Options::default());
    assert!(matches!(
        mixer.err(),
        Some(Error::Tracks {
            tracks: 0,
            clips: 1
        })
    ));
}

#[test]
fn broken_samples_do_not_reach_the_output() {
    let fps = rate(30, 1);
    let plan = plan(
        fps,
        vec![clip("a", 40, fps)],
        &[(0, 0..20, 0), (0, 5..40, 0)],
        true,
    );
    let broken = sound(1.5, |n| match n % 5 {
        0 => [f32::NAN, f32::INFINITY],
        1 => [f32::MAX, f32::MIN],
        2 => [f32::NEG_INFINITY, f32::MAX],
        _ => [0.1, -0.1],
    });
    let mut loud = track(broken).unwrap();
    loud.gain = 4.0;
    let all = mix(&plan, vec![Some(loud)]);
    assert!(all.iter().all(|sample| sample.abs() <= 1.0));
}

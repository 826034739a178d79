//! Known faults by known amounts, in real clips where the machine has them.

use std::{path::Path, sync::Arc};

use loopy_core::{
    Frame,
    limits::Limits,
    normalise::{Fit, Normalise, Scaler},
};
use loopy_media::{decode::Reader, probe};

use super::{drawn, *};
use crate::real::files;

/// Two faces, a camera in a hand, water.
const CLIPS: [&str; 4] = [
    "avatar_idle_tpsA_001.mp4",
    "avatar_talking_selfie_001.mp4",
    "table_elf_001.mp4",
    "nature_stream_001.mp4",
];
/// It repeats some pictures in a rhythm, and is asked for what breaks that; a larger fault may
/// break it less, as every fifth picture of it has no rhythm to break.
const REPEATS: &str = "avatar_talking_d10_001.mp4";

fn pictures(path: &Path) -> Vec<Frame> {
    let limits = Limits::default();
    let facts = probe::probe(path, &limits).unwrap();
    let small = Normalise {
        fit: Fit::Stretch,
        scaler: Scaler::Bilinear,
        ..Normalise::to(SIZE)
    };
    let mut reader = Reader::open(path, &facts, &small, 1, &limits).unwrap();
    std::iter::from_fn(|| reader.next().unwrap())
        .map(|picture| picture.frame)
        .take(110)
        .collect()
}

/// Joints of one fault: from the frames, the first frame after the joint and the amount to the
/// pictures after the context and how many of them are the bridge.
type Fault = fn(&[Frame], usize, usize) -> (Vec<Frame>, usize);

fn follow(frames: &[Frame], first: usize, change: impl Fn(&Frame) -> Frame) -> Vec<Frame> {
    frames[first..=first + CONTEXT].iter().map(change).collect()
}

const FAULTS: [(&str, [usize; 2], Fault); 8] = [
    ("freeze", [1, 3], |frames, at, amount| {
        let mut held = vec![frames[at - 1].clone(); amount];
        held.extend(follow(frames, at, Clone::clone));
        (held, amount)
    }),
    ("jump", [4, 16], |frames, at, amount| {
        (follow(frames, at + amount, Clone::clone), 0)
    }),
    ("speed", [3, 5], |frames, at, amount| {
        let after = (0..=CONTEXT).map(|step| frames[at + amount - 1 + step * amount].clone());
        (after.collect(), 0)
    }),
    ("flash", [5, 12], |frames, at, amount| {
        let mut after = vec![drawn::lit(&frames[at], [amount as i16, 0, 0])];
        after.extend(follow(frames, at + 1, Clone::clone));
        (after, 1)
    }),
    ("colour", [4, 10], |frames, at, amount| {
        let by = [0, amount as i16, -(amount as i16)];
        (follow(frames, at, |frame| drawn::lit(frame, by)), 0)
    }),
    ("tear", [3, 10], |frames, at, amount| {
        let place = [130, 60, 200, 120];
        (
            follow(frames, at, |frame| drawn::torn(frame, place, amount)),
            0,
        )
    }),
    ("blur", [1, 4], |frames, at, amount| {
        let soft = frames[at..at + 4].iter();
        let mut soft: Vec<Frame> = soft.map(|frame| drawn::blurred(frame, amount)).collect();
        soft.extend(follow(frames, at + 4, Clone::clone));
        (soft, 4)
    }),
    ("dissolve", [20, 40], |frames, at, amount| {
        let mix = |step: usize| {
            let share = (step as u16 + 1) * 256 / 7;
            drawn::mixed(&frames[at + step], &frames[at + amount + step], share)
        };
        let mut mixed: Vec<Frame> = (0..6).map(mix).collect();
        mixed.extend(follow(frames, at + amount + 6, Clone::clone));
        (mixed, 6)
    }),
];

#[test]
fn known_faults_are_seen_in_real_clips_and_larger_ones_more() {
    let Some(files) = files("clips") else { return };
    for name in CLIPS.into_iter().chain([REPEATS]) {
        let Some(path) = files.iter().find(|path| path.ends_with(name)) else {
            println!("skipped: no {name}");
            continue;
        };
        let frames = pictures(path);
        let steps = Steps::of(&frames);
        let own = Arc::new(Natural::new(steps.clone()));
        let places = [12, 23, 34];
        let usual = |at: usize| Usual::of(&own, &[]).without(at - CONTEXT..at + CONTEXT);
        let faults = if name == REPEATS {
            &FAULTS[..3]
        } else {
            &FAULTS[..]
        };
        for (what, amounts, fault) in faults.iter().copied() {
            let mean = |amount: usize| {
                let mut ordinary = 0.0;
                let each = places.map(|at| {
                    let (after, bridge) = fault(&frames, at, amount);
                    let window = Steps::of(&[&frames[at - CONTEXT - 1..at], &after].concat());
                    let usual = usual(at);
                    let joint = CONTEXT..CONTEXT + bridge + 1;
                    let found = rsv(&window, joint.clone(), (&usual, &usual)).unwrap();
                    let natural = rsv(&steps, at - 1..at + bridge, (&usual, &usual)).unwrap();
                    ordinary += natural.beyond() / 3.0;
                    found
                });
                println!(
                    "{name} {what} {amount}: {:.2?}",
                    each.map(|one| (one.percentile, one.beyond(), one.worst))
                );
                let share = each.iter().map(|one| one.percentile).sum::<f32>() / 3.0;
                let beyond = each.iter().map(Rsv::beyond).sum::<f32>() / 3.0;
                assert!(
                    beyond > ordinary,
                    "{name} {what} {amount}: {beyond} {ordinary}"
                );
                (share, beyond)
            };
            let (small, large) = (mean(amounts[0]), mean(amounts[1]));
            // A longer freeze is compared with longer windows, among which more is natural; and
            // what is later in a real clip need not look less alike.
            let comparable = !["freeze", "dissolve"].contains(&what) && name != REPEATS;
            let grows = large.1 > small.1 || !comparable;
            assert!(grows && large.0 > 0.9, "{name} {what}: {small:?} {large:?}");
        }
    }
}

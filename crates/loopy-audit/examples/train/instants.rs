//! Drawing the training instants: every kind with its label, fixed here.

use std::sync::Arc;

use loopy_audit::{
    Look, Series, apart,
    boost::Sample,
    dice::Dice,
    events::{Event, Place, Strip},
    features::{CONTEXT, features},
};
use loopy_core::{
    Frame, Rate,
    encode::{Quality, Settings},
};
use loopy_media::encode::{Encoder, Frames};
use rayon::prelude::*;

use crate::clips::Clip;

pub(crate) struct Instant {
    pub(crate) kind: &'static str,
    pub(crate) fold: usize,
    pub(crate) sample: Sample,
    /// Coded again, with an IDR picture at the instant or without.
    pub(crate) idr: Option<bool>,
}

/// Where an event goes on.
#[derive(Clone, Copy, PartialEq)]
enum Target {
    Scene,
    /// The nearest of forty places in the scene.
    Best,
    Elsewhere,
}

/// Name, label, instants a clip, target, event for a draw.
type Row = (&'static str, f32, usize, Target, fn(&mut Dice) -> Event);

const ROWS: [Row; 21] = [
    ("natural", 0.0, 12, Target::Scene, |_| Event::Natural),
    ("cut", 1.0, 2, Target::Scene, |_| Event::Cut),
    ("cut elsewhere", 1.0, 1, Target::Elsewhere, |_| Event::Cut),
    ("cut best of 40", 0.8, 2, Target::Best, |_| Event::Cut),
    ("dissolve 12-15", 1.0, 2, Target::Scene, |d| {
        Event::Dissolve(d.between(12, 15))
    }),
    ("dissolve 3-8", 0.8, 1, Target::Scene, |d| {
        Event::Dissolve(d.between(3, 8))
    }),
    ("dissolve best of 40", 0.8, 1, Target::Best, |d| {
        Event::Dissolve(d.between(3, 15))
    }),
    ("bridge 1-6", 0.9, 1, Target::Scene, |d| {
        Event::Bridge(d.between(1, 6))
    }),
    ("bridge best of 40", 0.7, 1, Target::Best, |d| {
        Event::Bridge(d.between(1, 6))
    }),
    ("skip 2", 0.4, 1, Target::Scene, |_| Event::Skip(2)),
    ("skip 3", 0.6, 1, Target::Scene, |_| Event::Skip(3)),
    ("skip 4", 0.9, 1, Target::Scene, |_| Event::Skip(4)),
    ("skip 5-8", 1.0, 1, Target::Scene, |d| {
        Event::Skip(d.between(5, 8))
    }),
    ("back 1-2", 0.6, 1, Target::Scene, |d| {
        Event::Back(d.between(1, 2))
    }),
    ("back 3-8", 0.9, 1, Target::Scene, |d| {
        Event::Back(d.between(3, 8))
    }),
    ("freeze 1", 0.4, 1, Target::Scene, |_| Event::Freeze(1)),
    ("freeze 2-4", 0.9, 1, Target::Scene, |d| {
        Event::Freeze(d.between(2, 4))
    }),
    ("twice the speed", 0.6, 1, Target::Scene, |_| Event::Faster),
    ("half the speed", 0.6, 1, Target::Scene, |_| Event::Slower),
    ("light 3-10", 0.7, 1, Target::Scene, |d| {
        Event::Light(d.between(3, 10) as u8)
    }),
    ("tint 3-8", 0.7, 1, Target::Scene, |d| {
        Event::Tint(d.between(3, 8) as u8)
    }),
];

pub(crate) fn all(clips: &[Clip], seed: u64) -> Vec<Instant> {
    let every: Vec<Vec<Instant>> = (0..clips.len())
        .into_par_iter()
        .map(|index| {
            let mut dice = Dice::new(seed + index as u64);
            let mut found = Vec::new();
            for row in &ROWS {
                for _ in 0..row.2 {
                    found.extend(instant(clips, index, row, &mut dice));
                }
            }
            found
        })
        .collect();
    every.into_iter().flatten().collect()
}

fn instant(clips: &[Clip], index: usize, row: &Row, dice: &mut Dice) -> Option<Instant> {
    let (kind, label, _, target, event) = *row;
    let clip = &clips[index];
    let event = event(dice);
    // A cadence of repeated frames, like slow clips on a fast clock, for one in eight.
    let cadence = if dice.one_in(8) {
        dice.between(1, 3)
    } else {
        0
    };
    let same = |other: &&Clip| {
        let here = other.source.scene == clip.source.scene;
        here == (target != Target::Elsewhere)
            && other.source.fold == clip.source.fold
            && other.looks[0].picture().size() == clip.looks[0].picture().size()
    };
    let others: Vec<&Clip> = clips.iter().filter(same).collect();
    // Short clips leave little room: try again where a strip does not fit.
    let strip = (0..30).find_map(|_| {
        let other = *others.get(dice.below(others.len()))?;
        let (from, to) = (paced(clip, cadence), paced(other, cadence));
        let frame = dice.below(from.len());
        let alone = std::ptr::eq(clip, other);
        let far = |to: usize| !alone || to.abs_diff(frame) > 12;
        let mut entry = dice.below(to.len());
        if target == Target::Best {
            let next = from.get(frame + 1)?;
            let draws: Vec<usize> = (0..40).map(|_| dice.below(to.len())).collect();
            let near =
                |a: &&usize, b: &&usize| apart(next, &to[**a]).total_cmp(&apart(next, &to[**b]));
            entry = *draws.iter().filter(|entry| far(**entry)).min_by(near)?;
        }
        let (from, to) = (
            Place {
                looks: &from,
                frame,
            },
            Place {
                looks: &to,
                frame: entry,
            },
        );
        let joins = matches!(event, Event::Cut | Event::Dissolve(_) | Event::Bridge(_));
        (!joins || far(entry))
            .then(|| event.make(from, to))
            .flatten()
    })?;
    // Half are coded again, most of them with an IDR picture at the instant: it must be no clue.
    let idr = dice.one_in(2).then(|| !dice.one_in(3));
    let crf = dice.between(12, 20) as u8;
    let strip = match idr {
        Some(forced) => coded(&strip, forced, crf)?,
        None => strip,
    };
    let slack = strip.span / 4;
    let at = strip.at + strip.span / 2 + dice.between(0, 2 * slack) - slack;
    Some(Instant {
        kind,
        fold: clip.source.fold,
        sample: Sample {
            values: features(&Series::new(strip.looks), at)?,
            label,
        },
        idr,
    })
}

/// The clip on another clock: 1 = every fourth frame twice, 2 and 3 = every frame so often.
fn paced(clip: &Clip, cadence: usize) -> Vec<Arc<Look>> {
    let times = |index: usize| match cadence {
        0 => 1,
        1 => 1 + usize::from(index % 4 == 3),
        _ => cadence,
    };
    let looks = clip.looks.iter().enumerate();
    looks
        .flat_map(|(index, look)| std::iter::repeat_n(Arc::clone(look), times(index)))
        .collect()
}

/// The strip through the encoder: as one run, or with runs that end at the event, like a render's.
fn coded(strip: &Strip, split: bool, crf: u8) -> Option<Strip> {
    let settings = Settings {
        preset: "veryfast".to_owned(),
        ..Settings::file(Quality::Crf(crf))
    };
    let mut ends = vec![strip.looks.len()];
    if split {
        ends = vec![strip.at, strip.at + strip.span, strip.looks.len()];
        ends.dedup();
    }
    let mut frames: Vec<Frame> = Vec::with_capacity(strip.looks.len());
    for end in ends {
        let run = &strip.looks[frames.len()..end];
        let size = run[0].picture().size();
        let rate = Rate::new(25, 1)?;
        let mut encoder = Encoder::new(&settings, size, rate, run.len() as u32).ok()?;
        for look in run {
            encoder.push(look.picture()).ok()?;
        }
        let segment = encoder.finish().ok()?;
        for frame in Frames::new(&segment).ok()? {
            frames.push(frame.ok()?);
        }
    }
    debug_assert!(frames.len() == strip.looks.len() && CONTEXT > 0);
    Some(Strip {
        looks: frames
            .into_iter()
            .map(|frame| Arc::new(Look::new(frame)))
            .collect(),
        ..*strip
    })
}

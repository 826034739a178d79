//! Controls: edits and natural instants made from the film's own visits, scored by the same
//! detector. A detector that misses these says nothing about seams.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    dice::Dice,
    events::{Event, Place, Strip},
    look::Look,
};

/// Controls of one kind, each with the scene that it is of, and its strip.
pub(crate) struct Control {
    pub(crate) clip: usize,
    pub(crate) other: usize,
    pub(crate) strip: Strip,
}

/// Kinds of controls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Cut,
    /// Of about half a second.
    Dissolve(usize),
    Skip,
    /// Nothing is done, over as many frames.
    Natural(usize),
}

impl Kind {
    fn event(self) -> Event {
        match self {
            Self::Cut => Event::Cut,
            Self::Dissolve(frames) => Event::Dissolve(frames),
            Self::Skip => Event::Skip(4),
            Self::Natural(_) => Event::Natural,
        }
    }
}

/// `count` controls between clips of `pairs`, which are drawn evenly. Fewer when they do not fit.
pub(crate) fn make(
    kind: Kind,
    count: usize,
    pairs: &[(usize, usize)],
    stretches: &BTreeMap<usize, Vec<Arc<Look>>>,
    seed: u64,
) -> Vec<Control> {
    let mut dice = Dice::new(seed);
    let mut made = Vec::with_capacity(count);
    for _ in 0..count * 20 {
        if made.len() == count {
            break;
        }
        let Some((clip, other)) = pairs.get(dice.below(pairs.len())).copied() else {
            break;
        };
        let (Some(from), Some(to)) = (stretches.get(&clip), stretches.get(&other)) else {
            continue;
        };
        let (frame, entry) = (dice.below(from.len()), dice.below(to.len()));
        // Within one visit, a short way is a skip and no cut.
        if clip == other
            && frame.abs_diff(entry) < 12
            && matches!(kind, Kind::Cut | Kind::Dissolve(_))
        {
            continue;
        }
        let from = Place { looks: from, frame };
        let strip = kind.event().make(
            from,
            Place {
                looks: to,
                frame: entry,
            },
        );
        let Some(mut strip) = strip else { continue };
        if let Kind::Natural(frames) = kind {
            strip.span = frames;
            if strip.looks.len() < strip.at + frames + crate::features::WINDOW {
                continue;
            }
        }
        made.push(Control { clip, other, strip });
    }
    made
}

//! From one ground to the next: what a walk has to know of the one before, and where it begins.

use std::collections::{BTreeSet, VecDeque};

use loopy_core::walk::{Place, Shown};
use loopy_engine::Error;

use super::{Course, Standing};
use crate::director::ground::{Ground, Part};

/// What a walk over another ground has to know of this one.
#[derive(Clone, Debug, Default)]
pub struct Carried {
    /// First output frame that is not handed out.
    pub at: u64,
    /// Visits shown, oldest first, with the clip's part.
    pub(super) past: VecDeque<(Part, Shown)>,
    /// The visit under way: its clip, where it was entered, up to where it was handed out, and the
    /// output frame at which it began.
    pub(super) under_way: Option<(Part, Shown, u64)>,
    /// What was told and still holds.
    pub told: Vec<Standing>,
}

impl Course<'_> {
    /// What the walk over another ground has to know.
    pub fn carry(&self) -> Carried {
        let under_way = self.leg.map(|leg| {
            let part = self.ground.part(leg.visit.clip);
            let until = self.place(&leg).min(leg.visit.leave);
            let shown = Shown {
                clip: leg.visit.clip,
                enter: leg.visit.enter,
                until,
            };
            (
                part,
                shown,
                leg.visit.start.saturating_add_signed(-self.ahead),
            )
        });
        Carried {
            at: self.at,
            past: self.past.clone(),
            under_way,
            told: self.told.clone(),
        }
    }

    /// A walk over another ground can take over now: no bridge has been handed out whose clip has
    /// not come.
    pub fn can_hand_over(&self) -> bool {
        !(self.cuts.is_empty() && self.leg.is_some_and(|leg| leg.seam.frames > 0))
    }
}

/// A place to begin at: the start of a clip that is ready and was not shown for longest.
pub(super) fn opening(
    ground: &Ground,
    closed: &BTreeSet<u32>,
    before: &[Shown],
    at: u64,
) -> Result<Place, Error> {
    if before.is_empty() && closed.is_empty() {
        let first = ground.planner.stream().next();
        if let Some(leg) = first {
            let visit = Shown {
                clip: leg.visit.clip,
                enter: leg.visit.enter,
                until: leg.visit.enter,
            };
            return Ok(Place { visit, start: at });
        }
    }
    let shown = |clip: &u32| before.iter().rposition(|shown| shown.clip == *clip);
    let clips = 0..ground.clips.len() as u32;
    let usable = clips.filter(|clip| ground.planner.shows(*clip));
    let clip = usable
        .min_by_key(|clip| (closed.contains(clip), shown(clip)))
        .ok_or_else(|| Error::Usage("there is no clip to show".to_owned()))?;
    let visit = Shown {
        clip,
        enter: 0,
        until: 0,
    };
    Ok(Place { visit, start: at })
}

/// The visits of `past` whose clips `ground` has.
pub(super) fn shown_in(ground: &Ground, past: &VecDeque<(Part, Shown)>) -> Vec<Shown> {
    let known = |(part, shown): &(Part, Shown)| {
        let clip = ground.clip_of(part)?;
        Some(Shown { clip, ..*shown })
    };
    past.iter().filter_map(known).collect()
}

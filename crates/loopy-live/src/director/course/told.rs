//! What a course is told, and what of it holds for the next one.

use std::collections::BTreeSet;

use loopy_core::walk::{
    Leg,
    cues::{self, Cue, Told},
};

use super::Course;
use crate::director::{
    ground::{Ground, Part},
    stock::Stock,
};

/// Visits ahead among which what was told is looked for.
const FAR: usize = 16;

/// Something told, in words that hold for any ground.
#[derive(Clone, Debug, PartialEq)]
pub enum Standing {
    /// A state to stay in.
    State(String),
    /// A signal.
    Signal(i32),
    /// A clip that is not to be shown.
    Avoid(Part),
}

impl Course<'_> {
    /// `clip` may be shown from now on.
    pub fn open(&mut self, clip: u32) {
        if self.closed.remove(&clip) && !self.is_avoided(clip) {
            self.cue(Told::Allow(clip));
        }
    }

    /// `clip` may not be shown any more: something of it is gone or broken.
    pub fn close(&mut self, clip: u32) {
        if self.closed.insert(clip) {
            self.cue(Told::Avoid(clip));
        }
    }

    fn is_avoided(&self, clip: u32) -> bool {
        self.told.contains(&Standing::Avoid(self.ground.part(clip)))
    }

    /// Something is told. The first output frame that can show it. What leads to a clip that is
    /// asked for has its bridges, or so many frames of time, the `lead`, to make them: else the
    /// visit under way goes on for as long.
    ///
    /// # Errors
    /// When it names what is not there.
    pub fn tell(
        &mut self,
        told: Told,
        lead: u64,
        stock: &mut dyn Stock,
    ) -> Result<u64, cues::Error> {
        if let Told::Allow(clip) | Told::Play(clip) = told
            && self.closed.contains(&clip)
        {
            return Err(cues::Error::Clip { cue: 1, clip });
        }
        self.remember(told);
        // What leads nowhere takes no bridge.
        let before = matches!(told, Told::Play(_) | Told::State(Some(_)))
            .then(|| (self.stream.clone(), self.leg, self.cuts.clone()));
        self.cue(told);
        let mut legs = self.way_to(told);
        if let Some(before) = before
            && !self.can_be_kept(&legs, lead, stock)
        {
            (self.stream, self.leg, self.cuts) = before;
            self.cue_after(lead, told);
            legs = self.way_to(told);
        }
        let first = legs.last().copied();
        let first = first.or_else(|| self.stream.ahead().next());
        let frame = first.map_or(self.at, |leg| self.on_output(leg).visit.start);
        Ok(frame.max(self.at))
    }

    /// The legs from the next one on up to the one that shows what is `told`; none where it is far.
    fn way_to(&mut self, told: Told) -> Vec<Leg> {
        let (ground, mut legs) = (self.ground, Vec::new());
        let wanted = |leg: &Leg| match told {
            Told::Play(clip) => leg.visit.clip == clip,
            Told::State(Some(state)) => {
                let name = ground.states.get(state as usize).map(String::as_str);
                ground.state_of(leg.visit.clip) == name
            }
            _ => true,
        };
        for leg in self.stream.ahead().take(FAR) {
            legs.push(leg);
            if wanted(&leg) {
                return legs;
            }
        }
        Vec::new()
    }

    /// Whether each bridge on the way over `legs` is there or `lead` frames away.
    fn can_be_kept(&mut self, legs: &[Leg], lead: u64, stock: &mut dyn Stock) -> bool {
        let Some(mut before) = self.leg else {
            return true;
        };
        let soon = self.at.saturating_add_signed(self.ahead) + lead;
        for next in legs {
            let seam = &before.seam;
            if seam.frames > 0 && seam.start < soon && self.bridge(&before, next, stock).is_none() {
                return false;
            }
            before = *next;
        }
        true
    }

    /// Tells the walk something from the first frame that is not handed out.
    pub(super) fn cue(&mut self, told: Told) {
        self.cue_after(0, told);
    }

    /// The same, so many frames after that.
    fn cue_after(&mut self, frames: u64, told: Told) {
        let at = self.at.saturating_add_signed(self.ahead) + frames;
        match self.stream.tell(Cue { at, told }) {
            Ok(true) => {
                self.leg = self.stream.next();
                self.lay();
            }
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "the walk did not take a cue"),
        }
    }

    fn remember(&mut self, told: Told) {
        match told {
            Told::State(state) => {
                self.told.retain(|one| !matches!(one, Standing::State(_)));
                let name = state.and_then(|state| self.ground.states.get(state as usize));
                self.told.extend(name.cloned().map(Standing::State));
            }
            Told::Signal(signal) => {
                self.told.retain(|one| !matches!(one, Standing::Signal(_)));
                self.told.push(Standing::Signal(signal));
            }
            Told::Avoid(clip) => {
                let one = Standing::Avoid(self.ground.part(clip));
                if !self.told.contains(&one) {
                    self.told.push(one);
                }
            }
            Told::Allow(clip) | Told::Play(clip) => {
                let part = self.ground.part(clip);
                self.told.retain(|one| *one != Standing::Avoid(part));
            }
        }
    }

    /// What was told and still holds.
    pub fn told(&self) -> &[Standing] {
        &self.told
    }
}

/// What holds, as cues for `ground`.
pub(super) fn standing(
    ground: &Ground,
    told: &[Standing],
    closed: &BTreeSet<u32>,
    at: u64,
) -> Vec<Cue> {
    let told = told.iter().filter_map(|one| match one {
        Standing::State(name) => {
            let state = ground.states.iter().position(|other| other == name)?;
            Some(Told::State(Some(state as u32)))
        }
        Standing::Signal(signal) => Some(Told::Signal(*signal)),
        Standing::Avoid(part) => ground.clip_of(part).map(Told::Avoid),
    });
    let closed = closed.iter().map(|clip| Told::Avoid(*clip));
    let shows = |told: &Told| match told {
        Told::Avoid(clip) => ground.planner.shows(*clip),
        _ => true,
    };
    told.chain(closed)
        .filter(shows)
        .map(|told| Cue { at, told })
        .collect()
}

//! What a course is told, and what of it holds for the next one.

use std::collections::BTreeSet;

use loopy_core::walk::{
    Leg,
    cues::{self, Cue, Told},
};

use super::Course;
use crate::director::ground::{Ground, Part};

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

    /// Something is told. The first output frame that can show it.
    ///
    /// # Errors
    /// When it names what is not there.
    pub fn tell(&mut self, told: Told) -> Result<u64, cues::Error> {
        if let Told::Allow(clip) | Told::Play(clip) = told
            && self.closed.contains(&clip)
        {
            return Err(cues::Error::Clip { cue: 1, clip });
        }
        self.remember(told);
        self.cue(told);
        let wanted = |leg: &Leg| match told {
            Told::Play(clip) => leg.visit.clip == clip,
            Told::State(Some(state)) => {
                let name = self.ground.states.get(state as usize).map(String::as_str);
                self.ground.state_of(leg.visit.clip) == name
            }
            _ => true,
        };
        let first = self.stream.ahead().take(16).find(wanted);
        let first = first.or_else(|| self.stream.ahead().next());
        let frame = first.map_or(self.at, |leg| self.on_output(leg).visit.start);
        Ok(frame.max(self.at))
    }

    /// Tells the walk something from the first frame that is not handed out.
    pub(super) fn cue(&mut self, told: Told) {
        let at = self.at.saturating_add_signed(self.ahead);
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

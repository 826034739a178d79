//! What holds when: cues, and states that follow each other by themselves.

use std::{collections::VecDeque, sync::Arc};

use super::{
    cues::{Cue, Mood},
    exits::{Exits, NEVER},
    map::Map,
    states::{Program, States},
};
use crate::rate::Rate;

/// The ways to every state, and how long they take.
pub(super) struct Guide {
    pub(super) states: States,
    /// By state.
    pub(super) exits: Vec<Exits>,
    /// By state that is left, then by state that is entered: most output frames until it is shown.
    pub(super) slowest: Vec<Vec<Option<u32>>>,
}

impl Guide {
    /// The ways over `map`.
    pub(super) fn new(map: &Map, states: &States) -> Self {
        let count = states.names().len() as u32;
        let clips_of = |state: u32| {
            let clips = map.usable.iter().copied();
            clips.filter(move |clip| states.of(*clip) == Some(state))
        };
        let exits: Vec<Exits> = (0..count)
            .map(|state| {
                let mut wanted = vec![false; map.clips()];
                clips_of(state).for_each(|clip| wanted[clip as usize] = true);
                Exits::new(map, Some(states), wanted)
            })
            .collect();
        let slowest = (0..count).map(|from| {
            let to = exits.iter().map(|exits| {
                let each = clips_of(from).map(|clip| exits.slowest(map, clip));
                each.collect::<Option<Vec<u32>>>()?.into_iter().max()
            });
            to.collect()
        });
        Self {
            slowest: slowest.collect(),
            states: states.clone(),
            exits,
        }
    }
}

/// What the walk is told, by time.
#[derive(Clone)]
pub(super) struct Script<'a> {
    pub(super) guide: Option<&'a Guide>,
    fps: Rate,
    /// What holds before the first of the cues that are kept.
    base: Mood,
    cues: VecDeque<Cue>,
    program: Option<Program>,
    /// The table of the clip that was last asked for.
    wanted: Option<(u32, Arc<Exits>)>,
}

impl<'a> Script<'a> {
    /// The script of `cues`, in any order; `first` is the clip that the walk begins with.
    pub(super) fn new(
        guide: Option<&'a Guide>,
        cues: &[Cue],
        fps: Rate,
        seed: u64,
        first: u32,
    ) -> Self {
        let mut cues = cues.to_vec();
        cues.sort_by_key(|cue| cue.at);
        let program = guide.filter(|guide| guide.states.alone).map(|guide| {
            let state = guide.states.of(first).unwrap_or(0);
            Program::new(&guide.states, seed, state)
        });
        Self {
            guide,
            fps,
            base: Mood::default(),
            cues: cues.into(),
            program,
            wanted: None,
        }
    }

    /// Nothing is told at any time.
    pub(super) fn silent(&self) -> bool {
        self.cues.is_empty() && self.program.is_none() && self.base == Mood::default()
    }

    fn millis(&self, frame: u64) -> u64 {
        (self.fps.micros(frame) / 1000) as u64
    }

    /// What holds at `frame`.
    pub(super) fn mood(&mut self, frame: u64) -> Mood {
        let mut mood = self.base.clone();
        for cue in self.cues.iter().take_while(|cue| cue.at <= frame) {
            mood.hear(*cue);
        }
        if mood.state.is_none() {
            mood.state = self.due(frame);
            mood.by_itself = mood.state.is_some();
        }
        mood
    }

    /// The state that is due by itself.
    fn due(&mut self, frame: u64) -> Option<u32> {
        let millis = self.millis(frame);
        let second = self.fps.as_f64();
        let guide = self.guide?;
        let slow = |from: u32, to: u32| {
            let frames = guide.slowest[from as usize][to as usize].unwrap_or(0);
            (f64::from(frames) * 1000.0 / second) as u64
        };
        Some(self.program.as_mut()?.at(&guide.states, millis, slow))
    }

    /// The first frame after `from`, up to `until`, at which something else holds.
    pub(super) fn event(&mut self, from: u64, until: u64) -> Option<u64> {
        let next = self.cues.iter().find(|cue| cue.at > from).map(|cue| cue.at);
        let next = next.filter(|at| *at <= until);
        let Some(before) = self.due(from) else {
            return next;
        };
        // Where the state changes by itself, found by halving: states last for long.
        if self.due(until) == Some(before) {
            return next;
        }
        let (mut low, mut high) = (from, until);
        while high - low > 1 {
            let middle = low.midpoint(high);
            if self.due(middle) == Some(before) {
                low = middle;
            } else {
                high = middle;
            }
        }
        Some(next.map_or(high, |next| next.min(high)))
    }

    /// One cue more.
    pub(super) fn tell(&mut self, cue: Cue) {
        let place = self.cues.partition_point(|other| other.at <= cue.at);
        self.cues.insert(place, cue);
    }

    /// Lets go of what was told before `frame`.
    pub(super) fn forget(&mut self, frame: u64) {
        while self.cues.front().is_some_and(|cue| cue.at < frame)
            && let Some(cue) = self.cues.pop_front()
        {
            self.base.hear(cue);
        }
        let millis = self.millis(frame);
        if let Some(program) = &mut self.program {
            program.forget(millis);
        }
    }

    /// The best way out of `clip` at `place` or later to what `mood` wants, and whether it leads
    /// there at once; `None` where nothing leads there.
    pub(super) fn way(
        &mut self,
        map: &Map,
        mood: &Mood,
        clip: u32,
        place: u32,
    ) -> Option<(u32, &Exits)> {
        let guide = self.guide;
        let exits = match (mood.play, mood.state) {
            (Some((wanted, _)), _) => {
                if self.wanted.as_ref().is_none_or(|known| known.0 != wanted) {
                    let mut marks = vec![false; map.clips()];
                    marks[wanted as usize] = true;
                    let states = guide.map(|guide| &guide.states);
                    self.wanted = Some((wanted, Arc::new(Exits::new(map, states, marks))));
                }
                &self.wanted.as_ref()?.1
            }
            (None, state) => &guide?.exits[state? as usize],
        };
        let way = exits.way(map, clip, place)?;
        (way != NEVER).then_some((way, exits))
    }
}

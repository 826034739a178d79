//! What the walk is told on the way: go to a state, a signal, play a clip, avoid one.

/// Something that the walk is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// Go to a state, by number, and stay there; `None` lets states follow each other again.
    State(Option<u32>),
    /// A signal from -256 (for -1) to 256 (for 1): clips are likelier by their relevance.
    Signal(i32),
    /// Show a clip next.
    Play(u32),
    /// Do not show a clip any more, as far as there are others.
    Avoid(u32),
    /// Show it again like any other.
    Allow(u32),
}

/// Something told at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cue {
    /// Output frame from which it holds.
    pub at: u64,
    /// What is told.
    pub told: Told,
}

/// Why a cue cannot be followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A state that there is not.
    #[error("cue {cue} names state {state}; there are {states} states")]
    State {
        /// Cue, counted from 1.
        cue: usize,
        /// The number it gives.
        state: u32,
        /// States.
        states: usize,
    },
    /// A clip that cannot be shown.
    #[error("cue {cue} names clip {clip}, which cannot be shown")]
    Clip {
        /// Cue, counted from 1.
        cue: usize,
        /// The number it gives.
        clip: u32,
    },
    /// A signal out of range.
    #[error("cue {cue}: a signal lies between -1 and 1")]
    Signal {
        /// Cue, counted from 1.
        cue: usize,
    },
    /// A cue for what was shown already.
    #[error("the cue is for frame {at}, but the walk has settled all up to frame {settled}")]
    Past {
        /// Its frame.
        at: u64,
        /// First frame that is still open.
        settled: u64,
    },
    /// A cue after the end.
    #[error("cue {cue} is for frame {at}, after the last frame, {last}")]
    After {
        /// Cue, counted from 1.
        cue: usize,
        /// Its frame.
        at: u64,
        /// Last frame.
        last: u64,
    },
}

/// What holds at a moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Mood {
    /// The state to be in.
    pub(super) state: Option<u32>,
    /// It follows from the states themselves; nobody asked for it.
    pub(super) by_itself: bool,
    /// -256 to 256.
    pub(super) signal: i32,
    /// Clips to leave out, rising.
    pub(super) avoid: Vec<u32>,
    /// The clip to show, and since when.
    pub(super) play: Option<(u32, u64)>,
    /// A state that nobody asked for does not count for a step: else the scene would change.
    pub(super) roams: bool,
    /// States and clips to leave out do not count for a step: nothing else leads on.
    pub(super) loose: bool,
}

impl Mood {
    /// `cue` holds too.
    pub(super) fn hear(&mut self, cue: Cue) {
        match cue.told {
            Told::State(state) => self.state = state,
            Told::Signal(signal) => self.signal = signal,
            Told::Play(clip) => {
                self.avoid.retain(|other| *other != clip);
                self.play = Some((clip, cue.at));
            }
            Told::Allow(clip) => self.avoid.retain(|other| *other != clip),
            Told::Avoid(clip) => {
                if let Err(place) = self.avoid.binary_search(&clip) {
                    self.avoid.insert(place, clip);
                }
                self.play = self.play.filter(|play| play.0 != clip);
            }
        }
    }
}

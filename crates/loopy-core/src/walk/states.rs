//! States of a library (idle, talking, ...): which clips show them, which may follow which, for how
//! long, and how likely each is at what time of day.

use super::dice::Dice;

/// Stream of the draws.
const STREAM: u64 = 1 << 37;
/// Seconds of a day.
const DAY: u64 = 86_400;

/// One state.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// Its name.
    pub name: String,
    /// Clips that show it, as indices into [`crate::Graph::clips`].
    pub clips: Vec<u32>,
    /// States that may follow, by name; `None` for all.
    pub follow: Option<Vec<String>>,
    /// Seconds that it lasts, at least and at most.
    pub dwell: Option<(f64, f64)>,
    /// How likely it is among those that may follow; 1 is usual.
    pub weight: f64,
}

/// Other weights for a part of the day.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Period {
    /// Seconds after midnight at which it begins.
    pub from: u32,
    /// Seconds after midnight at which it ends; earlier than `from` for one over midnight.
    pub until: u32,
    /// Weights of states by name; the others keep their own.
    pub weights: Vec<(String, f64)>,
}

/// All states.
#[derive(Clone, Debug, PartialEq)]
pub struct States {
    names: Vec<String>,
    /// By clip.
    of: Vec<Option<u32>>,
    follow: Vec<Vec<bool>>,
    /// In milliseconds.
    dwell: Vec<Option<(u64, u64)>>,
    /// In 1/256.
    weights: Vec<u64>,
    periods: Vec<(u64, u64, Vec<u64>)>,
    /// Seconds after midnight at which the film begins.
    clock: u64,
    /// States follow each other by themselves.
    pub(super) alone: bool,
}

/// Why states do not hold together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There are none.
    #[error("there are no states")]
    None,
    /// Two states of one name.
    #[error("there are two states `{0}`")]
    Twice(String),
    /// Nothing shows it.
    #[error("no clip shows the state `{0}`")]
    Empty(String),
    /// A clip that is not there.
    #[error("the state `{0}` has clip {1}, which the library has not")]
    Clip(String, u32),
    /// A clip in two states.
    #[error("clip {0} is in two states, `{1}` and `{2}`")]
    Both(u32, String, String),
    /// A name that no state has.
    #[error("`{0}` names the state `{1}`, which there is not")]
    Unknown(String, String),
    /// A dwell time that is none.
    #[error("the state `{0}` lasts from {1} to {2} seconds; give two numbers from 0, rising")]
    Dwell(String, String, String),
    /// A weight that is none.
    #[error("the weight of the state `{0}` must be a number from 0 to 1000")]
    Weight(String),
    /// Nothing may follow.
    #[error("nothing with a weight over 0 may follow the state `{0}`")]
    Stuck(String),
    /// A time that is none.
    #[error("a time of day lies between 0:00 and 24:00")]
    Time,
}

impl States {
    /// The states of a library of `clips` clips. `clock` is the time of day, in seconds after
    /// midnight, at which the film begins; with `alone` states follow each other by themselves.
    ///
    /// # Errors
    /// [`Error`] when they contradict each other or a state has no clip.
    pub fn new(
        states: &[State],
        periods: &[Period],
        clips: usize,
        clock: u32,
        alone: bool,
    ) -> Result<Self, Error> {
        if states.is_empty() {
            return Err(Error::None);
        }
        let names: Vec<String> = states.iter().map(|state| state.name.clone()).collect();
        let number = |by: &str, name: &str| {
            let found = names.iter().position(|other| other == name);
            found.ok_or_else(|| Error::Unknown(by.to_owned(), name.to_owned()))
        };
        let mut of: Vec<Option<u32>> = vec![None; clips];
        let mut follow = Vec::new();
        let mut dwell = Vec::new();
        for (index, state) in (0..).zip(states) {
            let name = &state.name;
            if names[..index as usize].contains(name) {
                return Err(Error::Twice(name.clone()));
            }
            if state.clips.is_empty() {
                return Err(Error::Empty(name.clone()));
            }
            for clip in &state.clips {
                let place = of.get_mut(*clip as usize);
                let place = place.ok_or_else(|| Error::Clip(name.clone(), *clip))?;
                if let Some(other) = place.filter(|other| *other != index) {
                    let other = names[other as usize].clone();
                    return Err(Error::Both(*clip, other, name.clone()));
                }
                *place = Some(index);
            }
            let mut may = vec![state.follow.is_none(); states.len()];
            for other in state.follow.iter().flatten() {
                may[number(name, other)?] = true;
            }
            follow.push(may);
            dwell.push(match state.dwell {
                None => None,
                Some((least, most)) if 0.0 <= least && least <= most && most <= 1e9 => Some((
                    (least * 1000.0).round() as u64,
                    (most * 1000.0).round() as u64,
                )),
                Some((least, most)) => {
                    return Err(Error::Dwell(
                        name.clone(),
                        least.to_string(),
                        most.to_string(),
                    ));
                }
            });
        }
        let weight = |name: &str, weight: f64| {
            let fine = (0.0..=1000.0).contains(&weight);
            let weight = (weight * 256.0).round() as u64;
            fine.then_some(weight)
                .ok_or_else(|| Error::Weight(name.to_owned()))
        };
        let weights = states.iter().map(|state| weight(&state.name, state.weight));
        let weights: Vec<u64> = weights.collect::<Result<_, _>>()?;
        let mut spans = Vec::new();
        for period in periods {
            if u64::from(period.from.max(period.until)) > DAY || u64::from(clock) >= DAY {
                return Err(Error::Time);
            }
            let mut own = weights.clone();
            for (name, value) in &period.weights {
                own[number("the schedule", name)?] = weight(name, *value)?;
            }
            spans.push((u64::from(period.from), u64::from(period.until), own));
        }
        let all = std::iter::once(&weights).chain(spans.iter().map(|span| &span.2));
        for weights in all.filter(|_| alone) {
            for (name, may) in names.iter().zip(&follow) {
                let open = weights
                    .iter()
                    .zip(may)
                    .any(|(weight, may)| *may && *weight > 0);
                if !open {
                    return Err(Error::Stuck(name.clone()));
                }
            }
        }
        Ok(Self {
            names,
            of,
            follow,
            dwell,
            weights,
            periods: spans,
            clock: u64::from(clock),
            alone,
        })
    }

    /// Their names.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Everything about them, a line each; `name` names clips.
    pub(super) fn words(&self, name: impl Fn(u32) -> String) -> Vec<String> {
        let json = |value: serde_json::Value| value.to_string();
        let begin = self.clock;
        let mut lines = vec![format!(
            "states: the film begins {begin} s after midnight; they follow {}",
            if self.alone {
                "each other by themselves"
            } else {
                "cues"
            }
        )];
        for (state, own) in (0..).zip(&self.names) {
            let clips = (0..).zip(&self.of).filter(|(_, of)| **of == Some(state));
            let clips: Vec<String> = clips.map(|(clip, _)| name(clip)).collect();
            let follow = self.names.iter().zip(&self.follow[state as usize]);
            let follow: Vec<&String> = follow
                .filter_map(|(name, may)| may.then_some(name))
                .collect();
            let (least, most) = self.dwell[state as usize].unwrap_or(USUAL);
            lines.push(format!(
                "state {}: clips {}, followed by {}, lasts {least} to {most} ms, weight {}/256",
                json(own.as_str().into()),
                json(clips.into()),
                json(serde_json::json!(follow)),
                self.weights[state as usize],
            ));
        }
        for (from, until, weights) in &self.periods {
            lines.push(format!(
                "states from {from} to {until} s after midnight: weights/256 {}",
                json(serde_json::json!(weights)),
            ));
        }
        lines
    }

    /// The state and its clips that a line of [`States::words`] tells of.
    pub(crate) fn told(line: &str) -> Option<(String, Vec<String>)> {
        let rest = line.strip_prefix("state ")?;
        let mut name = serde_json::Deserializer::from_str(rest).into_iter::<String>();
        let state = name.next()?.ok()?;
        let rest = rest[name.byte_offset()..].strip_prefix(": clips ")?;
        let mut clips = serde_json::Deserializer::from_str(rest).into_iter::<Vec<String>>();
        Some((state, clips.next()?.ok()?))
    }

    /// Clips of the library that they are for.
    pub(super) fn clips(&self) -> usize {
        self.of.len()
    }

    /// The state that `clip` shows.
    pub fn of(&self, clip: u32) -> Option<u32> {
        self.of[clip as usize]
    }

    /// A clip of state `to` may follow one of state `from`.
    pub(super) fn may_follow(&self, from: Option<u32>, to: Option<u32>) -> bool {
        match (from, to) {
            (Some(from), Some(to)) => from == to || self.follow[from as usize][to as usize],
            _ => true,
        }
    }

    /// Weights at `millis` after the film began.
    fn weights_at(&self, millis: u64) -> &[u64] {
        let second = (self.clock + millis / 1000) % DAY;
        let within = |(from, until, _): &&(u64, u64, Vec<u64>)| {
            if from <= until {
                (*from..*until).contains(&second)
            } else {
                second >= *from || second < *until
            }
        };
        let period = self.periods.iter().find(within);
        period.map_or(&self.weights, |period| &period.2)
    }
}

/// Seconds that a state lasts where nothing is said.
const USUAL: (u64, u64) = (20_000, 60_000);

/// What state is due when, by itself: drawn once, whatever the walk does.
#[derive(Clone)]
pub(super) struct Program {
    dice: Dice,
    /// Times in milliseconds from which a state is due, rising.
    due: std::collections::VecDeque<(u64, u32)>,
    until: u64,
}

impl Program {
    /// A program that begins in state `first`.
    pub(super) fn new(states: &States, seed: u64, first: u32) -> Self {
        let mut program = Self {
            dice: Dice::new(seed, STREAM),
            due: [(0, first)].into(),
            until: 0,
        };
        program.until = program.last(states, first);
        program
    }

    /// Milliseconds that `state` lasts.
    fn last(&mut self, states: &States, state: u32) -> u64 {
        let (least, most) = states.dwell[state as usize].unwrap_or(USUAL);
        (least + self.dice.below(most - least + 1)).max(1)
    }

    /// The state due at `millis`; `slow` is how long the walk may take from one to the other.
    pub(super) fn at(
        &mut self,
        states: &States,
        millis: u64,
        slow: impl Fn(u32, u32) -> u64,
    ) -> u32 {
        while self.until <= millis {
            let here = self.due.back().map_or(0, |due| due.1);
            let weights = states.weights_at(self.until);
            let open = weights.iter().zip(&states.follow[here as usize]);
            // A state is left for another, if there is one.
            let open = (0..).zip(open).map(
                |(other, (weight, may))| {
                    if *may && other != here { *weight } else { 0 }
                },
            );
            let next = self.dice.pick(open).map_or(here, |next| next as u32);
            self.due.push_back((self.until, next));
            // It shall last as long once it is there.
            self.until += self.last(states, next) + slow(here, next);
        }
        let later = self.due.iter().rposition(|due| due.0 <= millis);
        later.map_or(0, |place| self.due[place].1)
    }

    /// Forgets what was due before `millis`.
    pub(super) fn forget(&mut self, millis: u64) {
        while self.due.get(1).is_some_and(|due| due.0 <= millis) {
            self.due.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(name: &str, clips: &[u32]) -> State {
        State {
            name: name.to_owned(),
            clips: clips.to_vec(),
            weight: 1.0,
            ..State::default()
        }
    }

    fn new(states: &[State]) -> Result<States, Error> {
        States::new(states, &[], 4, 0, true)
    }

    #[test]
    fn states_that_do_not_hold_together_are_named() {
        assert_eq!(new(&[]), Err(Error::None));
        assert_eq!(new(&[state("idle", &[])]), Err(Error::Empty("idle".into())));
        let twice = [state("idle", &[0]), state("idle", &[1])];
        assert_eq!(new(&twice), Err(Error::Twice("idle".into())));
        assert_eq!(
            new(&[state("idle", &[9])]),
            Err(Error::Clip("idle".into(), 9))
        );
        let both = [state("idle", &[0]), state("talk", &[0])];
        assert_eq!(
            new(&both),
            Err(Error::Both(0, "idle".into(), "talk".into()))
        );
        let unknown = State {
            follow: Some(vec!["sleep".into()]),
            ..state("idle", &[0])
        };
        assert_eq!(
            new(&[unknown]),
            Err(Error::Unknown("idle".into(), "sleep".into()))
        );
        let crossed = State {
            dwell: Some((5.0, 2.0)),
            ..state("idle", &[0])
        };
        assert!(matches!(new(&[crossed]), Err(Error::Dwell(..))));
        let odd = State {
            weight: f64::NAN,
            ..state("idle", &[0])
        };
        assert_eq!(new(&[odd]), Err(Error::Weight("idle".into())));
        let stuck = State {
            follow: Some(vec![]),
            ..state("idle", &[0])
        };
        assert_eq!(new(&[stuck]), Err(Error::Stuck("idle".into())));
    }

    #[test]
    fn words_of_states_tell_all_of_them() {
        let idle = State {
            dwell: Some((10.0, 20.5)),
            follow: Some(vec!["a \": clips".into()]),
            ..state("idle", &[0, 3])
        };
        let odd = State {
            weight: 0.5,
            ..state("a \": clips", &[1])
        };
        let night = Period {
            from: 79_200,
            until: 3600,
            weights: vec![("idle".into(), 2.0)],
        };
        let states = States::new(&[idle, odd], &[night], 4, 60, true).unwrap();
        let name = |clip: u32| format!("clip, \"{clip}\"");
        let lines = states.words(name);
        assert_eq!(
            lines,
            [
                "states: the film begins 60 s after midnight; they follow each other by themselves",
                r#"state "idle": clips ["clip, \"0\"","clip, \"3\""], followed by ["a \": clips"], lasts 10000 to 20500 ms, weight 256/256"#,
                r#"state "a \": clips": clips ["clip, \"1\""], followed by ["idle","a \": clips"], lasts 20000 to 60000 ms, weight 128/256"#,
                "states from 79200 to 3600 s after midnight: weights/256 [512,128]",
            ]
        );
        let told: Vec<_> = lines.iter().filter_map(|line| States::told(line)).collect();
        assert_eq!(
            told,
            [
                ("idle".to_owned(), vec![name(0), name(3)]),
                ("a \": clips".to_owned(), vec![name(1)])
            ]
        );
    }

    #[test]
    fn a_program_keeps_dwell_times_and_what_may_follow() {
        let idle = State {
            dwell: Some((10.0, 20.0)),
            follow: Some(vec!["talk".into()]),
            ..state("idle", &[0])
        };
        let talk = State {
            dwell: Some((2.0, 4.0)),
            ..state("talk", &[1])
        };
        let sleep = State {
            weight: 0.0,
            ..state("sleep", &[2])
        };
        let night = Period {
            from: 3600,
            until: 7200,
            weights: vec![("sleep".into(), 5.0), ("talk".into(), 1.0)],
        };
        let states = States::new(&[idle, talk, sleep], &[night], 4, 0, true).unwrap();
        let mut program = Program::new(&states, 7, 0);
        let row: Vec<u32> = (0..3600 * 24)
            .map(|second| program.at(&states, second * 1000, |_, _| 0))
            .collect();
        let stays: Vec<&[u32]> = row.chunk_by(|a, b| a == b).collect();
        assert!(stays.len() > 500);
        for pair in stays.windows(2) {
            assert!(pair[0][0] != 0 || pair[1][0] == 1, "only talk follows idle");
        }
        let mut idle = stays[..stays.len() - 1].iter().filter(|stay| stay[0] == 0);
        assert!(idle.all(|stay| (9..=21).contains(&stay.len())));
        assert!(row[..3600].iter().all(|state| *state != 2));
        assert!(row[3600..7200].contains(&2));
        program.forget(3600 * 24 * 1000);
        assert!(program.due.len() < 3);
    }
}

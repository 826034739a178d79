//! What is wished of a walk, as files and names say it, brought to the clips of a library.

mod documents;
mod table;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use globset::GlobBuilder;
use loopy_core::{
    Clip, Graph,
    span::Span,
    walk::{
        self, Matrix, Mode, States, Wish,
        cues::{Cue, Told},
        states::{Period, State},
    },
};
use serde::de::DeserializeOwned;

use self::documents::{ClipWish, CueLine, Moment, StatesFile};
use crate::{Error, scan::plain};

/// What makes one next clip likelier than another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Chain {
    /// How little the joint is seen.
    #[default]
    VisualSimilarity,
    /// Nothing.
    Uniform,
    /// Transitions counted in a file of example sequences.
    Learned(PathBuf),
    /// A matrix in a JSON, CSV or NPY file.
    Custom(PathBuf),
}

/// Everything about the walk that is not its length, its seed or its joints.
#[derive(Clone, Debug)]
pub struct Wishes {
    /// What makes a next clip likely.
    pub chain: Chain,
    /// How evenly draws follow that: 1 as it is, less for the likeliest, more for anything.
    pub temperature: f64,
    /// How much what was shown is avoided: 1 as usual, 0 not at all.
    pub repetition_penalty: f64,
    /// Visits for which a clip is the less likely to return the later it was shown.
    pub history_window: Option<u32>,
    /// Clips are entered and left at other ports from visit to visit.
    pub vary: bool,
    /// No pair of clips repeats until all were shown.
    pub certified: bool,
    /// Clip to begin with.
    pub start: Option<String>,
    /// Sidecar file: weights, shares, salience and relevance of clips.
    pub clips: Option<PathBuf>,
    /// Sidecar file: states.
    pub states: Option<PathBuf>,
    /// Cues by time.
    pub script: Option<PathBuf>,
    /// Time of day at which the film begins, in seconds after midnight.
    pub clock: u32,
    /// States may be asked for while the film runs: where no file tells them, clips have them by name.
    pub steered: bool,
}

impl Default for Wishes {
    fn default() -> Self {
        Self {
            chain: Chain::default(),
            temperature: 1.0,
            repetition_penalty: 1.0,
            history_window: None,
            vary: true,
            certified: false,
            start: None,
            clips: None,
            states: None,
            script: None,
            clock: 0,
            steered: false,
        }
    }
}

impl Wishes {
    /// Writes them into `walk`, a walk over `graph`, whose clips stick in memory by `salience` (0 to
    /// 1, missing for 0) where no file says otherwise.
    ///
    /// # Errors
    /// [`Error::Document`] for a file that cannot be read or names what is not there, and those of
    /// the walk.
    pub fn apply(
        &self,
        graph: &Graph,
        salience: &[f32],
        walk: &mut walk::Options,
    ) -> Result<(), Error> {
        let clips = &graph.clips;
        walk.temperature = (self.temperature * 256.0).round() as u32;
        walk.repetition_penalty = (self.repetition_penalty * 256.0).round() as u32;
        walk.history_window = self.history_window;
        walk.vary = self.vary;
        walk.certified = self.certified;
        walk.start = match &self.start {
            Some(name) => Some(one(clips, name).map_err(Error::Usage)?),
            None => None,
        };
        walk.mode = match &self.chain {
            Chain::VisualSimilarity => Mode::VisualSimilarity,
            Chain::Uniform => Mode::Uniform,
            Chain::Custom(file) => Mode::Pairs(Arc::new(table::matrix(file, clips)?)),
            Chain::Learned(file) => Mode::Pairs(Arc::new(learned(file, clips)?)),
        };
        walk.wishes = remembered(clips, salience)?;
        if let Some(file) = &self.clips {
            name_wishes(file, clips, &mut walk.wishes)?;
        }
        let script: Option<Vec<CueLine>> = match &self.script {
            Some(file) => Some(json(file)?),
            None => None,
        };
        // Who tells the walk to go to a state has states, if only by the names of the clips.
        let told = script
            .iter()
            .flatten()
            .any(|line| matches!(line.state, Some(Some(_))));
        let states = match &self.states {
            Some(file) => Some(states(file, clips, self.clock)?),
            None if told => Some(tagged(clips, self.clock)?),
            // What may be told later is not known now.
            None if self.steered => tagged(clips, self.clock).ok(),
            None => None,
        };
        if let (Some(lines), Some(file)) = (script, &self.script) {
            walk.cues = cues(file, &lines, clips, states.as_ref(), walk)?;
        }
        walk.states = states.map(Arc::new);
        Ok(())
    }
}

fn document(file: &Path, why: impl std::fmt::Display) -> Error {
    Error::Document {
        path: file.to_owned(),
        why: why.to_string(),
    }
}

fn text(file: &Path) -> Result<String, Error> {
    fs::read_to_string(file).map_err(|error| document(file, plain(&error)))
}

fn json<T: DeserializeOwned>(file: &Path) -> Result<T, Error> {
    serde_json::from_str(&text(file)?).map_err(|error| document(file, error))
}

/// JSON by its name, YAML otherwise.
fn yaml<T: DeserializeOwned>(file: &Path) -> Result<T, Error> {
    if file
        .extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("json"))
    {
        return json(file);
    }
    serde_saphyr::from_str(&text(file)?).map_err(|error| document(file, error))
}

/// Clips whose name, stem, path or number in a file of several the pattern matches.
fn matching(clips: &[Clip], pattern: &str) -> Result<Vec<u32>, String> {
    let glob = GlobBuilder::new(pattern).backslash_escape(true).build();
    let glob = glob.map_err(|error| format!("`{pattern}`: {}", error.kind()))?;
    let glob = glob.compile_matcher();
    let fits = |clip: &Clip| {
        let (short, path) = (clip.short_name(), clip.path.as_path());
        let stem = path.file_stem().unwrap_or_default();
        [short == pattern, clip.name() == pattern].contains(&true)
            || [short.as_ref(), stem, path.as_os_str()]
                .iter()
                .any(|name: &&std::ffi::OsStr| glob.is_match(name))
    };
    let found = (0..).zip(clips).filter(|(_, clip)| fits(clip));
    Ok(found.map(|(index, _)| index).collect())
}

/// The one clip of that name.
fn one(clips: &[Clip], name: &str) -> Result<u32, String> {
    let found = matching(clips, name)?;
    match found.as_slice() {
        [clip] => Ok(*clip),
        [] => Err(format!("the library has no clip `{name}`")),
        several => Err(format!("`{name}` names {} clips; name one", several.len())),
    }
}

/// At least one clip.
fn some(clips: &[Clip], name: &str) -> Result<Vec<u32>, String> {
    let found = matching(clips, name)?;
    if found.is_empty() {
        return Err(format!("no clip of the library matches `{name}`"));
    }
    Ok(found)
}

fn learned(file: &Path, clips: &[Clip]) -> Result<Matrix, Error> {
    let examples: Vec<Vec<String>> = json(file)?;
    let row = |names: Vec<String>| names.iter().map(|name| one(clips, name)).collect();
    let examples: Result<Vec<Vec<u32>>, String> = examples.into_iter().map(row).collect();
    let examples = examples.map_err(|why| document(file, why))?;
    Matrix::learned(&examples, clips.len()).map_err(|error| document(file, error))
}

/// What is wished of clips of which nobody said anything.
fn remembered(clips: &[Clip], salience: &[f32]) -> Result<Vec<Wish>, Error> {
    let known = salience.iter().copied().chain(std::iter::repeat(0.0));
    let wish = |(_, salience): (&Clip, f32)| {
        let wish = Wish::default().with_salience(salience.into());
        wish.map_err(|error| Error::Usage(error.to_string()))
    };
    clips.iter().zip(known).map(wish).collect()
}

fn name_wishes(file: &Path, clips: &[Clip], wishes: &mut [Wish]) -> Result<(), Error> {
    let lines: std::collections::BTreeMap<String, ClipWish> = yaml(file)?;
    for (name, line) in lines {
        let number = |wish: Wish| {
            let wish = wish
                .with_weight(line.weight)?
                .with_shares(line.min_share, line.max_share)?
                .with_relevance(line.relevance)?;
            match line.salience {
                Some(salience) => wish.with_salience(salience),
                None => Ok(wish),
            }
        };
        for clip in some(clips, &name).map_err(|why| document(file, why))? {
            let wish = number(wishes[clip as usize]);
            wishes[clip as usize] =
                wish.map_err(|error| document(file, format!("`{name}`: {error}")))?;
        }
    }
    Ok(())
}

fn states(file: &Path, clips: &[Clip], clock: u32) -> Result<States, Error> {
    let document_of = |why: String| document(file, why);
    let read: StatesFile = yaml(file)?;
    let alone = read.follow_by_themselves;
    let mut all = Vec::new();
    for line in read.states {
        let mut own = Vec::new();
        for pattern in &line.clips {
            own.extend(some(clips, pattern).map_err(document_of)?);
        }
        if line.clips.is_empty() {
            let tagged = (0..).zip(clips).filter(|(_, clip)| {
                clip.tags.state.as_ref() == Some(&line.name) || clip.tags.words.contains(&line.name)
            });
            own.extend(tagged.map(|(index, _)| index));
        }
        own.sort_unstable();
        own.dedup();
        all.push(State {
            name: line.name,
            clips: own,
            follow: line.may_follow,
            dwell: line.dwell.map(|dwell| (dwell.min, dwell.max)),
            weight: line.weight,
        });
    }
    let mut periods = Vec::new();
    for line in read.schedule {
        periods.push(Period {
            from: of_day(&line.from).map_err(document_of)?,
            until: of_day(&line.until).map_err(document_of)?,
            weights: line.weights.into_iter().collect(),
        });
    }
    States::new(&all, &periods, clips.len(), clock, alone).map_err(|error| document(file, error))
}

/// `22:30` in seconds after midnight.
///
/// # Errors
/// What is no time of day.
pub fn of_day(text: &str) -> Result<u32, String> {
    let parts: Option<Vec<u32>> = text.split(':').map(|part| part.parse().ok()).collect();
    match parts.as_deref() {
        Some([hour @ 0..=23, minute @ 0..=59]) => Ok(hour * 3600 + minute * 60),
        Some([24, 0]) => Ok(86_400),
        _ => Err(format!("`{text}` is no time of day; write it as 22:30")),
    }
}

/// States by the names of the files.
fn tagged(clips: &[Clip], clock: u32) -> Result<States, Error> {
    let mut all: Vec<State> = Vec::new();
    for (index, clip) in (0..).zip(clips) {
        let Some(name) = &clip.tags.state else {
            continue;
        };
        match all.iter_mut().find(|state| state.name == *name) {
            Some(state) => state.clips.push(index),
            None => all.push(State {
                name: name.clone(),
                clips: vec![index],
                weight: 1.0,
                ..State::default()
            }),
        }
    }
    States::new(&all, &[], clips.len(), clock, false)
        .map_err(|error| Error::Walk(walk::Error::State(error)))
}

fn cues(
    file: &Path,
    lines: &[CueLine],
    clips: &[Clip],
    states: Option<&States>,
    walk: &walk::Options,
) -> Result<Vec<Cue>, Error> {
    let mut cues = Vec::new();
    for (number, line) in (1..).zip(lines) {
        let wrong = |why: String| document(file, format!("cue {number}: {why}"));
        let at = walk.fps.frames_in(micros(&line.at).map_err(wrong)?);
        let before = cues.len();
        let mut tell = |told| cues.push(Cue { at, told });
        match &line.state {
            Some(Some(name)) => {
                let names = states.map_or(&[] as &[String], States::names);
                let state = names.iter().position(|other| other == name);
                let state = state.ok_or_else(|| {
                    let known = names.join(", ");
                    wrong(format!("there is no state `{name}`; there are: {known}"))
                })?;
                tell(Told::State(Some(state as u32)));
            }
            Some(None) => tell(Told::State(None)),
            None => {}
        }
        if let Some(signal) = line.signal {
            if !(-1.0..=1.0).contains(&signal) {
                return Err(wrong("a signal lies between -1 and 1".to_owned()));
            }
            tell(Told::Signal((signal * 256.0).round() as i32));
        }
        if let Some(name) = &line.play {
            tell(Told::Play(one(clips, name).map_err(wrong)?));
        }
        if let Some(name) = &line.avoid {
            for clip in some(clips, name).map_err(wrong)? {
                tell(Told::Avoid(clip));
            }
        }
        if cues.len() == before {
            let why = "it says nothing; give `state`, `signal`, `play` or `avoid`";
            return Err(wrong(why.to_owned()));
        }
    }
    Ok(cues)
}

fn micros(moment: &Moment) -> Result<u64, String> {
    match moment {
        Moment::Seconds(seconds) if *seconds < 0.0 => {
            Err(format!("{seconds} s lies in the past: films begin at 0"))
        }
        Moment::Seconds(seconds) if seconds.is_finite() && *seconds < 1e9 => {
            Ok((seconds * 1e6).round() as u64)
        }
        Moment::Seconds(_) => Err("its time is no number of seconds".to_owned()),
        Moment::Text(text) => text
            .parse::<Span>()
            .map(Span::micros)
            .map_err(|error| error.to_string()),
    }
}

#[cfg(test)]
mod tests;

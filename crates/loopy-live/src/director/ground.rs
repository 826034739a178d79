//! A library laid out for the stream: the planner, the clips with their ports, and their names.

use std::{collections::HashMap, sync::Arc};

use loopy_core::{
    Grade, Graph, Hash, Rate,
    clock::Mode,
    plan::PlannedClip,
    walk::{Options, Planner},
};
use loopy_engine::{Error, render, store::Pin, survey::Survey};

/// What a clip is known by, whatever library it is in: its file's content and what of it is used.
pub type Part = (Hash, u32, u32);

/// What the walk goes over. It is never changed: where the library changes, another takes its place.
pub struct Ground {
    /// Walks over it.
    pub planner: Planner,
    /// Its clips with their ports and grades.
    pub clips: Vec<PlannedClip>,
    /// Output rate.
    pub fps: Rate,
    /// How other rates are fitted.
    pub rate_mode: Mode,
    /// Seed of its walks.
    pub seed: u64,
    /// Names of its states.
    pub states: Vec<String>,
    /// Every joint was tried.
    pub full: bool,
    names: Vec<String>,
    places: HashMap<Part, u32>,
    options: Options,
    starts: HashMap<Part, i64>,
    _pin: Option<Arc<Pin>>,
}

impl Ground {
    /// Lays out `survey` for walks with `seed` at `fps`. Takes a while for large libraries.
    ///
    /// # Errors
    /// When a wish names what is not there, or nothing can be shown.
    pub fn new(
        survey: &Survey,
        options: &render::Options,
        fps: Rate,
        seed: u64,
        full: bool,
    ) -> Result<Self, Error> {
        let options = Options {
            seed,
            ..survey.walk(options, fps, u64::MAX)?
        };
        let ground = Self::of(&survey.graph, &survey.grades, options, full)?;
        let library = &survey.library;
        let starts = library.clips.iter().zip(&library.starts);
        let starts = starts.map(|(clip, start)| ((clip.hash, clip.first, clip.until), *start));
        Ok(Self {
            starts: starts.collect(),
            _pin: survey.pin.clone(),
            ..ground
        })
    }

    /// Lays out `graph`, whose clips have `grades`, for walks as `options` have them.
    ///
    /// # Errors
    /// When nothing can be shown, or the graph contradicts itself.
    pub fn of(
        graph: &Graph,
        grades: &[Grade],
        options: Options,
        full: bool,
    ) -> Result<Self, Error> {
        let planner = Planner::new(graph, &options)?;
        planner.gap();
        let parts = graph.clips.iter().zip(&graph.ports).zip(grades);
        let clips: Vec<PlannedClip> = parts
            .map(|((clip, ports), grade)| PlannedClip {
                clip: clip.clone(),
                ports: ports.0.clone(),
                grade: *grade,
            })
            .collect();
        let states = options.states.as_deref();
        Ok(Self {
            places: clips.iter().map(part).zip(0..).collect(),
            names: names(&clips),
            states: states.map_or_else(Vec::new, |states| states.names().to_vec()),
            fps: options.fps,
            rate_mode: options.rate_mode,
            seed: options.seed,
            full,
            planner,
            clips,
            options,
            starts: HashMap::new(),
            _pin: None,
        })
    }

    /// Its clip of that part of a file.
    pub fn clip_of(&self, part: &Part) -> Option<u32> {
        self.places.get(part).copied()
    }

    /// Container time of the first frame of clip number `clip`, in microseconds.
    pub fn start_of(&self, clip: u32) -> i64 {
        self.starts
            .get(&self.part(clip))
            .copied()
            .unwrap_or_default()
    }

    /// What clip number `clip` is known by.
    pub fn part(&self, clip: u32) -> Part {
        part(&self.clips[clip as usize])
    }

    /// The name of clip number `clip`, as people call it.
    pub fn name(&self, clip: u32) -> &str {
        &self.names[clip as usize]
    }

    /// The names of all clips, in their order.
    pub fn all_names(&self) -> &[String] {
        &self.names
    }

    /// Some of the names, for a hint.
    pub fn some_names(&self) -> String {
        let some: Vec<&str> = self.names.iter().take(5).map(String::as_str).collect();
        let more = if self.names.len() > some.len() {
            ", ..."
        } else {
            ""
        };
        format!("{}{more}", some.join(", "))
    }

    /// The clip that people call `name`: its whole name, the file's, or the file's without ending.
    pub fn named(&self, name: &str) -> Option<u32> {
        let is = |clip: &u32| {
            let planned = &self.clips[*clip as usize];
            let path = planned.clip.path.as_path();
            let stem = path.file_stem().and_then(|stem| stem.to_str());
            self.names[*clip as usize] == name
                || planned.clip.name() == name
                || planned.clip.short_name() == name
                || stem == Some(name)
        };
        (0..self.clips.len() as u32).find(is)
    }

    /// The state that clip number `clip` shows.
    pub fn state_of(&self, clip: u32) -> Option<&str> {
        let states = self.options.states.as_deref()?;
        let state = states.of(clip)?;
        states.names().get(state as usize).map(String::as_str)
    }
}

/// What people call the clips: the file's name, or the whole path where several have that name.
fn names(clips: &[PlannedClip]) -> Vec<String> {
    let mut shared: HashMap<String, u32> = HashMap::new();
    for planned in clips {
        *shared.entry(planned.clip.short_name()).or_default() += 1;
    }
    let name = |planned: &PlannedClip| {
        let short = planned.clip.short_name();
        let alone = shared.get(&short) == Some(&1);
        if alone { short } else { planned.clip.name() }
    };
    clips.iter().map(name).collect()
}

fn part(planned: &PlannedClip) -> Part {
    let clip = &planned.clip;
    (clip.hash, clip.first, clip.until)
}

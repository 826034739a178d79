//! A library and all that a walk over it needs: graph, grades and how much clips stick in memory.
//!
//! A [`full`] survey tries every joint worth it and keeps what it found. Where somebody waits for the
//! first pictures, a [`sketch`] of a few clips does with estimates, and keeps nothing that would
//! bind the full one.

use std::{path::PathBuf, sync::Arc, time::SystemTime};

use loopy_core::{Grade, Graph, limits::Limits, walk};
use loopy_sight::graph::Built;
use walkdir::WalkDir;

use crate::{
    Error,
    events::{Event, Stage},
    job::Verdict,
    library, light,
    render::{self, Room},
    salience,
    scan::{self, Library},
    store::Pin,
    trial,
    usage::Meter,
};

/// What is known of a library.
#[derive(Clone, Debug)]
pub struct Survey {
    /// Its clips, and the files that are none.
    pub library: Library,
    /// What can follow what; its clips are those of the library.
    pub graph: Graph,
    /// Light and colour correction of each clip.
    pub grades: Vec<Grade>,
    /// How much each clip sticks in memory.
    pub salience: Vec<f32>,
    /// Keeps the clips' features in the store.
    pub pin: Option<Arc<Pin>>,
}

impl Survey {
    /// What `options` ask of a walk over this library at `fps`; for `frames` output frames.
    ///
    /// # Errors
    /// When a wish names what is not there, or a document cannot be read.
    pub fn walk(
        &self,
        options: &render::Options,
        fps: loopy_core::Rate,
        frames: u64,
    ) -> Result<walk::Options, Error> {
        let mut walk = walk::Options {
            frames,
            fps,
            rate_mode: options.rate_mode,
            seed: options.seed,
            looped: options.looped,
            min_gap: options.min_gap,
            seams: options.seams,
            bridge_frames: options.bridge_frames,
            bridge_budget: options.bridge_budget,
            seam_threshold: options.seam_threshold,
            created: options.created,
            ..walk::Options::default()
        };
        let wishes = &options.wishes;
        wishes.apply(&self.graph, &self.salience, &mut walk)?;
        Ok(walk)
    }
}

/// Every joint worth it tried; what was found before is read.
///
/// # Errors
/// When nothing is usable, the store or the index fails, or the user interrupts.
pub fn full(
    scan: &scan::Options,
    matched: bool,
    limits: &Limits,
    room: &Room,
    meter: &mut Meter,
) -> Result<Survey, Error> {
    let (library, pin) = library::load(scan, limits, room, meter)?;
    let survey = of(library, matched, limits, room, meter)?;
    Ok(Survey {
        pin: Some(Arc::new(pin)),
        ..survey
    })
}

/// The full survey of a library that is loaded.
///
/// # Errors
/// When the store or the index fails, or the user interrupts.
pub fn of(
    library: Library,
    matched: bool,
    limits: &Limits,
    room: &Room,
    meter: &mut Meter,
) -> Result<Survey, Error> {
    meter.stage(Stage::Analyze, room, || {
        let Built { graph, missing } = library::graph(&library, room)?;
        if let Some(message) = library::lonely(&missing) {
            (room.sink)(Event::Note { message });
        }
        let grades = if matched {
            light::grades(&library, &graph, room)?
        } else {
            light::plain(&graph)
        };
        let graph = trial::settle(graph, &grades, limits, room)?;
        let salience = salience::of(&library, &graph, room)?;
        Ok(Survey {
            library,
            graph,
            grades,
            salience,
            pin: None,
        })
    })
}

/// Some `files` of the library, and what keeps their features in the store.
///
/// # Errors
/// When none of them is usable, the store or the index fails, or the user interrupts.
pub fn some(
    scan: &scan::Options,
    files: &[PathBuf],
    limits: &Limits,
    room: &Room,
    meter: &mut Meter,
) -> Result<(Library, Pin), Error> {
    let scan = scan::Options {
        inputs: files.to_vec(),
        // A part of the library need not have the clips that trims name.
        trims: Vec::new(),
        copies: true,
        ..scan.clone()
    };
    library::load(&scan, limits, room, meter)
}

/// Some `files` of the library, by estimates alone.
///
/// # Errors
/// When none of them is usable, the store or the index fails, or the user interrupts.
pub fn sketch(
    scan: &scan::Options,
    files: &[PathBuf],
    limits: &Limits,
    room: &Room,
    meter: &mut Meter,
) -> Result<Survey, Error> {
    let (library, pin) = some(scan, files, limits, room, meter)?;
    let Built { graph, .. } = library::sketch(&library, room)?;
    Ok(Survey {
        grades: light::plain(&graph),
        salience: vec![0.0; graph.clips.len()],
        library,
        graph,
        pin: Some(Arc::new(pin)),
    })
}

/// The files that may be clips, by name, and how many of them were never looked at.
///
/// # Errors
/// When a place to look in is not there, or the index fails.
pub fn files(
    scan: &scan::Options,
    limits: &Limits,
    room: &Room,
) -> Result<(Vec<PathBuf>, usize), Error> {
    let found = scan::find(scan, room.index, &|_event| {})?;
    let version = scan::verdict_version(limits);
    let mut new = 0;
    for candidate in &found.candidates {
        let quarantined = room.index.quarantined(&candidate.hash, &version)?;
        let known: Option<Verdict> = library::known(room, candidate, &version)?;
        new += usize::from(quarantined.is_none() && known.is_none());
    }
    let paths = found.candidates.into_iter().map(|file| file.path);
    Ok((paths.collect(), new))
}

/// What the places where clips are looked for seem to be from outside: names, sizes and times of
/// files. Where this is another, the library may be.
pub type Look = Vec<(PathBuf, u64, Option<SystemTime>)>;

/// The look of the library of `scan` now.
pub fn look(scan: &scan::Options) -> Look {
    let depth = if scan.recursive { usize::MAX } else { 1 };
    let files = scan.inputs.iter().flat_map(|input| {
        let files = WalkDir::new(input).max_depth(depth).follow_links(true);
        files.into_iter().filter_map(Result::ok)
    });
    let seen = files.filter_map(|entry| {
        let meta = entry.metadata().ok().filter(std::fs::Metadata::is_file)?;
        Some((entry.into_path(), meta.len(), meta.modified().ok()))
    });
    let mut look: Look = seen.collect();
    look.sort();
    look
}

//! Reading the clips and dealing them to folds.

use std::{collections::BTreeSet, path::Path, sync::Arc};

use loopy_core::{
    Frame, Hash,
    limits::Limits,
    normalise::{Fit, Normalise, Scaler},
};
use loopy_media::{decode::Reader, probe};
use loopy_sight::{
    rsv::{Natural, SIZE, Steps},
    score::model::Source,
};
use rayon::prelude::*;

/// Folds that scenes are dealt to.
pub(crate) const FOLDS: usize = 5;

/// The same footage as another file.
const TWINS: [&str; 3] = [
    "nature_flower_002",
    "nature_stream_002",
    "table_monster_002",
];

/// Frames in the order of showing, and what is natural for them.
pub(crate) struct Strip {
    pub(crate) frames: Vec<Arc<Frame>>,
    pub(crate) natural: Arc<Natural>,
}

pub(crate) struct Clip {
    pub(crate) source: Source,
    /// As it is.
    pub(crate) plain: Strip,
    /// On a faster clock: some frames are repeated.
    pub(crate) paced: Strip,
}

pub(crate) fn read(folder: &Path) -> Vec<Clip> {
    loopy_media::init();
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("a folder of clips")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|kind| kind != "md"))
        .filter(|path| !TWINS.contains(&stem(path).as_str()))
        .collect();
    files.sort();
    let scenes: BTreeSet<String> = files.iter().map(|path| scene(&stem(path))).collect();
    let clip = |(index, path): (usize, &std::path::PathBuf)| {
        let scene = scene(&stem(path));
        let frames = frames(path);
        Clip {
            source: Source {
                name: path
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into(),
                blake3: Hash::of(&std::fs::read(path).expect("a readable clip")),
                fold: scenes.range(..scene.clone()).count() % FOLDS,
                scene,
            },
            paced: strip(paced(&frames, index)),
            plain: strip(frames),
        }
    };
    files.par_iter().enumerate().map(clip).collect()
}

fn strip(frames: Vec<Arc<Frame>>) -> Strip {
    let pictures: Vec<Frame> = frames.iter().map(|frame| Frame::clone(frame)).collect();
    Strip {
        natural: Arc::new(Natural::new(Steps::of(&pictures))),
        frames,
    }
}

/// Every fourth frame twice, every frame twice, or every frame three times.
fn paced(frames: &[Arc<Frame>], index: usize) -> Vec<Arc<Frame>> {
    let times = |frame: usize| match index % 3 {
        0 => 1 + usize::from(frame % 4 == 3),
        often => often + 1,
    };
    let each = frames.iter().enumerate();
    each.flat_map(|(at, frame)| std::iter::repeat_n(Arc::clone(frame), times(at)))
        .collect()
}

fn stem(path: &Path) -> String {
    path.file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into()
}

/// The name up to its number; what shows one person or one table is one scene.
fn scene(stem: &str) -> String {
    if stem.starts_with("table_") {
        return "table".to_owned();
    }
    let scene = stem.rsplit_once('_').map_or(stem, |(scene, _)| scene);
    scene
        .replace("talking_joi", "idle_joi")
        .replace("laugh_tpsA", "idle_tpsA")
}

fn frames(path: &Path) -> Vec<Arc<Frame>> {
    let limits = Limits::default();
    let facts = probe::probe(path, &limits).expect("a video");
    let small = Normalise {
        fit: Fit::Stretch,
        scaler: Scaler::Bilinear,
        ..Normalise::to(SIZE)
    };
    let mut reader = Reader::open(path, &facts, &small, 1, &limits).expect("a video");
    let mut frames = Vec::new();
    while let Some(picture) = reader.next().expect("pictures") {
        frames.push(Arc::new(picture.frame));
    }
    frames
}

//! Reading the clips and dealing them to folds.

use std::{collections::BTreeSet, path::Path, sync::Arc};

use loopy_audit::{Look, model::Source, reading_size};
use loopy_core::{
    Hash,
    limits::Limits,
    normalise::{Fit, Normalise, Scaler},
};
use loopy_media::{decode::Reader, probe};
use rayon::prelude::*;

/// The same footage as another file.
const TWINS: [&str; 3] = [
    "nature_flower_002",
    "nature_stream_002",
    "table_monster_002",
];

pub(crate) struct Clip {
    pub(crate) source: Source,
    pub(crate) looks: Vec<Arc<Look>>,
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
    files
        .par_iter()
        .map(|path| {
            let scene = scene(&stem(path));
            let fold = scenes.range(..scene.clone()).count() % 2;
            Clip {
                source: Source {
                    name: path
                        .file_name()
                        .unwrap_or_default()
                        .to_string_lossy()
                        .into(),
                    blake3: Hash::of(&std::fs::read(path).expect("a readable clip")),
                    scene,
                    fold,
                },
                looks: looks(path),
            }
        })
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

fn looks(path: &Path) -> Vec<Arc<Look>> {
    let limits = Limits::default();
    let facts = probe::probe(path, &limits).expect("a video");
    let small = Normalise {
        fit: Fit::Stretch,
        scaler: Scaler::Bilinear,
        ..Normalise::to(reading_size(facts.shown))
    };
    let mut reader = Reader::open(path, &facts, &small, 1, &limits).expect("a video");
    let mut looks = Vec::new();
    while let Some(picture) = reader.next().expect("pictures") {
        looks.push(Arc::new(Look::new(picture.frame)));
    }
    looks
}

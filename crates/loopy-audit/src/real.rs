//! Real clips, where the machine has them: known edits are found by trees that never saw the take.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use loopy_core::{
    Hash,
    limits::Limits,
    normalise::{Fit, Normalise, Scaler},
};
use loopy_media::{decode::Reader, probe};
use rayon::prelude::*;

use crate::{
    Look,
    dice::Dice,
    events::{Event, Place},
    model::Model,
    reading_size,
    stats::auc,
};

/// A file of the folder beside the workspace, or of `LOOPY_SHARED`; `None` where there is none.
fn file(name: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let root = std::env::var_os("LOOPY_SHARED").map_or(beside, PathBuf::from);
    let file = root.join("clips").join(name);
    if !file.is_file() {
        println!("skipped: no real clip `{name}` (LOOPY_SHARED)");
        return None;
    }
    Some(file)
}

fn looks(path: &Path) -> Vec<Arc<Look>> {
    let limits = Limits::default();
    let facts = probe::probe(path, &limits).unwrap();
    let small = Normalise {
        fit: Fit::Stretch,
        scaler: Scaler::Bilinear,
        ..Normalise::to(reading_size(facts.shown))
    };
    let mut reader = Reader::open(path, &facts, &small, 1, &limits).unwrap();
    let mut looks = Vec::new();
    while let Some(picture) = reader.next().unwrap() {
        looks.push(Arc::new(Look::new(picture.frame)));
    }
    looks
}

/// Scores of one kind of event at seeded places of a clip.
fn scores(event: Event, looks: &[Arc<Look>], hash: Hash, count: usize) -> Vec<f64> {
    let model = Model::built_in().unwrap();
    let forest = model.forest(model.judge(&[hash]));
    let mut dice = Dice::new(3);
    let places: Vec<_> = (0..count * 40)
        .map(|_| (dice.below(looks.len()), dice.below(looks.len())))
        .filter(|(a, b)| a.abs_diff(*b) > 15)
        .collect();
    let strips = places.iter().filter_map(|(frame, entry)| {
        let place = |frame: usize| Place { looks, frame };
        event.make(place(*frame), place(*entry))
    });
    let strips: Vec<_> = strips.take(count).collect();
    let score = strips.par_iter().filter_map(|strip| strip.score(forest));
    score.map(f64::from).collect()
}

#[test]
fn edits_inside_real_takes_are_found() {
    // One clip of either fold.
    for (name, cut, skip) in [
        ("avatar_idle_joi_001.mp4", 0.85, 0.6),
        ("avatar_talking_d10_003.mp4", 0.85, 0.6),
    ] {
        let Some(file) = file(name) else { return };
        let hash = Hash::of(&std::fs::read(&file).unwrap());
        let looks = looks(&file);
        let natural = scores(Event::Natural, &looks, hash, 20);
        let found = |event| auc(&scores(event, &looks, hash, 20), &natural).unwrap();
        let (cuts, skips) = (found(Event::Cut), found(Event::Skip(6)));
        assert!(cuts > cut && skips > skip, "{name}: {cuts:.2} {skips:.2}");
    }
}

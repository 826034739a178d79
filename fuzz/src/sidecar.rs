//! Sidecar files: any bytes are refused with a reason, or give a walk that holds together. The first
//! byte tells which file they are.

use std::sync::LazyLock;

use loopy_core::walk::{self, Options};
use loopy_engine::wishes::{Chain, Wishes};
use tempfile::TempDir;

use crate::library;

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a folder"));

/// See above.
pub fn run(bytes: &[u8]) {
    let Some((kind, bytes)) = bytes.split_first() else {
        return;
    };
    let names = [
        "clips.yaml",
        "clips.json",
        "states.yaml",
        "cues.json",
        "learned.json",
        "matrix.json",
        "matrix.csv",
        "matrix.npy",
    ];
    let name = names[usize::from(*kind) % names.len()];
    let file = FOLDER.path().join(format!("{}-{name}", std::process::id()));
    std::fs::write(&file, bytes).expect("a file");
    let mut wishes = Wishes::default();
    match name {
        "clips.yaml" | "clips.json" => wishes.clips = Some(file),
        "states.yaml" => wishes.states = Some(file),
        "cues.json" => wishes.script = Some(file),
        "learned.json" => wishes.chain = Chain::Learned(file),
        _ => wishes.chain = Chain::Custom(file),
    }
    let mut options = Options {
        frames: 900,
        ..Options::default()
    };
    let graph = library::graph();
    if let Err(error) = wishes.apply(graph, &[], &mut options) {
        assert!(!error.to_string().is_empty());
        return;
    }
    match walk::plan(graph, &options) {
        Ok(plan) => {
            plan.check().expect("a plan holds together");
            assert_eq!(plan.frames, options.frames);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

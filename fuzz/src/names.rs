//! File names: any name is shown without driving the terminal, survives JSON, and can be quoted in
//! what is written for other programs.

use std::{ffi::OsStr, os::unix::ffi::OsStrExt as _, path::Path};

use loopy_core::{
    ClipPath,
    clip::show,
    export::{Format, Places, ffconcat, otio, sheet},
    tags::Tags,
};

use crate::library;

/// See above.
pub fn run(bytes: &[u8]) {
    // No file is called so.
    if bytes.is_empty() || bytes.contains(&0) {
        return;
    }
    let path = Path::new(OsStr::from_bytes(bytes));
    assert!(!show(path).chars().any(char::is_control));
    let _format = Format::of(path);
    let kept = ClipPath::from(path);
    let json = serde_json::to_string(&kept).expect("a path can be written");
    let again: ClipPath = serde_json::from_str(&json).expect("a written path can be read");
    assert!(again == kept);
    if let Some(stem) = path.file_stem().and_then(OsStr::to_str) {
        let tags = Tags::from_stem(stem);
        assert!(tags.words.iter().all(|word| !word.is_empty()));
    }

    let mut plan = library::plan();
    plan.clips[0].clip.path = kept.clone();
    let read = sheet::read(&sheet::write(&plan)).expect("a written sheet can be read");
    let back = read.plan(None).expect("a written sheet is a plan");
    assert!(back.clips[0].clip.path == kept);
    let places = Places {
        root: Path::new("/clips"),
        folder: Some(Path::new("/clips")),
    };
    let _timeline = otio::write(&plan, places);
    if let Ok(script) = ffconcat::write(&plan, places) {
        // The name stays on its line: nothing in it begins a directive.
        let lines = script.split(|byte| *byte == b'\n');
        let known = |line: &[u8]| {
            let words: [&[u8]; 7] = [
                b"ffconcat ",
                b"file ",
                b"inpoint ",
                b"outpoint ",
                b"duration ",
                b"#",
                b"stream",
            ];
            line.is_empty() || words.iter().any(|word| line.starts_with(word))
        };
        assert!(lines.into_iter().all(known));
    }
}

//! Draws a library of any number of clips of 5 s, for figures of growth: takes of the demo's
//! clips, all of one scene, none like another.
//!
//! `cargo run --release -p loopy-engine --example many_clips -- FOLDER CLIPS`

#![allow(clippy::print_stderr, reason = "an example tells what it does")]

use std::{path::PathBuf, process::ExitCode};

use loopy_core::Size;
use loopy_engine::demo::write_clip;

const SECONDS: u32 = 5;

fn main() -> ExitCode {
    loopy_engine::init();
    let mut args = std::env::args_os().skip(1);
    let folder = args.next().map(PathBuf::from);
    let clips = args
        .next()
        .and_then(|text| text.to_str()?.parse::<u16>().ok());
    let (Some(folder), Some(clips)) = (folder, clips) else {
        eprintln!("usage: many_clips FOLDER CLIPS");
        return ExitCode::from(2);
    };
    match draw(&folder, clips) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn draw(folder: &std::path::Path, clips: u16) -> Result<(), loopy_engine::Error> {
    std::fs::create_dir_all(folder).map_err(|error| loopy_engine::Error::Output {
        path: folder.to_owned(),
        why: error.to_string(),
    })?;
    let kinds = loopy_demo::library();
    for (number, kind) in (0..clips).zip(kinds.iter().cycle()) {
        let take = number / kinds.len() as u16;
        let spec = kind.clone().with_take(take).with_size(Size::new(320, 180));
        let frames = spec.rate.frames_in(u64::from(SECONDS) * 1_000_000) as u32;
        let file = folder.join(format!("clip_{number:03}.mp4"));
        if !file.exists() {
            write_clip(&file, &spec.with_frames(frames))?;
        }
    }
    Ok(())
}

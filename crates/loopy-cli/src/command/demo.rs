//! `loopy demo`: a small clip library drawn here and now, and the video made of it.

use std::{path::PathBuf, process::ExitCode};

use loopy_engine::{Error, demo};

use super::render;
use crate::{
    args::{Command, Demo, Global},
    settings, words,
};

pub(super) fn run(global: &Global, args: &Demo) -> Result<ExitCode, Error> {
    let clips = args.folder.join("clips");
    let wish = demo::Wish {
        size: args.size,
        rate: args.fps,
        marks: args.marks,
    };
    let say = |line: &str| {
        if !global.json {
            words::say(line);
        }
    };
    let written = demo::write_library(&clips, &wish, &|name| say(&format!("drawn: {name}")))?;
    if args.clips_only {
        say(&format!(
            "{} clips in {}",
            written.len(),
            loopy_core::clip::show(&clips)
        ));
        return Ok(ExitCode::SUCCESS);
    }
    let video = args.folder.join("demo.mp4");
    let report = args.folder.join("demo.json");
    let sheet = args.folder.join("demo.png");
    let mut line: Vec<std::ffi::OsString> = vec!["loopy".into(), "render".into()];
    line.extend([clips.into(), "-o".into(), video.clone().into_os_string()]);
    line.extend([
        "--report".into(),
        report.into(),
        "--contact-sheet".into(),
        sheet.into(),
    ]);
    line.extend(["--seed".into(), args.seed.to_string().into()]);
    line.extend([
        "--duration".into(),
        format!("{}", args.duration.seconds()).into(),
    ]);
    let parsed = settings::parse(&global.settings, &line)
        .map_err(|error| Error::Usage(error.to_string()))?;
    let Command::Render(parsed) = parsed.command else {
        return Err(Error::Usage(
            "the demo's own command line is broken".to_owned(),
        ));
    };
    let shown: Vec<String> = line
        .iter()
        .map(|part| loopy_core::clip::show(&PathBuf::from(part)))
        .collect();
    say(&format!("$ {}", shown.join(" ")));
    let code = render::run(global, &parsed)?;
    say(&format!("watch it: {}", loopy_core::clip::show(&video)));
    let clips = loopy_core::clip::show(&args.folder.join("clips"));
    say(&format!(
        "the same without an end, in the browser: loopy serve {clips}"
    ));
    Ok(code)
}

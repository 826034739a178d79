//! `loopy migrate`: settings of earlier versions, as those of this one.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use loopy_core::{
    clip::show,
    config::{self, File, Migrated},
};
use loopy_engine::Error;

use super::config::{token, write, write_with_schema};
use crate::{
    args::{Global, Migrate},
    settings, words,
};

pub(super) fn run(global: &Global, args: &Migrate) -> Result<ExitCode, Error> {
    let bytes = settings::bytes(&args.file)?;
    let name = show(&args.file);
    let file = File {
        name: &name,
        bytes: &bytes,
    };
    let migrated = config::migrate(file, &token()?)?;
    if migrated.current {
        tell(global, &migrated, None, None);
        return Ok(ExitCode::SUCCESS);
    }
    let (target, backup) = if let Some(output) = &args.output {
        write_with_schema(output, &migrated.text, false)?;
        (output, None)
    } else {
        if !is_yaml(&args.file) {
            return Err(Error::Usage(format!(
                "`{name}` is no .yaml file, which the new one is: give -o FILE.yaml"
            )));
        }
        let backup = keep(&args.file, &bytes)?;
        write_with_schema(&args.file, &migrated.text, true)?;
        (&args.file, Some(backup))
    };
    tell(global, &migrated, Some(target), backup.as_deref());
    Ok(ExitCode::SUCCESS)
}

fn is_yaml(file: &Path) -> bool {
    file.extension()
        .is_some_and(|name| name.eq_ignore_ascii_case("yaml") || name.eq_ignore_ascii_case("yml"))
}

/// A copy of the file beside it, under a name that nothing has.
fn keep(file: &Path, bytes: &[u8]) -> Result<PathBuf, Error> {
    let mut number = 0;
    loop {
        let mut name = file.as_os_str().to_owned();
        name.push(".bak");
        if number > 0 {
            name.push(number.to_string());
        }
        let backup = PathBuf::from(name);
        if !backup.exists() {
            write(&backup, bytes, false)?;
            return Ok(backup);
        }
        number += 1;
    }
}

fn tell(global: &Global, migrated: &Migrated, target: Option<&PathBuf>, backup: Option<&Path>) {
    if global.json {
        for mapped in &migrated.mapped {
            let line = serde_json::json!({
                "type": "mapped", "from": mapped.from, "to": mapped.to, "value": mapped.shown,
            });
            words::data(&line.to_string());
        }
        for lost in &migrated.homeless {
            let line =
                serde_json::json!({ "type": "homeless", "from": lost.from, "why": lost.why });
            words::data(&line.to_string());
        }
        let path = |path: &Path| loopy_core::ClipPath::from(path);
        let line = serde_json::json!({
            "type": "migrated", "file": target.map(|file| path(file)),
            "backup": backup.map(path), "mapped": migrated.mapped.len(),
            "homeless": migrated.homeless.len(),
        });
        words::data(&line.to_string());
        return;
    }
    for mapped in &migrated.mapped {
        words::say(&format!(
            "{} -> {}: {}",
            mapped.from, mapped.to, mapped.shown
        ));
    }
    for lost in &migrated.homeless {
        words::say(&format!("{} has no home: {}", lost.from, lost.why));
    }
    match (target, backup) {
        (Some(file), Some(backup)) => words::say(&format!(
            "{} is of this version now; what it was is in {}",
            show(file),
            show(backup)
        )),
        (Some(file), None) => words::say(&format!("{} is written", show(file))),
        (None, _) => words::say("the file is of this version already; nothing was changed"),
    }
}

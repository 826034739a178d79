//! `loopy cache`: what the store holds, and how to empty it.

use std::process::ExitCode;

use loopy_engine::{Error, index::Index, store::Store};

use super::store_dir;
use crate::{
    args::{Cache, Global},
    words::{self, size},
};

pub(super) fn run(global: &Global, command: &Cache) -> Result<ExitCode, Error> {
    let dir = store_dir(global)?;
    let cap = super::cap(global, &dir);
    let store = Store::open(&dir, cap)?;
    match command {
        Cache::Info => info(global, &store)?,
        Cache::Clear => clear(global, &store)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn info(global: &Global, store: &Store) -> Result<(), Error> {
    let info = store.info()?;
    if global.json {
        let kinds: serde_json::Map<String, serde_json::Value> = info
            .kinds
            .iter()
            .map(|totals| {
                let value = serde_json::json!({"objects": totals.objects, "bytes": totals.bytes});
                (totals.kind.name().to_owned(), value)
            })
            .collect();
        let dir = loopy_core::ClipPath::from(store.dir());
        let line = serde_json::json!({
            "type": "cache", "dir": dir, "cap": info.cap, "kinds": kinds,
        });
        words::data(&line.to_string());
        return Ok(());
    }
    words::say(&format!(
        "{} (at most {})",
        loopy_core::clip::show(store.dir()),
        size(info.cap)
    ));
    for totals in &info.kinds {
        let (bytes, files) = (size(totals.bytes), totals.objects);
        words::say(&format!(
            "{:>9}: {bytes} in {files} files",
            totals.kind.name()
        ));
    }
    Ok(())
}

fn clear(global: &Global, store: &Store) -> Result<(), Error> {
    let cleared = store.clear(None)?;
    Index::open(store.dir())?.clear()?;
    if global.json {
        let line = serde_json::json!({
            "type": "cleared", "objects": cleared.removed, "bytes": cleared.bytes,
            "kept": cleared.kept,
        });
        words::data(&line.to_string());
        return Ok(());
    }
    words::say(&format!(
        "removed {} files, {}",
        cleared.removed,
        size(cleared.bytes)
    ));
    if cleared.kept > 0 {
        words::say(&format!(
            "kept {} that a running render needs",
            cleared.kept
        ));
    }
    Ok(())
}

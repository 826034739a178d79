//! Settings that change while the stream runs: looked at as a whole, then put in place, or not at all.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    sync::{Arc, Weak},
    thread,
    time::{Duration, SystemTime},
};

use loopy_core::{config::Settings, ledger::Entry};
use loopy_engine::Error;
use loopy_live::{server::Tokens, station::Station};

use crate::{
    args::{Command, Global, Serve},
    settings, words,
};

/// The file is looked at so often.
const EVERY: Duration = Duration::from_secs(1);
const TOKEN: &str = "features.real_time.websocket.auth_token";

/// Watches the file of settings, where there is one, for as long as the station is there.
pub(super) fn watch(global: &Global, args: &Serve, station: &Arc<Station>, tokens: Tokens) {
    let Ok((_, Some(file))) = settings::find(global.config.as_deref()) else {
        return;
    };
    let mut watched = Watched {
        seen: look(&file),
        file,
        settings: global.settings.clone(),
        // A token by hand goes before that of the file.
        by_hand: args.place.token.is_some(),
        station: Arc::downgrade(station),
        tokens,
    };
    thread::spawn(move || {
        while watched.turn() {
            thread::sleep(EVERY);
        }
    });
}

struct Watched {
    file: PathBuf,
    seen: Option<(SystemTime, u64)>,
    settings: Settings,
    by_hand: bool,
    station: Weak<Station>,
    tokens: Tokens,
}

impl Watched {
    /// One look; false when the stream is over.
    fn turn(&mut self) -> bool {
        let Some(station) = self.station.upgrade() else {
            return false;
        };
        let now = look(&self.file);
        if now == self.seen {
            return true;
        }
        self.seen = now;
        match self.take(&station) {
            Ok(told) => told.iter().for_each(|line| words::say(line)),
            Err(error) => station.note(Entry {
                what: "settings".to_owned(),
                from: format!("{} as it is now", loopy_core::clip::show(&self.file)),
                to: "the settings as they were".to_owned(),
                why: error.to_string(),
                fix: "`loopy config check FILE` says where".to_owned(),
            }),
        }
        true
    }

    /// Takes what is new; what is to be told of it.
    fn take(&mut self, station: &Station) -> Result<Vec<String>, Error> {
        let new = settings::read(Some(&self.file))?;
        let change = self.settings.change_to(&new);
        let mut told = Vec::new();
        let (tokens, walked): (Vec<&str>, Vec<&str>) =
            change.at_once.into_iter().partition(|key| *key == TOKEN);
        let mut later = change.restart;
        if !walked.is_empty() {
            let line: Vec<OsString> = std::env::args_os().collect();
            let args =
                settings::parse(&new, &line).map_err(|error| Error::Usage(error.to_string()))?;
            if let Command::Serve(serve) = args.command {
                station.change_options(super::options(&args.global, &serve)?);
            }
            told.push(format!(
                "settings: {} from the next joint on",
                walked.join(", ")
            ));
        }
        let secret = &new.config.features.real_time.websocket.auth_token;
        match secret {
            Some(secret) if !tokens.is_empty() && !self.by_hand => {
                self.tokens
                    .rotate(secret.reveal())
                    .map_err(|error| Error::Usage(error.to_string()))?;
                station.note(Entry {
                    what: "access".to_owned(),
                    from: "the token as it was".to_owned(),
                    to: "another one; viewers are asked for it".to_owned(),
                    why: format!("{} was changed", loopy_core::clip::show(&self.file)),
                    fix: "give the new token to those who may watch".to_owned(),
                });
            }
            _ => later.extend(tokens),
        }
        if !later.is_empty() {
            told.push(format!("settings: {} at the next start", later.join(", ")));
        }
        self.settings = new;
        Ok(told)
    }
}

fn look(file: &Path) -> Option<(SystemTime, u64)> {
    let meta = file.metadata().ok()?;
    Some((meta.modified().ok()?, meta.len()))
}

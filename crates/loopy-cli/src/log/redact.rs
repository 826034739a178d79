//! Takes secrets out of what is written.

use std::{borrow::Cow, fmt::Write as _, path::PathBuf};

const HIDDEN: &str = "***";
/// A text of fewer letters is no secret: taking it out would make lines unreadable.
const SHORTEST: usize = 8;
/// What stands before a value that nobody may see.
const NAME: &str = "token";

/// Knows what must not be shown.
#[derive(Clone, Debug, Default)]
pub(crate) struct Redactor {
    /// As they are, and as JSON, Rust and addresses write them.
    secrets: Vec<String>,
    home: Option<String>,
}

impl Redactor {
    /// Nothing is known yet.
    pub(crate) const fn ignorant() -> Self {
        Self {
            secrets: Vec::new(),
            home: None,
        }
    }

    /// Hides `secrets` wherever they stand, and values after `token=` and `token:`.
    pub(crate) fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        let mut forms: Vec<String> = Vec::new();
        for secret in secrets {
            if secret.chars().count() < SHORTEST {
                continue;
            }
            let json = serde_json::Value::from(secret.as_str()).to_string();
            let rust = format!("{secret:?}");
            let quoted = [json, rust].map(|text| text[1..text.len() - 1].to_owned());
            forms.extend(quoted);
            forms.push(address(&secret));
            forms.push(secret);
        }
        // The longest first: one may be a part of another.
        forms.sort_by(|a, b| (b.len(), b).cmp(&(a.len(), a)));
        forms.dedup();
        Self {
            secrets: forms,
            home: None,
        }
    }

    /// The same, and `home` as `~`.
    pub(crate) fn hiding(mut self, home: Option<PathBuf>) -> Self {
        let home = home.and_then(|home| home.into_os_string().into_string().ok());
        let home = home.map(|home| home.trim_end_matches('/').to_owned());
        self.home = home.filter(|home| home.len() > 1);
        self
    }

    /// `text` without secrets.
    pub(crate) fn clean<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut text = Cow::Borrowed(text);
        for secret in &self.secrets {
            if text.contains(secret.as_str()) {
                text = Cow::Owned(text.replace(secret.as_str(), HIDDEN));
            }
        }
        if let Some(named) = named(&text) {
            text = Cow::Owned(named);
        }
        if let Some(home) = &self.home
            && text.contains(home.as_str())
        {
            text = Cow::Owned(at_home(&text, home));
        }
        text
    }
}

/// As it stands in an address.
fn address(secret: &str) -> String {
    let mut text = String::new();
    for byte in secret.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _written = write!(text, "%{byte:02X}");
        }
    }
    text
}

/// `text` with what follows `token=`, `token:` and the like hidden; `None` where nothing does.
fn named(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let mut out = String::new();
    let mut kept = 0;
    for (at, name) in lower.match_indices(NAME) {
        let after = at + name.len();
        if after < kept {
            continue;
        }
        let Some(value) = value(&text[after..]) else {
            continue;
        };
        out.push_str(&text[kept..after + value.start]);
        out.push_str(HIDDEN);
        kept = after + value.end;
    }
    (kept > 0).then(|| out + &text[kept..])
}

/// Where a value lies that `rest` begins with, after a sign that gives it.
fn value(rest: &str) -> Option<std::ops::Range<usize>> {
    let quote = |letter: char| ['"', '\'', '\\'].contains(&letter);
    let sign = rest.trim_start_matches(quote).trim_start();
    let inner = sign.strip_prefix(['=', ':'])?.trim_start();
    let inner = inner.trim_start_matches(quote);
    let start = rest.len() - inner.len();
    let end = inner.find(|letter: char| {
        letter.is_whitespace() || quote(letter) || ['&', ',', ';', '}', ')', ']'].contains(&letter)
    });
    let length = end.unwrap_or(inner.len());
    (inner[..length].chars().count() >= SHORTEST).then(|| start..start + length)
}

/// `text` with the folder `home` and what is below it as `~`; a folder whose name only begins so
/// stays.
fn at_home(text: &str, home: &str) -> String {
    let mut out = String::new();
    let mut kept = 0;
    for (at, found) in text.match_indices(home) {
        let after = at + found.len();
        let whole = text[after..]
            .chars()
            .next()
            .is_none_or(|letter| !(letter.is_alphanumeric() || "-_.".contains(letter)));
        if whole {
            out.push_str(&text[kept..at]);
            out.push('~');
            kept = after;
        }
    }
    out + &text[kept..]
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "s3cr\"t/with\\marks & more";

    #[test]
    fn a_secret_is_hidden_however_it_is_written() {
        let redactor = Redactor::new([TOKEN.to_owned()]);
        let json = serde_json::json!({ "why": format!("refused {TOKEN}") }).to_string();
        let address = "ws://localhost:8765/?t=s3cr%22t%2Fwith%5Cmarks%20%26%20more&x=1";
        for text in [
            TOKEN.to_owned(),
            format!("{TOKEN:?}"),
            json,
            address.to_owned(),
        ] {
            let clean = redactor.clean(&text);
            assert!(clean.contains("***") && !clean.contains("marks"), "{clean}");
        }
        assert_eq!(redactor.clean("nothing here"), "nothing here");
    }

    #[test]
    fn what_is_called_a_token_is_hidden_without_being_known() {
        let clean = |text: &str| Redactor::default().clean(text).into_owned();
        assert_eq!(
            clean("GET /ws?auth_token=abcdefgh12&v=2"),
            "GET /ws?auth_token=***&v=2"
        );
        assert_eq!(
            clean("auth_token: \"abcdefgh12\" }"),
            "auth_token: \"***\" }"
        );
        assert_eq!(
            clean(r#"{"auth_token":"abcdefgh12","b":1}"#),
            r#"{"auth_token":"***","b":1}"#
        );
        // Neither words about tokens nor short values are secrets.
        for text in [
            "features.real_time.websocket.auth_token: not given",
            "`auth_token` has fewer than 16 characters",
            "a fresh token; only you may read it",
        ] {
            assert_eq!(clean(text), text);
        }
    }

    #[test]
    fn home_is_hidden_where_that_is_wished_and_a_neighbour_is_not() {
        let plain = Redactor::new([]);
        let hiding = plain.clone().hiding(Some("/home/ann/".into()));
        let text = "/home/ann/clips/a.mp4 and /home/anna/b.mp4 in /home/ann";
        assert_eq!(plain.clean(text), text);
        assert_eq!(
            hiding.clean(text),
            "~/clips/a.mp4 and /home/anna/b.mp4 in ~"
        );
    }
}

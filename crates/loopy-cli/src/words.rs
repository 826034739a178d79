//! The only place that prints: people's words to stderr, data to stdout.

use std::{io::Write as _, sync::OnceLock};

use loopy_core::{certificate::Certificate, ledger::Entry};

use crate::log::Redactor;

static REDACTOR: OnceLock<Redactor> = OnceLock::new();
static IGNORANT: Redactor = Redactor::ignorant();

/// From now on these are never printed. Said twice, the first holds.
pub(crate) fn hide(secrets: Vec<String>) {
    REDACTOR.get_or_init(|| Redactor::new(secrets));
}

/// What keeps secrets out of every line.
pub(crate) fn redactor() -> &'static Redactor {
    REDACTOR.get().unwrap_or(&IGNORANT)
}

/// A line for people.
pub(crate) fn say(line: &str) {
    let line = redactor().clean(line);
    // Nobody listens on a closed stderr; that must not end the work.
    let _closed = writeln!(std::io::stderr(), "{line}");
}

/// A line of data; false when nobody reads any more.
pub(crate) fn data(line: &str) -> bool {
    let line = redactor().clean(line);
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).is_ok()
}

/// A document on standard output, as it is; false when nobody reads any more.
pub(crate) fn document(bytes: &[u8]) -> bool {
    let mut out = std::io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).is_ok()
}

/// Seconds as people say them.
pub(crate) fn seconds(seconds: f64) -> String {
    if seconds < 10.0 {
        format!("{seconds:.1} s")
    } else {
        let micros = (seconds * 1e6) as u64;
        loopy_core::span::Span::from_micros(micros).to_string()
    }
}

/// What a walk guarantees, and how long its library lasts.
pub(crate) fn certificate(found: &Certificate) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(gap) = found.return_gap_min {
        let beside = match (&found.uniform_chain, &found.shuffle_bag) {
            (Some(chain), Some(bag)) => format!(
                " (drawn evenly {}, from a shuffled bag {}); repeated pairs {:.1} % ({:.1} %, \
                 {:.1} %)",
                chain.return_gap_min.unwrap_or(0),
                bag.return_gap_min.unwrap_or(0),
                found.repeated_pairs * 100.0,
                chain.repeated_pairs * 100.0,
                bag.repeated_pairs * 100.0,
            ),
            _ => String::new(),
        };
        lines.push(format!(
            "a clip returns after {gap} visits at the earliest{beside}"
        ));
    }
    if let Some(capacity) = &found.capacity {
        let wanted = capacity
            .wanted
            .first()
            .map(|wanted| format!("; {} visits more with {}", wanted.visits, wanted.what));
        lines.push(format!(
            "the library lasts {} before a pair of clips must repeat, {} before a triple{}",
            seconds(capacity.seconds_to_pair),
            seconds(capacity.seconds_to_triple),
            wanted.unwrap_or_default(),
        ));
    }
    lines
}

/// A step down.
pub(crate) fn fallback(step: &Entry) -> String {
    let Entry {
        what,
        from,
        to,
        why,
        fix,
    } = step;
    let fix = if fix.is_empty() {
        String::new()
    } else {
        format!("; {fix}")
    };
    format!("fallback: {what}: {to} instead of {from}, because {why}{fix}")
}

/// `text` in lines of at most `width` letters, broken between words.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Bytes as people say them.
pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{} kB", bytes.div_ceil(1000)),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.2} GB", bytes as f64 / 1e9),
    }
}

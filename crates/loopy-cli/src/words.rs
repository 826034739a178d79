//! The only place that prints: people's words to stderr, data to stdout.

use std::io::Write as _;

/// A line for people.
pub(crate) fn say(line: &str) {
    // Nobody listens on a closed stderr; that must not end the work.
    let _closed = writeln!(std::io::stderr(), "{line}");
}

/// A line of data; false when nobody reads any more.
pub(crate) fn data(line: &str) -> bool {
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

/// Bytes as people say them.
pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{} kB", bytes.div_ceil(1000)),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.2} GB", bytes as f64 / 1e9),
    }
}

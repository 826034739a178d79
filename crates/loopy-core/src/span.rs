//! Lengths of time as people write them: `90s`, `30m`, `1h30m`, `1:30:00`, `12.5`.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A length of time in microseconds.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct Span {
    micros: u64,
}

/// Why a text is not a length of time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a length of time; examples: 90s, 30m, 6h, 1h30m, 1:30:00, 12.5")]
pub struct ParseSpanError {
    text: String,
}

/// A year: longer is a typing error.
const LONGEST_SECONDS: f64 = 366.0 * 86_400.0;

impl Span {
    /// From microseconds.
    pub fn from_micros(micros: u64) -> Self {
        Self { micros }
    }

    /// In microseconds.
    pub fn micros(self) -> u64 {
        self.micros
    }

    /// In seconds.
    pub fn seconds(self) -> f64 {
        self.micros as f64 / 1e6
    }
}

impl FromStr for Span {
    type Err = ParseSpanError;

    fn from_str(text: &str) -> Result<Self, ParseSpanError> {
        let wanted = text.trim().to_ascii_lowercase();
        let seconds = if wanted.contains(':') {
            clock_time(&wanted)
        } else {
            units(&wanted)
        };
        seconds
            .filter(|seconds| seconds.is_finite() && (0.0..=LONGEST_SECONDS).contains(seconds))
            .map(|seconds| Self {
                micros: (seconds * 1e6).round() as u64,
            })
            .ok_or_else(|| ParseSpanError {
                text: text.to_owned(),
            })
    }
}

/// `1:30` (minutes and seconds) or `1:30:00.5`.
fn clock_time(text: &str) -> Option<f64> {
    let parts: Vec<&str> = text.split(':').collect();
    if parts.len() > 3 {
        return None;
    }
    parts
        .iter()
        .try_fold(0.0, |total, part| Some(total * 60.0 + number(part)?))
}

/// `1h30m`, `90s`, `250ms`, or a bare number of seconds.
fn units(text: &str) -> Option<f64> {
    if let Some(seconds) = number(text) {
        return Some(seconds);
    }
    let mut total = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let value = number(&rest[..digits])?;
        let tail = rest[digits..].trim_start();
        let end = tail
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(tail.len());
        total += value
            * match &tail[..end] {
                "ms" => 0.001,
                "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
                "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
                "h" | "hr" | "hour" | "hours" => 3600.0,
                "d" | "day" | "days" => 86_400.0,
                _ => return None,
            };
        rest = tail[end..].trim_start();
    }
    (!text.is_empty()).then_some(total)
}

fn number(text: &str) -> Option<f64> {
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    plain.then(|| text.parse().ok()).flatten()
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.micros / 1_000_000;
        let (h, m, s) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        if h > 0 {
            write!(f, "{h}:{m:02}:{s:02}")
        } else {
            write!(f, "{m}:{s:02}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_write_lengths_in_many_ways() {
        for (text, seconds) in [
            ("90s", 90.0),
            ("30m", 1800.0),
            ("6h", 21600.0),
            ("1h30m", 5400.0),
            ("1h 30m 5s", 5405.0),
            ("1:30:00", 5400.0),
            ("2:05", 125.0),
            ("12.5", 12.5),
            ("250ms", 0.25),
        ] {
            let span: Span = text.parse().unwrap();
            assert!((span.seconds() - seconds).abs() < 1e-6, "{text}");
        }
        for text in [
            "", "abc", "-5s", "5x", "h", "1:2:3:4", "1e9h", "nan", "999999d",
        ] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }
}

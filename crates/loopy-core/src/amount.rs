//! Amounts of bytes as people write them: `500M`, `20G`, `1.5` is none.

use std::str::FromStr;

/// Bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount {
    /// How many.
    pub bytes: u64,
}

/// Why a text is not an amount.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no amount; give a size like 500M or 20G")]
pub struct ParseAmountError {
    text: String,
}

impl FromStr for Amount {
    type Err = ParseAmountError;

    fn from_str(text: &str) -> Result<Self, ParseAmountError> {
        let lower = text.to_ascii_lowercase();
        let lower = lower.trim_end_matches('b').trim_end_matches('i');
        let (number, shift) = match lower.char_indices().last() {
            Some((at, 'k')) => (&lower[..at], 10),
            Some((at, 'm')) => (&lower[..at], 20),
            Some((at, 'g')) => (&lower[..at], 30),
            Some((at, 't')) => (&lower[..at], 40),
            _ => (lower, 0),
        };
        number
            .parse::<u64>()
            .ok()
            .filter(|n| *n > 0)
            .and_then(|n| n.checked_mul(1 << shift))
            .filter(|bytes| *bytes < 1 << 62)
            .map(|bytes| Self { bytes })
            .ok_or_else(|| ParseAmountError {
                text: text.to_owned(),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_powers_of_1024_in_any_case_with_or_without_b() {
        for (text, bytes) in [
            ("7", 7),
            ("4k", 4096),
            ("500M", 500 << 20),
            ("20G", 20 << 30),
            ("20GiB", 20 << 30),
            ("2tb", 2 << 40),
            ("16777216", 1 << 24),
        ] {
            assert_eq!(text.parse(), Ok(Amount { bytes }), "{text}");
        }
        for bad in ["", "0", "G", "-1", "1.5G", "20X", "99999999999T", "20 G"] {
            assert!(bad.parse::<Amount>().is_err(), "{bad}");
        }
    }
}

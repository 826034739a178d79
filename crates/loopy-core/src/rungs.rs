//! Renditions of a stream, as people write them: `720p@2500k,360p@700k`.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::size::Size;

/// Bits a second that a rung may have.
const RATES: std::ops::RangeInclusive<f64> = 64e3..=100e6;

/// One rendition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rung {
    /// Size of its pictures.
    pub size: Size,
    /// Bits a second, 64k to 100M.
    pub rate: u32,
}

/// Why a text is no rendition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseRungError {
    /// It is not written like one.
    #[error("`{0}` is no rung: give SIZE@RATE, like 720p@2500k")]
    Form(String),
    /// Its rate is out of range.
    #[error("a rung has from 64k to 100M bits a second, not {0}")]
    Rate(String),
    /// There is none.
    #[error("give at least one rung, like 720p@2500k")]
    None,
}

impl FromStr for Rung {
    type Err = ParseRungError;

    fn from_str(text: &str) -> Result<Self, ParseRungError> {
        let wrong = || ParseRungError::Form(text.to_owned());
        let (size, rate) = text.trim().split_once('@').ok_or_else(wrong)?;
        let size: Size = size.parse().map_err(|_bad| wrong())?;
        let lower = rate.to_ascii_lowercase();
        let (number, unit) = match (lower.strip_suffix('k'), lower.strip_suffix('m')) {
            (Some(number), _) => (number, 1e3),
            (_, Some(number)) => (number, 1e6),
            _ => (lower.as_str(), 1.0),
        };
        let number: f64 = number.parse().map_err(|_bad| wrong())?;
        let bits = number * unit;
        if !RATES.contains(&bits) {
            return Err(ParseRungError::Rate(rate.to_owned()));
        }
        Ok(Self {
            size,
            rate: bits.round() as u32,
        })
    }
}

impl fmt::Display for Rung {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.size, self.rate)
    }
}

/// Several, the best first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rungs(pub Vec<Rung>);

impl FromStr for Rungs {
    type Err = ParseRungError;

    fn from_str(text: &str) -> Result<Self, ParseRungError> {
        if text.trim().is_empty() {
            return Err(ParseRungError::None);
        }
        text.split(',')
            .map(str::parse)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl fmt::Display for Rungs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, rung) in self.0.iter().enumerate() {
            let between = if number == 0 { "" } else { "," };
            write!(f, "{between}{rung}")?;
        }
        Ok(())
    }
}

impl Serialize for Rungs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Rungs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rung_is_a_size_and_a_rate() {
        let rung = |text: &str| text.parse::<Rung>();
        let all = |width, height, rate| {
            Ok(Rung {
                size: Size::new(width, height),
                rate,
            })
        };
        assert_eq!(rung("720p@2500k"), all(1280, 720, 2_500_000));
        assert_eq!(rung("640x480@1.5M"), all(640, 480, 1_500_000));
        assert_eq!(rung("360p@700000"), all(640, 360, 700_000));
        for bad in ["720p", "720p@", "@2M", "720p@1", "720p@1000M", "720p@NaN"] {
            assert!(rung(bad).is_err(), "{bad}");
        }
        assert_eq!("".parse::<Rungs>(), Err(ParseRungError::None));
    }

    #[test]
    fn rungs_survive_being_written() {
        let rungs: Rungs = "720p@2500k, 360p@700k".parse().unwrap();
        assert_eq!(rungs.0.len(), 2);
        assert_eq!(rungs.to_string().parse(), Ok(rungs.clone()));
        let json = serde_json::to_string(&rungs).unwrap();
        assert_eq!(serde_json::from_str::<Rungs>(&json).unwrap(), rungs);
    }
}

//! Frame rates as exact fractions: 29.97 is 30000/1001, never a float.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Frames per second as `num/den`, both positive, in lowest terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Rate {
    num: u32,
    den: u32,
}

/// Rates that sources are taken to have when they measure close to one.
const STANDARD: [(u32, u32); 16] = [
    (24000, 1001),
    (24, 1),
    (25, 1),
    (30000, 1001),
    (30, 1),
    (48, 1),
    (50, 1),
    (60000, 1001),
    (60, 1),
    (10, 1),
    (12, 1),
    (15, 1),
    (20, 1),
    (120_000, 1001),
    (120, 1),
    (5, 1),
];

/// Why a text is not a frame rate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a frame rate between 1 and 240 (examples: 25, 29.97, 30000/1001)")]
pub struct ParseRateError {
    text: String,
}

impl Rate {
    /// `num/den` in lowest terms; `None` when either is zero.
    pub fn new(num: u32, den: u32) -> Option<Self> {
        if num == 0 || den == 0 {
            return None;
        }
        let divisor = gcd(num, den);
        Some(Self {
            num: num / divisor,
            den: den / divisor,
        })
    }

    /// Frames in `den` seconds.
    pub fn num(self) -> u32 {
        self.num
    }

    /// Seconds that `num` frames last.
    pub fn den(self) -> u32 {
        self.den
    }

    /// Frames per second as a float, for display and estimates only.
    pub fn as_f64(self) -> f64 {
        f64::from(self.num) / f64::from(self.den)
    }

    /// The nearest standard rate when the measured value is within 0.05 % of it, otherwise the
    /// value as a fraction of 1000.
    pub fn from_f64(fps: f64) -> Option<Self> {
        if !fps.is_finite() || !(1.0..=240.0).contains(&fps) {
            return None;
        }
        // 0.05 % tells 29.97 (0.1 % below 30) from 30.
        let near = STANDARD
            .into_iter()
            .filter_map(|(num, den)| Self::new(num, den))
            .find(|rate| (rate.as_f64() / fps - 1.0).abs() < 0.0005);
        near.or_else(|| {
            let whole = fps.round();
            if (whole / fps - 1.0).abs() < 0.0005 {
                Self::new(whole as u32, 1)
            } else {
                Self::new((fps * 1000.0).round() as u32, 1000)
            }
        })
    }

    /// Microseconds from frame 0 to the start of frame `index`, rounded to nearest.
    pub fn micros(self, index: u64) -> i64 {
        let numerator = u128::from(index) * u128::from(self.den) * 1_000_000;
        ((numerator + u128::from(self.num) / 2) / u128::from(self.num)) as i64
    }

    /// Frames that fit into `micros`, rounded to nearest.
    pub fn frames_in(self, micros: u64) -> u64 {
        let numerator = u128::from(micros) * u128::from(self.num);
        let denominator = u128::from(self.den) * 1_000_000;
        ((numerator + denominator / 2) / denominator) as u64
    }

    /// Audio samples from frame 0 to the start of frame `index` at `sample_rate` Hz, rounded to
    /// nearest; computed from the absolute index, so that nothing drifts.
    pub fn samples(self, index: u64, sample_rate: u32) -> u64 {
        let numerator = u128::from(index) * u128::from(self.den) * u128::from(sample_rate);
        ((numerator + u128::from(self.num) / 2) / u128::from(self.num)) as u64
    }
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.num, self.den)
    }
}

impl From<Rate> for String {
    fn from(rate: Rate) -> Self {
        rate.to_string()
    }
}

impl TryFrom<String> for Rate {
    type Error = ParseRateError;
    fn try_from(text: String) -> Result<Self, ParseRateError> {
        text.parse()
    }
}

impl FromStr for Rate {
    type Err = ParseRateError;

    fn from_str(text: &str) -> Result<Self, ParseRateError> {
        let error = || ParseRateError {
            text: text.to_owned(),
        };
        let text = text.trim();
        let rate = match text.split_once(['/', ':']) {
            Some((num, den)) => Self::new(
                num.trim().parse().map_err(|_bad| error())?,
                den.trim().parse().map_err(|_bad| error())?,
            ),
            None => Self::from_f64(text.parse().map_err(|_bad| error())?),
        };
        rate.filter(|rate| (1.0..=240.0).contains(&rate.as_f64()))
            .ok_or_else(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broadcast_rates_are_exact_fractions() {
        assert_eq!("29.97".parse(), Ok(Rate::new(30000, 1001).unwrap()));
        assert_eq!("23.976".parse(), Ok(Rate::new(24000, 1001).unwrap()));
        assert_eq!("30".parse(), Ok(Rate::new(30, 1).unwrap()));
        assert_eq!("60/2".parse(), Ok(Rate::new(30, 1).unwrap()));
        assert!("0".parse::<Rate>().is_err());
        assert!("fast".parse::<Rate>().is_err());
        assert!("1/0".parse::<Rate>().is_err());
    }

    #[test]
    fn samples_do_not_drift_over_a_day() {
        let rate = Rate::new(30000, 1001).unwrap();
        let frames = 30000 * 86_400 / 1001;
        let exact = frames as f64 * 1001.0 / 30000.0 * 48000.0;
        assert!((rate.samples(frames, 48000) as f64 - exact).abs() <= 1.0);
    }
}

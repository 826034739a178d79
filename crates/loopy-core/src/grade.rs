//! Grades: one correction of light and colour per clip, so that the clips of a scene agree.
//!
//! A grade is part of a segment's recipe, so it is kept in integers: equal grades give equal
//! bytes on every machine.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Gain that changes nothing.
pub const UNITY: u16 = 4096;
/// Steps of [`Line::offset`] in one 8-bit code value.
pub const STEPS: i16 = 16;
/// Luma code value of black, which every grade keeps.
pub const BLACK: u8 = 16;
/// Luma code value from which offsets count in full; between [`BLACK`] and here they rise evenly.
/// Black bars stay black, and shadows do not turn grey or take on a hue.
pub const FULL: u8 = 48;

/// What is done to one channel: `(value - zero) * gain / 4096 + offset / 16`, where zero is 16
/// for luma and 128 for chroma.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Line {
    /// Gain in 1/4096: contrast for luma, saturation for chroma.
    pub gain: u16,
    /// Offset in 1/16 of an 8-bit code value.
    pub offset: i16,
}

impl Default for Line {
    fn default() -> Self {
        Self {
            gain: UNITY,
            offset: 0,
        }
    }
}

impl Line {
    /// Gain as a factor.
    pub fn factor(self) -> f64 {
        f64::from(self.gain) / f64::from(UNITY)
    }

    /// Offset in code values.
    pub fn codes(self) -> f64 {
        f64::from(self.offset) / f64::from(STEPS)
    }
}

/// The correction of light and colour that a whole clip gets, the same for each of its frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Grade {
    /// Luma.
    pub luma: Line,
    /// Blue-difference chroma.
    pub u: Line,
    /// Red-difference chroma.
    pub v: Line,
}

impl Grade {
    /// It changes nothing.
    pub fn is_identity(&self) -> bool {
        *self == Self::default()
    }

    /// The three channels: luma, U, V.
    pub fn lines(self) -> [Line; 3] {
        [self.luma, self.u, self.v]
    }

    /// How much it changes mid grey (luma 126, no colour), in code values: luma, U, V.
    pub fn at_grey(self) -> [f64; 3] {
        const GREY: f64 = 110.0;
        [
            GREY * (self.luma.factor() - 1.0) + self.luma.codes(),
            self.u.codes(),
            self.v.codes(),
        ]
    }
}

impl fmt::Display for Grade {
    /// For people: `luma x1.030 +2.1, U +0.5, V -1.0`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_identity() {
            return f.write_str("as it is");
        }
        let names = ["luma", "U", "V"];
        let lines = names.into_iter().zip(self.lines());
        // What rounds to nothing is not said.
        let gained = |line: Line| (line.factor() - 1.0).abs() >= 0.0005;
        let moved = |line: Line| line.codes().abs() >= 0.05;
        let changed = lines.filter(|(_, line)| gained(*line) || moved(*line));
        for (index, (name, line)) in changed.enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{name}")?;
            if gained(line) {
                write!(f, " x{:.3}", line.factor())?;
            }
            if moved(line) {
                write!(f, " {:+.1}", line.codes())?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_read_what_a_grade_changes() {
        let mut grade = Grade::default();
        assert_eq!(grade.to_string(), "as it is");
        grade.luma = Line {
            gain: 4219,
            offset: -34,
        };
        grade.v.offset = 16;
        assert_eq!(grade.to_string(), "luma x1.030 -2.1, V +1.0");
        assert!((grade.at_grey()[0] - 1.18).abs() < 0.01);
    }
}

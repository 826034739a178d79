//! Picture sizes and their presets.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Width and height in pixels.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Size {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

/// Presets by name, in the order in which help lists them.
pub const PRESETS: [(&str, u32, u32); 18] = [
    ("4k", 3840, 2160),
    ("2k", 2560, 1440),
    ("1080p", 1920, 1080),
    ("720p", 1280, 720),
    ("480p", 854, 480),
    ("360p", 640, 360),
    ("9:16", 1080, 1920),
    ("9:16-4k", 2160, 3840),
    ("4:5", 1080, 1350),
    ("square", 1080, 1080),
    ("square-720", 720, 720),
    ("tiktok", 1080, 1920),
    ("reels", 1080, 1920),
    ("shorts", 1080, 1920),
    ("instagram-post", 1080, 1080),
    ("twitter", 1280, 720),
    ("ultrawide", 2560, 1080),
    ("cinema-2.35", 2538, 1080),
];

/// The smallest and largest side that a size may have.
pub const SIDES: std::ops::RangeInclusive<u32> = 16..=8192;

/// Why a text is not a size.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not a size: give WxH with even sides from 16 to 8192, or one of {}",
    names()
)]
pub struct ParseSizeError {
    text: String,
}

fn names() -> String {
    PRESETS.map(|(name, ..)| name).join(", ")
}

impl Size {
    /// A size of `width` by `height` pixels.
    pub fn new(width: u32, height: u32) -> Self {
        Self { width, height }
    }

    #[must_use]
    /// Rounded down to even sides, at least 2 each, as 4:2:0 video needs.
    pub fn even(self) -> Self {
        Self::new((self.width & !1).max(2), (self.height & !1).max(2))
    }

    /// Pixels in the picture.
    pub fn pixels(self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    #[must_use]
    /// Scaled to fit into `limit` with the aspect kept, never enlarged, sides even.
    pub fn within(self, limit: Self) -> Self {
        let scale = (f64::from(limit.width) / f64::from(self.width))
            .min(f64::from(limit.height) / f64::from(self.height))
            .min(1.0);
        Self::new(
            (f64::from(self.width) * scale).round() as u32,
            (f64::from(self.height) * scale).round() as u32,
        )
        .even()
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

impl From<Size> for String {
    fn from(size: Size) -> Self {
        size.to_string()
    }
}

impl TryFrom<String> for Size {
    type Error = ParseSizeError;
    /// Any `WxH`: facts of sources are odd, and larger than what can be asked for.
    fn try_from(text: String) -> Result<Self, ParseSizeError> {
        pair(&text).ok_or(ParseSizeError { text })
    }
}

fn pair(text: &str) -> Option<Size> {
    let (width, height) = text.split_once(['x', 'X', '×'])?;
    Some(Size::new(
        width.trim().parse().ok()?,
        height.trim().parse().ok()?,
    ))
}

impl FromStr for Size {
    type Err = ParseSizeError;

    /// A size that can be asked for: a preset's name, or `WxH` with even sides in [`SIDES`].
    fn from_str(text: &str) -> Result<Self, ParseSizeError> {
        let wanted = text.trim().to_ascii_lowercase();
        let preset = PRESETS
            .iter()
            .find(|(name, ..)| *name == wanted)
            .map(|(_, width, height)| Self::new(*width, *height));
        preset
            .or_else(|| pair(&wanted))
            .filter(|size| {
                *size == size.even() && SIDES.contains(&size.width) && SIDES.contains(&size.height)
            })
            .ok_or_else(|| ParseSizeError {
                text: text.to_owned(),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_parses_to_an_even_size() {
        for (name, width, height) in PRESETS {
            assert_eq!(name.parse(), Ok(Size::new(width, height)), "{name}");
        }
        assert_eq!("640X480".parse(), Ok(Size::new(640, 480)));
    }

    #[test]
    fn odd_tiny_and_huge_sizes_are_refused() {
        for text in ["641x480", "8x8", "9000x16", "720", "x", "-2x2", ""] {
            assert!(text.parse::<Size>().is_err(), "{text}");
        }
    }
}

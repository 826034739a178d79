//! How a source picture becomes an output picture: size, fit, scaler and pad colour.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::size::Size;

/// How a picture of another shape is fitted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Fit {
    /// Whole picture, bars where it does not reach.
    #[default]
    Pad,
    /// No bars, what sticks out is cut off evenly.
    Crop,
    /// Pulled to the size, aspect not kept.
    Stretch,
}

/// Resampling filter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names are the field's")]
pub enum Scaler {
    #[default]
    Lanczos,
    Bicubic,
    Bilinear,
    Spline36,
}

/// A colour given as red, green and blue, 0 to 255 each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Rgb(pub u8, pub u8, pub u8);

/// Why a text is not a colour.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a colour: give black, white, gray, green, or #RRGGBB")]
pub struct ParseRgbError {
    text: String,
}

impl std::str::FromStr for Rgb {
    type Err = ParseRgbError;

    fn from_str(text: &str) -> Result<Self, ParseRgbError> {
        let named = match text.trim().to_ascii_lowercase().as_str() {
            "black" => Some(Self(0, 0, 0)),
            "white" => Some(Self(255, 255, 255)),
            "gray" | "grey" => Some(Self(128, 128, 128)),
            "green" => Some(Self(0, 255, 0)),
            hex => {
                let hex = hex.strip_prefix('#').unwrap_or(hex);
                (hex.len() == 6 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
                    .then(|| u32::from_str_radix(hex, 16).ok())
                    .flatten()
                    .map(|rgb| Self((rgb >> 16) as u8, (rgb >> 8) as u8, rgb as u8))
            }
        };
        named.ok_or_else(|| ParseRgbError {
            text: text.to_owned(),
        })
    }
}

/// The pixel work between decoder and encoder. Output is always BT.709, limited range, 8 bits,
/// square pixels, progressive, upright.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Normalise {
    /// Size of the result; even sides.
    pub size: Size,
    /// What happens to another shape.
    pub fit: Fit,
    /// Colour of the bars, and what shows through transparent pixels.
    pub pad: Rgb,
    /// Resampling filter.
    pub scaler: Scaler,
}

impl Normalise {
    /// Padded to `size` with black bars, Lanczos.
    pub fn to(size: Size) -> Self {
        Self {
            size,
            fit: Fit::Pad,
            pad: Rgb::default(),
            scaler: Scaler::Lanczos,
        }
    }
}

//! Colour description of a source, in the terms of ITU-T H.273.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Range, matrix, primaries and transfer of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Color {
    /// Full (0-255) rather than limited (16-235) range.
    pub full_range: bool,
    /// How RGB becomes luma and chroma.
    pub matrix: Matrix,
    /// What the primaries are.
    pub primaries: Primaries,
    /// How light becomes code values.
    pub transfer: Transfer,
}

impl Color {
    /// What every output of ours is: BT.709, limited range.
    pub const SDR: Self = Self {
        full_range: false,
        matrix: Matrix::Bt709,
        primaries: Primaries::Bt709,
        transfer: Transfer::Bt709,
    };

    /// The picture is HDR (PQ or HLG).
    pub fn hdr(self) -> bool {
        matches!(self.transfer, Transfer::Pq | Transfer::Hlg)
    }
}

/// Matrix coefficients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are the standards'")]
pub enum Matrix {
    Rgb,
    Bt709,
    Bt601,
    Fcc,
    Smpte240m,
    Bt2020,
}

/// Colour primaries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are the standards'")]
pub enum Primaries {
    Bt709,
    Bt470bg,
    Smpte170m,
    Bt2020,
    Smpte432,
}

/// Transfer characteristics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are the standards'")]
pub enum Transfer {
    Bt709,
    Srgb,
    Linear,
    Gamma22,
    Gamma28,
    Pq,
    Hlg,
}

//! Encoder settings: what decides the bytes of a segment besides its pictures.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rate::Rate;

/// Video codec of an output. More follow, each with its own proof of exact splicing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Codec {
    /// H.264 by libx264.
    #[default]
    H264,
}

/// Settings of the video encoder.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Settings {
    /// Codec.
    pub codec: Codec,
    /// libx264 preset: `ultrafast` to `placebo`.
    pub preset: String,
    /// Constant rate factor, 0 (lossless) to 51 (worst).
    pub crf: u8,
    /// Consecutive B-frames, 0 to 16.
    pub bframes: u8,
    /// Longest distance between two key frames, in seconds.
    pub key_seconds: u8,
    /// For a live rung, the bits a second that it is sent at: pictures are coded coarser where they
    /// would take more than [`Bound`] allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<u32>,
}

/// What a group of pictures may take, so that it arrives in time over a line of `rate`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// Bits a second of the line.
    pub rate: u32,
}

impl Bound {
    /// Most bytes of the key frame that begins a group: what the line takes in 150 ms.
    pub fn key(self) -> u64 {
        u64::from(self.rate) * 150 / 8000
    }

    /// Most bytes of a whole group of `frames` at `fps`: 1.25 times what the line takes in its time,
    /// but never less than its key frame may have.
    pub fn group(self, frames: u32, fps: Rate) -> u64 {
        let bits = u128::from(self.rate) * fps.micros(u64::from(frames)).unsigned_abs() as u128;
        let bytes = (bits * 5 / 4 / 8_000_000) as u64;
        bytes.max(self.key())
    }
}

impl Settings {
    /// Settings of `quality` for a file, with the balanced preset.
    pub fn file(quality: Quality) -> Self {
        Self {
            codec: Codec::H264,
            preset: "medium".to_owned(),
            crf: quality.crf(),
            bframes: 3,
            key_seconds: 5,
            rate: None,
        }
    }

    /// Settings for a live rung of `rate` bits a second: every picture is sent as soon as it is
    /// decoded, and a viewer who joins waits for a key frame for a second at most.
    pub fn live(rate: u32) -> Self {
        Self {
            codec: Codec::H264,
            preset: "veryfast".to_owned(),
            crf: 22,
            bframes: 0,
            key_seconds: 1,
            rate: Some(rate),
        }
    }

    /// Lossless and quick: for pictures kept in the store to be mixed later.
    pub fn lossless() -> Self {
        Self {
            codec: Codec::H264,
            preset: "ultrafast".to_owned(),
            crf: 0,
            bframes: 0,
            key_seconds: 10,
            rate: None,
        }
    }
}

/// Quality by name or number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Quality {
    /// Quick look: CRF 28.
    Draft,
    /// Hard to tell from the source at normal distance: CRF 20.
    #[default]
    Good,
    /// For archives and further editing: CRF 16.
    Best,
    /// A CRF of one's own.
    Crf(u8),
}

/// Why a text is not a quality.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a quality: give draft, good, best, or a number from 0 (lossless) to 51")]
pub struct ParseQualityError {
    text: String,
}

impl Quality {
    /// The constant rate factor.
    pub fn crf(self) -> u8 {
        match self {
            Self::Draft => 28,
            Self::Good => 20,
            Self::Best => 16,
            Self::Crf(crf) => crf,
        }
    }
}

impl std::str::FromStr for Quality {
    type Err = ParseQualityError;

    fn from_str(text: &str) -> Result<Self, ParseQualityError> {
        match text.trim().to_ascii_lowercase().as_str() {
            "draft" => Ok(Self::Draft),
            "good" => Ok(Self::Good),
            "best" => Ok(Self::Best),
            number => number
                .parse()
                .ok()
                .filter(|crf| *crf <= 51)
                .map(Self::Crf)
                .ok_or_else(|| ParseQualityError {
                    text: text.to_owned(),
                }),
        }
    }
}

/// A named bundle of settings for a place where videos are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// High quality at the source's size; the site encodes again.
    Youtube,
    /// Upright 1080x1920.
    Tiktok,
    /// Upright 1080x1920.
    Reels,
    /// 1280x720, moderate rate.
    Twitter,
    /// Small and quick to start.
    Web,
    /// Slow and close to the source.
    HighQuality,
    /// Encodes several times faster, larger file.
    Fast,
}

/// What a preset stands for; anything given by hand goes before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PresetValues {
    /// Name of a size preset, or `None` for the source's size.
    pub size: Option<&'static str>,
    /// Quality.
    pub quality: Quality,
    /// libx264 preset.
    pub x264: &'static str,
    /// Sound bit rate in bits a second.
    pub audio_bitrate: u32,
}

impl Preset {
    /// All presets, in the order in which help lists them.
    pub const ALL: [Self; 7] = [
        Self::Youtube,
        Self::Tiktok,
        Self::Reels,
        Self::Twitter,
        Self::Web,
        Self::HighQuality,
        Self::Fast,
    ];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Youtube => "youtube",
            Self::Tiktok => "tiktok",
            Self::Reels => "reels",
            Self::Twitter => "twitter",
            Self::Web => "web",
            Self::HighQuality => "high-quality",
            Self::Fast => "fast",
        }
    }

    /// What it stands for.
    pub fn values(self) -> PresetValues {
        let values = |size, crf, x264, audio_bitrate| PresetValues {
            size,
            quality: Quality::Crf(crf),
            x264,
            audio_bitrate,
        };
        match self {
            Self::Youtube => values(None, 17, "medium", 384_000),
            Self::Tiktok => values(Some("tiktok"), 19, "medium", 192_000),
            Self::Reels => values(Some("reels"), 19, "medium", 192_000),
            Self::Twitter => values(Some("twitter"), 21, "medium", 128_000),
            Self::Web => values(None, 24, "medium", 128_000),
            Self::HighQuality => values(None, 16, "slow", 256_000),
            Self::Fast => values(None, 22, "veryfast", 160_000),
        }
    }
}

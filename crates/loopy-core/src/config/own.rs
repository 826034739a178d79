//! Keys beyond the specification's: each is the default of an option of the command line.

use std::{fmt, marker::PhantomData, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};

use crate::{
    amount::Amount,
    encode::{Preset, Quality},
    normalise::Fit,
    rate::Rate,
    rungs::Rungs,
    size::Size,
    walk,
};

/// What a video is like.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Render {
    /// Size, as WxH or a preset such as 720p; that of most clips when not given. `--size`.
    #[serde(deserialize_with = "spelled")]
    #[schemars(with = "Option<String>")]
    pub size: Option<Size>,
    /// Frame rate, like 25, 29.97 or 30000/1001; that of most clips when not given. `--fps`.
    #[serde(deserialize_with = "spelled")]
    #[schemars(with = "Option<TextOrNumber>")]
    pub fps: Option<Rate>,
    /// How clips of another shape are fitted: pad, crop or stretch. `--fit`.
    pub fit: Fit,
    /// Settings for a place: youtube, tiktok, reels, twitter, web, high-quality or fast. `--preset`.
    pub preset: Option<Preset>,
    /// draft, good, best, or a CRF from 0 (lossless) to 51; the preset's, or good, when not given.
    /// `--quality`.
    #[serde(deserialize_with = "spelled")]
    #[schemars(with = "Option<TextOrNumber>")]
    pub quality: Option<Quality>,
    /// `keep` (each clip's own), `none`, or a sound file. `--audio`.
    pub audio: String,
}

impl Default for Render {
    fn default() -> Self {
        Self {
            size: None,
            fps: None,
            fit: Fit::Pad,
            preset: None,
            quality: None,
            audio: "keep".to_owned(),
        }
    }
}

/// What joints are like.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Seams {
    /// What fills joints: auto, cut, dissolve or motion. `--seams`.
    pub mode: walk::Seams,
    /// Joints whose score is lower, 0 to 1, are changes of scene. `--seam-threshold`.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub threshold: f64,
    /// Frames of every bridge, 1 to 60; what each needs when not given. `--bridge-frames`.
    #[schemars(range(min = 1, max = 60))]
    pub bridge_frames: Option<u32>,
    /// Distinct bridge time as a share of distinct clip time, in percent, 0 to 10000.
    /// `--bridge-budget`.
    #[schemars(range(min = 0.0, max = 10_000.0))]
    pub bridge_budget: f64,
}

impl Default for Seams {
    fn default() -> Self {
        Self {
            mode: walk::Seams::Auto,
            threshold: 0.55,
            bridge_frames: None,
            bridge_budget: 100.0,
        }
    }
}

/// Which clip follows which.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Walk {
    /// What makes a next clip likely: uniform, visual_similarity, learned (with `--examples`) or
    /// custom (with `--matrix`). `--mode`.
    pub mode: Mode,
    /// Visits before a clip may return; most of the library when not given. `--min-gap`.
    pub min_gap: Option<u32>,
    /// Visits for which a clip is the likelier to return; twice the clips when not given.
    /// `--history-window`.
    pub history_window: Option<u32>,
    /// How evenly next clips are drawn, 0.01 to 100. `--temperature`.
    #[schemars(range(min = 0.01, max = 100.0))]
    pub temperature: f64,
    /// How much pairs and triples shown before are avoided, 0 to 10. `--repetition-penalty`.
    #[schemars(range(min = 0.0, max = 10.0))]
    pub repetition_penalty: f64,
}

impl Default for Walk {
    fn default() -> Self {
        Self {
            mode: Mode::VisualSimilarity,
            min_gap: None,
            history_window: None,
            temperature: 1.0,
            repetition_penalty: 1.0,
        }
    }
}

/// What makes a next clip likely.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Every next clip is as likely.
    Uniform,
    /// By how little the joint is seen.
    #[default]
    VisualSimilarity,
    /// As in example sequences.
    Learned,
    /// By a matrix.
    Custom,
}

/// The live stream, beyond where it is served.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Live {
    /// Renditions, the best first, like 720p@2500k,360p@700k; the clips' size up to 720p and half of it
    /// when not given. `--rungs`.
    #[schemars(with = "Option<String>")]
    pub rungs: Option<Rungs>,
    /// Viewers at the same time, 1 to 100000. `--max-viewers`.
    #[schemars(range(min = 1, max = 100_000))]
    pub max_viewers: u32,
    /// Viewers at the same time from one address, 1 to 100000. `--max-per-address`.
    #[schemars(range(min = 1, max = 100_000))]
    pub max_per_address: u32,
    /// Further names it answers to, with commas between them. `--allow-host`.
    pub allow_host: Option<String>,
    /// Origins whose pages may connect, with commas between them. `--allow-origin`.
    pub allow_origin: Option<String>,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            rungs: None,
            max_viewers: 1000,
            max_per_address: 8,
            allow_host: None,
            allow_origin: None,
        }
    }
}

/// Where encoded pieces are kept.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Store {
    /// Folder of the store; the user's cache folder when not given. `--cache`, `LOOPYCOMFY_CACHE`.
    pub path: Option<String>,
    /// Most that the store may hold, like 20G; what suits its disk when not given. `--cache-size`.
    #[serde(deserialize_with = "amount")]
    #[schemars(with = "Option<TextOrNumber>")]
    pub size: Option<u64>,
}

/// What the program may take of the machine, and how often it looks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Monitor {
    /// Seconds between two looks at the machine, 0.1 to 60.
    #[schemars(range(min = 0.1, max = 60.0))]
    pub interval: f64,
    /// Memory of the program and its workers together, like 4G, at least 256M; three quarters of
    /// what the machine or container has when not given. `--memory-limit`.
    #[serde(deserialize_with = "amount")]
    #[schemars(with = "Option<TextOrNumber>")]
    pub memory_limit: Option<u64>,
}

impl Default for Monitor {
    fn default() -> Self {
        Self {
            interval: 1.0,
            memory_limit: None,
        }
    }
}

/// What the log of `debug` looks like.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// How lines are written: text, or json (one object a line).
    pub format: LogFormat,
    /// Size above which a new log file is begun, like 10M, at least 4K; 10M when not given.
    #[serde(deserialize_with = "amount")]
    #[schemars(with = "Option<TextOrNumber>")]
    pub size: Option<u64>,
    /// Full log files that are kept, 0 to 100, as `FILE.1` (the newest), `FILE.2` and so on.
    #[schemars(range(max = 100))]
    pub files: u16,
    /// Write the user's home folder as `~`.
    pub hide_home: bool,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            format: LogFormat::Text,
            size: None,
            files: 5,
            hide_home: false,
        }
    }
}

/// How lines of a log are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// For schemas only.
#[derive(JsonSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "its schema is what is used")]
enum TextOrNumber {
    Text(String),
    Number(f64),
}

/// A value that people write as a number or as text, read from its text.
fn spelled<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: FromStr<Err: fmt::Display>,
    D: Deserializer<'de>,
{
    struct Visitor<T>(PhantomData<T>);
    impl<T: FromStr<Err: fmt::Display>> de::Visitor<'_> for Visitor<T> {
        type Value = Option<T>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("text or a number")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
            text.parse().map(Some).map_err(E::custom)
        }

        fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
            self.visit_str(&number.to_string())
        }

        fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
            self.visit_str(&number.to_string())
        }

        fn visit_f64<E: de::Error>(self, number: f64) -> Result<Self::Value, E> {
            self.visit_str(&number.to_string())
        }

        fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_none<E: de::Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
    }
    deserializer.deserialize_any(Visitor(PhantomData))
}

fn amount<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let amount: Option<Amount> = spelled(deserializer)?;
    Ok(amount.map(|amount| amount.bytes))
}

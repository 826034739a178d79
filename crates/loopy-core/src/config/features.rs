//! The specification's keys: features and debugging.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Everything advanced.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Features {
    /// The live stream.
    pub real_time: RealTime,
    /// Joints scored by a learned model.
    pub ml_enhanced: MlEnhanced,
    /// Picture work on a GPU.
    pub gpu_acceleration: GpuAcceleration,
    /// Several workers at a time.
    pub parallel_processing: ParallelProcessing,
}

/// The live stream.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RealTime {
    /// Stream over WebSocket.
    pub enabled: bool,
    /// Where the stream is served.
    pub websocket: WebSocket,
}

/// Where the stream is served.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WebSocket {
    /// Name or address to listen at.
    pub host: String,
    /// Port to listen at, 1 to 65535.
    #[schemars(range(min = 1))]
    pub port: u16,
    /// Secret that viewers show, at least 16 characters; `loopy config init` draws one.
    pub auth_token: Option<Secret>,
}

impl Default for WebSocket {
    fn default() -> Self {
        Self {
            host: "localhost".to_owned(),
            port: 8765,
            auth_token: None,
        }
    }
}

/// Joints scored by a learned model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MlEnhanced {
    /// Score joints by a model.
    pub enabled: bool,
    /// Which model: auto, full, lite or cpu.
    pub model_quality: ModelQuality,
    /// Keep what the model found.
    pub cache_enabled: bool,
}

impl Default for MlEnhanced {
    fn default() -> Self {
        Self {
            enabled: false,
            model_quality: ModelQuality::Auto,
            cache_enabled: true,
        }
    }
}

/// Tier of the model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ModelQuality {
    /// What the hardware allows.
    #[default]
    Auto,
    /// For GPUs with 8 GB or more.
    Full,
    /// For GPUs with 4 to 8 GB.
    Lite,
    /// For machines without a GPU.
    Cpu,
}

/// Picture work on a GPU.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct GpuAcceleration {
    /// Use a GPU.
    pub enabled: bool,
    /// Share of the GPU's memory that may be used, above 0 and up to 1.
    #[schemars(range(max = 1.0), extend("exclusiveMinimum" = 0.0))]
    pub memory_fraction: f64,
    /// Use kernels made for the GPU at hand.
    pub kernel_optimization: bool,
}

impl Default for GpuAcceleration {
    fn default() -> Self {
        Self {
            enabled: false,
            memory_fraction: 0.7,
            kernel_optimization: true,
        }
    }
}

/// Several workers at a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ParallelProcessing {
    /// Use several workers; one otherwise.
    pub enabled: bool,
    /// Most workers: auto (one for each core) or 1 to 256. `--workers`.
    pub max_workers: Workers,
    /// Let the number of workers follow the load of the machine.
    pub load_balancing: bool,
}

impl Default for ParallelProcessing {
    fn default() -> Self {
        Self {
            enabled: false,
            max_workers: Workers::Auto,
            load_balancing: true,
        }
    }
}

/// How many workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workers {
    /// One for each core.
    Auto,
    /// So many.
    Most(u16),
}

impl Serialize for Workers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Auto => serializer.serialize_str("auto"),
            Self::Most(most) => serializer.serialize_u16(*most),
        }
    }
}

impl<'de> Deserialize<'de> for Workers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Workers;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("`auto` or a whole number from 1 to 256")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Workers, E> {
                match text {
                    "auto" => Ok(Workers::Auto),
                    _ => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
                }
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Workers, E> {
                u16::try_from(number)
                    .ok()
                    .filter(|most| (1..=256).contains(most))
                    .map(Workers::Most)
                    .ok_or_else(|| E::invalid_value(de::Unexpected::Unsigned(number), &self))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Workers, E> {
                Err(E::invalid_value(de::Unexpected::Signed(number), &self))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for Workers {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Workers".into()
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [
            { "const": "auto" },
            { "type": "integer", "minimum": 1, "maximum": 256 },
        ]})
    }
}

/// A text that is never shown: printed and written it is a row of stars.
#[derive(Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// What must not be shown.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("***")
    }
}

/// What the program says of its own work.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Debug {
    /// Say more than warnings. `LOOPYCOMFY_DEV=1` switches it on, too.
    pub enabled: bool,
    /// How much: ERROR, WARNING, INFO, DEBUG or TRACE.
    pub log_level: Level,
    /// File that the lines are added to, instead of standard error.
    pub log_file: Option<String>,
}

/// How much is logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    /// What failed.
    #[serde(alias = "error", alias = "CRITICAL", alias = "critical")]
    Error,
    /// What is not as it should be.
    #[serde(alias = "warning", alias = "WARN", alias = "warn")]
    Warning,
    /// What is done.
    #[serde(alias = "info")]
    Info,
    /// How it is done.
    #[default]
    #[serde(alias = "debug")]
    Debug,
    /// Everything.
    #[serde(alias = "trace")]
    Trace,
}

impl Level {
    /// The name that log filters know.
    pub fn filter(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

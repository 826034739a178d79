//! Bodies of the fuzz targets: each takes any bytes and ends quietly, or shows a fault by a panic. The
//! fuzzer feeds them what it invents; a test feeds them the corpus.

#![allow(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "a target ends where something is not as it should be"
)]

pub mod config;
pub mod features;
mod library;
pub mod live;
pub mod media;
pub mod names;
pub mod options;
pub mod plan;
pub mod report;
pub mod segment;
pub mod sheet;
pub mod sidecar;
pub mod store;
pub mod worker;

/// A target: any bytes in, a panic where something is wrong.
pub type Target = fn(&[u8]);

/// All targets by name.
pub const TARGETS: [(&str, Target); 13] = [
    ("config", config::run),
    ("features", features::run),
    ("live", live::run),
    ("media", media::run),
    ("names", names::run),
    ("options", options::run),
    ("plan", plan::run),
    ("report", report::run),
    ("segment", segment::run),
    ("sheet", sheet::run),
    ("sidecar", sidecar::run),
    ("store", store::run),
    ("worker", worker::run),
];

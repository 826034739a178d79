//! Limits that keep one bad file from taking the machine with it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a source may ask of us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Limits {
    /// Pixels of a picture.
    pub pixels: u64,
    /// Frames of a clip.
    pub frames: u32,
    /// Seconds of sound read from a clip.
    pub sound_seconds: u32,
    /// Shortest usable clip, in microseconds.
    pub shortest_micros: i64,
    /// Lowest usable frame rate, in frames per 1000 seconds.
    pub slowest_millifps: u32,
    /// Memory of one worker in MiB; a job that needs more fails.
    pub worker_mib: u64,
    /// Seconds that one job may take before its worker is stopped.
    pub job_seconds: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            pixels: 8192 * 4352,
            frames: 60_000,
            sound_seconds: 60 * 60,
            shortest_micros: 500_000,
            slowest_millifps: 4_900,
            worker_mib: 3072,
            job_seconds: 600,
        }
    }
}

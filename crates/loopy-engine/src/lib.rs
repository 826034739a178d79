//! Jobs, workers, store, library index, and the pipeline that turns clips into a video.

pub mod analyze;
pub mod around;
pub mod audit;
mod batch;
mod beat;
mod copies;
pub mod demo;
pub mod documents;
pub mod estimate;
pub mod events;
pub mod executor;
pub mod fallback;
pub mod fingerprint;
pub mod html;
pub mod index;
pub mod job;
pub mod library;
pub mod light;
pub mod loop_points;
pub mod matches;
mod need;
pub mod output;
pub mod parallel;
pub mod pictures;
pub mod realize;
pub mod recover;
pub mod render;
pub mod repeats;
mod salience;
pub mod scan;
pub mod sheets;
pub mod sound;
pub mod soundtrack;
pub mod splice;
pub mod store;
pub mod survey;
pub mod trial;
mod tween;
pub mod usage;
pub mod verify;
pub mod visibility;
pub mod wishes;

mod error;
pub use error::Error;
pub use loopy_sight::graph::Built;

/// Sets up the process: FFmpeg's own log is quiet, and as many files may be open as the system
/// allows, because every clip with sound has one open while sound is mixed.
pub fn init() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    loopy_media::init();
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::debug!(%error, "the limit of open files stays");
    }
}

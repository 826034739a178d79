//! Finished videos: what is seen and heard in them, whatever clips and accidents they come from.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test ends where something is not as it should be"
)]

#[path = "../house/mod.rs"]
mod house;
#[path = "../tones/mod.rs"]
mod tones;

mod demo;
mod faults;
mod hostile;
mod light;
mod loops;
mod picture;
mod rates;
mod recovered;
mod sound;
mod spine;
mod survive;
mod wishes;

//! The commands: what they find, tell and refuse, and what their options decide.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test ends where something is not as it should be"
)]

#[path = "../house/mod.rs"]
mod house;
#[path = "../without/mod.rs"]
mod without;

mod analyze;
mod audit;
mod config;
mod doctor;
mod export;
mod ladders;
mod library;
mod log;
mod mistakes;
mod plan_page;
mod settings;

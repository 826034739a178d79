//! Perception: what frames look like, whether a file is a usable clip, where the walk may leave
//! and enter a clip, and how visible each joint would be.
//!
//! Data flows one way: pictures -> [`features`] -> [`verdict`] for one file, then all clips with
//! their features -> [`graph::build`].

mod coarse;
mod connect;
pub mod defects;
mod distance;
mod edges;
pub mod features;
pub mod fingerprint;
pub mod graph;
mod joint;
pub mod light;
mod look;
pub mod loops;
mod missing;
pub mod pairs;
mod ports;
pub mod recover;
pub mod repeats;
pub mod rsv;
pub mod salience;
pub mod same;
mod scenes;
pub mod score;
pub mod thin;
pub mod trial;
pub mod verdict;

#[cfg(test)]
mod real;
#[cfg(test)]
mod synthetic;

//! A small clip library that draws itself, with known ground truth.
//!
//! Lumi, a paper-lantern spirit, sits on a hill at dusk and idles, talks, waves, listens, sleeps.
//! Two things make every good joint of the library known in advance:
//!
//! - The **world** (clouds, grass, stars, fireflies, the camera, Lumi's breath) is a pure function
//!   of [`phase`], which runs from 0 to 1 in about 3 s and starts elsewhere in each clip.
//! - **Lumi's pose** is the neutral one except inside gestures ([`neutral`]).
//!
//! So two frames of any two clips at equal rate and size are equal pixel for pixel when both are
//! neutral and their phases are equal; [`Spec::loop_points`] lists such frames on a common beat.
//! Sound follows the same two rules. Everything is a pure function of the [`Spec`]: no files, no
//! clock, no randomness but seeds.

pub mod mark;
pub mod truth;

mod act;
mod brush;
mod canvas;
mod glow;
mod layer;
mod library;
mod noise;
mod paint;
mod pose;
mod scene;
mod sound;
mod spec;
mod speech;

pub use library::library;
pub use paint::{Painter, draw};
pub use sound::{SAMPLE_RATE, sound};
pub use spec::{Spec, neutral, phase};

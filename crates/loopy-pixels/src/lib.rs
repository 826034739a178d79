//! Pixel work on the CPU over [`loopy_core::Frame`]: blend, grade, measure, shrink, convert,
//! and the contact sheet. Everything here is a pure function of its pixels, the same on every machine.

pub mod blend;
pub mod convert;
pub mod flow;
pub mod grade;
pub mod interpolate;
pub mod measure;
pub mod png;
pub mod rgb;
pub mod sheet;
pub mod shrink;
mod text;

pub use rgb::Rgb;

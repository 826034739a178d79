//! Sound: any source becomes stereo at 48 kHz, and stereo becomes packets for the output.

pub mod decode;
pub mod encode;

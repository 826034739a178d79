//! The only room that touches FFmpeg: probe, decode, encode, splice, mux. No libav type leaks out.

#![allow(
    unsafe_code,
    reason = "this crate is the one FFI wall; every block states why it is sound"
)]

pub mod audio;
pub mod capabilities;
pub mod decode;
pub mod demux;
pub mod encode;
mod error;
mod ffi;
pub mod mux;
pub mod probe;
pub mod segment;
pub mod still;

pub use error::Error;
pub use ffi::{
    give_back_all_blocks, give_back_large_blocks, init, keep_blocks, libraries, versions,
};

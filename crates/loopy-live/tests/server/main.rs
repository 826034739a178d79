//! The server over real sockets: protocol, door, encryption, document, and the fragments that it sends.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test ends where something is not as it should be"
)]

#[path = "../support/mod.rs"]
mod support;

mod conformance;
mod fmp4;
mod openapi;
mod security;
mod serve;
mod tls;

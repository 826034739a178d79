//! Live: the endless stream, from the walk to the socket.
//!
//! The director turns the walk into pieces that are ready before they are due, the publisher paces
//! their pictures by one clock into the [`hub`], and the server sends what lies there to any number
//! of viewers. Everything is encoded once for all of them.

pub mod assets;
pub mod bench;
pub mod director;
pub mod fmp4;
pub mod hub;
pub mod maker;
pub mod outputs;
pub mod packet;
pub mod polite;
pub mod protocol;
pub mod publisher;
pub mod server;
pub mod show;
pub mod sound;
pub mod station;
pub mod stills;
pub mod surveyor;
pub mod witness;

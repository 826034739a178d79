//! The protocol `loopy.v1` without sockets and without a clock: bytes and times are handed in, what
//! is to be sent and done comes out.

pub mod answer;
pub mod class;
pub mod cursor;
pub mod limit;
pub mod message;
pub mod offer;
pub mod session;
pub mod tier;

/// Name of the subprotocol.
pub const NAME: &str = "loopy.v1";

/// Why a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Code {
    /// The client left.
    Normal = 1000,
    /// The server stops.
    Away = 1001,
    /// What came was no WebSocket.
    Protocol = 1002,
    /// What came was no UTF-8.
    Data = 1007,
    /// A rule was broken.
    Policy = 1008,
    /// The token is another one now.
    Auth = 4001,
    /// Nothing was read for too long.
    Slow = 4008,
    /// The token has expired.
    Expired = 4010,
}

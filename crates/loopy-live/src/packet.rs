//! One access unit on its way to viewers: what it is, and the binary message that carries it.
//!
//! The message is built once for all viewers; see `docs/protocol.md` for its header.

use bytes::{BufMut as _, Bytes, BytesMut};

/// Version of the header.
pub const VERSION: u8 = 1;

/// Bytes of the header.
pub const HEADER: usize = 24;

/// What a message carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// Init segment of the picture.
    Init = 0,
    /// A fragment with one picture.
    Fragment = 1,
    /// One access unit, NAL units with 4-byte lengths.
    Unit = 2,
    /// A JPEG picture.
    Jpeg = 3,
    /// A WebP picture.
    Webp = 4,
    /// A small picture that stands for a clip.
    Thumbnail = 5,
    /// One access unit of sound, or a fragment with one.
    Sound = 6,
    /// Init segment of the sound.
    SoundInit = 7,
}

impl Kind {
    /// The kind of a number.
    pub fn of(number: u8) -> Option<Self> {
        const ALL: [Kind; 8] = [
            Kind::Init,
            Kind::Fragment,
            Kind::Unit,
            Kind::Jpeg,
            Kind::Webp,
            Kind::Thumbnail,
            Kind::Sound,
            Kind::SoundInit,
        ];
        ALL.into_iter().find(|kind| *kind as u8 == number)
    }
}

/// What is true of an access unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// It can be decoded alone and begins a group.
    pub key: bool,
    /// It does not follow what came before it.
    pub discontinuity: bool,
    /// A frame of a bridge.
    pub transition: bool,
    /// The last of its group.
    pub last: bool,
}

impl Flags {
    fn byte(self) -> u8 {
        u8::from(self.key)
            | u8::from(self.discontinuity) << 1
            | u8::from(self.transition) << 2
            | u8::from(self.last) << 3
    }

    fn of(byte: u8) -> Self {
        let bit = |at: u8| byte >> at & 1 == 1;
        Self {
            key: bit(0),
            discontinuity: bit(1),
            transition: bit(2),
            last: bit(3),
        }
    }
}

/// The header of a binary message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// What follows.
    pub kind: Kind,
    /// What is true of it.
    pub flags: Flags,
    /// Lowest byte of the number of the `config` it belongs to.
    pub stream_seq: u8,
    /// Group (closed GOP), counted for each rung; wraps.
    pub group: u32,
    /// Place in the group.
    pub index: u32,
    /// Picture time in microseconds.
    pub pts_us: u64,
    /// Microseconds from when it was due until it was queued; saturates.
    pub late_us: u32,
}

impl Header {
    /// The bytes of the header.
    pub fn to_bytes(self) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        bytes[0] = VERSION;
        bytes[1] = self.kind as u8;
        bytes[2] = self.flags.byte();
        bytes[3] = self.stream_seq;
        bytes[4..8].copy_from_slice(&self.group.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.index.to_le_bytes());
        bytes[12..20].copy_from_slice(&self.pts_us.to_le_bytes());
        bytes[20..24].copy_from_slice(&self.late_us.to_le_bytes());
        bytes
    }

    /// The header at the start of `message`, and what follows it; `None` where it is none of ours.
    pub fn read(message: &[u8]) -> Option<(Self, &[u8])> {
        let (head, payload) = message.split_first_chunk::<HEADER>()?;
        let [version, kind, flags, stream_seq, rest @ ..] = head;
        if *version != VERSION {
            return None;
        }
        let (group, rest) = rest.split_first_chunk()?;
        let (index, rest) = rest.split_first_chunk()?;
        let (pts, rest) = rest.split_first_chunk()?;
        let (late, _) = rest.split_first_chunk()?;
        let header = Self {
            kind: Kind::of(*kind)?,
            flags: Flags::of(*flags),
            stream_seq: *stream_seq,
            group: u32::from_le_bytes(*group),
            index: u32::from_le_bytes(*index),
            pts_us: u64::from_le_bytes(*pts),
            late_us: u32::from_le_bytes(*late),
        };
        Some((header, payload))
    }

    /// The whole message.
    pub fn message(self, payload: &[u8]) -> Bytes {
        let mut message = BytesMut::with_capacity(HEADER + payload.len());
        message.put_slice(&self.to_bytes());
        message.put_slice(payload);
        message.freeze()
    }
}

/// One access unit of a rung, before it is queued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// What is true of it.
    pub flags: Flags,
    /// Picture time in microseconds.
    pub pts_us: u64,
    /// How long it is shown, in microseconds.
    pub duration_us: u32,
    /// Its bytes, as [`Kind::Unit`], [`Kind::Jpeg`] or [`Kind::Webp`] has them, or an access unit
    /// of sound.
    pub data: Bytes,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_header_survives_its_bytes(
            kind in 0_u8..8,
            flags in 0_u8..16,
            stream_seq in any::<u8>(),
            (group, index, late_us) in any::<(u32, u32, u32)>(),
            pts_us in any::<u64>(),
            payload in proptest::collection::vec(any::<u8>(), 0..64),
        ) {
            let header = Header {
                kind: Kind::of(kind).unwrap(),
                flags: Flags::of(flags),
                stream_seq,
                group,
                index,
                pts_us,
                late_us,
            };
            let message = header.message(&payload);
            prop_assert_eq!(Header::read(&message), Some((header, &payload[..])));
        }

        #[test]
        fn other_bytes_are_no_header(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            if let Some((header, payload)) = Header::read(&bytes) {
                prop_assert_eq!(payload.len() + HEADER, bytes.len());
                // What is not known of the flags is dropped.
                prop_assert_eq!(&header.to_bytes()[3..], &bytes[3..HEADER]);
            }
        }
    }
}

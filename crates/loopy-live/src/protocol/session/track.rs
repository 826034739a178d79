//! A rung as one viewer gets it.

use std::sync::Arc;

use bytes::Bytes;

use crate::{
    fmp4,
    hub::{Packet, Reel},
    packet::{Flags, Header, Kind},
    protocol::{
        cursor::{Bounds, Cursor, Missed},
        message::Mode,
    },
};

/// A rung and a place in it.
#[derive(Clone, Debug)]
pub(super) struct Track {
    pub(super) reel: Arc<Reel>,
    pub(super) mode: Mode,
    cursor: Option<Cursor>,
    /// Sound begins at this time.
    from_us: Option<u64>,
}

impl Track {
    /// Pictures from the newest key frame on.
    pub(super) fn picture(reel: Arc<Reel>, mode: Mode) -> Self {
        Self {
            reel,
            mode,
            cursor: None,
            from_us: None,
        }
    }

    /// Sound from picture time `from_us` on.
    pub(super) fn sound(reel: Arc<Reel>, mode: Mode, from_us: u64) -> Self {
        Self {
            from_us: Some(from_us),
            ..Self::picture(reel, mode)
        }
    }

    /// What comes next.
    pub(super) fn peek(&mut self, now_us: u64, bounds: Bounds) -> Option<Arc<Packet>> {
        let (cursor, from_us) = (&mut self.cursor, self.from_us);
        self.reel.look(|ring| {
            if cursor.is_none() {
                *cursor = match from_us {
                    Some(from) => Cursor::from(ring, from, now_us),
                    None => Cursor::newest(ring, now_us),
                };
            }
            cursor.as_mut()?.peek(ring, now_us, bounds).cloned()
        })
    }

    /// Moves past `packet`; the message that carries it.
    pub(super) fn take(&mut self, packet: &Packet) -> Bytes {
        if let Some(cursor) = &mut self.cursor {
            cursor.pass(packet);
        }
        if self.mode != Mode::Mse {
            return packet.message();
        }
        let rate = self.reel.rung.sound.map(|(rate, _)| rate);
        let number = packet.seq as u32;
        packet.fragment(|unit| match rate {
            Some(rate) => fmp4::sound(number, rate, unit.pts_us, unit.duration_us, &unit.data),
            None => fmp4::picture(
                number,
                unit.flags.key,
                unit.pts_us,
                unit.duration_us,
                &unit.data,
            ),
        })
    }

    /// Since when the viewer could take `packet`.
    pub(super) fn due_us(&self, packet: &Packet) -> u64 {
        let since = self.cursor.as_ref().map_or(0, Cursor::since_us);
        packet.queued_us.max(since)
    }

    /// The message with the init segment, where the mode has one.
    pub(super) fn init(&self) -> Option<Bytes> {
        if self.mode != Mode::Mse {
            return None;
        }
        let rung = &self.reel.rung;
        let (kind, segment) = match rung.sound {
            Some(_) => (Kind::SoundInit, fmp4::init_sound(rung)?),
            None => (Kind::Init, fmp4::init_picture(rung)?),
        };
        let header = Header {
            kind,
            flags: Flags::default(),
            stream_seq: self.reel.stream_seq as u8,
            group: 0,
            index: 0,
            pts_us: 0,
            late_us: 0,
        };
        Some(header.message(&segment))
    }

    /// What was left out since the last call.
    pub(super) fn take_missed(&mut self) -> Missed {
        let cursor = self.cursor.as_mut();
        cursor.map(Cursor::take_missed).unwrap_or_default()
    }
}

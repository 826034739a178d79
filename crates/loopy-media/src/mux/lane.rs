//! Puts picture and sound into one order, however the caller takes turns.

use std::collections::VecDeque;

use super::Container;
use crate::ffi::AvPacket;

/// The two kinds of packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    Video,
    Sound,
}

/// Seconds by which one lane may run ahead of the other before its packets go out regardless.
const LEAD: i64 = 10;

/// Packets that wait for their turn.
pub(super) struct Lanes {
    /// Turns per second. An mp4 takes turns of half a second, which keeps its index small; the
    /// others go by packet.
    turns: i64,
    /// Ticks per second of each lane.
    scales: [i64; 2],
    waiting: [VecDeque<(i64, AvPacket)>; 2],
    /// There is a second lane to wait for.
    paired: bool,
}

impl Lanes {
    pub(super) fn new(container: Container, video: i32, sound: Option<u32>) -> Self {
        Self {
            turns: if container == Container::Mp4 {
                2
            } else {
                1_000_000
            },
            scales: [i64::from(video), i64::from(sound.unwrap_or(1))],
            waiting: [VecDeque::new(), VecDeque::new()],
            paired: sound.is_some(),
        }
    }

    /// Adds a packet whose time is still in ticks of its lane.
    pub(super) fn push(&mut self, lane: Lane, packet: AvPacket) {
        // SAFETY: the packet is ours and filled.
        let dts = unsafe { (*packet.as_ptr()).dts };
        let turn = (i128::from(dts) * i128::from(self.turns))
            .div_euclid(i128::from(self.scales[lane as usize]));
        self.waiting[lane as usize].push_back((turn as i64, packet));
    }

    /// The packet whose turn it is; `None` when more must come first. At the `end` nothing more
    /// comes.
    pub(super) fn pop(&mut self, end: bool) -> Option<AvPacket> {
        let turn = |lane: Lane| self.waiting[lane as usize].front().map(|(turn, _)| *turn);
        let next = match (turn(Lane::Video), turn(Lane::Sound)) {
            (Some(video), Some(sound)) if video <= sound => Lane::Video,
            (Some(_), Some(_)) => Lane::Sound,
            (Some(_), None) if end || self.far(Lane::Video) => Lane::Video,
            (None, Some(_)) if end || self.far(Lane::Sound) => Lane::Sound,
            _ => return None,
        };
        self.waiting[next as usize]
            .pop_front()
            .map(|(_, packet)| packet)
    }

    /// No reason to hold `lane` back any longer.
    fn far(&self, lane: Lane) -> bool {
        let waiting = &self.waiting[lane as usize];
        let span = waiting
            .back()
            .zip(waiting.front())
            .map(|((last, _), (first, _))| last - first);
        !self.paired || span.is_some_and(|span| span > LEAD * self.turns)
    }
}

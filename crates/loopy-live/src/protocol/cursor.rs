//! Where a viewer is in a rung, and what it misses when it is too slow.
//!
//! The packets themselves lie in the rung's ring, so a viewer costs a few numbers. What waits longer
//! than it may is left out up to the newest key frame, or up to the next one that comes; a delta
//! frame is never sent without the packet before it.

use std::sync::Arc;

use crate::hub::{Packet, Ring};

/// How far behind a viewer may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// A packet may wait so long for the viewer.
    pub latency_us: u64,
    /// So many bytes may wait.
    pub bytes: u64,
}

/// What was left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Missed {
    /// Groups of which something was left out.
    pub groups: u64,
    /// Packets.
    pub frames: u64,
}

/// A place in a ring.
#[derive(Clone, Debug)]
pub struct Cursor {
    next: u64,
    /// Group of the packet before `next`.
    group: u32,
    /// What follows is left out until a key frame comes.
    skipping: bool,
    /// Since when the viewer could take what lies at `next`.
    since_us: u64,
    missed: Missed,
}

impl Cursor {
    /// At the newest key frame, if one has come.
    pub fn newest(ring: &Ring, now_us: u64) -> Option<Self> {
        Self::at(ring, ring.newest_key()?, now_us)
    }

    /// At the first packet from picture time `pts_us` on; for sound.
    pub fn from(ring: &Ring, pts_us: u64, now_us: u64) -> Option<Self> {
        let (first, end) = ring.range();
        let reached = |seq: &u64| ring.get(*seq).is_some_and(|it| it.unit.pts_us >= pts_us);
        let at = (first..end).rev().take_while(reached).last();
        Self::at(ring, at.or(ring.newest_key())?, now_us)
    }

    fn at(ring: &Ring, seq: u64, now_us: u64) -> Option<Self> {
        let packet = ring.get(seq)?;
        Some(Self {
            next: seq,
            group: packet.header.group,
            skipping: false,
            since_us: now_us,
            missed: Missed::default(),
        })
    }

    /// The packet that comes next, without moving on; none where the viewer has all that it may get.
    pub fn peek<'a>(
        &mut self,
        ring: &'a Ring,
        now_us: u64,
        bounds: Bounds,
    ) -> Option<&'a Arc<Packet>> {
        let (_, end) = ring.range();
        if self.next >= end {
            return None;
        }
        let newest = ring.newest_key()?;
        if self.skipping {
            if newest < self.next {
                return None;
            }
            self.jump(ring, newest, now_us);
        }
        let Some(packet) = ring.get(self.next) else {
            self.jump(ring, newest, now_us);
            return ring.get(self.next);
        };
        let waited = now_us.saturating_sub(packet.queued_us.max(self.since_us));
        let bytes = ring.bytes() - packet.offset;
        if waited <= bounds.latency_us && bytes <= bounds.bytes {
            return Some(packet);
        }
        if newest >= self.next {
            // The newest key frame itself goes out however long it has waited: nothing is newer.
            self.jump(ring, newest, now_us);
            return ring.get(self.next);
        }
        self.skipping = true;
        self.missed.groups += 1;
        None
    }

    /// Since when the viewer could take what lies here.
    pub fn since_us(&self) -> u64 {
        self.since_us
    }

    /// Moves past `packet`, which [`Cursor::peek`] gave.
    pub fn pass(&mut self, packet: &Packet) {
        self.next = packet.seq + 1;
        self.group = packet.header.group;
    }

    /// What was left out since the last call.
    pub fn take_missed(&mut self) -> Missed {
        std::mem::take(&mut self.missed)
    }

    fn jump(&mut self, ring: &Ring, to: u64, now_us: u64) {
        let Some(packet) = ring.get(to) else { return };
        let next_group = match ring.get(self.next) {
            Some(at) => at.header.group,
            None => self.group,
        };
        let groups = packet.header.group.wrapping_sub(next_group);
        // The group at which skipping began has been counted.
        self.missed.groups += u64::from(groups.saturating_sub(u32::from(self.skipping)));
        self.missed.frames += to - self.next;
        self.next = to;
        self.group = packet.header.group;
        self.skipping = false;
        self.since_us = now_us;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use bytes::Bytes;
    use loopy_core::{Rate, Size};
    use proptest::prelude::*;

    use super::*;
    use crate::{
        hub::{Coding, Hub, Rung},
        packet::{Flags, HEADER, Unit},
    };

    #[derive(Clone, Debug)]
    enum Step {
        /// A picture of so many bytes comes after so many milliseconds.
        Push { key: bool, bytes: usize, after: u64 },
        /// The viewer takes so many packets.
        Drain(usize),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let push = (prop::bool::weighted(0.15), 0_usize..4000, 1_u64..80)
            .prop_map(|(key, bytes, after)| Step::Push { key, bytes, after });
        prop::collection::vec(
            prop_oneof![3 => push, 1 => (0_usize..8).prop_map(Step::Drain)],
            1..300,
        )
    }

    proptest! {
        #[test]
        fn no_delta_without_what_it_needs_and_nothing_older_than_it_may_be(
            steps in steps(),
            latency_ms in 50_u64..800,
            bytes in 10_000_u64..60_000,
        ) {
            let hub = Hub::new(Instant::now());
            let reel = hub.add(Rung {
                name: "r".to_owned(),
                coding: Coding::Jpeg,
                size: Size::new(2, 2),
                fps: Rate::new(30, 1).unwrap(),
                bitrate: 1,
                sound: None,
            });
            let bounds = Bounds { latency_us: latency_ms * 1000, bytes };
            let mut now = 0;
            let mut cursor: Option<Cursor> = None;
            let mut last: Option<u64> = None;
            let (mut sent, mut missed, mut first) = (0, Missed::default(), None);
            for step in steps {
                match step {
                    Step::Push { key, bytes, after } => {
                        now += after * 1000;
                        hub.publish_at(&reel, Unit {
                            flags: Flags { key, ..Flags::default() },
                            pts_us: now,
                            duration_us: 1,
                            data: Bytes::from(vec![0; bytes]),
                        }, now);
                    }
                    Step::Drain(count) => for _ in 0..count {
                        reel.look(|ring| {
                            if cursor.is_none() {
                                cursor = Cursor::newest(ring, now);
                                first = cursor.as_ref().map(|cursor| cursor.next);
                            }
                            let Some(cursor) = cursor.as_mut() else { return Ok(()) };
                            let Some(packet) = cursor.peek(ring, now, bounds) else { return Ok(()) };
                            let follows = last == packet.seq.checked_sub(1) && last.is_some();
                            prop_assert!(packet.unit.flags.key || follows);
                            prop_assert!(last.is_none_or(|last| last < packet.seq));
                            if !packet.unit.flags.key {
                                prop_assert!(now - packet.queued_us.max(cursor.since_us) <= bounds.latency_us);
                                prop_assert!(ring.bytes() - packet.offset <= bounds.bytes);
                            } else if ring.newest_key() != Some(packet.seq) {
                                prop_assert!(ring.bytes() - packet.offset <= bounds.bytes);
                            }
                            prop_assert!(packet.message().len() >= HEADER);
                            last = Some(packet.seq);
                            sent += 1;
                            let packet = Arc::clone(packet);
                            cursor.pass(&packet);
                            let more = cursor.take_missed();
                            missed.frames += more.frames;
                            missed.groups += more.groups;
                            Ok(())
                        })?;
                    }
                }
            }
            if let (Some(first), Some(last)) = (first, last) {
                prop_assert_eq!(last + 1 - first, sent + missed.frames);
                prop_assert!(missed.groups <= missed.frames + 1);
                prop_assert!((missed.frames > 0) <= (missed.groups > 0));
            }
        }
    }
}

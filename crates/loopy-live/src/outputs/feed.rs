//! What an output reads: the packets of a rung, one after the other or in whole groups.
//!
//! The hub's memory is the queue. An output that is further behind than it reaches goes on from the
//! newest group; what lies between is dropped, always in whole groups.

use std::sync::Arc;

use loopy_core::Rate;
use loopy_media::segment::{Sample, Segment};

use crate::{
    hub::{Coding, Reel},
    packet::Unit,
    publisher,
};

/// Reads one rung.
pub struct Feed {
    /// The rung.
    pub reel: Arc<Reel>,
    next: Option<u64>,
    group: Vec<Unit>,
}

impl Feed {
    /// From the newest group on.
    pub fn new(reel: Arc<Reel>) -> Self {
        Self {
            reel,
            next: None,
            group: Vec::new(),
        }
    }

    /// The next picture, and whether some were left out before it; `None` when there is none yet.
    pub fn packet(&mut self) -> Option<(Unit, bool)> {
        let next = self.next;
        let (unit, at, lost) = self.reel.look(|ring| {
            let (first, _) = ring.range();
            let is_there = next.filter(|next| *next >= first);
            let at = is_there.or_else(|| ring.newest_key())?;
            let lost = next.is_some_and(|next| next < at);
            Some((ring.get(at)?.unit.clone(), at, lost))
        })?;
        self.next = Some(at + 1);
        Some((unit, lost))
    }

    /// The next whole group; `None` when there is none yet.
    pub fn group(&mut self) -> Option<Vec<Unit>> {
        loop {
            let (unit, _) = self.packet()?;
            if unit.flags.key {
                self.group.clear();
            }
            let last = unit.flags.last;
            self.group.push(unit);
            if last && self.group.first().is_some_and(|unit| unit.flags.key) {
                return Some(std::mem::take(&mut self.group));
            }
        }
    }

    /// How the rung's pictures are decoded; nothing for what is no video.
    pub fn record(&self) -> Option<&[u8]> {
        match &self.reel.rung.coding {
            Coding::H264 { record } => Some(record),
            _ => None,
        }
    }
}

/// The output frame that a group begins with.
pub fn start(group: &[Unit], fps: Rate) -> u64 {
    group
        .first()
        .map_or(0, |unit| publisher::frame(fps, unit.pts_us))
}

/// Groups as a segment that begins with the first of their pictures.
pub fn segment(record: &[u8], units: &[Unit]) -> Segment {
    let sample = |(order, unit): (u32, &Unit)| Sample {
        bytes: unit.data.len() as u32,
        order,
        key: unit.flags.key,
    };
    Segment {
        config: record.to_vec(),
        samples: (0..).zip(units).map(sample).collect(),
        data: units.iter().flat_map(|unit| unit.data.to_vec()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use bytes::Bytes;
    use loopy_core::Size;

    use super::*;
    use crate::{
        hub::{Hub, Rung},
        packet::Flags,
    };

    fn unit(number: u64) -> Unit {
        Unit {
            flags: Flags {
                key: number.is_multiple_of(10),
                last: number % 10 == 9,
                ..Flags::default()
            },
            pts_us: number * 100_000,
            duration_us: 100_000,
            data: Bytes::from(number.to_string()),
        }
    }

    #[test]
    fn groups_are_whole_and_those_that_are_gone_are_left_out() {
        let hub = Hub::new(Instant::now());
        let reel = hub.add(Rung {
            name: "720p".to_owned(),
            coding: Coding::H264 {
                record: Bytes::new(),
            },
            size: Size::new(2, 2),
            fps: Rate::new(10, 1).unwrap(),
            bitrate: 1,
            sound: None,
        });
        let mut feed = Feed::new(Arc::clone(&reel));
        let fps = reel.rung.fps;
        (0..25).for_each(|number| hub.publish(&reel, unit(number)));
        assert!(feed.group().is_none(), "it begins with the newest group");
        (25..45).for_each(|number| hub.publish(&reel, unit(number)));
        let starts = |feed: &mut Feed| {
            let groups = std::iter::from_fn(|| feed.group());
            let whole = groups.inspect(|group| assert_eq!(group.len(), 10));
            whole.map(|group| start(&group, fps)).collect::<Vec<_>>()
        };
        assert_eq!(starts(&mut feed), [20, 30]);
        // Group 40 is begun; then the reader sleeps for longer than the hub remembers.
        (45..206).for_each(|number| hub.publish(&reel, unit(number)));
        assert_eq!(starts(&mut feed), [] as [u64; 0]);
        (206..215).for_each(|number| hub.publish(&reel, unit(number)));
        assert_eq!(starts(&mut feed), [200]);
    }
}

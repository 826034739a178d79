//! The publisher: puts every picture into the hub when it is due, at every rung that is on.

use std::{
    sync::{Arc, mpsc::Receiver},
    thread,
    time::Duration,
};

use loopy_core::Rate;

use crate::{
    director::{course::Row, rungs::Rungs, stock::Piece},
    hub::{Coding, Hub, Reel, Rung},
    packet::{Flags, Unit},
};

/// Publishes the rows that come until there are no more, or the stream ends.
pub fn run(rows: &Receiver<Arc<Row>>, hub: &Hub, rungs: &Rungs, fps: Rate) {
    let mut reels: Vec<Arc<Reel>> = Vec::new();
    for row in rows {
        for (rung, piece) in rungs.all().iter().zip(&row.pieces).skip(reels.len()) {
            reels.push(hub.add(Rung {
                name: rung.name.clone(),
                coding: Coding::H264 {
                    record: piece.record.clone(),
                },
                size: rung.size,
                fps,
                bitrate: rung.bitrate,
                sound: None,
            }));
        }
        let mut lanes: Vec<Lane> = row.pieces.iter().map(|piece| Lane::new(piece)).collect();
        for index in 0..row.frames {
            let frame = row.start + u64::from(index);
            wait(hub, due(fps, frame));
            if hub.is_over() {
                return;
            }
            for (lane, reel) in lanes.iter_mut().zip(&reels) {
                if let Some(unit) = lane.next(fps, frame, row.bridge) {
                    hub.publish(reel, unit);
                }
            }
        }
    }
}

/// The output frame whose picture time is nearest to `pts` microseconds.
pub fn frame(fps: Rate, pts: u64) -> u64 {
    let (num, den) = (u128::from(fps.num()), u128::from(fps.den()));
    let frame = (u128::from(pts) * num + den * 500_000) / (den * 1_000_000);
    u64::try_from(frame).unwrap_or(u64::MAX)
}

/// Picture time of an output frame in microseconds.
pub fn due(fps: Rate, frame: u64) -> u64 {
    u64::try_from(fps.micros(frame)).unwrap_or_default()
}

/// Waits until the picture of time `pts` is due; not at all when the stream is over.
pub(crate) fn wait(hub: &Hub, pts: u64) {
    let due = hub.epoch_us().unwrap_or_default().saturating_add(pts);
    let early = due.saturating_sub(hub.now_us());
    if early > 0 && !hub.is_over() {
        thread::sleep(Duration::from_micros(early));
    }
}

/// What of a piece is not published yet.
struct Lane<'a> {
    piece: &'a Piece,
    index: usize,
    at: usize,
}

impl<'a> Lane<'a> {
    fn new(piece: &'a Piece) -> Self {
        Self {
            piece,
            index: 0,
            at: 0,
        }
    }

    fn next(&mut self, fps: Rate, frame: u64, bridge: bool) -> Option<Unit> {
        let sample = self.piece.samples.get(self.index)?;
        let end = self.at + sample.bytes as usize;
        if end > self.piece.data.len() {
            return None;
        }
        let data = self.piece.data.slice(self.at..end);
        self.index += 1;
        self.at = end;
        let pts_us = due(fps, frame);
        let last = self
            .piece
            .samples
            .get(self.index)
            .is_none_or(|next| next.key);
        Some(Unit {
            flags: Flags {
                key: sample.key,
                discontinuity: false,
                transition: bridge,
                last,
            },
            pts_us,
            duration_us: (due(fps, frame + 1) - pts_us) as u32,
            data,
        })
    }
}

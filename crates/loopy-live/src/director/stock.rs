//! Encoded pieces at hand: those of the store, the newest kept in memory.

use std::{collections::VecDeque, sync::Arc};

use bytes::Bytes;
use loopy_core::Hash;
use loopy_engine::{
    realize::Item,
    store::{Kind, Store},
};
use loopy_media::segment::{Sample, Segment};

/// Bytes of pieces that are kept in memory.
const MEMORY: usize = 4 << 20;

/// A segment as the publisher wants it.
#[derive(Debug)]
pub struct Piece {
    /// Decoder configuration record.
    pub record: Bytes,
    /// Access units in decode order, which is the order of display.
    pub samples: Vec<Sample>,
    /// Their bytes, one after the other.
    pub data: Bytes,
}

impl From<Segment> for Piece {
    fn from(segment: Segment) -> Self {
        Self {
            record: segment.config.into(),
            samples: segment.samples,
            data: segment.data.into(),
        }
    }
}

/// Whoever has pieces.
pub trait Stock {
    /// The piece of `item`, if it is there and whole.
    fn piece(&mut self, item: &Item) -> Option<Arc<Piece>>;
}

/// The pieces of a store.
pub struct Shelf<'a> {
    store: &'a Store,
    recent: VecDeque<(Hash, Arc<Piece>)>,
    bytes: usize,
}

impl<'a> Shelf<'a> {
    /// Nothing in memory yet.
    pub fn new(store: &'a Store) -> Self {
        Self {
            store,
            recent: VecDeque::new(),
            bytes: 0,
        }
    }
}

impl Stock for Shelf<'_> {
    fn piece(&mut self, item: &Item) -> Option<Arc<Piece>> {
        if let Some(at) = self.recent.iter().position(|(key, _)| *key == item.key)
            && let Some(found) = self.recent.remove(at)
        {
            let piece = Arc::clone(&found.1);
            self.recent.push_back(found);
            return Some(piece);
        }
        // What cannot be read is made again: the director goes another way meanwhile.
        let bytes = self.store.get(Kind::Segment, &item.key).ok()??;
        let piece = Arc::new(Piece::from(Segment::from_bytes(&bytes).ok()?));
        self.bytes += piece.data.len();
        self.recent.push_back((item.key, Arc::clone(&piece)));
        while self.bytes > MEMORY && self.recent.len() > 1 {
            if let Some((_, old)) = self.recent.pop_front() {
                self.bytes -= old.data.len();
            }
        }
        Some(piece)
    }
}

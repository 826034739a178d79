//! The meeting place of the stream and its viewers: for each rung the newest groups of pictures,
//! built once, read by any number of viewers at their own pace.
//!
//! Nothing waits for a viewer. What is older than [`KEEP_US`] is dropped group by group; a viewer
//! that is further behind finds itself before the oldest packet and goes on from the newest group.

use std::{
    collections::VecDeque,
    sync::{
        Arc, OnceLock, PoisonError, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use bytes::Bytes;
use loopy_core::{Rate, Size};
use tokio::sync::watch;

use crate::packet::{Header, Kind, Unit};

/// Whole groups are kept until they are so old, in microseconds of picture time.
pub const KEEP_US: u64 = 3_000_000;

/// What a rung is coded in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Coding {
    /// H.264, with its decoder configuration record.
    H264 {
        /// `avcC`.
        record: Bytes,
    },
    /// Single pictures.
    Jpeg,
    /// Single pictures.
    Webp,
    /// Sound: one Opus packet a unit, with its `OpusHead` as the decoder wants it.
    Opus {
        /// `OpusHead`.
        head: Bytes,
    },
    /// Sound: one AAC access unit a unit, with its `AudioSpecificConfig`.
    Aac {
        /// `AudioSpecificConfig`.
        config: Bytes,
    },
}

/// One rendition of the stream, as viewers know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rung {
    /// Short name: `720p`, `jpeg`, `opus`.
    pub name: String,
    /// What it is coded in.
    pub coding: Coding,
    /// Size of its pictures; nothing for sound.
    pub size: Size,
    /// Its pictures a second, or for sound access units a second.
    pub fps: Rate,
    /// Bits a second, as it is meant to be.
    pub bitrate: u32,
    /// Samples a second and channels, for sound.
    pub sound: Option<(u32, u8)>,
}

/// A queued access unit.
#[derive(Debug)]
pub struct Packet {
    /// Counted from 0 for each rung.
    pub seq: u64,
    /// As it came.
    pub unit: Unit,
    /// Its header, with [`Kind::Unit`] or what the rung is coded in.
    pub header: Header,
    /// When it was queued, on the hub's clock.
    pub queued_us: u64,
    /// Bytes of all messages of the rung before it.
    pub offset: u64,
    /// The message with the unit as it is.
    message: Bytes,
    /// The message with the unit in a fragment.
    fragment: OnceLock<Bytes>,
}

impl Packet {
    /// The binary message that carries the unit as it is.
    pub fn message(&self) -> Bytes {
        self.message.clone()
    }

    /// The binary message that carries the unit as `make` wraps it; made once for all viewers.
    pub fn fragment(&self, make: impl FnOnce(&Unit) -> Bytes) -> Bytes {
        let wrapped = || {
            let kind = match self.header.kind {
                Kind::Sound => Kind::Sound,
                _ => Kind::Fragment,
            };
            let header = Header {
                kind,
                ..self.header
            };
            header.message(&make(&self.unit))
        };
        self.fragment.get_or_init(wrapped).clone()
    }
}

/// The newest packets of a rung.
#[derive(Debug, Default)]
pub struct Ring {
    packets: VecDeque<Arc<Packet>>,
    newest_key: Option<u64>,
    next: u64,
    bytes: u64,
    group: u32,
    index: u32,
}

impl Ring {
    /// Number of the oldest packet that is there, and of the one that comes next.
    pub fn range(&self) -> (u64, u64) {
        (self.next - self.packets.len() as u64, self.next)
    }

    /// Number of the newest key frame.
    pub fn newest_key(&self) -> Option<u64> {
        self.newest_key
    }

    /// Bytes of all messages so far.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Packet number `seq`, if it is there.
    pub fn get(&self, seq: u64) -> Option<&Arc<Packet>> {
        let at = seq.checked_sub(self.range().0)?;
        self.packets.get(usize::try_from(at).ok()?)
    }

    fn push(&mut self, rung: &Rung, stream_seq: u32, unit: Unit, now_us: u64, epoch_us: u64) {
        if unit.flags.key {
            self.group = self.group.wrapping_add(u32::from(self.next > 0));
            self.index = 0;
            self.newest_key = Some(self.next);
        }
        let kind = match rung.coding {
            Coding::H264 { .. } => Kind::Unit,
            Coding::Jpeg => Kind::Jpeg,
            Coding::Webp => Kind::Webp,
            Coding::Opus { .. } | Coding::Aac { .. } => Kind::Sound,
        };
        let late = now_us.saturating_sub(epoch_us.saturating_add(unit.pts_us));
        let header = Header {
            kind,
            flags: unit.flags,
            stream_seq: stream_seq as u8,
            group: self.group,
            index: self.index,
            pts_us: unit.pts_us,
            late_us: u32::try_from(late).unwrap_or(u32::MAX),
        };
        self.index += 1;
        let newest = unit.pts_us;
        let message = header.message(&unit.data);
        let offset = self.bytes;
        self.bytes += message.len() as u64;
        self.packets.push_back(Arc::new(Packet {
            seq: self.next,
            offset,
            message,
            unit,
            header,
            queued_us: now_us,
            fragment: OnceLock::new(),
        }));
        self.next += 1;
        self.forget(newest);
    }

    /// Drops groups that end before what is kept.
    fn forget(&mut self, newest: u64) {
        let oldest = newest.saturating_sub(KEEP_US);
        let is_old = |packet: &Arc<Packet>| packet.unit.pts_us < oldest;
        let begins = |packet: &Arc<Packet>| packet.unit.flags.key;
        loop {
            let second = self.packets.iter().skip(1).position(begins);
            match second {
                Some(at) if is_old(&self.packets[at + 1]) => drop(self.packets.drain(..=at)),
                _ => return,
            }
        }
    }
}

/// A rung and what lies there.
#[derive(Debug)]
pub struct Reel {
    /// What it is.
    pub rung: Rung,
    /// Number of its `config`.
    pub stream_seq: u32,
    ring: RwLock<Ring>,
    changed: watch::Sender<u64>,
    wants: AtomicUsize,
}

/// A viewer wants a rung, until this is dropped. Rungs of single pictures are made only for those.
#[derive(Debug)]
pub struct Want(Arc<Reel>);

impl Want {
    /// It is `reel` that is wanted.
    pub fn is_for(&self, reel: &Arc<Reel>) -> bool {
        Arc::ptr_eq(&self.0, reel)
    }
}

impl Drop for Want {
    fn drop(&mut self) {
        self.0.wants.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Reel {
    /// Wants packets from now on.
    pub fn want(self: &Arc<Self>) -> Want {
        self.wants.fetch_add(1, Ordering::AcqRel);
        Want(Arc::clone(self))
    }

    /// How many want it.
    pub fn wanted(&self) -> usize {
        self.wants.load(Ordering::Acquire)
    }

    /// Looks at the packets.
    pub fn look<T>(&self, look: impl FnOnce(&Ring) -> T) -> T {
        look(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Tells when packets have come: the value is the number of the next.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }
}

/// All rungs, and the clock of the stream.
#[derive(Debug)]
pub struct Hub {
    origin: Instant,
    epoch_us: OnceLock<u64>,
    reels: RwLock<Vec<Arc<Reel>>>,
    added: watch::Sender<usize>,
    over: watch::Sender<bool>,
    listeners: Arc<AtomicUsize>,
}

/// Somebody takes the stream's AAC as soon as there is any, until this is dropped.
#[derive(Debug)]
pub struct Listener(Arc<AtomicUsize>);

impl Drop for Listener {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Hub {
    /// Nothing yet; its clock counts from `origin`.
    pub fn new(origin: Instant) -> Self {
        Self {
            origin,
            epoch_us: OnceLock::new(),
            reels: RwLock::default(),
            added: watch::Sender::new(0),
            over: watch::Sender::new(false),
            listeners: Arc::default(),
        }
    }

    /// Takes the stream's AAC from its first sample on, whenever that comes.
    pub fn listen(&self) -> Listener {
        self.listeners.fetch_add(1, Ordering::AcqRel);
        Listener(Arc::clone(&self.listeners))
    }

    /// How many listen.
    pub fn listeners(&self) -> usize {
        self.listeners.load(Ordering::Acquire)
    }

    /// Microseconds on the server's clock.
    pub fn now_us(&self) -> u64 {
        self.origin.elapsed().as_micros() as u64
    }

    /// The moment of picture time 0 on that clock, once it is known.
    pub fn epoch_us(&self) -> Option<u64> {
        self.epoch_us.get().copied()
    }

    /// Picture time begins at `epoch_us`; what was told first holds.
    pub fn begin(&self, epoch_us: u64) {
        self.epoch_us.get_or_init(|| epoch_us);
    }

    /// The stream ends: nobody waits any more for the moment at which something is due.
    pub fn end(&self) {
        self.over.send_replace(true);
    }

    /// The stream has been ended.
    pub fn is_over(&self) -> bool {
        *self.over.borrow()
    }

    /// Tells when the stream has been ended.
    pub fn ending(&self) -> watch::Receiver<bool> {
        self.over.subscribe()
    }

    /// A new rung, to which packets are added with [`Hub::publish`].
    pub fn add(&self, rung: Rung) -> Arc<Reel> {
        let mut reels = self.reels.write().unwrap_or_else(PoisonError::into_inner);
        let reel = Arc::new(Reel {
            rung,
            stream_seq: reels.len() as u32 + 1,
            ring: RwLock::default(),
            changed: watch::Sender::new(0),
            wants: AtomicUsize::new(0),
        });
        reels.push(Arc::clone(&reel));
        self.added.send_replace(reels.len());
        reel
    }

    /// Tells when rungs have come: the value is how many there are.
    pub fn changes(&self) -> watch::Receiver<usize> {
        self.added.subscribe()
    }

    /// All rungs so far, pictures and sound, in the order in which they were added.
    pub fn reels(&self) -> Vec<Arc<Reel>> {
        let reels = self.reels.read().unwrap_or_else(PoisonError::into_inner);
        reels.clone()
    }

    /// Queues the next access unit of `reel`. Before its first key frame nothing is queued.
    pub fn publish(&self, reel: &Reel, unit: Unit) {
        self.publish_at(reel, unit, self.now_us());
    }

    /// The same at a given time of the hub's clock.
    pub(crate) fn publish_at(&self, reel: &Reel, unit: Unit, now: u64) {
        let epoch = self.epoch_us().unwrap_or_default();
        let next = {
            let mut ring = reel.ring.write().unwrap_or_else(PoisonError::into_inner);
            if ring.newest_key.is_none() && !unit.flags.key {
                return;
            }
            ring.push(&reel.rung, reel.stream_seq, unit, now, epoch);
            ring.next
        };
        reel.changed.send_replace(next);
    }

    /// Drops what lies in `reel`, of which nothing more comes for now: who asks for it later is not
    /// shown what was.
    pub fn clear(&self, reel: &Reel) {
        let mut ring = reel.ring.write().unwrap_or_else(PoisonError::into_inner);
        ring.packets.clear();
        ring.newest_key = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::Flags;

    fn reel(hub: &Hub) -> Arc<Reel> {
        hub.add(Rung {
            name: "720p".to_owned(),
            coding: Coding::Jpeg,
            size: Size::new(2, 2),
            fps: Rate::new(10, 1).unwrap(),
            bitrate: 1,
            sound: None,
        })
    }

    fn unit(number: u64, every: u64) -> Unit {
        Unit {
            flags: Flags {
                key: number.is_multiple_of(every),
                ..Flags::default()
            },
            pts_us: number * 100_000,
            duration_us: 100_000,
            data: Bytes::from(number.to_string()),
        }
    }

    #[test]
    fn whole_groups_are_kept_and_old_ones_dropped() {
        let hub = Hub::new(Instant::now());
        let reel = reel(&hub);
        for number in 5..1000 {
            hub.publish(&reel, unit(number, 10));
            reel.look(|ring| {
                let (first, next) = ring.range();
                assert!(ring.get(first).is_none_or(|packet| packet.unit.flags.key));
                assert!(next - first <= 50);
                let newest = ring.newest_key();
                assert!(newest.is_none_or(|key| next - key <= 10 && ring.get(key).is_some()));
            });
        }
        let (group, index) = reel.look(|ring| {
            let last = ring.get(ring.range().1 - 1).unwrap();
            (last.header.group, last.header.index)
        });
        assert_eq!(
            (group, index),
            (98, 9),
            "the pictures before the first key frame are nobody's"
        );
    }

    #[test]
    fn a_rung_knows_who_wants_it_and_forgets_what_was() {
        let hub = Hub::new(Instant::now());
        let reel = reel(&hub);
        let (one, two) = (reel.want(), reel.want());
        assert_eq!(reel.wanted(), 2);
        hub.publish(&reel, unit(0, 1));
        drop((one, two));
        assert_eq!(reel.wanted(), 0);
        hub.clear(&reel);
        let look = || reel.look(|ring| (ring.range(), ring.newest_key()));
        assert_eq!(look(), ((1, 1), None));
        hub.publish(&reel, unit(90, 1));
        assert_eq!(look(), ((1, 2), Some(1)));
    }

    #[test]
    fn a_fragment_is_made_once() {
        let hub = Hub::new(Instant::now());
        let reel = reel(&hub);
        hub.publish(&reel, unit(0, 1));
        let packet = reel.look(|ring| Arc::clone(ring.get(0).unwrap()));
        let first = packet.fragment(|_| Bytes::from_static(b"one"));
        assert_eq!(first, packet.fragment(|_| Bytes::from_static(b"two")));
        let (header, payload) = Header::read(&first).unwrap();
        assert_eq!((header.kind, payload), (Kind::Fragment, &b"one"[..]));
    }
}

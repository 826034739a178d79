//! The stream's sound as an output takes it: AAC units that follow each other without a hole, whatever comes
//! late or not at all.
//!
//! Sound comes a little ahead of its pictures. Who has waited long enough for some has silence put in its
//! place; what comes for that place later is left out.

use std::{collections::VecDeque, sync::Arc};

use bytes::Bytes;
use loopy_media::{
    Error,
    audio::encode::{Codec, Encoder, Track},
};

use crate::{
    fmp4::ticks,
    hub::{Coding, Hub, Reel},
};

/// Units that are kept for who does not take them: half a minute.
const MOST: usize = 1500;
/// Packets of silence that are encoded to take one that nothing before it is heard in.
const SETTLED: usize = 4;

/// A unit of sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// Its first sample, counted like those of the stream.
    pub at: u64,
    /// One AAC access unit.
    pub data: Bytes,
}

/// Listens to the stream.
pub struct Ear {
    reel: Arc<Reel>,
    track: Track,
    next: Option<u64>,
    silence: Bytes,
    units: VecDeque<Heard>,
}

impl Ear {
    /// Of the AAC that a stream has; none before there is any.
    ///
    /// # Errors
    /// When silence cannot be encoded.
    pub fn of(hub: &Hub) -> Result<Option<Self>, Error> {
        let reels = hub.reels();
        let aac = |reel: &&Arc<Reel>| matches!(reel.rung.coding, Coding::Aac { .. });
        reels.iter().find(aac).map(Self::new).transpose()
    }

    fn new(reel: &Arc<Reel>) -> Result<Self, Error> {
        let mut encoder = Encoder::new(Codec::Aac, reel.rung.bitrate)?;
        let mut track = encoder.track();
        if let Coding::Aac { config } = &reel.rung.coding {
            track.extradata = config.to_vec();
        }
        let samples = track.frame_samples as usize * usize::from(track.channels) * SETTLED;
        let mut silence = Bytes::new();
        encoder.push(&vec![0.0; samples], &mut |packet| {
            silence = packet.data.into();
            Ok(())
        })?;
        Ok(Self {
            reel: Arc::clone(reel),
            track,
            next: None,
            silence,
            units: VecDeque::new(),
        })
    }

    /// What a container must know of the sound.
    pub fn track(&self) -> &Track {
        &self.track
    }

    /// The rung that is listened to.
    pub fn reel(&self) -> &Arc<Reel> {
        &self.reel
    }

    /// Samples of a unit.
    pub fn step(&self) -> u64 {
        u64::from(self.track.frame_samples)
    }

    /// Takes what has come.
    pub fn listen(&mut self) {
        let next = self.next;
        let (came, next) = self.reel.look(|ring| {
            let (first, end) = ring.range();
            let from = next.map_or(first, |next| next.max(first));
            let unit = |seq| Some(ring.get(seq)?.unit.clone());
            (
                (from..end).filter_map(unit).collect::<Vec<_>>(),
                (end > 0).then_some(end),
            )
        });
        self.next = next;
        for unit in came {
            self.take(ticks(unit.pts_us, self.track.rate), unit.data);
        }
    }

    fn take(&mut self, at: u64, data: Bytes) {
        if let Some(end) = self.end() {
            if at < end {
                return;
            }
            self.fill(end, at.saturating_sub(self.step()) + 1);
        }
        self.put(at, data);
    }

    fn put(&mut self, at: u64, data: Bytes) {
        self.units.push_back(Heard { at, data });
        if self.units.len() > MOST {
            self.units.pop_front();
        }
    }

    /// Sample with which the sound begins that is there.
    pub fn begin(&self) -> Option<u64> {
        self.units.front().map(|unit| unit.at)
    }

    /// Sample before which the sound is there.
    pub fn end(&self) -> Option<u64> {
        self.units.back().map(|unit| unit.at + self.step())
    }

    /// Puts silence after what is there, or at `from` where nothing is, until there is sound before `until`.
    pub fn fill(&mut self, from: u64, until: u64) {
        let mut at = self.end().unwrap_or(from);
        // What would be dropped at once is left out.
        let most = MOST as u64 * self.step();
        if until.saturating_sub(at) > most {
            at = until - most;
        }
        while at < until {
            self.put(at, self.silence.clone());
            at += self.step();
        }
    }

    /// Puts silence before what is there, so that there is sound from `from` on.
    pub fn precede(&mut self, from: u64) {
        let most = MOST as u64;
        while let Some(begin) = self.begin() {
            if begin <= from || begin < self.step() || self.units.len() as u64 >= most {
                return;
            }
            let at = begin - self.step();
            let data = self.silence.clone();
            self.units.push_front(Heard { at, data });
        }
    }

    /// Nothing before `sample` is asked for any more.
    pub fn forget(&mut self, sample: u64) {
        while let Some(unit) = self.units.front()
            && unit.at + self.step() <= sample
        {
            self.units.pop_front();
        }
    }

    /// What is there, in its order.
    pub fn units(&self) -> impl DoubleEndedIterator<Item = &Heard> {
        self.units.iter()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::outputs::testing::{sound_reel, sound_unit};

    fn ear(hub: &Hub) -> (Ear, Arc<Reel>) {
        let reel = sound_reel(hub);
        (Ear::of(hub).unwrap().unwrap(), reel)
    }

    fn starts(ear: &Ear) -> Vec<u64> {
        ear.units().map(|unit| unit.at).collect()
    }

    #[test]
    fn units_follow_each_other_and_a_hole_is_silence() {
        let hub = Hub::new(Instant::now());
        assert!(Ear::of(&hub).unwrap().is_none());
        let (mut ear, reel) = ear(&hub);
        for at in [5000, 6024, 7048 + 2048 + 100] {
            hub.publish(&reel, sound_unit(at));
        }
        ear.listen();
        // The rest of the hole is shorter than a unit.
        assert_eq!(starts(&ear), [5000, 6024, 7048, 8072, 9196]);
        let silent: Vec<_> = ear.units().map(|unit| unit.data == ear.silence).collect();
        assert_eq!(silent, [false, false, true, true, false]);
        ear.forget(7048);
        assert_eq!(ear.begin(), Some(7048));
    }

    #[test]
    fn what_comes_after_silence_has_taken_its_place_is_left_out() {
        let hub = Hub::new(Instant::now());
        let (mut ear, reel) = ear(&hub);
        hub.publish(&reel, sound_unit(0));
        ear.listen();
        ear.fill(0, 3000);
        for at in [1024, 2048, 3072] {
            hub.publish(&reel, sound_unit(at));
        }
        ear.listen();
        assert_eq!(starts(&ear), [0, 1024, 2048, 3072]);
        let last = ear.units().last().unwrap();
        assert_ne!(last.data, ear.silence);
        assert_eq!(
            ear.units().filter(|unit| unit.data == ear.silence).count(),
            2
        );
    }

    #[test]
    fn silence_goes_before_a_sound_that_begins_later() {
        let hub = Hub::new(Instant::now());
        let (mut ear, reel) = ear(&hub);
        hub.publish(&reel, sound_unit(4000));
        ear.listen();
        ear.precede(1000);
        assert_eq!(starts(&ear), [928, 1952, 2976, 4000]);
        let (mut ear, _) = self::ear(&Hub::new(Instant::now()));
        ear.fill(1000, 3000);
        assert_eq!(starts(&ear), [1000, 2024]);
    }

    #[test]
    fn nobody_keeps_sound_for_ever() {
        let hub = Hub::new(Instant::now());
        let (mut ear, _) = ear(&hub);
        ear.fill(0, u64::from(u32::MAX));
        assert_eq!(ear.units().count(), MOST);
        assert!(ear.end() >= Some(u64::from(u32::MAX)));
    }
}

//! Sound along a walk that is not known beforehand: visits come one by one, and what cannot change any
//! more is mixed.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use loopy_core::{
    Clip, Plan, Rate,
    clock::Mode,
    grade::Grade,
    limits::Limits,
    plan::{PlannedClip, SCHEMA, Seam, SeamKind, Visit},
};

use super::{decoded, stored};
use crate::{
    Error,
    job::SoundFacts,
    render::Room,
    sound::{CHANNELS, Mixer, Options, RATE, Stream as _, Track},
    store::Store,
};

/// Visits that are kept: fades reach no further than the visits before and after.
const KEPT: usize = 4;
/// Sample frames before the end of what is known that a joint may still change: twice a fade.
const OPEN: u64 = RATE as u64 / 25;

/// A clip's sound in the store.
#[derive(Clone, Copy, Debug)]
pub struct Heard {
    /// What its decoding found.
    pub facts: SoundFacts,
    /// Microseconds from its first sample to the clip's first frame.
    pub offset: i64,
}

/// The sound of `clip`, whose first frame is at `start` in its container; decoded where it is not
/// known. None where it has none.
///
/// # Errors
/// When the store or the index fails. Sound that cannot be read is none, with a remark.
pub fn heard(
    clip: &Clip,
    start: i64,
    limits: &Limits,
    room: &Room,
) -> Result<Option<Heard>, Error> {
    if !clip.facts.sound {
        return Ok(None);
    }
    let wanted = BTreeMap::from([(clip.hash, clip.path.as_path().to_owned())]);
    let mut facts = decoded(&wanted, limits, room)?;
    match facts.remove(&clip.hash) {
        Some(Ok(Some(facts))) => Ok(Some(Heard {
            facts,
            offset: start - facts.start,
        })),
        Some(Err(why)) => {
            let reason = format!("its sound is left out: {why}");
            let file = clip.path.clone();
            (room.sink)(crate::events::Event::Remark { file, reason });
            Ok(None)
        }
        Some(Ok(None)) | None => Ok(None),
    }
}

/// A stay in a clip, as it is heard.
#[derive(Clone, Debug)]
pub struct Stay {
    /// The clip.
    pub clip: Arc<Clip>,
    /// Its sound and the factor that evens it with the others.
    pub heard: Option<(Heard, f32)>,
    /// First frame on the clip's output clock.
    pub enter: u32,
    /// One past the last that is known.
    pub leave: u32,
    /// Output frame at which it starts.
    pub start: u64,
}

/// The mix so far.
pub struct Along<'a> {
    store: &'a Store,
    fps: Rate,
    rate_mode: Mode,
    stays: VecDeque<Stay>,
    at: u64,
}

impl<'a> Along<'a> {
    /// Nothing yet; the mix begins at output frame `start`.
    pub fn new(store: &'a Store, fps: Rate, rate_mode: Mode, start: u64) -> Self {
        Self {
            store,
            fps,
            rate_mode,
            stays: VecDeque::new(),
            at: fps.samples(start, RATE),
        }
    }

    /// The sample frame with which the next block starts.
    pub fn position(&self) -> u64 {
        self.at
    }

    /// The visit under way, which may grow.
    pub fn last_mut(&mut self) -> Option<&mut Stay> {
        self.stays.back_mut()
    }

    /// The next visit, which may begin later: after a bridge. It takes the place of one that was
    /// announced and has not begun.
    pub fn push(&mut self, stay: Stay) {
        if let Some(last) = self.stays.back_mut()
            && last.leave == last.enter
        {
            *last = stay;
            return;
        }
        self.stays.push_back(stay);
        if self.stays.len() > KEPT {
            self.stays.pop_front();
        }
    }

    /// Mixes what cannot change any more, up to output frame `until`, into `out`, replacing what is
    /// there.
    ///
    /// # Errors
    /// When the store cannot be read. Where a clip's samples are gone, it is silent.
    pub fn mix(&mut self, until: u64, out: &mut Vec<f32>) -> Result<(), Error> {
        out.clear();
        let end = self.settled(until);
        if end <= self.at {
            return Ok(());
        }
        let mut mixer = self.mixer((end - self.at) as usize)?;
        mixer.seek(self.at);
        mixer.next(out)?;
        self.at = end;
        Ok(())
    }

    /// Leaves out what [`Along::mix`] would mix: nobody listens.
    pub fn skip(&mut self, until: u64) {
        self.at = self.at.max(self.settled(until));
    }

    /// Silence up to output frame `until`, where nothing is known of what is shown.
    pub fn rest(&mut self, until: u64, out: &mut Vec<f32>) {
        self.stays.clear();
        let end = self.fps.samples(until, RATE).max(self.at);
        out.clear();
        out.resize((end - self.at) as usize * CHANNELS, 0.0);
        self.at = end;
    }

    /// The sample frame up to which nothing can change any more, and not after output frame `until`.
    fn settled(&self, until: u64) -> u64 {
        let Some(last) = self.stays.back() else {
            return 0;
        };
        let known = last.start + u64::from(last.leave - last.enter);
        let known = self.fps.samples(known, RATE).saturating_sub(OPEN);
        known.min(self.fps.samples(until, RATE))
    }

    /// The mixer of the visits that are kept, on the clock of the whole stream.
    fn mixer(&self, block: usize) -> Result<Mixer, Error> {
        let origin = self.stays.front().map_or(0, |stay| stay.start);
        let mut clips = Vec::new();
        let mut tracks = Vec::new();
        let mut visits = Vec::new();
        let mut seams = Vec::new();
        for (number, stay) in (0..).zip(&self.stays) {
            let start = stay.start - origin;
            if let Some(before) = visits.last() {
                let before: &Visit = before;
                let left = before.start + u64::from(before.frames());
                let frames = start.saturating_sub(left) as u32;
                seams.push(joint(left, frames));
            }
            let track = match stay.heard {
                Some((heard, gain)) => stored(self.store, &stay.clip.hash)?.map(|source| Track {
                    source,
                    offset: heard.offset,
                    gain,
                }),
                None => None,
            };
            tracks.push(track);
            clips.push(PlannedClip {
                clip: (*stay.clip).clone(),
                ports: Vec::new(),
                grade: Grade::default(),
            });
            let last = number as usize + 1 == self.stays.len();
            // What is under way goes on: how long is not known, and does not matter here.
            let more = if last {
                self.fps.frames_in(1_000_000) as u32
            } else {
                0
            };
            visits.push(Visit {
                clip: number,
                enter: stay.enter,
                leave: stay.leave + more,
                first: 0,
                last: 0,
                start,
            });
        }
        let frames = visits
            .last()
            .map_or(0, |visit| visit.start + u64::from(visit.frames()));
        let plan = Plan {
            schema: SCHEMA,
            fps: self.fps,
            rate_mode: self.rate_mode,
            seed: 0,
            frames,
            looped: false,
            created: None,
            clips,
            visits,
            seams,
            certificate: loopy_core::certificate::Certificate::default(),
            notes: Vec::new(),
            reactions: Vec::new(),
            asked: Vec::new(),
        };
        let options = Options {
            block,
            ..Options::default()
        };
        Ok(Mixer::along(&plan, tracks, options, origin))
    }
}

/// A joint of `frames` at `start`, as far as it is heard.
fn joint(start: u64, frames: u32) -> Seam {
    Seam {
        start,
        frames,
        kind: SeamKind::Cut,
        declared: false,
        steps: 0,
        holds: 0,
        score: loopy_core::graph::Score::default(),
        step: 0.0,
        rsv: None,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use loopy_core::{ClipPath, Hash, Size, clip::Facts, tags::Tags};

    use super::*;
    use crate::{sound::loudness::Measure, soundtrack::key, store::Kind};

    fn clip(name: &str, frames: u32) -> Clip {
        let mut facts = Facts::ordinary(Size::new(64, 36));
        facts.sound = true;
        Clip {
            path: ClipPath::from(Path::new(name)),
            hash: Hash::of(name.as_bytes()),
            facts,
            first: 0,
            until: frames,
            times: (0..i64::from(frames)).map(|n| n * 1_001_000 / 30).collect(),
            end: i64::from(frames) * 1_001_000 / 30,
            shot: 0,
            sound_offset: 0,
            tags: Tags::default(),
            scene: 0,
        }
    }

    /// Noise of its own for every clip.
    fn keep(store: &Store, clip: &Clip, seconds: u32) {
        let mut dice = u32::from(clip.hash.as_bytes()[0]) | 1;
        let samples = (0..seconds * RATE * 2).flat_map(|_| {
            dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((dice >> 16) as f32 / 131_072.0 - 0.25).to_le_bytes()
        });
        let bytes: Vec<u8> = samples.collect();
        store
            .put_with(Kind::Sound, &key(&clip.hash), |out| out.write_all(&bytes))
            .unwrap();
    }

    #[test]
    fn sound_that_grows_with_the_walk_is_that_of_the_whole_film() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), 1 << 30).unwrap();
        let fps = Rate::new(30_000, 1001).unwrap();
        let clips: Vec<Arc<Clip>> = ["a", "b", "c"].map(|name| Arc::new(clip(name, 150))).into();
        for clip in &clips {
            keep(&store, clip, 5);
        }
        let measure = Measure {
            lufs: None,
            peak: 1.0,
        };
        let heard = Heard {
            facts: SoundFacts { start: 0, measure },
            offset: 0,
        };
        // Clip, first frame, one past the last, frames of the bridge after it.
        let walk = [
            (0, 0, 90, 6),
            (1, 30, 150, 0),
            (2, 20, 80, 4),
            (1, 0, 60, 0),
            (0, 45, 149, 0),
            (2, 0, 100, 0),
        ];
        for begin in [0_u64, 60 * 86_400 * 30] {
            let mut grown = Vec::new();
            let mut along = Along::new(&store, fps, Mode::default(), begin);
            let mut block = Vec::new();
            let mut at = begin;
            let mut bridged = 0;
            for (clip, enter, leave, bridge) in walk {
                // What is announced twice is heard once.
                for _ in 0..2 {
                    along.push(Stay {
                        clip: Arc::clone(&clips[clip]),
                        heard: Some((heard, 0.5)),
                        enter,
                        leave: enter,
                        start: at,
                    });
                }
                // In runs, as it is handed out, and the bridge before them.
                if bridged > 0 {
                    for frame in at - u64::from(bridged)..at {
                        along.mix(frame + 1, &mut block).unwrap();
                        grown.extend_from_slice(&block);
                    }
                    let open = fps.samples(at, RATE) - along.position();
                    assert!(open <= OPEN, "the bridge is heard before its clip is there");
                }
                for until in (enter..leave).step_by(37).skip(1).chain([leave]) {
                    along.last_mut().unwrap().leave = until;
                    along
                        .mix(at + u64::from(until - enter), &mut block)
                        .unwrap();
                    grown.extend_from_slice(&block);
                }
                at += u64::from(leave - enter + bridge);
                bridged = bridge;
            }
            let mut whole = Along::new(&store, fps, Mode::default(), begin);
            let mut at = begin;
            for (clip, enter, leave, bridge) in walk {
                whole.stays.push_back(Stay {
                    clip: Arc::clone(&clips[clip]),
                    heard: Some((heard, 0.5)),
                    enter,
                    leave,
                    start: at,
                });
                at += u64::from(leave - enter + bridge);
            }
            let mut all = Vec::new();
            whole.mix(at, &mut all).unwrap();
            assert_eq!(grown.len(), all.len());
            let differs = grown
                .iter()
                .zip(&all)
                .position(|(a, b)| a.to_bits() != b.to_bits());
            assert_eq!(differs, None, "of {}", all.len());
            assert!(all.iter().any(|sample| sample.abs() > 0.0));
        }
    }
    #[test]
    fn what_is_not_known_is_silent_and_takes_its_time() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), 1 << 30).unwrap();
        let fps = Rate::new(25, 1).unwrap();
        let clip = Arc::new(clip("a", 100));
        keep(&store, &clip, 4);
        let mut along = Along::new(&store, fps, Mode::default(), 0);
        let mut block = Vec::new();
        along.rest(50, &mut block);
        assert_eq!(block, vec![0.0; 2 * RATE as usize * CHANNELS]);
        let measure = Measure {
            lufs: None,
            peak: 1.0,
        };
        along.push(Stay {
            clip,
            heard: Some((
                Heard {
                    facts: SoundFacts { start: 0, measure },
                    offset: 0,
                },
                0.5,
            )),
            enter: 0,
            leave: 50,
            start: 50,
        });
        along.mix(100, &mut block).unwrap();
        assert_eq!(
            along.position(),
            4 * u64::from(RATE) - OPEN,
            "right after it the clip is heard"
        );
        assert!(block.iter().any(|sample| sample.abs() > 0.0));
        along.rest(100, &mut block);
        assert_eq!(block.len(), OPEN as usize * CHANNELS);
    }
}

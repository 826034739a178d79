//! The plan: the walk written out as visits and seams on an integer output-frame clock.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    certificate::Certificate,
    clip::{Clip, Hash},
    clock,
    grade::Grade,
    graph::Score,
    rate::Rate,
    walk::{Reaction, States, Wish},
};

/// Version of the plan's schema; it only grows.
pub const SCHEMA: u32 = 1;

/// Most frames of motion in one joint.
pub const LONGEST_BRIDGE: u32 = 60;

/// A walk over clips, complete in itself: it can be realized without the graph.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    /// [`SCHEMA`] of the program that wrote it.
    pub schema: u32,
    /// Output frame rate.
    pub fps: Rate,
    /// How other rates are fitted to it.
    pub rate_mode: clock::Mode,
    /// Seed of the walk.
    pub seed: u64,
    /// Output frames in all.
    pub frames: u64,
    /// The end joins the beginning.
    pub looped: bool,
    /// Creation time to write into the video, in seconds since 1970, if any.
    pub created: Option<i64>,
    /// The clips that the walk visits, each with its ports (source boundaries) at planning time:
    /// they decide the runs.
    pub clips: Vec<PlannedClip>,
    /// Visits in order.
    pub visits: Vec<Visit>,
    /// Joints in order: `seams[i]` lies between visit `i` and visit `i + 1`; with `looped` one
    /// more, from the last visit to the first.
    pub seams: Vec<Seam>,
    /// What the walk guarantees.
    pub certificate: Certificate,
    /// Wishes that the graph could not grant, in the user's words.
    pub notes: Vec<String>,
    /// How fast the walk gets from one state to another; empty where there are no states.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<Reaction>,
    /// What was asked of the walk where it is not the usual, one wish a line: with the graph, the
    /// seed and the length it gives this plan again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asked: Vec<String>,
}

/// A clip and its ports.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlannedClip {
    /// The clip.
    #[serde(flatten)]
    pub clip: Clip,
    /// Source boundaries where runs begin and end, rising, from the first frame of the usable
    /// range to its end.
    pub ports: Vec<u32>,
    /// Light and colour correction of all its frames.
    #[serde(default, skip_serializing_if = "Grade::is_identity")]
    pub grade: Grade,
}

impl PlannedClip {
    /// The clip's ports as positions on its output clock, rising, from 0 to its length.
    pub fn positions(&self, clock: &clock::ClipClock) -> Vec<u32> {
        let ports = self.ports.iter().map(|boundary| clock.position(*boundary));
        let mut positions: Vec<u32> = ports.chain([0, clock.len()]).collect();
        positions.sort_unstable();
        positions.dedup();
        positions
    }
}

/// One stay in a clip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Visit {
    /// Index into [`Plan::clips`].
    pub clip: u32,
    /// First frame, counted on the clip's output clock from the start of its usable range.
    pub enter: u32,
    /// One past the last frame, on the same clock.
    pub leave: u32,
    /// First source frame shown.
    pub first: u32,
    /// Last source frame shown, inclusive.
    pub last: u32,
    /// Output frame at which the visit starts.
    pub start: u64,
}

impl Visit {
    /// Output frames of the visit.
    pub fn frames(self) -> u32 {
        self.leave - self.enter
    }
}

/// What fills a joint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SeamKind {
    /// Nothing: the last frame of one visit is followed by the first of the next.
    Cut,
    /// A dissolve over handles: frames after the out-port mixed with frames before the in-port.
    Dissolve,
    /// Frames of motion between the last frame of one visit and the first of the next.
    Motion,
    /// Frames after the out-port turned into frames before the in-port by motion, while both go on.
    Morph,
    /// A hard cut between unrelated pictures, counted apart.
    SceneChange,
}

impl Seam {
    /// A viewer is meant to take it for a change of scene: it is counted apart.
    pub fn changes_scene(&self) -> bool {
        self.declared || self.kind == SeamKind::SceneChange
    }
}

/// One joint.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Seam {
    /// Output frame of the first frame that is not an untouched frame of the visit before.
    pub start: u64,
    /// Synthesised or blended frames inserted here; 0 for a cut.
    pub frames: u32,
    /// What fills it.
    pub kind: SeamKind,
    /// It counts as a change of scene although something fills it: that hides it too little.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub declared: bool,
    /// For motion, the pictures at the source's own rate among the frames: fewer where those are
    /// shown for several frames each. 0 for everything else.
    #[serde(default)]
    pub steps: u32,
    /// For motion, which of those repeat the one before: bit `i` for picture `i`, bit `steps` for
    /// the first frame after it.
    #[serde(default, skip_serializing_if = "crate::graph::none")]
    pub holds: u16,
    /// Score of the edge.
    pub score: Score,
    /// Relative step of the edge (1 is an ordinary step).
    pub step: f32,
    /// Relative seam visibility of the edge, where it was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rsv: Option<f32>,
}

/// Why a plan cannot be realized.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Written by a newer program.
    #[error("the plan has schema {0}, this program knows {SCHEMA}; update LoopyComfy")]
    Schema(u32),
    /// Visits, seams and frame count contradict each other.
    #[error("visit {visit}: {what}")]
    Visit {
        /// Index of the visit.
        visit: usize,
        /// What is wrong.
        what: String,
    },
    /// There is nothing in it.
    #[error("the plan has no visits")]
    Empty,
}

impl Plan {
    /// Hash of the plan's canonical JSON, without its certificate and notes.
    pub fn hash(&self) -> Hash {
        let bare = Self {
            certificate: Certificate::default(),
            notes: Vec::new(),
            reactions: Vec::new(),
            asked: Vec::new(),
            ..self.clone()
        };
        Hash::of_json(&bare)
    }

    /// The clip of a visit.
    pub fn clip(&self, visit: &Visit) -> &PlannedClip {
        &self.clips[visit.clip as usize]
    }

    /// What was wished of `clip`, as [`Plan::asked`] tells it.
    pub fn wish(&self, clip: &Clip) -> Wish {
        let name = clip.name();
        let words = |line: &String| {
            let words = line.strip_prefix(&name)?.strip_prefix(": ")?;
            Wish::of_words(words)
        };
        self.asked.iter().find_map(words).unwrap_or_default()
    }

    /// The state that `clip` shows: what [`Plan::asked`] tells, or else its name.
    pub fn state(&self, clip: &Clip) -> Option<String> {
        let name = clip.name();
        let mut told = self.asked.iter().filter_map(|line| States::told(line));
        let asked = told.find(|(_, clips)| clips.contains(&name));
        asked
            .map(|(state, _)| state)
            .or_else(|| clip.tags.state.clone())
    }

    /// A dissolve has frames after the one port and before the other, motion has pictures; nothing
    /// else has frames.
    fn bridge_fits(&self, index: usize, seam: &Seam) -> Result<(), String> {
        match (seam.kind, seam.frames) {
            (SeamKind::Dissolve | SeamKind::Morph, _) => {}
            (SeamKind::Motion, 1..=LONGEST_BRIDGE) if (1..=seam.frames).contains(&seam.steps) => {
                return Ok(());
            }
            (SeamKind::Motion, frames) => {
                return Err(format!(
                    "its seam moves over {frames} frames in {} steps; from 1 to {LONGEST_BRIDGE} \
                     frames are possible, and as many steps at most",
                    seam.steps
                ));
            }
            (_, 0) => return Ok(()),
            (_, frames) => return Err(format!("its seam has {frames} frames and is no bridge")),
        }
        let (from, to) = (
            &self.visits[index],
            &self.visits[(index + 1) % self.visits.len()],
        );
        let (Some(left), true) = (
            self.clips.get(from.clip as usize),
            (to.clip as usize) < self.clips.len(),
        ) else {
            return Err("its seam leads to no clip".to_owned());
        };
        let length = clock::ClipClock::new(&left.clip, self.fps, self.rate_mode).len();
        if seam.frames < 2
            || seam.frames > to.enter
            || seam.frames > length.saturating_sub(from.leave)
        {
            return Err(format!(
                "there are no handles for a dissolve of {} frames",
                seam.frames
            ));
        }
        Ok(())
    }

    /// Checks that the plan holds together: indices, ranges, starts and the total.
    pub fn check(&self) -> Result<(), Error> {
        if self.schema > SCHEMA {
            return Err(Error::Schema(self.schema));
        }
        if self.visits.is_empty() {
            return Err(Error::Empty);
        }
        let wrong = |visit: usize, what: String| Err(Error::Visit { visit, what });
        let joints = self.visits.len() - 1 + usize::from(self.looped);
        if self.seams.len() != joints {
            return wrong(0, format!("{} seams for {joints} joints", self.seams.len()));
        }
        let mut clocks: Vec<Option<clock::ClipClock>> = vec![None; self.clips.len()];
        let mut at = 0;
        for (index, visit) in self.visits.iter().enumerate() {
            let Some(planned) = self.clips.get(visit.clip as usize) else {
                return wrong(index, format!("there is no clip {}", visit.clip));
            };
            let clip = &planned.clip;
            if !whole(clip) {
                return wrong(index, format!("clip {} has no usable range", visit.clip));
            }
            let clock = clocks[visit.clip as usize]
                .get_or_insert_with(|| clock::ClipClock::new(clip, self.fps, self.rate_mode));
            if visit.enter >= visit.leave || visit.leave > clock.len() {
                return wrong(
                    index,
                    format!("frames {}..{} of {}", visit.enter, visit.leave, clock.len()),
                );
            }
            if clock.tap(visit.enter).frame != visit.first
                || clock.tap(visit.leave - 1).frame != visit.last
            {
                return wrong(
                    index,
                    "its source frames do not belong to its range".to_owned(),
                );
            }
            if visit.start != at {
                return wrong(index, format!("starts at {} instead of {at}", visit.start));
            }
            at += u64::from(visit.frames());
            if let Some(seam) = self.seams.get(index) {
                if let Err(what) = self.bridge_fits(index, seam) {
                    return wrong(index, what);
                }
                if seam.start != at {
                    return wrong(
                        index,
                        format!("its seam is at {} instead of {at}", seam.start),
                    );
                }
                at += u64::from(seam.frames);
            }
        }
        if at != self.frames {
            return wrong(
                self.visits.len() - 1,
                format!("ends at frame {at}, the plan says {}", self.frames),
            );
        }
        Ok(())
    }
}

/// Longer clips are none of ours: 60,000 frames at the slowest usable rate last less.
const LONGEST_CLIP: i64 = 4 * 3600 * 1_000_000;

/// The clip has frames, and times to put them at.
pub(crate) fn whole(clip: &Clip) -> bool {
    let times = &clip.times;
    clip.first < clip.until
        && clip.until as usize <= times.len()
        && times.first().is_some_and(|first| *first >= 0)
        && times.windows(2).all(|pair| pair[0] < pair[1])
        && times.last().is_some_and(|last| *last < clip.end)
        && clip.end <= LONGEST_CLIP
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::walk::{self, sample::library};

    fn sample() -> Plan {
        let options = walk::Options {
            frames: 2000,
            looped: true,
            ..walk::Options::default()
        };
        walk::plan(&library(6, 6, 120, 3, 6), &options).unwrap()
    }

    #[test]
    fn a_plan_that_contradicts_itself_is_refused() {
        type Spoil = fn(&mut Plan);
        let good = sample();
        good.check().unwrap();
        let broken: [(&str, Spoil); 14] = [
            ("total", |plan| plan.frames += 1),
            ("start", |plan| plan.visits[2].start += 1),
            ("empty visit", |plan| {
                plan.visits[1].leave = plan.visits[1].enter;
            }),
            ("past the clip", |plan| plan.visits[1].leave += 10_000),
            ("no such clip", |plan| plan.visits[1].clip = 99),
            ("first source frame", |plan| plan.visits[1].first += 1),
            ("last source frame", |plan| plan.visits[1].last += 1),
            ("seam start", |plan| plan.seams[1].start -= 1),
            ("seam missing", |plan| plan.seams.truncate(2)),
            ("times", |plan| plan.clips[0].clip.times[3] = 0),
            ("times before the first", |plan| {
                plan.clips[0].clip.times[0] = i64::MIN;
            }),
            ("endless clip", |plan| plan.clips[0].clip.end = i64::MAX),
            ("range", |plan| plan.clips[0].clip.until = 100_000),
            ("bridge length", |plan| plan.seams[0].frames += 1),
        ];
        for (what, spoil) in broken {
            let mut plan = good.clone();
            spoil(&mut plan);
            assert!(matches!(plan.check(), Err(Error::Visit { .. })), "{what}");
        }
        assert_eq!(
            Plan {
                visits: Vec::new(),
                ..good.clone()
            }
            .check(),
            Err(Error::Empty)
        );
        assert_eq!(
            Plan {
                schema: SCHEMA + 1,
                ..good
            }
            .check(),
            Err(Error::Schema(SCHEMA + 1))
        );
    }

    #[test]
    fn the_hash_tells_walks_apart_and_survives_json() {
        let plan = sample();
        let back: Plan = serde_json::from_str(&serde_json::to_string(&plan).unwrap()).unwrap();
        assert_eq!(back.hash(), plan.hash());
        let mut noted = plan.clone();
        noted.notes.push("a note is no part of the walk".to_owned());
        noted.certificate.visits = 0;
        assert_eq!(noted.hash(), plan.hash());
        let mut other = plan.clone();
        other.seed += 1;
        assert_ne!(other.hash(), plan.hash());
    }

    #[test]
    fn a_plan_tells_what_was_wished_of_each_clip() {
        let graph = library(6, 6, 120, 3, 6);
        let mut wishes = vec![Wish::default(); 6];
        wishes[2] = wishes[2].with_weight(3.0).unwrap();
        let options = walk::Options {
            frames: 2000,
            wishes: wishes.clone(),
            ..walk::Options::default()
        };
        let plan = walk::plan(&graph, &options).unwrap();
        for (clip, wish) in graph.clips.iter().zip(wishes) {
            assert_eq!(plan.wish(clip), wish);
        }
    }

    #[test]
    fn a_plan_tells_the_state_of_each_clip() {
        let graph = library(6, 6, 120, 3, 6);
        let state = |name: &str, clips: &[u32]| walk::states::State {
            name: name.to_owned(),
            clips: clips.to_vec(),
            weight: 1.0,
            ..walk::states::State::default()
        };
        let all = [state("calm", &[0, 1, 2]), state("wild", &[3, 4])];
        let states = walk::States::new(&all, &[], 6, 0, true).unwrap();
        let options = walk::Options {
            frames: 2000,
            states: Some(states.into()),
            ..walk::Options::default()
        };
        let plan = walk::plan(&graph, &options).unwrap();
        let shown: Vec<Option<String>> = graph.clips.iter().map(|clip| plan.state(clip)).collect();
        let [calm, wild] = ["calm", "wild"].map(|name| Some(name.to_owned()));
        let due = [&calm, &calm, &calm, &wild, &wild, &None];
        assert_eq!(shown.iter().collect::<Vec<_>>(), due);
    }

    #[test]
    fn runs_lie_between_positions_from_the_start_to_the_end() {
        let plan = sample();
        for planned in &plan.clips {
            let clock = clock::ClipClock::new(&planned.clip, plan.fps, plan.rate_mode);
            let positions = planned.positions(&clock);
            assert_eq!(
                (positions.first(), positions.last()),
                (Some(&0), Some(&clock.len()))
            );
            assert!(positions.windows(2).all(|pair| pair[0] < pair[1]));
        }
    }
}

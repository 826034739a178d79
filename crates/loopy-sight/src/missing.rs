//! What a library lacks: for each clip that fits no other, the joint that comes nearest to
//! attaching it.

use std::collections::BTreeMap;

use loopy_core::{
    Clip,
    graph::{PortRef, Score},
};
use serde::{Deserialize, Serialize};

use crate::{
    joint::{self, View},
    pairs::PairMatches,
};

/// Pairs of clips, the best in each direction, whose matches are looked at closely.
const CLOSER: usize = 4;

/// The best joint found between a clip that is a scene by itself and any other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// The clip that fits no other.
    pub clip: u32,
    /// Where the walk would leave.
    pub from: PortRef,
    /// Where it would enter.
    pub to: PortRef,
    /// How visible that would be.
    pub score: Score,
}

impl Missing {
    /// For people: what would have to exist. `clips` are those of the graph, `names` what they are
    /// called.
    pub fn words(&self, clips: &[Clip], names: &[String]) -> String {
        let name = |clip: u32| names.get(clip as usize).map_or("", String::as_str);
        let at = |port: PortRef| {
            let clip = clips.get(port.clip as usize);
            clip.map_or(0.0, |clip| {
                (clip.time(port.boundary) - clip.time(clip.first)) as f64 / 1e6
            })
        };
        let wish = if self.from.clip == self.clip {
            format!(
                "a clip that begins as it ends and ends as {} begins",
                name(self.to.clip)
            )
        } else {
            format!(
                "a clip that begins as {} ends and ends as it begins",
                name(self.from.clip)
            )
        };
        format!(
            "{} fits no other clip; nearest is leaving {} at {:.2} s for {} at {:.2} s (score \
             {:.2}); {wish} would attach it",
            name(self.clip),
            name(self.from.clip),
            at(self.from),
            name(self.to.clip),
            at(self.to),
            self.score.as_f64(),
        )
    }
}

/// The best way out of and the best way into each clip that is alone in its scene, where there
/// are other clips.
pub(crate) fn missing(
    views: &[View],
    scenes: &[u32],
    found: &BTreeMap<(usize, usize), PairMatches>,
) -> Vec<Missing> {
    let alone = |clip: &usize| {
        scenes
            .iter()
            .filter(|scene| **scene == scenes[*clip])
            .count()
            == 1
    };
    let lonely = (0..views.len()).filter(alone);
    lonely
        .flat_map(|clip| {
            [true, false].into_iter().filter_map(move |out| {
                let pairs = found
                    .iter()
                    .filter(|((a, b), _)| a != b && clip == if out { *a } else { *b });
                let mut pairs: Vec<_> = pairs
                    .map(|(pair, matches)| (matches.best(), *pair))
                    .collect();
                pairs.sort_unstable();
                let joints = pairs
                    .into_iter()
                    .take(CLOSER)
                    .map(|(best, (a, b))| Missing {
                        clip: clip as u32,
                        from: PortRef {
                            clip: a as u32,
                            boundary: best.from,
                        },
                        to: PortRef {
                            clip: b as u32,
                            boundary: best.to,
                        },
                        score: joint::joint(&views[a], best.from, &views[b], best.to).score,
                    });
                joints.max_by_key(|joint| (joint.score, std::cmp::Reverse((joint.from, joint.to))))
            })
        })
        .collect()
}

//! What opening ports adds to the best joints of all pairs.

use std::collections::BTreeMap;

use super::{
    Open,
    options::{Joint, Place},
};

pub(super) struct Gains<'a> {
    joints: &'a [Joint],
    /// Joints that need a place.
    touching: BTreeMap<Place, Vec<usize>>,
    /// Best score of each pair over ports that are open.
    best: Vec<u16>,
}

impl<'a> Gains<'a> {
    pub(super) fn new(joints: &'a [Joint], open: &Open) -> Self {
        let pairs = joints.iter().map(|joint| joint.pair + 1).max().unwrap_or(0);
        let mut gains = Self {
            joints,
            touching: BTreeMap::new(),
            best: vec![0; pairs],
        };
        for (at, joint) in joints.iter().enumerate() {
            let needed = open.needed(joint.from, joint.to);
            if needed.is_empty() {
                gains.best[joint.pair] = gains.best[joint.pair].max(joint.score);
            }
            for place in needed {
                gains.touching.entry(place).or_default().push(at);
            }
        }
        gains
    }

    /// Joints that need a place.
    pub(super) fn touching(&self, place: Place) -> &[usize] {
        self.touching.get(&place).map_or(&[], Vec::as_slice)
    }

    /// What the ports that a joint needs add to the best scores of all pairs, for each of them;
    /// 0 when it needs none.
    pub(super) fn each(&self, at: usize, open: &Open) -> u64 {
        let Joint { from, to, .. } = self.joints[at];
        let needed = open.needed(from, to);
        let mut better: BTreeMap<usize, u16> = BTreeMap::new();
        for joint in self.served(&needed, open) {
            let most = better.entry(joint.pair).or_default();
            *most = joint.score.max(*most);
        }
        let sum: u64 = better
            .into_iter()
            .map(|(pair, score)| u64::from(score.saturating_sub(self.best[pair])))
            .sum();
        sum / needed.len().max(1) as u64
    }

    /// The places have become ports.
    pub(super) fn settle(&mut self, places: &[Place], open: &Open) {
        let served: Vec<(usize, u16)> = self
            .served(places, open)
            .map(|joint| (joint.pair, joint.score))
            .collect();
        for (pair, score) in served {
            self.best[pair] = self.best[pair].max(score);
        }
    }

    /// Joints that need some of the places, and nothing else that is not open.
    fn served(&self, places: &[Place], open: &Open) -> impl Iterator<Item = &'a Joint> {
        let has = |place: Place| open.has(place) || places.contains(&place);
        let joints = self.joints;
        let touching = places.iter().flat_map(|place| self.touching(*place));
        touching
            .map(|at| &joints[*at])
            .filter(|joint| has(joint.from) && has(joint.to))
            .collect::<Vec<_>>()
            .into_iter()
    }
}

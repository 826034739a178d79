//! Where the walk may leave and enter each clip: its start and end, and boundaries inside that
//! serve many joints well.
//!
//! A port inside a clip costs an IDR picture, so each must earn it. Places to choose from are the
//! matches of all pairs, moved onto each other where they nearly meet. Ports are opened greedily,
//! those first that improve the best joints of most ordered pairs most (facility location;
//! Cornuéjols, Fisher, Nemhauser 1977), both ends of a joint together, so that a port always has
//! its counterpart.

mod gain;
mod open;
mod options;

use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use loopy_core::Clip;

use self::gain::Gains;
use self::options::Joint;
pub(crate) use self::{
    open::{Open, fixed},
    options::Place,
};
use crate::{
    graph::Options,
    joint::View,
    pairs::{PairMatches, Side},
};

/// A joint that almost everyone would notice is not worth a port.
pub(crate) const WORTHWHILE: u16 = u16::MAX / 100;
/// What each new port has to add at least to the scores of pairs.
const EARNS: u64 = u16::MAX as u64 / 100;

/// Everything that ports are chosen from, clip by clip.
pub(crate) struct Ground<'a> {
    pub(crate) clips: &'a [Clip],
    pub(crate) views: &'a [View<'a>],
    pub(crate) sides: &'a [Side],
    pub(crate) scenes: &'a [u32],
    pub(crate) found: &'a BTreeMap<(usize, usize), PairMatches>,
    pub(crate) options: &'a Options,
}

/// The ports of every clip and the joints that they were chosen for.
pub(crate) struct Chosen {
    /// Rising boundaries of each clip, the first at the start of the usable range, the last at
    /// its end.
    pub(crate) ports: Vec<Vec<u32>>,
    /// From a boundary of a clip to one of another.
    pub(crate) joints: BTreeSet<(Place, Place)>,
}

/// Chooses ports. `known` ports of a clip, by its index, are kept whatever else is found.
pub(crate) fn choose(ground: &Ground, known: &BTreeMap<usize, Vec<u32>>) -> Chosen {
    let ports: Vec<Vec<u32>> = ground
        .clips
        .iter()
        .enumerate()
        .map(|(index, clip)| {
            let known = known.get(&index).into_iter().flatten().copied();
            fixed(clip, known)
        })
        .collect();
    let joints = options::joints(ground, &ports);
    let mut open = Open::new(ground.clips, ground.options, ports);
    let mut gains = Gains::new(&joints, &open);
    let mut heap: BinaryHeap<(u64, std::cmp::Reverse<usize>)> = (0..joints.len())
        .map(|at| (gains.each(at, &open), std::cmp::Reverse(at)))
        .filter(|(gain, _)| *gain >= EARNS)
        .collect();
    while let Some((before, std::cmp::Reverse(at))) = heap.pop() {
        let needed = open.needed(joints[at].from, joints[at].to);
        if needed.is_empty() || !open.fit(&needed) {
            continue;
        }
        let gain = gains.each(at, &open);
        if gain < before {
            if gain >= EARNS {
                heap.push((gain, std::cmp::Reverse(at)));
            }
            continue;
        }
        for place in &needed {
            open.add(*place);
        }
        gains.settle(&needed, &open);
        // What shares a port with these needs one less from now on.
        for other in needed.iter().flat_map(|place| gains.touching(*place)) {
            let gain = gains.each(*other, &open);
            if gain >= EARNS {
                heap.push((gain, std::cmp::Reverse(*other)));
            }
        }
    }
    if ground.options.every {
        let mut order: Vec<&Joint> = joints.iter().collect();
        order.sort_by_key(|joint| (std::cmp::Reverse(joint.score), joint.from, joint.to));
        for joint in order {
            let needed = open.needed(joint.from, joint.to);
            if open.fit(&needed) {
                for place in needed {
                    open.add(place);
                }
            }
        }
    }
    let served = (joints.iter()).filter(|joint| open.has(joint.from) && open.has(joint.to));
    Chosen {
        joints: served.map(|joint| (joint.from, joint.to)).collect(),
        ports: open.ports,
    }
}

/// A port this near the start or the end of its clip, in seconds, is one of its own: a visit that
/// uses one of the two rarely passes the other, so that the key picture costs little.
const END_SECONDS: f64 = 0.2;

/// Far enough from each other to be two ports.
pub(crate) fn far(clip: &Clip, a: u32, b: u32, options: &Options) -> bool {
    let end = |boundary: u32| boundary == clip.first || boundary == clip.until;
    let seconds = if end(a) == end(b) {
        options.port_seconds
    } else {
        options.port_seconds.min(END_SECONDS)
    };
    let micros = clip.time(a).abs_diff(clip.time(b)) as f64;
    // A frame's time is rounded to microseconds.
    a != b && micros + 1.0 >= seconds * 1e6
}

//! Looking ahead: whether a walk can go on for some visits without breaking its rules.

use super::{
    choice::Rules,
    map::{Map, Node},
    trail::Trail,
};

/// Visits looked ahead in large and in small libraries, and clips of a small one at most.
const FAR: usize = 4;
const FARTHER: usize = 16;
const SMALL: usize = 12;
/// Links looked at before the search hopes for the best.
const EFFORT: u32 = 600;

/// A walk that begins its next visit at `node` can go on by ordinary joints; true also where that
/// takes too long to find out.
pub(super) fn leads_on(trail: &Trail, rules: &Rules, node: &Node) -> bool {
    let map = trail.map();
    if !node.calm {
        return true;
    }
    let depth = if map.usable.len() <= SMALL {
        FARTHER
    } else {
        FAR
    };
    let mut search = Search {
        trail,
        rules,
        map,
        path: [u32::MAX; FARTHER + 1],
        effort: EFFORT,
    };
    search.path[0] = node.clip;
    search.from(node, 1, depth)
}

struct Search<'a, 'b> {
    trail: &'a Trail<'b>,
    rules: &'a Rules,
    map: &'b Map,
    /// Clips of the visits ahead.
    path: [u32; FARTHER + 1],
    effort: u32,
}

impl Search<'_, '_> {
    /// The visit at `node`, the `taken`th ahead, leads on until there are more than `depth`.
    fn from(&mut self, node: &Node, taken: usize, depth: usize) -> bool {
        if taken > depth {
            return true;
        }
        let map = self.map;
        // A clip that was found closed stays closed for the other links to it.
        let mut closed = u32::MAX;
        for index in map.ways(node) {
            let link = &map.links[index as usize];
            if self.effort == 0 {
                return true;
            }
            self.effort -= 1;
            if link.clip == closed || !link.ordinary {
                continue;
            }
            if !self.open(link.clip, taken) {
                closed = link.clip;
                continue;
            }
            self.path[taken] = link.clip;
            if self.from(&map.nodes[link.to as usize], taken + 1, depth) {
                return true;
            }
        }
        false
    }

    /// The visit after `taken` visits ahead may show `clip`.
    fn open(&self, clip: u32, taken: usize) -> bool {
        let gap = self.rules.gap.min(self.map.limits[clip as usize]) as usize;
        let lately = self.path[..taken].iter().rev().take(gap.saturating_sub(1));
        (self.map.alone() || lately.into_iter().all(|other| *other != clip))
            && self.trail.allows_later(clip)
            && self.trail.may_show(clip, taken as u32 + 1, self.rules.gap)
    }
}

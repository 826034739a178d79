//! Exit tables: from every place of every clip, the way out by which a wanted clip is shown soonest.

use std::{cmp::Reverse, collections::BinaryHeap};

use super::{
    map::{Link, Map},
    states::States,
};

/// No way.
pub(super) const NEVER: u32 = u32::MAX;

/// The way to one set of clips.
pub(super) struct Exits {
    wanted: Vec<bool>,
    /// By node: output frames from there until a visit to a wanted clip begins; 0 for their own.
    until: Vec<u32>,
    /// By link: among it and those that leave its clip later, the best.
    best: Vec<u32>,
    /// By link: it may be taken.
    open: Vec<bool>,
}

impl Exits {
    /// The table of the clips that `wanted` marks, over ordinary links that `states` allow.
    pub(super) fn new(map: &Map, states: Option<&States>, wanted: Vec<bool>) -> Self {
        let may = |link: &Link| {
            let state = |clip| states.and_then(|states| states.of(clip));
            link.ordinary
                && states.is_none_or(|states| states.may_follow(state(link.from), state(link.clip)))
        };
        let mut table = Self {
            until: vec![NEVER; map.nodes.len()],
            best: vec![NEVER; map.links.len()],
            open: map.links.iter().map(may).collect(),
            wanted,
        };
        // Dijkstra from the wanted clips back: a link is taken when what it leads to is settled.
        let mut open = BinaryHeap::new();
        for clip in map
            .usable
            .iter()
            .filter(|clip| table.wanted[**clip as usize])
        {
            for node in map.node_range(*clip) {
                table.until[node] = 0;
                open.push(Reverse((0_u32, node as u32)));
            }
        }
        while let Some(Reverse((until, node))) = open.pop() {
            if table.until[node as usize] != until {
                continue;
            }
            for index in map.leading_to(node) {
                let link = &map.links[*index as usize];
                if !may(link) {
                    continue;
                }
                let after = until.saturating_add(link.span.frames);
                for from in map.node_range(link.from) {
                    let at = map.nodes[from].at;
                    if at + map.least_of(link.from) > link.leave {
                        break;
                    }
                    let far = after.saturating_add(link.leave - at);
                    if far < table.until[from] {
                        table.until[from] = far;
                        open.push(Reverse((far, from as u32)));
                    }
                }
            }
        }
        for clip in &map.usable {
            let mut best: Option<(u64, u32)> = None;
            for index in map.link_range(*clip).rev() {
                let link = &map.links[index];
                let until = table.until[link.to as usize];
                if may(link) && until != NEVER {
                    let far =
                        u64::from(link.leave) + u64::from(link.span.frames) + u64::from(until);
                    if best.is_none_or(|best| far <= best.0) {
                        best = Some((far, index as u32));
                    }
                }
                table.best[index] = best.map_or(NEVER, |best| best.1);
            }
        }
        table
    }

    /// It is one of the clips.
    pub(super) fn wants(&self, clip: u32) -> bool {
        self.wanted[clip as usize]
    }

    /// The best way out of `clip` at `place` or later, if one leads there.
    pub(super) fn way(&self, map: &Map, clip: u32, place: u32) -> Option<u32> {
        let ways = map.links_from(clip, place);
        let best = self.best[ways].first().copied()?;
        (best != NEVER).then_some(best)
    }

    /// The links out of `clip` at `place` or later over which a wanted clip is shown, each with the
    /// output frames until then.
    pub(super) fn ways<'a>(
        &'a self,
        map: &'a Map,
        clip: u32,
        place: u32,
    ) -> impl Iterator<Item = (u32, u32)> + 'a {
        map.links_from(clip, place).filter_map(move |index| {
            let link = &map.links[index];
            let until = self.until[link.to as usize];
            let leads = self.open[index] && until != NEVER;
            leads.then(|| (index as u32, link.leave - place + link.span.frames + until))
        })
    }

    /// Most output frames from any moment of a visit to `clip` until a wanted clip is shown.
    pub(super) fn slowest(&self, map: &Map, clip: u32) -> Option<u32> {
        let after = |index: u32, place: u32| {
            let link = &map.links[index as usize];
            let until = self.until[link.to as usize];
            (link.leave - place) + link.span.frames + until
        };
        let mut slowest = 0;
        // Just entered, or just past a way out; from the last one on, the visit is over.
        for node in map.node_range(clip) {
            let until = self.until[node];
            if until == NEVER {
                return None;
            }
            slowest = slowest.max(until);
        }
        let links = &map.links[map.link_range(clip)];
        let last = links.iter().rev().find(|link| link.ordinary)?.leave;
        for link in links.iter().filter(|link| link.ordinary) {
            // A way out that is being taken cannot be left: what it leads to comes first.
            let until = self.until[link.to as usize];
            if until == NEVER {
                return None;
            }
            slowest = slowest.max(link.span.frames + until);
            if link.leave < last {
                let place = link.leave + 1;
                slowest = slowest.max(after(self.way(map, clip, place)?, place));
            }
        }
        Some(slowest)
    }
}

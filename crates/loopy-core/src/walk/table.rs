//! Which visits can still end a loop on its first frame: a backward dynamic program over
//! (beginning of a visit, output frames left).

use super::map::Map;

/// Most bits of the table: 8 MiB.
const MOST_BITS: u64 = 1 << 26;
/// Most places looked at before the table stops growing: some ten milliseconds.
const MOST_WORK: u64 = 4_000_000;

/// Rows of nodes by output frames left.
pub(super) struct Table {
    words: usize,
    rows: Vec<u64>,
    /// Frames left up to which the table is complete.
    pub(super) done: u64,
    /// Places looked at.
    pub(super) work: u64,
}

impl Table {
    /// The table of loops back to the node `first`, for at most `longest` frames left. With
    /// `changes`, scene changes are ways too. The return gap is not part of it.
    pub(super) fn new(map: &Map, first: u32, longest: u64, changes: bool) -> Self {
        let words = map.nodes.len().div_ceil(64);
        let longest = longest.min(MOST_BITS / (words as u64 * 64)).max(1);
        let rows = vec![0; words * (longest as usize + 1)];
        let mut table = Self {
            words,
            rows,
            done: longest,
            work: 0,
        };
        table.mark(0, first);
        // Where the budget may run out, a bridge may turn out to be a cut: both are marked, and
        // the search finds which it is.
        let spans = map.links.iter().map(|link| u64::from(link.span.frames));
        let sure = spans.sum::<u64>() <= map.budget;
        for left in 0..=longest {
            if table.work > MOST_WORK {
                table.done = left;
                break;
            }
            for word in 0..words {
                let mut bits = table.rows[left as usize * words + word];
                while bits != 0 {
                    let node = (word * 64) as u32 + bits.trailing_zeros();
                    bits &= bits - 1;
                    table.back(map, node, left, changes, sure);
                }
            }
        }
        table
    }

    /// Marks every visit that leads to `node` with `left` frames left there.
    fn back(&mut self, map: &Map, node: u32, left: u64, changes: bool, sure: bool) {
        for index in map.leading_to(node) {
            let link = &map.links[*index as usize];
            if !(link.ordinary || changes && (!link.own || map.alone())) {
                continue;
            }
            let bridge = link.span.frames;
            if bridge > 0 {
                self.leave(map, link.from, link.leave, left + u64::from(bridge));
            }
            if bridge == 0 || !sure {
                self.leave(map, link.from, link.leave, left);
            }
        }
        let here = &map.nodes[node as usize];
        if changes && here.at == 0 {
            for clip in &map.usable {
                if *clip != here.clip || map.alone() {
                    self.leave(map, *clip, map.len(*clip), left);
                }
            }
        }
    }

    /// Marks every visit of `clip` that is left at `leave` with `left` frames left there.
    fn leave(&mut self, map: &Map, clip: u32, leave: u32, left: u64) {
        let least = map.least_of(clip);
        for node in map.node_range(clip) {
            let at = map.nodes[node].at;
            if at + least > leave {
                break;
            }
            self.mark(left + u64::from(leave - at), node as u32);
        }
    }

    fn mark(&mut self, left: u64, node: u32) {
        self.work += 1;
        let index = left as usize * self.words + node as usize / 64;
        if let Some(word) = self.rows.get_mut(index) {
            let bit = 1 << (node % 64);
            *word |= bit;
        }
    }

    /// A visit that begins at `node` with `left` frames left may end the loop exactly; true also
    /// where the table does not reach.
    pub(super) fn may_close(&self, node: u32, left: u64) -> bool {
        let index = left as usize * self.words + node as usize / 64;
        left > self.done || self.rows[index] >> (node % 64) & 1 == 1
    }
}

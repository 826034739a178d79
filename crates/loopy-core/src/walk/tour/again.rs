//! How the tour goes on when every pair was shown: over every triple of clips in a row that it has
//! not taken yet, each once.
//!
//! The pairs are the nodes of a second graph whose arcs are the triples; a walk that repeats no
//! triple is a trail over those arcs (the line graph of the first). The triples of the tour are taken
//! out, the fewest of the others are left out so that one trail takes the rest, and it is laid and
//! spaced as the tour itself.

use super::{Arc, Ground, Pair, lay::lay, space::Row};
use crate::{
    circulation::{balanced, round},
    walk::dice::Dice,
};

/// Stream of the draws.
const STREAM: u64 = 1 << 36 | 1;
/// Triples of a library at most for which this is worth its time and memory.
const MOST: usize = 1 << 21;

/// The rest of a tour.
pub(in crate::walk) struct Again {
    /// Links in order, from the clip with which the pairs end.
    pub(in crate::walk) links: Vec<u32>,
    /// Return gap that it keeps, the tour before it included.
    pub(in crate::walk) gap: u32,
    /// Triples of clips that the library joins, and the most of them in one walk.
    pub(in crate::walk) triples: u64,
    pub(in crate::walk) bound: u64,
}

/// What follows `row`, places of `pairs` in the order in which the tour takes them.
pub(super) fn again(
    pairs: &[Pair],
    all: &[Pair],
    row: &[u32],
    clips: usize,
    gap: u32,
    seed: u64,
) -> Option<Again> {
    let last = *row.last()?;
    // To and fro is as early as a clip can return.
    let returns = gap < 3;
    let every = triples(all, returns)?;
    let bound = balanced(all.len(), &every).bound as u64;

    let mut taken: Vec<(u32, u32)> = row.windows(2).map(|two| (two[0], two[1])).collect();
    taken.sort_unstable();
    // Pairs that the tour leaves out are shown no more than twice in a row of triples: they may be
    // taken now.
    let mut open = triples(pairs, returns)?;
    open.retain(|triple| taken.binary_search(triple).is_err());
    // One trail from the last pair to anywhere is a round over a node that leads there.
    let outside = pairs.len() as u32;
    let joints = open.len();
    open.extend((0..outside).map(|pair| (pair, outside)));
    open.push((outside, last));
    let kept = round(pairs.len() + 1, &open);
    open.truncate(joints);

    let arcs: Vec<Arc> = (open.iter())
        .map(|(from, to)| Arc {
            from: *from,
            to: *to,
            score: pairs[*to as usize].score,
        })
        .collect();
    let shows: Vec<u32> = pairs.iter().map(|pair| pair.to).collect();
    let ground = Ground {
        arcs: &arcs,
        shows: &shows,
        clips,
    };
    let before = &row[row.len().saturating_sub(2 * gap as usize)..row.len() - 1];
    let shown: Vec<u32> = before.iter().map(|pair| shows[*pair as usize]).collect();
    let mut dice = Dice::new(seed, STREAM);
    let laid = lay(&ground, &kept[..joints], Some(last), &shown, &mut dice);
    if laid.len() < 2 || laid[0] != last {
        return None;
    }
    let fixed = before.len();
    let mut spaced = Row {
        nodes: before.iter().copied().chain(laid).collect(),
        fixed,
        ground: &ground,
    };
    let gap = spaced.space(gap as usize, &mut dice);
    let rest = &spaced.nodes[fixed + 1..];
    Some(Again {
        links: rest.iter().map(|pair| pairs[*pair as usize].link).collect(),
        gap: gap as u32,
        triples: every.len() as u64,
        bound,
    })
}

/// The triples of clips in a row, as two places of `pairs` each, which are in order; nothing where
/// there are too many.
fn triples(pairs: &[Pair], returns: bool) -> Option<Vec<(u32, u32)>> {
    let mut triples = Vec::new();
    for (place, pair) in (0..).zip(pairs) {
        let begin = pairs.partition_point(|next| next.from < pair.to);
        let next = (begin as u32..).zip(&pairs[begin..]);
        let next = next.take_while(|(_, next)| next.from == pair.to);
        let next = next.filter(|(_, next)| returns || next.to != pair.from);
        triples.extend(next.map(|(next, _)| (place, next)));
        if triples.len() > MOST {
            return None;
        }
    }
    Some(triples)
}

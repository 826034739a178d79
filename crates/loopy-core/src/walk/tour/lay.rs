//! Lays a trail over arcs that leave every node as often as they enter it, oldest clip and best
//! joints first (Hierholzer).

use super::Ground;
use crate::walk::dice::Dice;

/// The node that stands for the part `node` belongs to.
fn root(part: &mut [u32], node: u32) -> u32 {
    let mut here = node;
    while part[here as usize] != here {
        part[here as usize] = part[part[here as usize] as usize];
        here = part[here as usize];
    }
    here
}

/// The kept arcs of the part that has the most of them.
pub(super) fn largest(ground: &Ground, kept: &[bool]) -> Vec<bool> {
    let (arcs, nodes) = (ground.arcs, ground.shows.len());
    let mut part: Vec<u32> = (0..nodes as u32).collect();
    for (arc, _) in arcs.iter().zip(kept).filter(|(_, kept)| **kept) {
        let (a, b) = (root(&mut part, arc.from), root(&mut part, arc.to));
        part[a.max(b) as usize] = a.min(b);
    }
    let mut sizes = vec![0_usize; nodes];
    for (arc, _) in arcs.iter().zip(kept).filter(|(_, kept)| **kept) {
        sizes[root(&mut part, arc.from) as usize] += 1;
    }
    let best = (0..nodes).max_by_key(|node| (sizes[*node], std::cmp::Reverse(*node)));
    (arcs.iter().zip(kept))
        .map(|(arc, kept)| *kept && Some(root(&mut part, arc.from) as usize) == best)
        .collect()
}

/// A trail over all kept arcs that hang together with its beginning: the nodes in order. It begins
/// where more arcs lead out than in, or at `start`; `before` are the clips shown just before.
pub(super) fn lay(
    ground: &Ground,
    kept: &[bool],
    start: Option<u32>,
    before: &[u32],
    dice: &mut Dice,
) -> Vec<u32> {
    let (arcs, shows, clips) = (ground.arcs, ground.shows, ground.clips);
    let mut ways: Vec<Vec<u32>> = vec![Vec::new(); shows.len()];
    let mut excess = vec![0_i64; shows.len()];
    for (index, arc) in (0..).zip(arcs).filter(|(index, _)| kept[*index as usize]) {
        ways[arc.from as usize].push(index);
        excess[arc.from as usize] += 1;
        excess[arc.to as usize] -= 1;
    }
    let open = excess.iter().position(|excess| *excess > 0);
    let wished = start
        .map(|node| node as usize)
        .filter(|node| !ways[*node].is_empty());
    let Some(first) = open
        .or(wished)
        .or_else(|| ways.iter().position(|ways| !ways.is_empty()))
    else {
        return Vec::new();
    };
    let mut last = vec![0_usize; clips];
    let mut count = 0;
    for clip in before {
        count += 1;
        last[*clip as usize] = count;
    }
    // From one node until there is no way on, each time to a clip not shown for long, over a good
    // joint.
    let mut stretch = |from: usize, ways: &mut Vec<Vec<u32>>| {
        let mut row = vec![from as u32];
        let mut here = from;
        loop {
            count += 1;
            last[shows[here] as usize] = count;
            let worth = |index: &u32| {
                let arc = &arcs[*index as usize];
                let shown = last[shows[arc.to as usize] as usize];
                let age = (count - shown).min(2 * clips) as u64 * 4;
                age + u64::from(arc.score) * clips as u64 / 65_536
            };
            let best = ways[here].iter().map(worth).max();
            let Some(best) = best else { return row };
            let good: Vec<usize> = (0..ways[here].len())
                .filter(|place| worth(&ways[here][*place]) + 2 >= best)
                .collect();
            let place = good[dice.below(good.len() as u64) as usize];
            let index = ways[here].swap_remove(place);
            here = arcs[index as usize].to as usize;
            row.push(here as u32);
        }
    };
    // Where ways were left, a round from there and back is put in (Hierholzer).
    let mut row = stretch(first, &mut ways);
    let mut done = Vec::with_capacity(kept.len() + 1);
    let mut rest: Vec<u32> = Vec::new();
    row.reverse();
    rest.append(&mut row);
    while let Some(node) = rest.pop() {
        if ways[node as usize].is_empty() {
            done.push(node);
        } else {
            let mut round = stretch(node as usize, &mut ways);
            round.reverse();
            rest.append(&mut round);
        }
    }
    done
}

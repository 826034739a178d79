//! A walk over every acceptable pair of clips, each once.
//!
//! Clips are visited over one place that all their ways in lie before and all their ways out lie
//! behind, so that any way in can be followed by any way out. What is left is a walk over all arcs
//! of the graph of clips: arcs are left out until every clip is entered as often as it is left
//! ([`balanced`]), a trail through the rest is laid oldest clip and best joints first (Hierholzer),
//! and stretches of it are exchanged until no clip returns early.

use super::{dice::Dice, map::Map};
use crate::circulation::balanced;

/// Stream of the draws.
const STREAM: u64 = 1 << 36;
/// Exchanges tried for each visit at one gap, and gained gap tried at once.
const EFFORT: usize = 100;
const STEP: usize = 2;
/// Showings of a clip that an exchange reaches over.
const REACH: usize = 6;

/// A walk over pairs of clips.
pub(super) struct Tour {
    /// Links in order.
    pub(super) links: Vec<u32>,
    /// Clip that it begins with.
    pub(super) first: u32,
    /// Return gap that it keeps.
    pub(super) gap: u32,
    /// Pairs of clips that the library joins, and the most of them in one walk.
    pub(super) pairs: u64,
    pub(super) bound: u64,
}

/// The tour of `map`, if there are pairs at all; it keeps `wanted` or the largest gap found.
pub(super) fn tour(map: &Map, seed: u64, wanted: u32, start: Option<u32>) -> Option<Tour> {
    let all = pairs(map, &vec![0; map.clips()], &vec![u32::MAX; map.clips()]);
    let (from, until) = meeting(map);
    let chosen = pairs(map, &from, &until);
    let arcs: Vec<(u32, u32)> = chosen.iter().map(|pair| (pair.from, pair.to)).collect();
    let every: Vec<(u32, u32)> = all.iter().map(|pair| (pair.from, pair.to)).collect();
    let bound = balanced(map.clips(), &every).bound as u64;
    let kept = balanced(map.clips(), &arcs).kept;
    let kept = largest(map.clips(), &chosen, &kept);
    let mut dice = Dice::new(seed, STREAM);
    let mut row = trail(map.clips(), &chosen, &kept, start, &mut dice);
    if row.len() < 2 {
        return None;
    }
    let gap = space(&mut row, map.clips(), wanted as usize, start, &mut dice);
    let link = |pair: &[u32]| {
        let place = arcs.binary_search(&(pair[0], pair[1])).ok()?;
        Some(chosen[place].link)
    };
    Some(Tour {
        links: row.windows(2).filter_map(link).collect(),
        first: row[0],
        gap: gap as u32,
        pairs: all.len() as u64,
        bound,
    })
}

/// An ordered pair of clips and its best link.
struct Pair {
    from: u32,
    to: u32,
    link: u32,
    score: u16,
}

/// The pairs joined by ordinary links that leave a clip at `from` at least and enter one so that
/// it can be left at `until` at most.
fn pairs(map: &Map, from: &[u32], until: &[u32]) -> Vec<Pair> {
    let mut pairs: Vec<Pair> = (0..)
        .zip(&map.links)
        .filter(|(_, link)| {
            let enter = map.nodes[link.to as usize].at;
            link.ordinary
                && link.from != link.clip
                && link.leave >= from[link.from as usize]
                && enter.saturating_add(map.least_of(link.clip)) <= until[link.clip as usize]
        })
        .map(|(index, link)| Pair {
            from: link.from,
            to: link.clip,
            link: index,
            score: link.score.0,
        })
        .collect();
    pairs.sort_by_key(|pair| (pair.from, pair.to, std::cmp::Reverse(pair.score), pair.link));
    pairs.dedup_by_key(|pair| (pair.from, pair.to));
    pairs
}

/// By clip, the place that joins the most clips before it with the most behind it.
fn meeting(map: &Map) -> (Vec<u32>, Vec<u32>) {
    let mut best = vec![0; map.clips()];
    for clip in &map.usable {
        let least = map.least_of(*clip);
        let mut most = None;
        for node in map.node_range(*clip) {
            let place = map.nodes[node].at + least;
            let entered = map
                .node_range(*clip)
                .filter(|node| map.nodes[*node].at + least <= place);
            let into = entered.flat_map(|node| map.leading_to(node as u32));
            let into = into.map(|link| &map.links[*link as usize]);
            let into = distinct(into.filter(|link| link.ordinary).map(|link| link.from));
            let out = map.links[map.link_range(*clip)].iter();
            let out = out.filter(|link| link.ordinary && link.leave >= place);
            let out = distinct(out.map(|link| link.clip));
            let worth = (into.min(out), into + out);
            if most.is_none_or(|most| worth > most) {
                most = Some(worth);
                best[*clip as usize] = place;
            }
        }
    }
    (best.clone(), best)
}

fn distinct(clips: impl Iterator<Item = u32>) -> usize {
    let mut clips: Vec<u32> = clips.collect();
    clips.sort_unstable();
    clips.dedup();
    clips.len()
}

/// The clip that stands for the part `clip` belongs to.
fn root(part: &mut [u32], clip: u32) -> u32 {
    let mut here = clip;
    while part[here as usize] != here {
        part[here as usize] = part[part[here as usize] as usize];
        here = part[here as usize];
    }
    here
}

/// The kept arcs of the part that has the most of them.
fn largest(clips: usize, pairs: &[Pair], kept: &[bool]) -> Vec<bool> {
    let mut part: Vec<u32> = (0..clips as u32).collect();
    for (pair, _) in pairs.iter().zip(kept).filter(|(_, kept)| **kept) {
        let (a, b) = (root(&mut part, pair.from), root(&mut part, pair.to));
        part[a.max(b) as usize] = a.min(b);
    }
    let mut sizes = vec![0_usize; clips];
    for (pair, _) in pairs.iter().zip(kept).filter(|(_, kept)| **kept) {
        sizes[root(&mut part, pair.from) as usize] += 1;
    }
    let best = (0..clips).max_by_key(|clip| (sizes[*clip], std::cmp::Reverse(*clip)));
    (pairs.iter().zip(kept))
        .map(|(pair, kept)| *kept && Some(root(&mut part, pair.from) as usize) == best)
        .collect()
}

/// A trail over all kept arcs, which hang together: the clips in order.
fn trail(
    clips: usize,
    pairs: &[Pair],
    kept: &[bool],
    start: Option<u32>,
    dice: &mut Dice,
) -> Vec<u32> {
    let mut ways: Vec<Vec<usize>> = vec![Vec::new(); clips];
    let mut excess = vec![0_i64; clips];
    for (index, pair) in pairs.iter().enumerate().filter(|(index, _)| kept[*index]) {
        ways[pair.from as usize].push(index);
        excess[pair.from as usize] += 1;
        excess[pair.to as usize] -= 1;
    }
    let open = excess.iter().position(|excess| *excess > 0);
    let wished = start
        .map(|clip| clip as usize)
        .filter(|clip| !ways[*clip].is_empty());
    let Some(first) = open
        .or(wished)
        .or_else(|| ways.iter().position(|ways| !ways.is_empty()))
    else {
        return Vec::new();
    };
    let mut last = vec![0_usize; clips];
    let mut count = 0;
    // From one clip until there is no way on, each time to a clip not shown for long, over a good
    // joint.
    let mut stretch = |from: usize, ways: &mut Vec<Vec<usize>>| {
        let mut row = vec![from as u32];
        let mut here = from;
        loop {
            count += 1;
            last[here] = count;
            let worth = |index: &usize| {
                let pair = &pairs[*index];
                let age = (count - last[pair.to as usize]).min(2 * clips) as u64 * 4;
                age + u64::from(pair.score) * clips as u64 / 65_536
            };
            let best = ways[here].iter().map(worth).max();
            let Some(best) = best else { return row };
            let good: Vec<usize> = (0..ways[here].len())
                .filter(|place| worth(&ways[here][*place]) + 2 >= best)
                .collect();
            let place = good[dice.below(good.len() as u64) as usize];
            let index = ways[here].swap_remove(place);
            here = pairs[index].to as usize;
            row.push(here as u32);
        }
    };
    // Where ways were left, a round from there and back is put in (Hierholzer).
    let mut row = stretch(first, &mut ways);
    let mut done = Vec::with_capacity(kept.len() + 1);
    let mut rest: Vec<u32> = Vec::new();
    row.reverse();
    rest.append(&mut row);
    while let Some(clip) = rest.pop() {
        if ways[clip as usize].is_empty() {
            done.push(clip);
        } else {
            let mut round = stretch(clip as usize, &mut ways);
            round.reverse();
            rest.append(&mut round);
        }
    }
    done
}

/// Exchanges stretches of `row` between showings of one clip until no clip returns before `wanted`
/// visits, or the largest gap that is found; the arcs stay the same. The gap is returned.
fn space(
    row: &mut Vec<u32>,
    clips: usize,
    wanted: usize,
    start: Option<u32>,
    dice: &mut Dice,
) -> usize {
    let mut gap = least(row, clips).min(wanted);
    let mut good = row.clone();
    while gap < wanted {
        let next = (gap + STEP).min(wanted);
        if !exchange(row, clips, next, dice) {
            break;
        }
        gap = next;
        good.clone_from(row);
    }
    *row = good;
    // A round can begin anywhere.
    if row.first() == row.last()
        && let Some(place) = start.and_then(|start| row.iter().position(|clip| *clip == start))
    {
        let mut turned = row[..row.len() - 1].to_vec();
        turned.rotate_left(place);
        turned.push(turned[0]);
        if least(&turned, clips) >= gap {
            *row = turned;
        }
    }
    gap
}

/// The smallest return gap in `row`.
fn least(row: &[u32], clips: usize) -> usize {
    let mut last = vec![None; clips];
    let mut least = usize::MAX;
    for (index, clip) in row.iter().enumerate() {
        if let Some(before) = last[*clip as usize].replace(index) {
            least = least.min(index - before);
        }
    }
    least
}

/// Tries until no clip returns before `gap` visits; false when that was too much effort.
fn exchange(row: &mut [u32], clips: usize, gap: usize, dice: &mut Dice) -> bool {
    let mut last = vec![usize::MAX; clips];
    let mut early = |row: &[u32]| {
        let mut count = 0;
        for (index, clip) in row.iter().enumerate() {
            let before = std::mem::replace(&mut last[*clip as usize], index);
            count += usize::from(before != usize::MAX && index - before < gap);
        }
        for clip in row {
            last[*clip as usize] = usize::MAX;
        }
        count
    };
    let mut effort = row.len() * EFFORT;
    loop {
        // All places where a clip returns early.
        let mut seen = vec![usize::MAX; clips];
        let mut places = Vec::new();
        for (index, clip) in row.iter().enumerate() {
            let before = std::mem::replace(&mut seen[*clip as usize], index);
            if before != usize::MAX && index - before < gap {
                places.push(index);
            }
        }
        if places.is_empty() {
            return true;
        }
        for place in places {
            // A clip between the two showings, or beside them, is where stretches are exchanged.
            for _ in 0..EFFORT {
                if !row[place.saturating_sub(gap - 1)..place].contains(&row[place]) {
                    break;
                }
                if effort == 0 {
                    return false;
                }
                effort -= 1;
                let low = place.saturating_sub(gap);
                let middle = low + dice.below((place + 1 - low) as u64) as usize;
                let clip = row[middle];
                let ahead = dice.below(2) == 0;
                let others = |from: usize, step: &dyn Fn(usize) -> Option<usize>| {
                    let mut at = from;
                    let mut found = Vec::new();
                    while found.len() < REACH {
                        let Some(next) = step(at).filter(|next| *next < row.len()) else {
                            break;
                        };
                        at = next;
                        if row[at] == clip {
                            found.push(at);
                        }
                    }
                    found
                };
                let found = if ahead {
                    others(middle, &|at| at.checked_add(1))
                } else {
                    others(middle, &|at| at.checked_sub(1))
                };
                if found.len() < 2 {
                    continue;
                }
                let second = dice.below(found.len() as u64) as usize;
                let third = dice.below(found.len() as u64) as usize;
                let mut cut = [middle, found[second], found[third]];
                cut.sort_unstable();
                let [a, b, c] = cut;
                if a == b || b == c {
                    continue;
                }
                let window = a.saturating_sub(gap)..(c + gap).min(row.len());
                let before = early(&row[window.clone()]);
                row[a..c].rotate_left(b - a);
                if early(&row[window]) > before {
                    row[a..c].rotate_right(b - a);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::walk::{
        self, Options, Planner,
        sample::{edge, graph, library},
    };

    fn options(frames: u64, seed: u64) -> Options {
        Options {
            frames,
            seed,
            certified: true,
            ..Options::default()
        }
    }

    #[test]
    fn a_dense_library_is_walked_over_all_its_pairs() {
        let mut dense = graph(&[const { (150, Vec::new()) }; 12]);
        for from in 0..12 {
            for to in (0..12).filter(|to| *to != from) {
                let score = 0.3 + f64::from(from * to % 7) / 10.0;
                dense.edges.push(edge((from, 150), (to, 0), score, 1.0));
            }
        }
        dense.sort();
        let plan = walk::plan(&dense, &options(150 * 133, 4)).unwrap();
        assert_eq!(plan.visits.len(), 133);
        assert!(plan.certificate.repeated_pairs.abs() < 1e-12);
        let said = |note: &String| note.starts_with("certified: no pair of clips repeats");
        assert!(plan.notes.iter().any(said), "{:?}", plan.notes);
        // One visit more, and a pair has to repeat: the walk goes on, and says so.
        let longer = walk::plan(&dense, &options(150 * 140, 4)).unwrap();
        assert!(longer.certificate.repeated_pairs > 0.0);
        let said = |note: &String| note.starts_with("certified for the first 132 pairs");
        assert!(longer.notes.iter().any(said), "{:?}", longer.notes);
        assert!(longer.certificate.repeated_triples.abs() < 1e-12);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn a_tour_takes_joints_in_a_row_and_none_twice(
            seed in any::<u64>(),
            count in 2_u32..14,
            inside in 0_u32..4,
            exits in 1_u32..6,
            start in proptest::option::of(0_u32..2),
        ) {
            let graph = library(seed, count, 120, inside, exits);
            let wish = Options { start, ..options(20_000, seed) };
            let planner = Planner::new(&graph, &wish).unwrap();
            let map = planner.map();
            let Some(tour) = planner.tour() else {
                prop_assert!(map.links.iter().all(|link| !link.ordinary));
                return Ok(());
            };
            let links: Vec<_> = tour.links.iter().map(|link| &map.links[*link as usize]).collect();
            prop_assert_eq!(links[0].from, tour.first);
            for pair in links.windows(2) {
                prop_assert_eq!(pair[0].clip, pair[1].from);
                let entered = map.nodes[pair[0].to as usize].at;
                prop_assert!(entered + map.least_of(pair[1].from) <= pair[1].leave);
            }
            let pairs: BTreeSet<_> = links.iter().map(|link| (link.from, link.clip)).collect();
            prop_assert_eq!(pairs.len(), links.len());
            prop_assert!(links.len() as u64 <= tour.bound && tour.bound <= tour.pairs);
            let mut clips: Vec<u32> = links.iter().map(|link| link.from).collect();
            clips.push(links[links.len() - 1].clip);
            prop_assert!(least(&clips, map.clips()) >= tour.gap as usize);

            let plan = walk::plan(&graph, &wish).unwrap();
            plan.check().unwrap();
            prop_assert_eq!(plan.frames, 20_000);
            let mut seen = BTreeSet::new();
            let pairs = plan.visits.windows(2).map(|pair| (pair[0].clip, pair[1].clip));
            let fresh = pairs.take_while(|pair| seen.insert(*pair)).count();
            // The last stretch is made to fit the length.
            prop_assert!(fresh >= tour.links.len() || fresh + 1 == plan.visits.len()
                || fresh + 24 >= plan.visits.len(), "{fresh} of {}", plan.visits.len());
        }
    }
}

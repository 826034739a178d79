//! What the walk gives up is forced: small graphs are searched through, state by state.

use std::collections::{BTreeMap, BTreeSet};

use super::options;
use crate::{
    Graph,
    walk::{Options, Planner, map::Map, sample::library},
};

/// A place to begin a visit, and the clips shown lately, the last of them this one.
type State = (u32, Vec<u32>);

/// Where every state leads that keeps `gap`, from `start` on.
fn states(map: &Map, start: u32, gap: usize) -> BTreeMap<State, Vec<State>> {
    let clip = |node: u32| map.nodes[node as usize].clip;
    let mut found = BTreeMap::new();
    let mut open = vec![(start, vec![clip(start)])];
    while let Some(state) = open.pop() {
        if found.contains_key(&state) {
            continue;
        }
        let links = map.ways(&map.nodes[state.0 as usize]);
        let links = links.map(|link| &map.links[link as usize]);
        let next = links.filter(|link| link.ordinary).filter_map(|link| {
            let shown = clip(link.to);
            let lately = &state.1;
            if lately
                .iter()
                .rev()
                .take(gap - 1)
                .any(|other| *other == shown)
            {
                return None;
            }
            let mut row = lately.clone();
            row.push(shown);
            let keep = row.len().saturating_sub(gap - 1);
            Some((link.to, row.split_off(keep)))
        });
        let next: BTreeSet<State> = next.collect();
        open.extend(next.iter().cloned());
        found.insert(state, next.into_iter().collect());
    }
    found
}

/// The states that can be reached from `start`.
fn reached<'a>(states: &'a BTreeMap<State, Vec<State>>, start: &'a State) -> BTreeSet<&'a State> {
    let mut seen = BTreeSet::new();
    let mut open = vec![start];
    while let Some(state) = open.pop() {
        if let Some(next) = states.get(state)
            && seen.insert(state)
        {
            open.extend(next);
        }
    }
    seen
}

/// There are walks from `start` that keep `gap` and show every clip again and again.
fn endless(map: &Map, start: u32, gap: usize) -> bool {
    let clip = |node: u32| map.nodes[node as usize].clip;
    let states = states(map, start, gap);
    let home = (start, vec![clip(start)]);
    let ahead: BTreeMap<&State, BTreeSet<&State>> = (reached(&states, &home).into_iter())
        .map(|state| (state, reached(&states, state)))
        .collect();
    ahead.iter().any(|(state, from)| {
        let again = from.iter().filter(|other| ahead[*other].contains(state));
        let clips: BTreeSet<u32> = again.map(|state| clip(state.0)).collect();
        clips.len() == map.usable.len()
    })
}

/// The largest gap at which all clips can be shown without an end, from where the stream begins.
fn largest(graph: &Graph, wish: &Options) -> Option<(u32, u32)> {
    let planner = Planner::new(graph, wish).unwrap();
    let map = planner.map();
    let whole = map.scene_sizes.contains(&(map.usable.len() as u32));
    if !whole {
        return None;
    }
    let legs: Vec<_> = planner.stream().take(400).collect();
    let clips: Vec<u32> = legs.iter().map(|leg| leg.visit.clip).collect();
    let first = &legs[0].visit;
    let start = (map.node_range(first.clip))
        .find(|node| map.nodes[*node].at == first.enter)
        .unwrap() as u32;
    let mut last = BTreeMap::new();
    let mut least = u32::MAX;
    for (index, clip) in (0..).zip(&clips) {
        if let Some(before) = last.insert(clip, index) {
            least = least.min(index - before);
        }
    }
    let mut gaps = (2..=wish.min_gap.unwrap()).rev();
    let best = gaps.find(|gap| endless(map, start, *gap as usize));
    Some((least, best.unwrap_or(2)))
}

#[test]
fn the_gap_is_lowered_only_where_every_walk_is_cornered() {
    let (mut whole, mut lowered) = (0, 0);
    for seed in 0..300 {
        let graph = library(seed, 3 + (seed % 3) as u32, 100, 2, 2);
        let wish = Options {
            min_gap: Some(5),
            ..options(100, seed)
        };
        let Some((kept, best)) = largest(&graph, &wish) else {
            continue;
        };
        whole += 1;
        lowered += u32::from(best < 5);
        assert!(
            kept >= best,
            "seed {seed}: the walk keeps {kept}, {best} can be kept"
        );
    }
    assert!(
        whole > 100 && lowered > 50,
        "{whole} graphs, {lowered} without the gap"
    );
}

//! What the graph lacks: clips that do not fit the others, and what to record next.

use std::collections::{BTreeMap, BTreeSet};

use loopy_core::{Graph, graph::Edge};
use loopy_sight::graph::Missing;

use super::{
    page::Note,
    shell::{count, percent},
};

/// A joint below this is more likely seen than not.
const WEAK: f64 = 0.5;
/// Wishes at most: the first few are worth most.
const MOST: usize = 12;

/// Of these, clips that fit no other: most are far from it.
const NEAREST: usize = 3;

/// The best ways between a clip and other clips of its scene.
#[derive(Clone, Copy, Default)]
struct Ways {
    into: f64,
    out: f64,
}

fn ways(graph: &Graph) -> Vec<Ways> {
    let mut ways = vec![Ways::default(); graph.clips.len()];
    for edge in within(graph) {
        let score = edge.score.as_f64();
        let out = &mut ways[edge.from.clip as usize].out;
        *out = out.max(score);
        let into = &mut ways[edge.to.clip as usize].into;
        *into = into.max(score);
    }
    ways
}

/// Edges between different clips of one scene.
fn within(graph: &Graph) -> impl Iterator<Item = &Edge> {
    let edges = graph.edges.iter();
    edges.filter(|edge| !edge.declared && edge.from.clip != edge.to.clip)
}

/// Clips of each scene.
fn members(graph: &Graph) -> BTreeMap<u32, Vec<usize>> {
    let mut members: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (index, clip) in graph.clips.iter().enumerate() {
        members.entry(clip.scene).or_default().push(index);
    }
    members
}

/// Clips that cannot be entered or left without showing, with why.
pub(super) fn misfits(graph: &Graph, missing: &[Missing], names: &[String]) -> Vec<Note> {
    let nearest = nearest(missing);
    let (ways, members) = (ways(graph), members(graph));
    let mut notes = Vec::new();
    for clips in members.values() {
        for clip in clips {
            let Ways { into, out } = ways[*clip];
            let text = if clips.len() == 1 {
                if names.len() == 1 {
                    continue;
                }
                let joint = nearest.iter().find(|joint| joint.clip as usize == *clip);
                let words = joint.map_or_else(
                    || "it looks like no other clip".to_owned(),
                    |joint| joint.words(&graph.clips, names),
                );
                format!("{words}; the walk comes and goes by a declared change of scene")
            } else if into < WEAK && out < WEAK {
                format!(
                    "neither the best way in ({}) nor the best way out ({}) goes unnoticed",
                    percent(into),
                    percent(out)
                )
            } else if into < WEAK {
                format!("no way in goes unnoticed; the best has {}", percent(into))
            } else if out < WEAK {
                format!("no way out goes unnoticed; the best has {}", percent(out))
            } else {
                continue;
            };
            let name = names[*clip].clone();
            notes.push(Note { name, text });
        }
    }
    notes
}

/// What to record or generate next, most useful first.
pub(super) fn wishes(graph: &Graph, missing: &[Missing], names: &[String]) -> Vec<String> {
    let (ways, members) = (ways(graph), members(graph));
    let mut wishes = lone_scenes(&members, names);
    wishes.extend(between_states(graph, &members, names));
    let words = nearest(missing).into_iter().take(NEAREST);
    let words = words.map(|joint| format!("{}.", joint.words(&graph.clips, names)));
    wishes.extend(words);
    let mut ends: Vec<(f64, String)> = Vec::new();
    for clips in members.values().filter(|clips| clips.len() > 1) {
        for clip in clips {
            let (Ways { into, out }, name) = (ways[*clip], &names[*clip]);
            if out < WEAK {
                let wish = format!(
                    "A clip that starts where {name} ends: its best way on has {}.",
                    percent(out)
                );
                ends.push((out, wish));
            }
            if into < WEAK {
                let wish = format!(
                    "A clip that ends where {name} starts: the best way there has {}.",
                    percent(into)
                );
                ends.push((into, wish));
            }
        }
    }
    ends.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    wishes.extend(ends.into_iter().map(|(_, wish)| wish));
    let more = wishes.len().saturating_sub(MOST);
    if more > 0 {
        wishes.truncate(MOST);
        wishes.push(format!("And {more} more of the kind."));
    }
    wishes
}

/// Of each clip that fits no other the joint that comes nearest, the nearest first.
fn nearest(missing: &[Missing]) -> Vec<Missing> {
    let mut sorted = missing.to_vec();
    sorted.sort_by_key(|joint| (std::cmp::Reverse(joint.score), joint.clip));
    let mut seen = BTreeSet::new();
    sorted.retain(|joint| seen.insert(joint.clip));
    sorted
}

/// Scenes of one clip, in one wish.
fn lone_scenes(members: &BTreeMap<u32, Vec<usize>>, names: &[String]) -> Vec<String> {
    let lone: Vec<&str> = members
        .values()
        .filter(|clips| clips.len() == 1)
        .map(|clips| names[clips[0]].as_str())
        .collect();
    match lone.as_slice() {
        [] => Vec::new(),
        [one] => vec![format!(
            "More clips of the scene of {one}: with one clip it can only repeat itself."
        )],
        many => vec![format!(
            "More clips of the {} that have one clip each and can only repeat themselves: {}.",
            count(many.len(), "scene"),
            many.join(", ")
        )],
    }
}

/// States of one scene that nothing leads between unnoticed.
fn between_states(
    graph: &Graph,
    members: &BTreeMap<u32, Vec<usize>>,
    names: &[String],
) -> Vec<String> {
    let state = |clip: usize| graph.clips[clip].tags.state.as_deref();
    let mut best: BTreeMap<(u32, &str, &str), f64> = BTreeMap::new();
    for edge in within(graph) {
        let (from, to) = (edge.from.clip as usize, edge.to.clip as usize);
        if let (Some(a), Some(b)) = (state(from), state(to)) {
            let known = best.entry((graph.clips[from].scene, a, b)).or_default();
            *known = known.max(edge.score.as_f64());
        }
    }
    let mut wishes = Vec::new();
    for (scene, clips) in members {
        let mut examples: BTreeMap<&str, usize> = BTreeMap::new();
        for clip in clips {
            if let Some(state) = state(*clip) {
                examples.entry(state).or_insert(*clip);
            }
        }
        for (a, from) in &examples {
            for (b, to) in examples.iter().filter(|(b, _)| *b != a) {
                let score = best.get(&(*scene, *a, *b)).copied().unwrap_or(0.0);
                if score < WEAK {
                    wishes.push(format!(
                        "A way from {a} to {b} in the scene of {}: a clip that starts like {} and ends like {}.",
                        names[clips[0]], names[*from], names[*to]
                    ));
                }
            }
        }
    }
    wishes
}

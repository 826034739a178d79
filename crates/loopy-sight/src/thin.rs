//! The ports that tried joints deserve: few, far enough apart, those of the best joints.
//!
//! Ports are opened greedily, joint by joint: first the best to leave each clip by, to leave it at
//! its end and to enter it, then the best joint of every two clips, then all others that few would notice. A
//! joint whose ends are ports by then costs nothing more and stays. A clip that has ports already, and
//! is encoded most likely, gets more only for joints that hardly anyone would notice.

use std::collections::{BTreeMap, BTreeSet};

use loopy_core::{
    Graph,
    graph::{Edge, PortRef, Ports, Score},
};

use crate::{
    graph::Options,
    ports::{Open, Place, fixed},
};

/// A joint that scores less opens no port, unless it is the best that a clip has.
const EARNS: Score = Score::percent(45);

/// What a joint has to score to open a port in a clip that has ports already.
const EARNS_LATER: Score = Score::percent(60);

/// `graph` with at most as many ports and at such distances as `options` say, and the edges between
/// them; starts and ends of clips stay, and so do the `known` ports of clips, by index.
pub fn thin(graph: Graph, options: &Options, known: &BTreeMap<usize, Vec<u32>>) -> Graph {
    let ports = (graph.clips.iter().zip(&graph.ports))
        .enumerate()
        .map(|(index, (clip, had))| {
            let known = known.get(&index).into_iter().flatten().copied();
            fixed(clip, known.filter(|port| had.0.binary_search(port).is_ok()))
        })
        .collect();
    let mut open = Open::new(&graph.clips, options, ports);
    for index in order(&graph) {
        let edge = &graph.edges[index];
        // What is encoded is not encoded anew for a joint that is no clear gain.
        let (from, to) = (place(edge.from), place(edge.to));
        let needed = open.needed(from, to);
        let fresh = || needed.iter().all(|(clip, _)| !known.contains_key(clip));
        if (edge.score >= EARNS_LATER || fresh()) && open.fit(&needed) {
            for place in needed {
                open.add(place);
            }
        }
    }
    let kept = |port: PortRef| open.has(place(port));
    let edges = graph.edges.iter();
    let edges = edges.filter(|edge| kept(edge.from) && kept(edge.to));
    Graph {
        edges: edges.cloned().collect(),
        ports: open.ports.into_iter().map(Ports).collect(),
        ..graph
    }
}

fn place(port: PortRef) -> Place {
    (port.clip as usize, port.boundary)
}

/// Edges that may open ports, those that matter most first.
fn order(graph: &Graph) -> Vec<usize> {
    let mut sorted: Vec<usize> = (0..graph.edges.len()).collect();
    let better = |index: &usize| (std::cmp::Reverse(graph.edges[*index].score), *index);
    sorted.sort_by_key(better);
    let none = || vec![false; graph.clips.len()];
    let (mut out, mut into, mut last) = (none(), none(), none());
    let alone = graph.clips.len() == 1;
    let mut pairs = BTreeSet::new();
    let mut ranked: Vec<(u8, usize)> = Vec::with_capacity(sorted.len());
    for index in sorted {
        let Edge {
            from,
            to,
            score,
            declared,
            ..
        } = graph.edges[index];
        let at_end = from.boundary == graph.clips[from.clip as usize].until;
        let mut only = !std::mem::replace(&mut out[from.clip as usize], true);
        only |= !std::mem::replace(&mut into[to.clip as usize], true);
        only |= at_end && !std::mem::replace(&mut last[from.clip as usize], true);
        let first = pairs.insert((from.clip, to.clip));
        let worth = score >= EARNS && (alone || from.clip != to.clip);
        match (only, first, worth) {
            // What the search demanded to connect scenes lies at ports that exist or are few.
            _ if declared => ranked.push((0, index)),
            (true, ..) => ranked.push((0, index)),
            (_, true, true) => ranked.push((1, index)),
            (_, _, true) => ranked.push((2, index)),
            _ => {}
        }
    }
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, index)| index).collect()
}

#[cfg(test)]
mod tests;

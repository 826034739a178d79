//! The ports that tried joints deserve: few, far enough apart, those of the best joints.
//!
//! Ports are opened greedily, joint by joint: first the best to leave each clip by, to leave it at
//! its end and to enter it, then the best joint of every two clips, then all others that few would notice. A
//! joint whose ends are ports by then costs nothing more and stays. A clip that has ports already, and
//! is encoded most likely, gets more only for joints that hardly anyone would notice.

use std::collections::{BTreeMap, BTreeSet};

use loopy_core::{
    Graph,
    graph::{Edge, PortRef, Score},
};

use crate::{graph::Options, ports::far};

/// A joint that scores less opens no port, unless it is the best that a clip has.
const EARNS: Score = Score((u16::MAX as u32 * 45 / 100) as u16);

/// What a joint has to score to open a port in a clip that has ports already.
const EARNS_LATER: Score = Score((u16::MAX as u32 * 60 / 100) as u16);

/// `graph` with at most as many ports and at such distances as `options` say, and the edges between
/// them; starts and ends of clips stay, and so do the `known` ports of clips, by index.
pub fn thin(mut graph: Graph, options: &Options, known: &BTreeMap<usize, Vec<u32>>) -> Graph {
    let mut open = Open {
        options,
        ports: (graph.clips.iter().enumerate())
            .map(|(index, clip)| {
                let known = known.get(&index).into_iter().flatten().copied();
                let had = &graph.ports[index].0;
                let known = known.filter(|port| had.binary_search(port).is_ok());
                let mut ports: Vec<u32> = known.chain([clip.first, clip.until]).collect();
                ports.sort_unstable();
                ports.dedup();
                ports
            })
            .collect(),
        graph: &graph,
    };
    for index in order(&graph) {
        let edge = &graph.edges[index];
        // What is encoded is not encoded anew for a joint that is no clear gain.
        let fresh = |port: PortRef| open.has(port) || !known.contains_key(&(port.clip as usize));
        if edge.score >= EARNS_LATER || fresh(edge.from) && fresh(edge.to) {
            open.make(edge);
        }
    }
    let ports = open.ports;
    let kept = |port: PortRef| {
        ports[port.clip as usize]
            .binary_search(&port.boundary)
            .is_ok()
    };
    graph.edges.retain(|edge| kept(edge.from) && kept(edge.to));
    for (own, ports) in graph.ports.iter_mut().zip(ports) {
        own.0 = ports;
    }
    graph
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

struct Open<'a> {
    options: &'a Options,
    ports: Vec<Vec<u32>>,
    graph: &'a Graph,
}

impl Open<'_> {
    /// Opens what an edge needs, when all of it can be.
    fn make(&mut self, edge: &Edge) {
        let mut needed: Vec<PortRef> = [edge.from, edge.to]
            .into_iter()
            .filter(|port| !self.has(*port))
            .collect();
        needed.dedup();
        if needed
            .iter()
            .enumerate()
            .all(|(at, port)| self.fits(*port, &needed[..at]))
        {
            for port in needed {
                let ports = &mut self.ports[port.clip as usize];
                if let Err(at) = ports.binary_search(&port.boundary) {
                    ports.insert(at, port.boundary);
                }
            }
        }
    }

    fn has(&self, port: PortRef) -> bool {
        self.ports[port.clip as usize]
            .binary_search(&port.boundary)
            .is_ok()
    }

    /// There is room for a port beside those of its clip and those that come with it.
    fn fits(&self, port: PortRef, with: &[PortRef]) -> bool {
        let clip = &self.graph.clips[port.clip as usize];
        let with = with.iter().filter(|other| other.clip == port.clip);
        let ports = &self.ports[port.clip as usize];
        let mut others = with.clone().map(|other| &other.boundary).chain(ports);
        ports.len() + with.count() < self.options.max_ports
            && others.all(|other| far(clip, *other, port.boundary, self.options))
    }
}

#[cfg(test)]
mod tests;

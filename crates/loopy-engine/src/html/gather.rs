//! From a library and its graph to what is on the page.

use std::collections::BTreeMap;

use loopy_core::{
    Clip, Grade, Graph,
    graph::{Edge, PortRef},
    report::LeftOut,
};
use loopy_sight::graph::Built;

use super::{
    advice,
    film::Pictures,
    page::{Card, Cell, Note, Page, Port, Scene, Strip},
};
use crate::scan::Library;

/// Seams of each end of the scale.
const MOST: usize = 6;

/// The best seams of the graph, then the worst, each between other clips.
pub(super) fn seams(graph: &Graph) -> Vec<Edge> {
    let mut edges: Vec<&Edge> = graph.edges.iter().filter(|edge| !edge.declared).collect();
    edges.sort_by_key(|edge| (std::cmp::Reverse(edge.score), edge.from, edge.to));
    let best = distinct(edges.iter().copied(), MOST);
    let worst = distinct(edges.into_iter().rev(), MOST);
    // A small graph has no worst beside its best.
    let worst = worst.into_iter().filter(|edge| !best.contains(edge));
    best.iter()
        .chain(worst.collect::<Vec<_>>().iter())
        .cloned()
        .collect()
}

fn distinct<'a>(edges: impl Iterator<Item = &'a Edge>, most: usize) -> Vec<Edge> {
    let mut taken: Vec<Edge> = Vec::new();
    for edge in edges {
        let pair = |edge: &Edge| (edge.from.clip, edge.to.clip);
        if taken.len() < most && taken.iter().all(|other| pair(other) != pair(edge)) {
            taken.push(edge.clone());
        }
    }
    taken
}

/// The page of what was `built`; `pictures` are of its clips and of `seams`.
pub(super) fn page(
    library: &Library,
    built: &Built,
    grades: &[Grade],
    seams: &[Edge],
    pictures: &Pictures,
) -> Page {
    let Built { graph, missing } = built;
    let names: Vec<String> = graph.clips.iter().map(Clip::short_name).collect();
    let mut scenes: BTreeMap<u32, Vec<Card>> = BTreeMap::new();
    for (index, clip) in graph.clips.iter().enumerate() {
        let card = Card {
            picture: pictures.clips.get(index).cloned().flatten(),
            grade: grades
                .get(index)
                .filter(|grade| !grade.is_identity())
                .map(Grade::to_string),
            ports: ports(graph, index as u32),
            ..card(clip)
        };
        scenes.entry(clip.scene).or_default().push(card);
    }
    let strips = seams.iter().zip(&pictures.joints).map(|(edge, pictures)| {
        let [before, bridge, after] = pictures.clone();
        let seconds = |port: PortRef| seconds(&graph.clips[port.clip as usize], port.boundary);
        Strip {
            from: names[edge.from.clip as usize].clone(),
            to: names[edge.to.clip as usize].clone(),
            leave: seconds(edge.from),
            enter: seconds(edge.to),
            score: edge.score.as_f64(),
            step: f64::from(edge.step),
            before,
            bridge,
            after,
        }
    });
    let mut best: Vec<Strip> = strips.collect();
    let worst = best.split_off(best.len().min(MOST));
    let corrected = grades.iter().filter(|grade| !grade.is_identity()).count();
    let ports = graph.ports.iter().map(|ports| ports.0.len()).sum();
    Page {
        facts: vec![
            (names.len(), "clips"),
            (graph.scenes as usize, "scenes"),
            (ports, "ports"),
            (graph.edges.len(), "edges"),
            (corrected, "corrected in light"),
            (library.left_out.len(), "left out"),
        ],
        scenes: scenes
            .into_iter()
            .map(|(number, cards)| Scene { number, cards })
            .collect(),
        cells: cells(graph),
        best,
        worst,
        misfits: advice::misfits(graph, missing, &names),
        left_out: notes(&library.left_out),
        remarks: notes(&library.notes()),
        wishes: advice::wishes(graph, missing, &names),
        names,
    }
}

fn card(clip: &Clip) -> Card {
    let rate = clip.rate().map_or(0.0, loopy_core::Rate::as_f64);
    Card {
        name: clip.short_name(),
        state: clip.tags.state.clone(),
        seconds: clip.micros() as f64 / 1e6,
        facts: format!(
            "{}, {} fps, {}",
            clip.facts.shown,
            (rate * 1e3).round() / 1e3,
            clip.facts.codec
        ),
        ..Card::default()
    }
}

/// Seconds from the start of the usable range.
fn seconds(clip: &Clip, boundary: u32) -> f64 {
    (clip.time(boundary) - clip.time(clip.first)) as f64 / 1e6
}

fn ports(graph: &Graph, clip: u32) -> Vec<Port> {
    let entering = |boundary: u32| {
        let port = PortRef { clip, boundary };
        graph.edges.iter().filter(|edge| edge.to == port).count()
    };
    let ports = graph.ports[clip as usize].0.iter();
    ports
        .map(|boundary| Port {
            seconds: seconds(&graph.clips[clip as usize], *boundary),
            leaving: graph
                .leaving(PortRef {
                    clip,
                    boundary: *boundary,
                })
                .len(),
            entering: entering(*boundary),
        })
        .collect()
}

/// The best edge between each two clips.
fn cells(graph: &Graph) -> Vec<Cell> {
    let mut best: BTreeMap<(u32, u32), &Edge> = BTreeMap::new();
    for edge in &graph.edges {
        let known = best.entry((edge.from.clip, edge.to.clip)).or_insert(edge);
        if edge.score > known.score {
            *known = edge;
        }
    }
    let cells = best.into_iter().map(|((from, to), edge)| Cell {
        from: from as usize,
        to: to as usize,
        score: edge.score.as_f64(),
        declared: edge.declared,
    });
    cells.collect()
}

fn notes(files: &[LeftOut]) -> Vec<Note> {
    files
        .iter()
        .map(|LeftOut { file, reason }| Note {
            name: file.display(),
            text: reason.clone(),
        })
        .collect()
}

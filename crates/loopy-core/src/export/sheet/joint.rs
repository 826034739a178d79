//! What fills a joint that a sheet does not describe: what the library's graph knows, else a cut
//! that counts as a change of scene.

use std::{cmp::Reverse, collections::HashMap};

use super::Library;
use crate::{
    clock::ClipClock,
    graph::{Edge, Score},
    plan::{PlannedClip, Seam, SeamKind},
    walk::{self, Span, UNKNOWN_STEP},
};

/// One side of a joint: a clip of the stock, and a place on its output clock.
pub(super) type Side = (usize, u32);

/// A hard cut between what may have nothing in common.
pub(super) fn scene_change() -> Seam {
    Seam {
        start: 0,
        frames: 0,
        kind: SeamKind::SceneChange,
        declared: false,
        steps: 0,
        holds: 0,
        score: Score::default(),
        step: UNKNOWN_STEP,
        rsv: None,
    }
}

/// The edges of a graph by the clips that they join.
pub(super) struct Edges<'a> {
    by_pair: HashMap<(u32, u32), Vec<&'a Edge>>,
    /// For each clip of the stock, its number in the graph.
    numbers: Vec<Option<u32>>,
    options: walk::Options,
}

impl<'a> Edges<'a> {
    /// The edges of `library`, for clips of `stock`.
    pub(super) fn new(library: &'a Library, stock: &[PlannedClip], options: walk::Options) -> Self {
        let mut by_pair: HashMap<_, Vec<&Edge>> = HashMap::new();
        for edge in &library.graph.edges {
            let pair = (edge.from.clip, edge.to.clip);
            by_pair.entry(pair).or_default().push(edge);
        }
        let number = |planned: &PlannedClip| {
            let same = |clip: &&crate::Clip| super::settle::same(clip, &planned.clip);
            let found = library
                .graph
                .clips
                .iter()
                .zip(0..)
                .find(|(clip, _)| same(clip));
            found.map(|(_, number)| number)
        };
        Self {
            by_pair,
            numbers: stock.iter().map(number).collect(),
            options,
        }
    }

    /// The best edge between two places, as the seam that a walk would put there.
    pub(super) fn seam(
        &self,
        (from, leave): Side,
        (to, enter): Side,
        stock: &[PlannedClip],
        clocks: &[Option<ClipClock>],
    ) -> Option<Seam> {
        let pair = (self.numbers[from]?, self.numbers[to]?);
        let (left, entered) = (clocks[from].as_ref()?, clocks[to].as_ref()?);
        let here = |edge: &&&Edge| {
            left.position(edge.from.boundary) == leave
                && entered.position(edge.to.boundary) == enter
        };
        let edges = self.by_pair.get(&pair)?.iter().filter(here);
        let edge =
            edges.min_by_key(|edge| (self.options.changes_scene(edge), Reverse(edge.score)))?;
        let handles = left.len().saturating_sub(leave).min(enter);
        let span = Span::of(edge, stock[from].clip.rate(), handles, &self.options);
        // As a walk has it: what nothing fills well enough is counted as a change of scene.
        let declared = self.options.changes_scene(edge);
        let kind = match (span.frames, declared) {
            (0, true) => SeamKind::SceneChange,
            _ => span.kind,
        };
        Some(Seam {
            start: 0,
            frames: span.frames,
            kind,
            declared: declared && kind != SeamKind::SceneChange,
            steps: span.steps,
            holds: span.holds,
            score: edge.score,
            step: if edge.step.is_finite() {
                edge.step
            } else {
                UNKNOWN_STEP
            },
            rsv: edge.rsv,
        })
    }
}

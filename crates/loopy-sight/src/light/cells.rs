//! From a graph and the features of its clips to what light is solved from.

use loopy_core::Graph;

use super::{Look, Pair};
use crate::features::{CELLS, Features, LUMA};

/// The two sides of every edge that joins two clips of a scene. `features` are those of the
/// clips' files, by the same index; edges outside them are left out.
pub fn pairs(graph: &Graph, features: &[&Features]) -> Vec<Pair> {
    let side = |clip: u32, frame: Option<u32>| -> Option<Look> {
        let (features, frame) = (features.get(clip as usize)?, frame? as usize);
        (frame < features.len()).then(|| look(features, frame))
    };
    graph
        .edges
        .iter()
        .filter(|edge| !edge.declared && edge.from.clip != edge.to.clip)
        .filter_map(|edge| {
            Some(Pair {
                clips: [edge.from.clip, edge.to.clip],
                looks: [
                    side(edge.from.clip, edge.from.boundary.checked_sub(1))?,
                    side(edge.to.clip, Some(edge.to.boundary))?,
                ],
            })
        })
        .collect()
}

/// The cells of a frame that exists; luma at the coarser grid of chroma.
fn look(features: &Features, frame: usize) -> Look {
    const ACROSS: usize = LUMA.0 / CELLS.0;
    const DOWN: usize = LUMA.1 / CELLS.1;
    let (luma, rest) = features.grid(frame).split_at(LUMA.0 * LUMA.1);
    let (u, rest) = rest.split_at(CELLS.0 * CELLS.1);
    (0..CELLS.0 * CELLS.1)
        .map(|cell| {
            let (row, column) = (cell / CELLS.0 * DOWN, cell % CELLS.0 * ACROSS);
            let sum: u32 = (0..ACROSS * DOWN)
                .map(|at| luma[(row + at / ACROSS) * LUMA.0 + column + at % ACROSS])
                .map(u32::from)
                .sum();
            let mean = sum as f32 / (ACROSS * DOWN) as f32;
            [mean, f32::from(u[cell]), f32::from(rest[cell])]
        })
        .collect()
}

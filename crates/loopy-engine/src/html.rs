//! Pages that people can look at, each one HTML file that needs nothing else: of an analysis, and of
//! a plan.
//!
//! [`page::Page`] is everything that is on the page of an analysis, as plain values; [`gather`] fills
//! it from a graph, [`film`] makes its pictures in the workers, and each section writes its own part.
//! [`walk::Walk`] is the same for a plan; both are put into one [`shell`].

mod advice;
mod cards;
mod film;
mod gather;
mod jpeg;
mod lists;
mod matrix;
mod page;
mod shell;
mod strips;
mod walk;

use std::path::Path;

use loopy_core::{Grade, Plan, Size, limits::Limits};
use loopy_sight::graph::Built;

use crate::{Error, library, light, output, render::Room, scan::Library, trial};

/// Pictures on the page of a plan fit into this, ...
const SMALL: Size = Size {
    width: 144,
    height: 144,
};
/// ... and libraries of more clips get none: each costs a decode.
const PICTURED: usize = 200;

/// Writes the page of `plan` to `file`, as far as the plan alone tells it.
///
/// # Errors
/// When the file cannot be written.
pub fn write_plan(file: &Path, plan: &Plan) -> Result<(), Error> {
    let page = walk::gather(plan, None, &[]);
    output::write(file, page.render().as_bytes())
}

/// Writes the page of `plan` to `file`, with the joints and pictures of its `library`, whose clips
/// are made to agree in light if they are `matched`.
///
/// # Errors
/// When a clip cannot be decoded any more, the store fails, or the file cannot be written.
pub fn write_plan_among(
    file: &Path,
    plan: &Plan,
    library: &Library,
    matched: bool,
    limits: &Limits,
    room: &Room,
) -> Result<(), Error> {
    let Built { graph, .. } = library::graph(library, room)?;
    let grades = if matched {
        light::grades(library, &graph, room)?
    } else {
        light::plain(&graph)
    };
    let graph = trial::settle(graph, &grades, limits, room)?;
    let pictures = if graph.clips.len() <= PICTURED {
        film::shoot(&graph, &grades, &[], SMALL, limits, room)?
    } else {
        film::Pictures::default()
    };
    let page = walk::gather(plan, Some(&graph), &pictures.clips);
    output::write(file, page.render().as_bytes())
}

/// Writes the report of `library`, what was `built` of it and the `grades` of its clips to `file`.
///
/// # Errors
/// When a clip cannot be decoded any more, the store fails, or the file cannot be written.
pub fn write(
    file: &Path,
    library: &Library,
    built: &Built,
    grades: &[Grade],
    limits: &Limits,
    room: &Room,
) -> Result<(), Error> {
    let graph = &built.graph;
    let seams = gather::seams(graph);
    let pictures = film::shoot(graph, grades, &seams, film::THUMBNAIL, limits, room)?;
    let page = gather::page(library, built, grades, &seams, &pictures);
    output::write(file, page.render().as_bytes())
}

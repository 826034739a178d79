//! The report of an analysis that people can look at: one HTML file that needs nothing else.
//!
//! [`page::Page`] is everything that is on it, as plain values; [`gather`] fills it from a graph,
//! [`film`] makes its pictures in the workers, and each section writes its own part.

mod advice;
mod cards;
mod film;
mod gather;
mod jpeg;
mod lists;
mod matrix;
mod page;
mod strips;

use std::path::Path;

use loopy_core::{Grade, limits::Limits};
use loopy_sight::graph::Built;

use crate::{Error, output, render::Room, scan::Library};

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
    let pictures = film::shoot(graph, grades, &seams, limits, room)?;
    let page = gather::page(library, built, grades, &seams, &pictures);
    output::write(file, page.render().as_bytes())
}

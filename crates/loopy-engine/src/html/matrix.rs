//! The heat map: the best edge from each clip to each.

use std::fmt::Write as _;

use maud::{Markup, PreEscaped, html};

use super::{page::Cell, shell::percent};

/// Clips up to which rows and columns carry numbers, and each cell its words.
const SPOKEN: usize = 64;
/// Steps of the scale.
const STEPS: usize = 10;

pub(super) fn matrix(names: &[String], cells: &[Cell]) -> Markup {
    let spoken = names.len() <= SPOKEN;
    let side = if spoken {
        18
    } else {
        (1200 / names.len()).max(2)
    };
    let (left, top) = if spoken { (24, 22) } else { (0, 0) };
    let (wide, high) = (left + side * names.len() + 1, top + side * names.len() + 1);
    html! {
        p.soft { "Rows lead to columns; a cell is the best edge from one clip to the other. Empty: no edge is worth keeping." }
        (legend())
        div.scroll {
            svg.matrix width=(wide) height=(high) viewBox=(format!("0 0 {wide} {high}")) role="img"
                aria-label="Scores from each clip to each" {
                @if spoken {
                    @for (at, name) in names.iter().enumerate() {
                        (number(at, name, left + at * side + side / 2, top - 7, "middle"))
                        (number(at, name, left - 4, top + at * side + side - 5, "end"))
                    }
                    @for at in 0..=names.len() {
                        (line((left, top + at * side), (wide - 1, top + at * side)))
                        (line((left + at * side, top), (left + at * side, high - 1)))
                    }
                    @for cell in cells { (square(names, cell, left, top, side)) }
                } @else {
                    @for step in 0..=STEPS { (heap(cells, step, side)) }
                }
            }
        }
        @if spoken { (index(names)) }
    }
}

/// The names behind the numbers.
fn index(names: &[String]) -> Markup {
    html! {
        p.soft {
            @for (at, name) in names.iter().enumerate() {
                b { (at + 1) } " " (name) @if at + 1 < names.len() { ", " }
            }
        }
    }
}

fn number(at: usize, name: &str, x: usize, y: usize, anchor: &str) -> Markup {
    html! { text x=(x) y=(y) text-anchor=(anchor) { (at + 1) title { (name) } } }
}

fn line(from: (usize, usize), to: (usize, usize)) -> Markup {
    html! { line.grid x1=(from.0) y1=(from.1) x2=(to.0) y2=(to.1) {} }
}

fn square(names: &[String], cell: &Cell, left: usize, top: usize, side: usize) -> Markup {
    let name = |at: usize| names.get(at).map_or("", String::as_str);
    let (x, y) = (left + cell.to * side + 1, top + cell.from * side + 1);
    html! {
        rect class=(class(step(cell))) x=(x) y=(y) width=(side - 1) height=(side - 1) {
            title { (name(cell.from)) " to " (name(cell.to)) ": " (percent(cell.score)) }
        }
    }
}

/// All cells of one step as one shape: a large library has a hundred thousand.
fn heap(cells: &[Cell], step: usize, side: usize) -> Markup {
    let mut path = String::new();
    for cell in cells.iter().filter(|cell| self::step(cell) == step) {
        let (x, y) = (cell.to * side, cell.from * side);
        // Writing to a String cannot fail.
        let _infallible = write!(path, "M{x} {y}h{side}v{side}h-{side}z");
    }
    html! { @if !path.is_empty() { path class=(class(step)) d=(PreEscaped(path)) {} } }
}

fn step(cell: &Cell) -> usize {
    step_of(cell.score, cell.declared)
}

/// The step of a score; a declared change is one beyond.
pub(super) fn step_of(score: f64, declared: bool) -> usize {
    if declared {
        return STEPS;
    }
    ((score * STEPS as f64) as usize).min(STEPS - 1)
}

/// The style of a step.
pub(super) fn class(step: usize) -> String {
    if step == STEPS {
        "other".to_owned()
    } else {
        format!("s{step}")
    }
}

/// What the colours mean.
pub(super) fn legend() -> Markup {
    html! {
        div.legend { "hard to miss" (scale()) "nobody notices" (sample()) "declared change of scene" }
    }
}

fn scale() -> Markup {
    html! {
        svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" {
            @for step in 0..STEPS { rect class=(class(step)) x=(step * 10) y="0" width="10" height="10" {} }
        }
    }
}

fn sample() -> Markup {
    html! { svg style="width:12px" viewBox="0 0 1 1" aria-hidden="true" { rect.other width="1" height="1" {} } }
}

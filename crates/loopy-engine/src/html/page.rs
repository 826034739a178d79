//! What is on the page of an analysis, section by section.

use maud::html;

use super::{
    cards,
    jpeg::Jpeg,
    lists, matrix,
    shell::{Shell, section},
    strips,
};

/// Everything that the page shows. Texts are as people read them, not escaped.
#[derive(Clone, Debug, Default)]
pub(super) struct Page {
    /// Numbers of the library with what they count.
    pub(super) facts: Vec<(usize, &'static str)>,
    pub(super) scenes: Vec<Scene>,
    /// Names of all clips in the order of the graph.
    pub(super) names: Vec<String>,
    pub(super) cells: Vec<Cell>,
    pub(super) best: Vec<Strip>,
    pub(super) worst: Vec<Strip>,
    /// Clips that do not fit the others.
    pub(super) misfits: Vec<Note>,
    pub(super) left_out: Vec<Note>,
    /// Files used, but not as they are.
    pub(super) remarks: Vec<Note>,
    /// What to record or generate next.
    pub(super) wishes: Vec<String>,
}

/// Clips that show one scene.
#[derive(Clone, Debug)]
pub(super) struct Scene {
    pub(super) number: u32,
    pub(super) cards: Vec<Card>,
}

/// One clip.
#[derive(Clone, Debug, Default)]
pub(super) struct Card {
    pub(super) name: String,
    pub(super) state: Option<String>,
    pub(super) picture: Option<Jpeg>,
    pub(super) seconds: f64,
    /// Size, rate and codec.
    pub(super) facts: String,
    /// How its light is corrected, if it is.
    pub(super) grade: Option<String>,
    pub(super) ports: Vec<Port>,
}

/// A port on a clip's bar.
#[derive(Clone, Copy, Debug)]
pub(super) struct Port {
    /// Seconds from the start of the usable range.
    pub(super) seconds: f64,
    /// Edges that leave and enter here.
    pub(super) leaving: usize,
    pub(super) entering: usize,
}

/// The best edge between two clips, given by their places in [`Page::names`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Cell {
    pub(super) from: usize,
    pub(super) to: usize,
    /// 0 to 1.
    pub(super) score: f64,
    pub(super) declared: bool,
}

/// The pictures around a joint.
#[derive(Clone, Debug, Default)]
pub(super) struct Strip {
    pub(super) from: String,
    pub(super) to: String,
    /// Seconds from the start of each clip's usable range.
    pub(super) leave: f64,
    pub(super) enter: f64,
    pub(super) score: f64,
    /// Relative to the clips' own steps.
    pub(super) step: f64,
    pub(super) before: Vec<Jpeg>,
    pub(super) bridge: Vec<Jpeg>,
    pub(super) after: Vec<Jpeg>,
}

/// A file and what is to be said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Note {
    pub(super) name: String,
    pub(super) text: String,
}

impl Page {
    /// The page as HTML.
    pub(super) fn render(&self) -> String {
        let facts: Vec<(String, String)> = self
            .facts
            .iter()
            .map(|(number, what)| (number.to_string(), (*what).to_owned()))
            .collect();
        let shell = Shell {
            title: "LoopyComfy: clips and how they join",
            heading: "Clips and how they join",
            facts: &facts,
            styles: "",
            script: html! {},
        };
        shell.around(&html! {
            (section("next", "What to record or generate next", &lists::wishes(&self.wishes)))
            (section("scenes", "Scenes", &cards::scenes(&self.scenes)))
            (section("matrix", "How well each clip leads to each", &matrix::matrix(&self.names, &self.cells)))
            (section("best", "Best seams", &strips::strips(&self.best)))
            (section("worst", "Worst seams", &strips::strips(&self.worst)))
            @if !self.misfits.is_empty() {
                (section("misfits", "Clips that do not fit", &lists::notes(&self.misfits)))
            }
            @if !self.left_out.is_empty() {
                (section("left-out", "Files left out", &lists::notes(&self.left_out)))
            }
            @if !self.remarks.is_empty() {
                (section("remarks", "Files used with a remark", &lists::notes(&self.remarks)))
            }
        })
    }
}

#[cfg(test)]
mod tests;

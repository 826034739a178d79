//! The page of a plan: when each clip is shown, how often and how late it returns, which joints
//! there are, and what the walk guarantees.
//!
//! [`Walk`] is everything that is on it; [`gather`] fills it, each section writes its own part. The
//! page can be read without its script, which only tells more about the place that is pointed at.

mod color;
mod figures;
mod gaps;
mod gather;
mod graph;
mod rows;
mod scales;
mod script;
mod timeline;
mod usage;
mod visits;

use loopy_core::{Plan, plan::SeamKind};
use maud::{Markup, html};

pub(super) use self::gather::gather;
use super::{
    jpeg::Jpeg,
    shell::{Shell, section},
};

/// Everything that the page shows.
pub(super) struct Walk<'a> {
    pub(super) plan: &'a Plan,
    /// The plan's clips in its order, then those of the library that are never shown.
    pub(super) clips: Vec<Shown>,
    /// The best joint of each ordered pair of clips.
    pub(super) links: Vec<Link>,
    /// The joints are those of the library; otherwise those that the plan takes.
    pub(super) whole: bool,
}

/// A clip.
#[derive(Clone, Debug, Default)]
pub(super) struct Shown {
    pub(super) name: String,
    pub(super) scene: u32,
    pub(super) state: Option<String>,
    pub(super) picture: Option<Jpeg>,
    pub(super) visits: u64,
    /// Output frames in all visits.
    pub(super) frames: u64,
    /// Share of all visits that its weight asks for, ...
    pub(super) due: f64,
    /// ... and the least and the most of it that are wished.
    pub(super) least: f64,
    pub(super) most: f64,
}

/// The best joint from one clip to another, by their places in [`Walk::clips`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Link {
    pub(super) from: usize,
    pub(super) to: usize,
    /// 0 to 1.
    pub(super) score: f64,
    pub(super) declared: bool,
    /// How often the walk goes from the one to the other.
    pub(super) taken: u64,
}

impl Walk<'_> {
    /// The page as HTML.
    pub(super) fn render(&self) -> String {
        let plan = self.plan;
        let shell = Shell {
            title: "LoopyComfy: a walk over clips",
            heading: "A walk over clips",
            facts: &self.facts(),
            styles: include_str!("walk/walk.css"),
            script: script::script(self),
        };
        shell.around(&html! {
            @if !plan.notes.is_empty() {
                (section("notes", "What could not be granted", &figures::lines(&plan.notes)))
            }
            (section("timeline", "Timeline", &timeline::timeline(self)))
            (section("figures", "How little it repeats", &figures::figures(plan)))
            (section("gaps", "When clips return", &gaps::gaps(&plan.certificate)))
            (section("capacity", "How long the library lasts", &figures::capacity(plan)))
            (section("usage", "How often each clip is shown", &usage::usage(self)))
            (section("graph", "Which clip leads to which", &graph::graph(self)))
            @if !plan.reactions.is_empty() {
                (section("reactions", "From state to state", &figures::reactions(plan)))
            }
            @if !plan.asked.is_empty() {
                (section("asked", "What was asked", &figures::lines(&plan.asked)))
            }
            (section("visits", "Visit by visit", &visits::visits(self)))
        })
    }

    fn facts(&self) -> Vec<(String, String)> {
        let plan = self.plan;
        let changes = plan
            .seams
            .iter()
            .filter(|seam| seam.changes_scene())
            .count();
        let bridges = plan.seams.iter().filter(|seam| seam.frames > 0).count();
        let fact = |number: String, what: &str| (number, what.to_owned());
        let rate = (plan.fps.as_f64() * 1e3).round() / 1e3;
        vec![
            fact(scales::time(plan.frames, plan.fps), "long"),
            fact(plan.frames.to_string(), &format!("frames at {rate} fps")),
            fact(plan.visits.len().to_string(), "visits"),
            fact(plan.clips.len().to_string(), "clips shown"),
            fact(bridges.to_string(), "bridges"),
            fact(changes.to_string(), "scene changes"),
            fact(plan.seed.to_string(), "is the seed"),
        ]
    }
}

/// What a joint is called, and whether it is a change of scene.
fn kind(seam: &loopy_core::plan::Seam) -> &'static str {
    match seam.kind {
        _ if seam.changes_scene() => "scene change",
        SeamKind::Cut | SeamKind::SceneChange => "cut",
        SeamKind::Dissolve => "dissolve",
        SeamKind::Motion => "motion",
        SeamKind::Morph => "morph",
    }
}

/// A list as a row of words would be too long.
fn joint_words(seam: &loopy_core::plan::Seam) -> Markup {
    html! {
        (kind(seam))
        @if seam.frames > 0 { " of " (super::shell::count(seam.frames as usize, "frame")) }
    }
}

#[cfg(test)]
mod tests;

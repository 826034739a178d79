//! The page's script and what it knows: the visits as numbers.

use maud::{Markup, PreEscaped, html};
use serde::Serialize;

use super::{Walk, kind, rows::Rows, timeline};

/// Numbers of a visit: clip, start, frames, first and last source frame.
type Stay = (u32, u64, u32, u32, u32);

#[derive(Serialize)]
struct Data<'a> {
    fps: f64,
    frames: u64,
    /// Output frames of a row, and rows.
    row: u64,
    rows: usize,
    /// Pixels from row to row, and those of a visit.
    pitch: usize,
    high: usize,
    names: Vec<&'a str>,
    scenes: Vec<u32>,
    states: Vec<Option<&'a str>>,
    visits: Vec<Stay>,
    /// After each visit: what the joint is, and its frames.
    joints: Vec<(&'static str, u32)>,
}

pub(super) fn script(walk: &Walk) -> Markup {
    let plan = walk.plan;
    let rows = Rows::of(plan);
    let data = Data {
        fps: plan.fps.as_f64(),
        frames: rows.frames,
        row: rows.length,
        rows: rows.count,
        pitch: timeline::pitch(walk),
        high: timeline::CLIPS,
        names: walk.clips.iter().map(|clip| clip.name.as_str()).collect(),
        scenes: walk.clips.iter().map(|clip| clip.scene + 1).collect(),
        states: walk
            .clips
            .iter()
            .map(|clip| clip.state.as_deref())
            .collect(),
        visits: plan.visits[..rows.visits]
            .iter()
            .map(|visit| {
                (
                    visit.clip,
                    visit.start,
                    visit.frames(),
                    visit.first,
                    visit.last,
                )
            })
            .collect(),
        joints: plan
            .seams
            .iter()
            .take(rows.visits)
            .map(|seam| (kind(seam), seam.frames))
            .collect(),
    };
    html! {
        script type="application/json" id="walk" { (inert(&data)) }
        script { (PreEscaped(include_str!("walk.js"))) }
    }
}

/// JSON that cannot end the element that it is in.
fn inert(data: &impl Serialize) -> PreEscaped<String> {
    // Numbers and texts always serialise.
    let json = serde_json::to_string(data).unwrap_or_default();
    let mut safe = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '<' => safe.push_str("\\u003c"),
            '>' => safe.push_str("\\u003e"),
            '&' => safe.push_str("\\u0026"),
            '\u{2028}' => safe.push_str("\\u2028"),
            '\u{2029}' => safe.push_str("\\u2029"),
            c => safe.push(c),
        }
    }
    PreEscaped(safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_the_element_and_all_come_back() {
        let texts = [
            "</script><script>alert(1)//",
            "<!--",
            "a&b\"c'\\d",
            "\u{2028}\u{2029}",
        ];
        let PreEscaped(safe) = inert(&texts);
        assert!(!safe.contains(['<', '>', '&', '\u{2028}']));
        let back: Vec<String> = serde_json::from_str(&safe).unwrap();
        assert_eq!(back, texts);
    }
}

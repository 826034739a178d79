//! The timeline: every visit in its clip's colour, with bridges, changes of scene, scenes and states.

use std::{collections::BTreeMap, fmt::Write as _};

use loopy_core::plan::Seam;
use maud::{Markup, html};

use super::{
    Walk, color,
    rows::{Piece, Rows, WIDTH},
    scales,
};

/// Heights of the lanes of a row and of the space around them, in pixels.
pub(super) const CLIPS: usize = 20;
const GROUP: usize = 5;
const SPACE: usize = 2;
const BELOW: usize = 9;
/// A bridge is drawn so wide at least, in units of a row.
const NARROWEST: f64 = 1.2;
/// Groups that the legend names.
const NAMED: usize = 16;

/// What a row has under its visits.
struct Lane {
    name: &'static str,
    /// Names of its groups, in the order of their colours.
    groups: Vec<String>,
    /// By clip.
    of: Vec<Option<usize>>,
}

/// Pixels from one row to the next.
pub(super) fn pitch(walk: &Walk) -> usize {
    CLIPS + lanes(walk).len() * (SPACE + GROUP) + BELOW
}

/// Scenes and states, where there are several.
fn lanes(walk: &Walk) -> Vec<Lane> {
    let lane = |name: &'static str, label: &dyn Fn(usize) -> Option<String>| {
        let labels: Vec<Option<String>> = (0..walk.plan.clips.len()).map(label).collect();
        let mut groups: Vec<String> = labels.iter().flatten().cloned().collect();
        groups.sort_unstable_by_key(|group| (group.parse::<u32>().ok(), group.clone()));
        groups.dedup();
        let place = |label: &Option<String>| {
            let label = label.as_ref()?;
            groups.iter().position(|group| group == label)
        };
        let of = labels.iter().map(place).collect();
        Lane { name, groups, of }
    };
    let scene = |clip: usize| Some((walk.clips[clip].scene + 1).to_string());
    let state = |clip: usize| walk.clips[clip].state.clone();
    let (scenes, states) = (lane("scene", &scene), lane("state", &state));
    let mut lanes = Vec::new();
    if scenes.groups.len() > 1 {
        lanes.push(scenes);
    }
    if !states.groups.is_empty() {
        lanes.push(states);
    }
    lanes
}

pub(super) fn timeline(walk: &Walk) -> Markup {
    let (rows, lanes, pitch) = (Rows::of(walk.plan), lanes(walk), pitch(walk));
    let high = rows.count * pitch;
    let words = format!(
        "{} visits over {}, each in the colour of its clip",
        rows.visits,
        scales::time(rows.frames, walk.plan.fps)
    );
    html! {
        p.soft {
            "Each row lasts " (scales::time(rows.length, walk.plan.fps)) "."
            @if rows.visits < walk.plan.visits.len() {
                " The first " (rows.visits) " of " (walk.plan.visits.len()) " visits are drawn."
            }
            span.scripted hidden { " Point at a visit, or use the arrow keys." }
        }
        (legend(&lanes))
        div.rows {
            div.times aria-hidden="true" {
                @for row in 0..rows.count {
                    span style=(format!("height:{pitch}px")) {
                        (clock(row as u64 * rows.length, walk))
                    }
                }
            }
            div id="film" data-words=(words) {
                svg viewBox=(format!("0 0 {WIDTH} {high}")) height=(high)
                    preserveAspectRatio="none" role="img" aria-label=(words) {
                    (visits(walk, rows, pitch))
                    @for (number, lane) in lanes.iter().enumerate() {
                        (groups(walk, rows, lane, pitch, CLIPS + number * (SPACE + GROUP) + SPACE))
                    }
                    (joints(walk, rows, pitch))
                    path id="pointed" d="" {}
                }
            }
        }
    }
}

/// The time without its tenths.
fn clock(frame: u64, walk: &Walk) -> String {
    let time = scales::time(frame, walk.plan.fps);
    time.split('.').next().unwrap_or_default().to_owned()
}

fn legend(lanes: &[Lane]) -> Markup {
    html! {
        div.legend {
            span { span.key.bridge {} "bridge" }
            span { span.key.change {} "change of scene" }
            @for lane in lanes {
                span {
                    (lane.name) "s:"
                    @for (number, group) in lane.groups.iter().enumerate().take(NAMED) {
                        span.key style=(format!("background:{}", color::group(number))) {} bdi { (group) }
                    }
                    @if lane.groups.len() > NAMED { " and " (lane.groups.len() - NAMED) " more" }
                }
            }
        }
    }
}

/// One shape a clip: thousands of visits stay light.
fn visits(walk: &Walk, rows: Rows, pitch: usize) -> Markup {
    let mut paths: BTreeMap<u32, String> = BTreeMap::new();
    for visit in &walk.plan.visits[..rows.visits] {
        let path = paths.entry(visit.clip).or_default();
        let end = visit.start + u64::from(visit.frames());
        for piece in rows.pieces(visit.start, end) {
            bar(path, piece, piece.row * pitch, CLIPS);
        }
    }
    html! {
        @for (clip, path) in &paths {
            path fill=(color::clip(*clip as usize)) d=(path) {
                title { (walk.clips[*clip as usize].name) }
            }
        }
    }
}

/// Stretches of visits of one scene or state.
fn groups(walk: &Walk, rows: Rows, lane: &Lane, pitch: usize, top: usize) -> Markup {
    let visits = &walk.plan.visits[..rows.visits];
    let mut paths: BTreeMap<usize, String> = BTreeMap::new();
    let of = |clip: u32| lane.of[clip as usize];
    let mut at = 0;
    for stretch in visits.chunk_by(|a, b| of(a.clip) == of(b.clip)) {
        at += stretch.len();
        let (Some(first), Some(group)) = (stretch.first(), of(stretch[0].clip)) else {
            continue;
        };
        let end = visits.get(at).map_or(rows.frames, |next| next.start);
        let path = paths.entry(group).or_default();
        for piece in rows.pieces(first.start, end) {
            bar(path, piece, piece.row * pitch + top, GROUP);
        }
    }
    html! {
        @for (group, path) in &paths {
            path fill=(color::group(*group)) d=(path) {
                title { (lane.name) " " (lane.groups[*group]) }
            }
        }
    }
}

/// Bridges as slits, changes of scene as lines through the row.
fn joints(walk: &Walk, rows: Rows, pitch: usize) -> Markup {
    let (mut bridges, mut changes) = (String::new(), String::new());
    let seams = walk.plan.seams.iter().take(rows.visits);
    // The joint of a loop lies behind the last visit.
    for seam in seams.filter(|seam| seam.start < rows.frames) {
        let Seam { start, frames, .. } = *seam;
        for piece in rows.pieces(start, start + u64::from(frames)) {
            let until = piece.until.max(piece.from + NARROWEST);
            bar(
                &mut bridges,
                Piece { until, ..piece },
                piece.row * pitch,
                CLIPS,
            );
        }
        if seam.changes_scene()
            && let Some(piece) = rows.pieces(start, start + 1).next()
        {
            let top = piece.row * pitch;
            // Writing to a String cannot fail.
            let _infallible = write!(
                changes,
                "M{} {top}v{}",
                short(piece.from),
                pitch - BELOW / 2
            );
        }
    }
    html! {
        @if !bridges.is_empty() { path.bridge d=(bridges) { title { "bridge" } } }
        @if !changes.is_empty() { path.change d=(changes) { title { "change of scene" } } }
    }
}

fn bar(path: &mut String, piece: Piece, top: usize, high: usize) {
    let (from, wide) = (short(piece.from), short(piece.until - piece.from));
    // Writing to a String cannot fail.
    let _infallible = write!(path, "M{from} {top}h{wide}v{high}h-{wide}z");
}

/// Two digits after the point, none where they are nought.
fn short(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

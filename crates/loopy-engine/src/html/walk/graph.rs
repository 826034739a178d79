//! The graph: clips on a ring, scene by scene, and the best joint from each to each.

use std::f64::consts::TAU;

use maud::{Markup, html};

use super::{Link, Walk, color};
use crate::html::{
    matrix,
    shell::{count, percent},
};

/// Clips up to which each is a picture, and up to which each has its number.
const PICTURES: usize = 26;
const NUMBERS: usize = 70;
/// Joints drawn for each clip, and in all at least and at most.
const EACH: usize = 4;
const LEAST: usize = 120;
const MOST: usize = 700;
/// The side of the square, its middle, and the ring's radius.
const SIDE: f64 = 1000.0;
const MIDDLE: f64 = SIDE / 2.0;
const RING: f64 = 430.0;

/// A clip on the ring.
#[derive(Clone, Copy, Debug, Default)]
struct Node {
    x: f64,
    y: f64,
}

pub(super) fn graph(walk: &Walk) -> Markup {
    let nodes = ring(walk);
    let between = walk.links.iter().filter(|link| link.from != link.to);
    let all: Vec<Link> = between.copied().collect();
    let inside = walk.links.len() - all.len();
    let drawn = strongest(&all, walk.clips.len());
    let words = format!(
        "{} and {} between them",
        count(walk.clips.len(), "clip"),
        count(drawn.len(), "joint")
    );
    html! {
        p.soft {
            @if walk.whole { "The best joint from each clip to each. " }
            @else { "The joints that this plan takes; give the clips as well to see all that the library has. " }
            "Heavy lines are taken, the heavier the more often. A line bends to the right of its way."
            @if drawn.len() < all.len() {
                " The " (drawn.len()) " strongest are drawn, the best way out of each clip among them; "
                b { (all.len() - drawn.len()) } " are left out."
            }
            @if inside > 0 { " Ways back into the same clip (" (count(inside, "clip")) ") are not drawn." }
        }
        (matrix::legend())
        div.scroll {
            svg.ring viewBox=(format!("0 0 {SIDE} {SIDE}")) role="img" aria-label=(words) {
                g.links { @for link in &drawn { (line(walk, &nodes, link)) } }
                g.nodes { @for (place, node) in nodes.iter().enumerate() { (dot(walk, place, *node)) } }
            }
        }
    }
}

/// Where each clip lies: scene by scene, state by state, a gap between scenes.
fn ring(walk: &Walk) -> Vec<Node> {
    let mut order: Vec<usize> = (0..walk.clips.len()).collect();
    let group = |place: usize| (walk.clips[place].scene, &walk.clips[place].state);
    order.sort_by_key(|place| (group(*place), *place));
    let scenes = order.chunk_by(|a, b| walk.clips[*a].scene == walk.clips[*b].scene);
    let scenes: Vec<&[usize]> = scenes.collect();
    let slots = order.len() + if scenes.len() > 1 { scenes.len() } else { 0 };
    let mut nodes = vec![Node::default(); walk.clips.len()];
    let mut slot = 0;
    for scene in &scenes {
        for place in *scene {
            // From the top, clockwise.
            let angle = TAU * slot as f64 / slots.max(1) as f64;
            nodes[*place] = Node {
                x: MIDDLE + RING * angle.sin(),
                y: MIDDLE - RING * angle.cos(),
            };
            slot += 1;
        }
        slot += 1;
    }
    nodes
}

/// The strongest links, weakest first so that the strongest lie on top: the best out of each clip,
/// then the best of all.
fn strongest(links: &[Link], clips: usize) -> Vec<Link> {
    let mut order: Vec<&Link> = links.iter().collect();
    // A change of scene joins nothing, whatever it scores.
    order.sort_by(|a, b| {
        let rank = |link: &Link| (std::cmp::Reverse(link.taken), link.from, link.to);
        (a.declared.cmp(&b.declared))
            .then(b.score.total_cmp(&a.score))
            .then(rank(a).cmp(&rank(b)))
    });
    let most = (clips * EACH).clamp(LEAST, MOST.max(clips));
    let mut left = vec![false; clips];
    let (mut first, mut rest) = (Vec::new(), Vec::new());
    for link in order {
        if std::mem::replace(&mut left[link.from], true) {
            rest.push(*link);
        } else {
            first.push(*link);
        }
    }
    let room = most.saturating_sub(first.len());
    first.extend(rest.into_iter().take(room));
    first.sort_by(|a, b| {
        (b.declared.cmp(&a.declared))
            .then((a.taken > 0).cmp(&(b.taken > 0)))
            .then(a.score.total_cmp(&b.score))
    });
    first
}

fn line(walk: &Walk, nodes: &[Node], link: &Link) -> Markup {
    let (from, to) = (nodes[link.from], nodes[link.to]);
    let (dx, dy) = (to.x - from.x, to.y - from.y);
    // Towards the middle, and to the right of the way, so that both directions can be seen.
    let towards = |a: f64, b: f64| f64::midpoint(a, b) * 0.55 + MIDDLE * 0.45;
    let (x, y) = (
        towards(from.x, to.x) - dy * 0.06,
        towards(from.y, to.y) + dx * 0.06,
    );
    let path = format!(
        "M{:.1} {:.1}Q{x:.1} {y:.1} {:.1} {:.1}",
        from.x, from.y, to.x, to.y
    );
    let step = matrix::class(matrix::step_of(link.score, link.declared));
    let class = if link.taken > 0 { "taken" } else { "open" };
    let thin = if walk.clips.len() > NUMBERS { 0.4 } else { 1.0 };
    let wide = 1.2 + (link.taken as f64 + 1.0).log2().min(5.0) * 0.8;
    let name = |place: usize| &walk.clips[place].name;
    html! {
        path class={ (class) " " (step) } d=(path) stroke-width=(format!("{:.1}", wide * thin)) data-from=(link.from) data-to=(link.to) {
            title {
                (name(link.from)) " to " (name(link.to)) ": " (percent(link.score))
                @if link.declared { ", a change of scene" }
                @if link.taken > 0 { ", taken " (count(link.taken as usize, "time")) }
            }
        }
    }
}

fn dot(walk: &Walk, place: usize, node: Node) -> Markup {
    let clip = &walk.clips[place];
    let (x, y) = (format!("{:.1}", node.x), format!("{:.1}", node.y));
    let fill = color::clip(place);
    let crowd = walk.clips.len();
    html! {
        g data-clip=(place) {
            title { (clip.name) ", scene " (clip.scene + 1) @if let Some(state) = &clip.state { ", " (state) } ", " (count(clip.visits as usize, "visit")) }
            @if let (Some(picture), true) = (&clip.picture, crowd <= PICTURES) {
                @let (wide, high) = (96.0, 96.0 * f64::from(picture.height) / f64::from(picture.width).max(1.0));
                @let (wide, high) = if high > 80.0 { (wide * 80.0 / high, 80.0) } else { (wide, high) };
                rect.frame x=(format!("{:.1}", node.x - wide / 2.0 - 3.0)) y=(format!("{:.1}", node.y - high / 2.0 - 3.0))
                    width=(format!("{:.1}", wide + 6.0)) height=(format!("{:.1}", high + 6.0)) rx="4" fill=(fill) {}
                image href=(picture.uri) x=(format!("{:.1}", node.x - wide / 2.0)) y=(format!("{:.1}", node.y - high / 2.0))
                    width=(format!("{wide:.1}")) height=(format!("{high:.1}")) {}
                text x=(x) y=(format!("{:.1}", node.y + high / 2.0 + 18.0)) { (place + 1) }
            } @else if crowd <= NUMBERS {
                circle cx=(x) cy=(y) r="15" fill=(fill) {}
                text x=(x) y=(y) dy="5" { (place + 1) }
            } @else {
                circle cx=(x) cy=(y) r=(format!("{:.1}", (1100.0 / crowd as f64).clamp(2.0, 9.0))) fill=(fill) {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crowd_keeps_a_way_out_of_every_clip_and_the_best_of_the_rest() {
        let links: Vec<Link> = (0..500)
            .flat_map(|from| (0..40).map(move |step| (from, (from + step + 1) % 500)))
            .map(|(from, to)| Link {
                from,
                to,
                // Clip 7 has nothing good.
                score: if from == 7 {
                    0.1
                } else {
                    ((from * 31 + to * 17) % 100) as f64 / 100.0
                },
                declared: false,
                taken: 0,
            })
            .collect();
        let drawn = strongest(&links, 500);
        assert_eq!(drawn.len(), MOST);
        let mut left: Vec<usize> = drawn.iter().map(|link| link.from).collect();
        left.sort_unstable();
        left.dedup();
        assert_eq!(left.len(), 500);
        let scores: Vec<f64> = drawn.iter().map(|link| link.score).collect();
        assert!(scores.is_sorted(), "the strongest lie on top");
    }
}

//! The contact sheet: every clip by its scene, with its ports on a bar.

use maud::{Markup, html};

use super::{
    page::{Card, Port, Scene},
    shell::{breakable, count, image},
};

/// Units of the bar from the start of a clip to its end, and room on either side.
const BAR: f64 = 1000.0;
const MARGIN: f64 = 12.0;

pub(super) fn scenes(scenes: &[Scene]) -> Markup {
    html! {
        p.soft {
            "Ports on the bar:"
            span.key.out {} "above, where the walk may leave"
            span.key.in {} "below, where it may enter"
        }
        @for scene in scenes.iter().filter(|scene| scene.cards.len() > 1) {
            h3 { "Scene " (scene.number + 1) ", " (count(scene.cards.len(), "clip")) }
            div.cards { @for card in &scene.cards { (self::card(card)) } }
        }
        @let alone: Vec<&Card> = scenes.iter().filter(|scene| scene.cards.len() == 1).flat_map(|scene| &scene.cards).collect();
        @if !alone.is_empty() {
            h3 { (count(alone.len(), "scene")) " of one clip" }
            div.cards { @for card in alone { (self::card(card)) } }
        }
    }
}

fn card(card: &Card) -> Markup {
    html! {
        div.card {
            @if let Some(picture) = &card.picture { (image(picture, &card.name)) }
            div.text {
                div.name {
                    (breakable(&card.name))
                    @if let Some(state) = &card.state { span.state { (state) } }
                }
                div.soft { (format!("{:.2} s", card.seconds)) ", " (card.facts) }
                @if let Some(grade) = &card.grade { div.soft { "corrected: " (grade) } }
                (bar(card))
            }
        }
    }
}

fn bar(card: &Card) -> Markup {
    let view = format!("0 0 {} 26", BAR + 2.0 * MARGIN);
    html! {
        svg.ports viewBox=(view) preserveAspectRatio="none" role="img"
            aria-label=(count(card.ports.len(), "port")) {
            rect.bar x=(MARGIN) y="11" width=(BAR) height="4" {}
            @for port in &card.ports {
                @if port.leaving > 0 { (mark(card, port, "out", 0, port.leaving, "out")) }
                @if port.entering > 0 { (mark(card, port, "in", 15, port.entering, "in")) }
            }
        }
    }
}

fn mark(card: &Card, port: &Port, class: &str, y: u32, edges: usize, way: &str) -> Markup {
    let share = (port.seconds / card.seconds.max(f64::MIN_POSITIVE)).clamp(0.0, 1.0);
    let x = MARGIN + share * BAR - 7.0;
    html! {
        rect class=(class) x=(format!("{x:.0}")) y=(y) width="14" height="11" {
            title { (format!("{:.2} s: ", port.seconds)) (count(edges, "edge")) " " (way) }
        }
    }
}

//! Joints as people would see them: the pictures before, between and after.

use maud::{Markup, html};

use super::{
    jpeg::Jpeg,
    page::Strip,
    shell::{count, percent},
};

pub(super) fn strips(strips: &[Strip]) -> Markup {
    html! {
        @if strips.is_empty() { p.soft { "There are none." } }
        @for strip in strips { (self::strip(strip)) }
    }
}

fn strip(strip: &Strip) -> Markup {
    let class = match strip.score {
        score if score < 0.3 => "score bad",
        score if score < 0.7 => "score fair",
        _ => "score good",
    };
    html! {
        div.strip {
            div.what {
                span { b { (strip.from) } (format!(" at {:.2} s", strip.leave)) }
                span { "to " b { (strip.to) } (format!(" at {:.2} s", strip.enter)) }
                span class=(class) { (percent(strip.score)) }
                span.soft { (format!("step {:.1} of the clips' own", strip.step)) }
                span.soft {
                    @if strip.bridge.is_empty() { "hard cut" }
                    @else { "bridge of " (count(strip.bridge.len(), "frame")) }
                }
            }
            (row(&strip.before, "before"))
            (row(&strip.bridge, "bridge"))
            (row(&strip.after, "after"))
        }
    }
}

fn row(pictures: &[Jpeg], class: &str) -> Markup {
    html! {
        @if !pictures.is_empty() {
            div.frames {
                @for picture in pictures {
                    img class=(class) src=(picture.uri) width=(picture.width)
                        height=(picture.height) alt=(class);
                }
            }
        }
    }
}

//! How often each clip is shown, beside what was wished.

use maud::{Markup, html};

use super::{Shown, Walk, color, scales};
use crate::html::shell::{breakable, image};

/// Clips up to which all are listed; of more, so many that are shown most and least.
const ALL: usize = 150;
const ENDS: usize = 60;

pub(super) fn usage(walk: &Walk) -> Markup {
    let listed = listed(&walk.clips);
    let left = walk.clips.len() - listed.len();
    let all = walk.plan.visits.len().max(1) as f64;
    let share = |clip: &Shown| clip.visits as f64 / all;
    let longest = walk
        .clips
        .iter()
        .map(|clip| share(clip).max(clip.due).max(clip.least))
        .fold(f64::MIN_POSITIVE, f64::max);
    let unseen = walk.clips.iter().filter(|clip| clip.visits == 0).count();
    html! {
        p.soft {
            "Of all visits, how many show each clip. The line marks the share that its weight asks for, "
            "the pale stretch what its minimum and maximum allow, where any are wished."
            @if unseen > 0 { " " b { (unseen) } " of the library are never shown." }
            @if left > 0 {
                " The " (ENDS) " shown most and the " (ENDS) " shown least are listed; " (left) " between them are left out."
            }
        }
        table.usage {
            thead { tr { th scope="col" colspan="2" { "clip" } th scope="col" { "share of visits" } th scope="col" { "visits" } th scope="col" { "wished" } th scope="col" { "on screen" } } }
            tbody {
                @for place in listed {
                    @let clip = &walk.clips[place];
                    tr {
                        td.thumb {
                            @if let Some(picture) = &clip.picture { (image(picture, "")) }
                            span.key style=(format!("background:{}", color::clip(place))) {} span.soft { (place + 1) }
                        }
                        th scope="row" { bdi { (breakable(&clip.name)) } @if let Some(state) = &clip.state { span.state { (state) } } }
                        td.line { (bar(clip, share(clip), longest)) }
                        td { (clip.visits) @if clip.visits == 0 { " (never)" } }
                        td { (wished(clip)) }
                        td { (scales::time(clip.frames, walk.plan.fps)) }
                    }
                }
            }
        }
    }
}

/// Places of the clips that are listed: in the plan's order, or those at both ends.
fn listed(clips: &[Shown]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..clips.len()).collect();
    if order.len() > ALL {
        order.sort_by_key(|place| (std::cmp::Reverse(clips[*place].visits), *place));
        let tail = order.split_off(order.len() - ENDS);
        order.truncate(ENDS);
        order.extend(tail);
    }
    order
}

fn wished(clip: &Shown) -> String {
    let due = percent(clip.due);
    match (clip.least > 0.0, clip.most < 1.0) {
        (false, false) => due,
        (true, false) => format!("{due}, at least {}", percent(clip.least)),
        (false, true) => format!("{due}, at most {}", percent(clip.most)),
        (true, true) => format!("{due}, {} to {}", percent(clip.least), percent(clip.most)),
    }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

fn bar(clip: &Shown, share: f64, longest: f64) -> Markup {
    let x = |share: f64| format!("{:.1}", (share / longest).min(1.0) * 100.0);
    let bounded = clip.least > 0.0 || clip.most < 1.0;
    html! {
        svg viewBox="0 0 100 12" preserveAspectRatio="none" role="img"
            aria-label=(format!("{} of all visits, wished {}", percent(share), wished(clip))) {
            @if bounded {
                rect.allowed x=(x(clip.least)) y="0" height="12"
                    width=(format!("{:.1}", ((clip.most / longest).min(1.0) - clip.least / longest) * 100.0)) {}
            }
            rect.own x="0" y="3" height="6" width=(x(share)) {}
            path.due d=(format!("M{} 0v12", x(clip.due))) {}
        }
    }
}

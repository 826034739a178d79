//! The visits as a table, for those who read.

use maud::{Markup, html};

use super::{Walk, joint_words, scales};
use crate::html::shell::{breakable, percent};

/// Visits listed.
const MOST: usize = 400;

pub(super) fn visits(walk: &Walk) -> Markup {
    let plan = walk.plan;
    html! {
        @if plan.visits.len() > MOST {
            p.soft { "The first " (MOST) " of " (plan.visits.len()) ". The plan as CSV has all of them (" code { "loopy plan --from PLAN -o walk.csv" } ")." }
        }
        details open[plan.visits.len() <= 40] {
            summary { "Time, clip, source frames, and how it goes on" }
            div.scroll {
                table {
                    thead { tr { th scope="col" { "visit" } th scope="col" { "at" } th scope="col" { "clip" } th scope="col" { "source frames" } th scope="col" { "lasts" } th scope="col" { "then" } th scope="col" { "score" } } }
                    tbody {
                        @for (index, visit) in plan.visits.iter().enumerate().take(MOST) {
                            tr {
                                th scope="row" { (index + 1) }
                                td { (scales::time(visit.start, plan.fps)) }
                                td.name { bdi { (breakable(&walk.clips[visit.clip as usize].name)) } }
                                td { (visit.first) " to " (visit.last) }
                                td { (scales::time(u64::from(visit.frames()), plan.fps)) }
                                @match plan.seams.get(index) {
                                    Some(seam) => {
                                        td { (joint_words(seam)) }
                                        td { (percent(seam.score.as_f64())) }
                                    }
                                    None => { td { "the end" } td {} }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

//! The last stretch: a search with backtracking for visits that end on the exact frame.

use super::{
    choice::{self, Rules},
    dice::Dice,
    table::Table,
    trail::{Step, Trail},
};

/// Where the walk has to end.
pub(super) enum Goal<'a> {
    /// Anywhere in a visit.
    Anywhere {
        /// Fewest frames of the last visit, unless it is the only one.
        least: u64,
        /// Clip that the last visit shall not show, unless it is the only one.
        avoid: Option<u32>,
    },
    /// At a link to the first visit.
    Join(&'a Table),
}

/// How the last visit ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ending {
    /// One past its last frame, on its clip's output clock.
    pub(super) leave: u32,
    /// The step to the first visit, for a loop.
    pub(super) joint: Option<Step>,
}

/// Carries `trail` on to the goal. `effort` is the number of visits that may be tried and falls
/// with each; when it is used up or nothing fits, the trail is as it was.
pub(super) fn find(
    trail: &mut Trail,
    frames: u64,
    goal: &Goal,
    rules: &Rules,
    effort: &mut u64,
    dice: &mut Dice,
) -> Option<Ending> {
    let depth = trail.stops().len();
    let mut levels = Vec::new();
    loop {
        if let Some(ending) = reached(trail, frames, goal, rules) {
            return Some(ending);
        }
        let rest = frames - trail.now();
        let mut found = Vec::new();
        choice::ways(
            trail,
            rules,
            rest,
            rest > u64::from(trail.map().dwell) * 10,
            &mut found,
        );
        found.retain(|way| match goal {
            Goal::Anywhere { least, .. } => way.rest >= *least,
            Goal::Join(table) => table.may_close(way.step.to, way.rest),
        });
        levels.push(found);
        loop {
            let level: &mut Vec<_> = levels.last_mut()?;
            if let Some(index) = choice::draw(level, dice).filter(|_| *effort > 0) {
                trail.push(level.swap_remove(index).step);
                *effort -= 1;
                break;
            }
            levels.pop();
            if trail.stops().len() > depth {
                trail.pop();
            }
        }
    }
}

/// The walk can end here.
fn reached(trail: &Trail, frames: u64, goal: &Goal, rules: &Rules) -> Option<Ending> {
    let rest = frames - trail.now();
    let here = trail.here();
    let map = trail.map();
    let only = trail.stops().len() == 1;
    let rest = u32::try_from(rest)
        .ok()
        .filter(|rest| *rest <= map.len(here.clip))?;
    match goal {
        Goal::Anywhere { least, avoid } => {
            let fits = here.at + rest <= map.len(here.clip);
            let fine = only || (u64::from(rest) >= *least && *avoid != Some(here.clip));
            (fits && fine).then_some(Ending {
                leave: here.at + rest,
                joint: None,
            })
        }
        Goal::Join(_) => {
            let joint = close(trail, rest, rules)?;
            ring(trail, rules).then_some(Ending {
                leave: joint.leave,
                joint: Some(joint),
            })
        }
    }
}

/// The best step from here to the first visit that takes exactly `rest` frames.
fn close(trail: &Trail, rest: u32, rules: &Rules) -> Option<Step> {
    let map = trail.map();
    let here = trail.here();
    let first = trail.stops()[0].node;
    let change = rules.changes || !here.calm;
    let mut best: Option<(u32, Step)> = None;
    for index in map.ways(here) {
        let link = &map.links[index as usize];
        let (bridge, refused) = trail.bridge(index);
        if link.to == first
            && link.leave - here.at + bridge == rest
            && (!link.own || map.alone() || trail.stops().len() == 1)
            && (link.ordinary || link.own || change)
        {
            let worth = u32::from(link.score.0) + u32::from(!link.declared);
            let step = Step {
                leave: link.leave,
                to: first,
                link: Some(index),
                bridge,
                refused,
            };
            if best.is_none_or(|(other, _)| other < worth) {
                best = Some((worth, step));
            }
        }
    }
    if let Some((_, step)) = best {
        return Some(step);
    }
    let start = &map.nodes[first as usize];
    let jump = change
        && start.at == 0
        && (start.clip != here.clip || map.alone())
        && here.at + rest == map.len(here.clip);
    let leave = map.len(here.clip);
    jump.then_some(Step::jump(leave, first))
}

/// Clips keep their distance across the joint of the loop too.
fn ring(trail: &Trail, rules: &Rules) -> bool {
    let stops = trail.stops();
    let nodes = &trail.map().nodes;
    stops.iter().rev().zip(1..rules.ring).all(|(stop, back)| {
        let clip = nodes[stop.node as usize].clip;
        let first = trail.first_visit(clip).unwrap_or(u32::MAX);
        // A clip that only this stretch shows returns after the whole loop.
        first.saturating_add(back) >= rules.ring || first == stops.len() as u32 - back
    })
}

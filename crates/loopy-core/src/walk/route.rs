//! One whole walk: where it begins, its body, and an ending that fits.

use super::{
    Options, Planner,
    choice::{self, Fresh, Rules},
    dice::Dice,
    ending::{self, Ending, Goal},
    map::Map,
    table::Table,
    tour::Tour,
    trail::{Step, Trail},
    walker::{self, Start, Walker},
};

/// Stream of the draws that are not the walker's; the walker's streams are its gaps.
const STREAM: u64 = 1 << 32;
/// Visits tried for the endings of loops, all beginnings together.
const LOOP_EFFORT: u64 = 60_000;
/// Visits tried for one ending.
const EFFORT: u64 = 3000;
/// Beginnings tried for a loop.
const BEGINNINGS: usize = 48;
/// The last stretch of a loop in seconds, at least and at most.
const LOOP_MARGIN: (u64, u64) = (20, 600);
/// The last stretch of a walk that ends anywhere, in seconds.
const OPEN_MARGIN: u64 = 20;
/// The same where the walk is told things on the way.
const TOLD_MARGIN: u64 = 2;

/// A finished walk.
pub(super) struct Walked<'a> {
    /// Its visits.
    pub(super) trail: Trail<'a>,
    /// How the last visit ends.
    pub(super) ending: Ending,
    /// The return gap that was wished for.
    pub(super) wanted: u32,
    /// A loop was wished for, but its joint is no step of the graph.
    pub(super) forced: bool,
}

/// The walk that `options` ask for.
pub(super) fn find<'a>(planner: &'a Planner, options: &Options) -> Walked<'a> {
    let (map, tour) = (planner.map(), planner.tour());
    let wanted = wanted(map, options);
    let mut dice = dice(options);
    if !options.looped {
        let start = first(map, options, tour, &mut dice);
        let (trail, ending) = open(planner, options, start, wanted, None, &mut dice);
        return Walked {
            trail,
            ending,
            wanted,
            forced: false,
        };
    }
    let starts = match tour {
        Some(tour) => vec![map.start_of(tour.first)],
        None => beginnings(map, options.start, &mut dice),
    };
    if let Some((trail, ending)) = closed(planner, options, &starts, wanted, &mut dice) {
        return Walked {
            trail,
            ending,
            wanted,
            forced: false,
        };
    }
    let start = first(map, options, tour, &mut dice);
    let avoid = Some(map.nodes[start as usize].clip).filter(|_| !map.alone());
    let (trail, ending) = open(planner, options, start, wanted, avoid, &mut dice);
    let joint = Step::jump(ending.leave, start);
    let ending = Ending {
        joint: Some(joint),
        ..ending
    };
    Walked {
        trail,
        ending,
        wanted,
        forced: true,
    }
}

/// The return gap that is wished for.
pub(super) fn wanted(map: &Map, options: &Options) -> u32 {
    let clips = map.usable.len() as u32;
    let gap = options.min_gap.unwrap_or((clips * 3).div_ceil(5));
    gap.max(walker::floor(map))
}

/// The draws that are not the walker's.
pub(super) fn dice(options: &Options) -> Dice {
    Dice::new(options.seed, STREAM)
}

/// Where the walk begins: with the tour, or an [`opening`].
fn first(map: &Map, options: &Options, tour: Option<&Tour>, dice: &mut Dice) -> u32 {
    match tour {
        Some(tour) => map.start_of(tour.first),
        None => opening(map, options.start, dice),
    }
}

/// The start of a clip, of one that leads on if there is one.
pub(super) fn opening(map: &Map, wished: Option<u32>, dice: &mut Dice) -> u32 {
    let starts = || map.usable.iter().map(|clip| map.start_of(*clip));
    let calm: Vec<u32> = starts()
        .filter(|start| map.nodes[*start as usize].calm)
        .collect();
    let from = if calm.is_empty() {
        starts().collect()
    } else {
        calm
    };
    match wished {
        Some(clip) => map.start_of(clip),
        None => from[dice.below(from.len() as u64) as usize],
    }
}

/// Places where a loop can begin, in the order to try them.
fn beginnings(map: &Map, wished: Option<u32>, dice: &mut Dice) -> Vec<u32> {
    let mut nodes: Vec<u32> = (0..map.nodes.len() as u32)
        .filter(|node| {
            let place = &map.nodes[*node as usize];
            wished.is_none_or(|clip| clip == place.clip)
                && map.len(place.clip) - place.at >= map.least_of(place.clip)
        })
        .collect();
    dice.shuffle(&mut nodes);
    // First those that a loop can run through without a scene change.
    nodes.sort_by_key(|node| (!smooth(map, *node), map.leading_to(*node).is_empty()));
    nodes.truncate(BEGINNINGS);
    nodes
}

/// A loop may run through `node` without a scene change.
fn smooth(map: &Map, node: u32) -> bool {
    let ordinary = |link: &u32| map.links[*link as usize].ordinary;
    map.nodes[node as usize].calm && map.leading_to(node).iter().any(ordinary)
}

/// The walk from `start` as far as it is settled and leaves more than `margin` of `frames`, and the
/// gap that it keeps.
fn body(planner: &Planner, start: Start, frames: u64, margin: u64) -> (Trail<'_>, u32) {
    let map = planner.map();
    let (mut walker, gap) = if let Some(tour) = planner.tour() {
        (Walker::touring(map, start, tour), tour.gap)
    } else {
        let walker = Walker::told(map, start, planner.script(start.node));
        let gap = walker.gap();
        (walker, gap)
    };
    loop {
        walker.look();
        let next = walker.trail().stop(walker.settled() + 1);
        if next.is_none_or(|stop| stop.start + margin >= frames) {
            return (walker.into_trail(), gap);
        }
        walker.settle();
    }
}

/// The gap to aim at across the joint of a loop: with the whole gap on both sides of it, no clip
/// might be left to show.
fn ring(gap: u32) -> u32 {
    gap / 2
}

/// A walk that ends anywhere.
fn open<'a>(
    planner: &'a Planner,
    options: &Options,
    start: u32,
    wanted: u32,
    avoid: Option<u32>,
    dice: &mut Dice,
) -> (Trail<'a>, Ending) {
    let (map, tour) = (planner.map(), planner.tour());
    let second = options.fps.frames_in(1_000_000).max(1);
    // What is told is told to the last.
    let margin = if options.cues.is_empty() && options.states.is_none() {
        second * OPEN_MARGIN
    } else {
        second * TOLD_MARGIN
    };
    let start = Start {
        node: start,
        seed: options.seed,
        gap: wanted,
        frames: u64::MAX,
    };
    let (mut trail, gap) = body(planner, start, options.frames, margin);
    let least = u64::from(map.least);
    let floor = walker::floor(map);
    if let Some(tour) = tour
        && let Some(ending) = along(&mut trail, options.frames, tour, second, avoid)
    {
        return (trail, ending);
    }
    let long = second.max(least);
    let gap_alone = Rules::gap(gap);
    let fresh = |fresh| Rules { fresh, ..gap_alone };
    let anyhow = Rules {
        changes: true,
        ..Rules::gap(floor)
    };
    let passes = [
        (fresh(Fresh::Pair), long, avoid, EFFORT / 4),
        (fresh(Fresh::Triple), long, avoid, EFFORT / 4),
        (gap_alone, long, avoid, EFFORT),
        (gap_alone, least, avoid, EFFORT),
        (anyhow, least, avoid, EFFORT),
        (anyhow, least, None, EFFORT),
    ];
    for (rules, least, avoid, mut effort) in passes {
        let worth_it = match rules.fresh {
            Fresh::Pair => !trail.scarce() && trail.repeats() * 16 <= trail.count(),
            Fresh::Triple => tour.is_some(),
            Fresh::Anything => true,
        };
        if !worth_it {
            continue;
        }
        let goal = Goal::Anywhere { least, avoid };
        if let Some(ending) = retreating(&mut trail, options, &goal, &rules, &mut effort, dice) {
            return (trail, ending);
        }
    }
    // From anywhere there is a step to another clip, and any visit may be the last: without a
    // least length and without a limit the search meets no dead end.
    let rules = Rules {
        changes: true,
        shares: false,
        ..Rules::gap(floor)
    };
    let goal = Goal::Anywhere {
        least: 1,
        avoid: None,
    };
    let mut effort = u64::MAX;
    let found = ending::find(&mut trail, options.frames, &goal, &rules, &mut effort, dice);
    let rest = (options.frames - trail.now()).min(u64::from(u32::MAX)) as u32;
    let here = trail.here().at;
    (
        trail,
        found.unwrap_or(Ending {
            leave: here + rest,
            joint: None,
        }),
    )
}

/// Follows the tour to where the length is reached; back where it was if that would leave a last
/// visit shorter than `least` or of a clip to avoid.
fn along(
    trail: &mut Trail,
    frames: u64,
    tour: &Tour,
    least: u64,
    avoid: Option<u32>,
) -> Option<Ending> {
    let count = trail.count();
    loop {
        let here = trail.here();
        let rest = frames - trail.now();
        let link = tour.links.get(trail.count() - 1);
        let step = link.map(|link| choice::over(trail, *link));
        if let Some(step) = step
            && u64::from(step.leave - here.at) + u64::from(step.bridge) < rest
        {
            trail.push(step);
            continue;
        }
        let leave = u64::from(here.at) + rest;
        let fits = leave <= u64::from(trail.map().len(here.clip));
        if fits && rest >= least && avoid != Some(here.clip) {
            let leave = leave as u32;
            return Some(Ending { leave, joint: None });
        }
        while trail.count() > count && trail.pop() {}
        return None;
    }
}

/// Searches an ending from here, then from further and further back.
fn retreating(
    trail: &mut Trail,
    options: &Options,
    goal: &Goal,
    rules: &Rules,
    effort: &mut u64,
    dice: &mut Dice,
) -> Option<Ending> {
    for back in [0, 1, 2, 4, 8, 16] {
        for _ in 0..back {
            trail.pop();
        }
        let mut share = (*effort).min(EFFORT / 4);
        let given = share;
        let found = ending::find(trail, options.frames, goal, rules, &mut share, dice);
        *effort -= given - share;
        if found.is_some() || *effort == 0 {
            return found;
        }
    }
    None
}

/// A walk whose end joins its beginning, if one of `starts` has one of the exact length.
fn closed<'a>(
    planner: &'a Planner,
    options: &Options,
    starts: &[u32],
    wanted: u32,
    dice: &mut Dice,
) -> Option<(Trail<'a>, Ending)> {
    let (map, tour) = (planner.map(), planner.tour());
    let second = options.fps.frames_in(1_000_000).max(1);
    let frames = options.frames;
    let mut effort = LOOP_EFFORT;
    let mut wanted = wanted;
    for start in starts {
        // Within a scene if it can be, through scene changes otherwise.
        for changes in [false, true] {
            if !changes && !smooth(map, *start) {
                continue;
            }
            let table = Table::new(map, *start, (second * LOOP_MARGIN.1).min(frames), changes);
            let margin = table.done.max(second * LOOP_MARGIN.0);
            let start = Start {
                node: *start,
                seed: options.seed,
                gap: wanted,
                frames,
            };
            let (mut trail, gap) = body(planner, start, frames, margin);
            wanted = gap;
            let work = table.work / 256 + trail.stops().len() as u64;
            effort = effort.saturating_sub(work);
            let floor = walker::floor(map);
            let half = ring(gap).max(floor);
            let rings = [(gap, gap), (gap, half), (gap, floor), (floor, floor)];
            let levels: &[Fresh] = match tour {
                Some(_) => &[Fresh::Pair, Fresh::Triple, Fresh::Anything],
                None => &[Fresh::Anything],
            };
            let aims = levels
                .iter()
                .flat_map(|fresh| rings.map(|ring| (*fresh, ring)));
            for (fresh, (gap, ring)) in aims {
                let rules = Rules {
                    ring,
                    changes,
                    fresh,
                    ..Rules::gap(gap)
                };
                let goal = Goal::Join(&table);
                let mut share = EFFORT.min(effort);
                let given = share;
                let found = retreating(&mut trail, options, &goal, &rules, &mut share, dice);
                effort -= given - share;
                if let Some(ending) = found {
                    return Some((trail, ending));
                }
            }
            if effort == 0 {
                return None;
            }
        }
    }
    None
}

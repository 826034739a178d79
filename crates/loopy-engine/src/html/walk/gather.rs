//! From a plan, and a library's graph where there is one, to what is on the page.

use std::collections::{BTreeMap, HashMap};

use loopy_core::{Clip, Graph, Hash, Plan};

use super::{Link, Shown, Walk};
use crate::html::jpeg::Jpeg;

/// The page of `plan`; `graph` is that of its library, with a picture of each clip or with none.
pub(in crate::html) fn gather<'a>(
    plan: &'a Plan,
    graph: Option<&Graph>,
    pictures: &[Option<Jpeg>],
) -> Walk<'a> {
    let part = |clip: &Clip| (clip.hash, clip.first, clip.until, clip.shot);
    let planned = plan.clips.iter().map(|planned| &planned.clip);
    let mut places: HashMap<(Hash, u32, u32, u32), usize> =
        planned.clone().map(part).zip(0..).collect();
    let mut clips: Vec<&Clip> = planned.collect();
    let mut links = Vec::new();
    let mut shot = Vec::new();
    if let Some(graph) = graph {
        let numbers: Vec<usize> = graph
            .clips
            .iter()
            .map(|clip| {
                *places.entry(part(clip)).or_insert_with(|| {
                    clips.push(clip);
                    clips.len() - 1
                })
            })
            .collect();
        links = library(graph, &numbers);
        shot = numbers.into_iter().zip(pictures).collect();
    }
    let mut clips: Vec<Shown> = clips.into_iter().map(|clip| shown(plan, clip)).collect();
    for (place, picture) in shot {
        clips[place].picture.clone_from(picture);
    }
    for visit in &plan.visits {
        let clip = &mut clips[visit.clip as usize];
        clip.visits += 1;
        clip.frames += u64::from(visit.frames());
    }
    let all: f64 = clips.iter().map(|clip| clip.due).sum();
    for clip in &mut clips {
        clip.due = (clip.due / all.max(f64::MIN_POSITIVE)).clamp(clip.least, clip.most);
    }
    let whole = graph.is_some();
    let links = taken(plan, links, whole);
    Walk {
        plan,
        clips,
        links,
        whole,
    }
}

/// `clip` with what was wished of it; its weight stands in for the share that is due.
fn shown(plan: &Plan, clip: &Clip) -> Shown {
    let wish = plan.wish(clip);
    let (least, most) = wish.shares();
    Shown {
        name: clip.short_name(),
        scene: clip.scene,
        state: plan.state(clip),
        due: wish.weight(),
        least,
        most: most.max(least),
        ..Shown::default()
    }
}

/// The best joint of each pair of the library.
fn library(graph: &Graph, numbers: &[usize]) -> Vec<Link> {
    let mut best: BTreeMap<(usize, usize), Link> = BTreeMap::new();
    for edge in &graph.edges {
        let [from, to] = [edge.from.clip, edge.to.clip].map(|clip| numbers[clip as usize]);
        keep(
            &mut best,
            Link {
                from,
                to,
                score: edge.score.as_f64(),
                declared: edge.declared,
                taken: 0,
            },
        );
    }
    best.into_values().collect()
}

fn keep(best: &mut BTreeMap<(usize, usize), Link>, link: Link) {
    let known = best.entry((link.from, link.to)).or_insert(link);
    if (!link.declared, link.score) > (!known.declared, known.score) {
        *known = link;
    }
}

/// `links` with how often each is taken; where the library is not known, those that are taken.
fn taken(plan: &Plan, links: Vec<Link>, whole: bool) -> Vec<Link> {
    let mut best: BTreeMap<(usize, usize), Link> = links
        .into_iter()
        .map(|link| ((link.from, link.to), link))
        .collect();
    let mut times: BTreeMap<(usize, usize), u64> = BTreeMap::new();
    for (index, seam) in plan.seams.iter().enumerate() {
        let next = (index + 1) % plan.visits.len().max(1);
        let (Some(left), Some(entered)) = (plan.visits.get(index), plan.visits.get(next)) else {
            continue;
        };
        let (from, to) = (left.clip as usize, entered.clip as usize);
        *times.entry((from, to)).or_default() += 1;
        // A change of scene that the library has no joint for is drawn as well.
        if !whole || !best.contains_key(&(from, to)) {
            keep(
                &mut best,
                Link {
                    from,
                    to,
                    score: seam.score.as_f64(),
                    declared: seam.changes_scene(),
                    taken: 0,
                },
            );
        }
    }
    for (pair, times) in times {
        if let Some(link) = best.get_mut(&pair) {
            link.taken = times;
        }
    }
    best.into_values().collect()
}

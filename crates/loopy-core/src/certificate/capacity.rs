//! How long a library lasts before a pair of clips, then a triple, must repeat, and what would make
//! it last longer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::reference::Library;
use crate::circulation::balanced;

/// Entries of the shopping list.
const ENTRIES: usize = 3;
/// Missing pairs that are tried one by one, and joints of a library in which that is done.
const TRIED: usize = 12;
const MOST_PAIRS: usize = 20_000;

/// How long a library lasts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Capacity {
    /// Ordered pairs of clips that the library joins.
    pub pairs: u64,
    /// Visits after which a pair of clips must repeat, whatever the walk.
    pub visits_to_pair: u64,
    /// Visits after which a triple of clips must repeat, whatever the walk.
    pub visits_to_triple: u64,
    /// The same in seconds, with visits as long as those of this walk.
    pub seconds_to_pair: f64,
    /// The same in seconds, with visits as long as those of this walk.
    pub seconds_to_triple: f64,
    /// What would let it last longer, most first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wanted: Vec<Wanted>,
}

/// Something that would let a library last longer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Wanted {
    /// In words.
    pub what: String,
    /// Clip that the missing joint would leave, or that the missing clip would be like.
    pub from: String,
    /// Clip that the missing joint would enter; nothing for a missing clip.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Visits more before a pair must repeat.
    pub visits: u64,
}

/// How long `library` lasts when a visit is so many seconds long.
pub(super) fn capacity(library: &Library, visit: f64) -> Capacity {
    let pairs = library.pairs();
    let count = library.clips();
    let longest = balanced(count, &pairs).bound;
    let triples = triples(count, &pairs);
    // The first visit makes no pair yet, the first two no triple.
    let (to_pair, to_triple) = (longest as u64 + 1, triples + 2);
    Capacity {
        pairs: pairs.len() as u64,
        visits_to_pair: to_pair,
        visits_to_triple: to_triple,
        seconds_to_pair: to_pair as f64 * visit,
        seconds_to_triple: to_triple as f64 * visit,
        wanted: wanted(library, &pairs, longest),
    }
}

/// Exits and entries of every clip.
fn degrees(count: usize, pairs: &[(u32, u32)]) -> (Vec<u64>, Vec<u64>) {
    let (mut exits, mut entries) = (vec![0; count], vec![0; count]);
    for (from, to) in pairs {
        exits[*from as usize] += 1;
        entries[*to as usize] += 1;
    }
    (exits, entries)
}

/// Triples in a row that no walk exceeds: a pair is passed as often as it can be come to and left.
fn triples(count: usize, pairs: &[(u32, u32)]) -> u64 {
    let (exits, entries) = degrees(count, pairs);
    // Of the ways into a pair, one goes to and fro with it; both ways are counted here.
    let passed = pairs
        .iter()
        .map(|(from, to)| entries[*from as usize].min(exits[*to as usize]));
    let sum: u64 = passed.sum();
    // A walk ends somewhere: its last pair need not be left.
    if sum > 0 { sum + 1 } else { 0 }
}

fn wanted(library: &Library, pairs: &[(u32, u32)], longest: usize) -> Vec<Wanted> {
    let count = library.clips();
    if count < 2 || pairs.len() > MOST_PAIRS {
        return Vec::new();
    }
    let (exits, entries) = degrees(count, pairs);
    let gain = |count: usize, more: &mut dyn Iterator<Item = (u32, u32)>| {
        let all: Vec<(u32, u32)> = pairs.iter().copied().chain(more).collect();
        balanced(count, &all).bound.saturating_sub(longest) as u64
    };
    let name = |clip: u32| library.names[clip as usize].clone();

    // Joints from where many lead in and few out to where few lead in and many out.
    let need = |clip: u32| entries[clip as usize] as i64 - exits[clip as usize] as i64;
    let mut order: Vec<u32> = (0..count as u32).collect();
    order.sort_by_key(|clip| (-need(*clip), *clip));
    let mut missing: Vec<(u32, u32)> = (order.iter().take(TRIED))
        .flat_map(|from| order.iter().rev().take(TRIED).map(move |to| (*from, *to)))
        .filter(|(from, to)| from != to && pairs.binary_search(&(*from, *to)).is_err())
        .collect();
    missing.sort_by_key(|(from, to)| (need(*to) - need(*from), *from, *to));
    let mut list: Vec<Wanted> = (missing.into_iter().take(TRIED))
        .map(|(from, to)| Wanted {
            what: format!(
                "a joint from {} to {}, or a clip that begins as the one ends and ends as the \
                 other begins",
                name(from),
                name(to)
            ),
            from: name(from),
            to: Some(name(to)),
            visits: gain(count, &mut std::iter::once((from, to))),
        })
        .collect();

    // A clip more that fits as the best-joined one does.
    let best = (0..count as u32).max_by_key(|clip| {
        let (out, into) = (exits[*clip as usize], entries[*clip as usize]);
        (out.min(into), std::cmp::Reverse(*clip))
    });
    if let Some(best) = best {
        let new = count as u32;
        let alike = pairs.iter().filter_map(|(from, to)| match (from, to) {
            (from, to) if *from == best => Some((new, *to)),
            (from, to) if *to == best => Some((*from, new)),
            _ => None,
        });
        let mut more = alike.chain([(best, new), (new, best)]);
        list.push(Wanted {
            what: format!("one clip more that begins and ends as {} does", name(best)),
            from: name(best),
            to: None,
            visits: gain(count + 1, &mut more),
        });
    }
    list.retain(|wanted| wanted.visits > 0);
    list.sort_by_key(|wanted| std::cmp::Reverse(wanted.visits));
    list.truncate(ENTRIES);
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    fn library(count: u32, fits: impl Fn(u32, u32) -> bool) -> Library {
        let names = (0..count).map(|clip| format!("{clip}.mp4")).collect();
        let arcs = (0..count).flat_map(|from| (0..count).map(move |to| (from, to)));
        Library::new(
            names,
            arcs.filter(|(from, to)| from != to && fits(*from, *to)),
        )
    }

    #[test]
    fn a_dense_library_lasts_for_all_its_pairs_and_triples() {
        let found = capacity(&library(20, |_, _| true), 5.0);
        assert_eq!((found.pairs, found.visits_to_pair), (380, 381));
        assert!((found.seconds_to_pair - 1905.0).abs() < 1e-9);
        // All triples with different neighbours, and those that go to and fro.
        assert_eq!(found.visits_to_triple, 380 * 19 + 3);
        assert_eq!(found.wanted.len(), 1);
        // One clip more has 20 pairs in each direction.
        assert_eq!(found.wanted[0].visits, 40);
    }

    #[test]
    fn a_missing_way_back_is_the_first_thing_to_get() {
        // Everything leads to clip 0, which leads to clip 1 only.
        let found = capacity(&library(8, |from, to| from != 0 || to == 1), 5.0);
        assert_eq!(found.pairs, 7 * 6 + 7 + 1);
        let joint = found.wanted.iter().find(|wanted| wanted.to.is_some());
        let joint = joint.unwrap();
        assert_eq!(joint.from, "0.mp4");
        assert!(joint.visits >= 1);
    }

    #[test]
    fn libraries_without_joints_last_for_one_visit() {
        let found = capacity(&library(3, |_, _| false), 5.0);
        assert_eq!((found.visits_to_pair, found.visits_to_triple), (1, 2));
        assert_eq!(capacity(&library(1, |_, _| true), 5.0).pairs, 0);
    }
}

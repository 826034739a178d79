//! What a walk guarantees about its repeats, computed from the visits alone.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Figures of non-repetition. Gaps count visits between two visits of one clip.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Certificate {
    /// Visits in the walk.
    pub visits: u64,
    /// Distinct clips shown.
    pub clips: u32,
    /// Smallest number of visits between two showings of one clip (1 = A A), if any clip returns.
    pub return_gap_min: Option<u64>,
    /// 5 % quantile of the same.
    pub return_gap_p5: Option<u64>,
    /// Median of the same.
    pub return_gap_median: Option<u64>,
    /// Share of visits that repeat an ordered pair of clips seen before.
    pub repeated_pairs: f64,
    /// Share of visits that end an ordered triple seen before.
    pub repeated_triples: f64,
    /// Length in visits of the longest stretch that occurs twice (occurrences may overlap).
    pub longest_repeat: u64,
    /// Smallest over largest number of showings among the clips shown: 1 is even.
    pub usage_evenness: f64,
    /// Declared scene changes.
    pub scene_changes: u64,
}

/// The certificate of a walk that shows `visits` (numbers of clips, in order) and declares
/// `scene_changes`. Quantiles are nearest ranks, rounded down.
pub fn certify(visits: impl IntoIterator<Item = u32>, scene_changes: u64) -> Certificate {
    let visits: Vec<u32> = visits.into_iter().collect();
    let mut names = visits.clone();
    names.sort_unstable();
    names.dedup();
    let row: Vec<u32> = visits
        .iter()
        .map(|clip| names.partition_point(|name| name < clip) as u32)
        .collect();

    let mut last = vec![None; names.len()];
    let mut shown = vec![0_u64; names.len()];
    let mut gaps = Vec::new();
    for (index, clip) in row.iter().enumerate() {
        let clip = *clip as usize;
        shown[clip] += 1;
        if let Some(before) = last[clip].replace(index) {
            gaps.push((index - before) as u64);
        }
    }
    gaps.sort_unstable();
    let quantile = |percent: usize| {
        let rank = gaps.len().checked_sub(1)? * percent / 100;
        gaps.get(rank).copied()
    };
    let (fewest, most) = (shown.iter().min(), shown.iter().max());
    Certificate {
        visits: row.len() as u64,
        clips: names.len() as u32,
        return_gap_min: quantile(0),
        return_gap_p5: quantile(5),
        return_gap_median: quantile(50),
        repeated_pairs: repeated(&row, 2),
        repeated_triples: repeated(&row, 3),
        longest_repeat: longest_repeat(&row),
        usage_evenness: match (fewest, most) {
            (Some(fewest), Some(most)) => *fewest as f64 / *most as f64,
            _ => 0.0,
        },
        scene_changes,
    }
}

/// Share of visits that end a stretch of `length` visits seen before.
fn repeated(row: &[u32], length: usize) -> f64 {
    let mut stretches: Vec<&[u32]> = row.windows(length).collect();
    let all = stretches.len();
    stretches.sort_unstable();
    stretches.dedup();
    if row.is_empty() {
        0.0
    } else {
        (all - stretches.len()) as f64 / row.len() as f64
    }
}

/// Length of the longest stretch that occurs twice: the largest common prefix of neighbours in the
/// sorted suffixes. Names in `row` are below its length.
fn longest_repeat(row: &[u32]) -> u64 {
    let (suffixes, ranks) = sorted_suffixes(row);
    // From one suffix to the next in the row, the common prefix shrinks by at most one.
    let (mut common, mut longest) = (0_usize, 0);
    for start in 0..row.len() {
        let rank = ranks[start] as usize;
        if rank == 0 {
            common = 0;
            continue;
        }
        let other = suffixes[rank - 1] as usize;
        common += (row[start + common..].iter())
            .zip(&row[other + common..])
            .take_while(|(a, b)| a == b)
            .count();
        longest = longest.max(common);
        common = common.saturating_sub(1);
    }
    longest as u64
}

/// Starts of the suffixes of `row` in their order, and the rank of each start: prefix doubling
/// with counting sorts, n log n at worst.
fn sorted_suffixes(row: &[u32]) -> (Vec<u32>, Vec<u32>) {
    let count = row.len();
    let mut ranks = row.to_vec();
    let mut order: Vec<u32> = by_key(0..count as u32, &ranks);
    let mut length = 0;
    loop {
        // `order` sorts by the first `length` names (one name in the first round); `ranks` tells
        // apart what differs there.
        let second = |start: u32| ranks.get(start as usize + length).copied();
        let mut next = vec![0; count];
        let mut rank = 0;
        for pair in order.windows(2) {
            let key = |start: u32| {
                (
                    ranks[start as usize],
                    if length > 0 { second(start) } else { None },
                )
            };
            rank += u32::from(key(pair[0]) != key(pair[1]));
            next[pair[1] as usize] = rank;
        }
        ranks = next;
        length = (length * 2).max(1);
        if rank as usize + 1 >= count || length >= count {
            break;
        }
        // Sorted by the second half first: suffixes without one come first, the others follow in
        // the order of their second halves. The counting sort by the first half keeps that order.
        let without = (count - length) as u32..count as u32;
        let with = order.iter().filter(|start| **start >= length as u32);
        let halves: Vec<u32> = without
            .chain(with.map(|start| start - length as u32))
            .collect();
        order = by_key(halves.into_iter(), &ranks);
    }
    (order, ranks)
}

/// `items` in the order of their keys, those with equal keys in the given order. Keys are below the
/// number of items.
fn by_key(items: impl Iterator<Item = u32> + Clone, keys: &[u32]) -> Vec<u32> {
    let mut places = vec![0_u32; keys.len() + 1];
    for item in items.clone() {
        places[keys[item as usize] as usize + 1] += 1;
    }
    for index in 1..places.len() {
        places[index] += places[index - 1];
    }
    let mut sorted = vec![0; keys.len()];
    for item in items {
        let place = &mut places[keys[item as usize] as usize];
        sorted[*place as usize] = item;
        *place += 1;
    }
    sorted
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same figures by comparing everything with everything.
    fn slowly(visits: &[u32]) -> (Vec<u64>, u64, u64, u64) {
        let count = visits.len();
        let mut gaps = Vec::new();
        for late in 0..count {
            let early = (0..late).rev().find(|early| visits[*early] == visits[late]);
            gaps.extend(early.map(|early| (late - early) as u64));
        }
        gaps.sort_unstable();
        let seen = |length: usize| {
            (length..=count)
                .filter(|end| {
                    let stretch = &visits[end - length..*end];
                    (length..*end).any(|other| &visits[other - length..other] == stretch)
                })
                .count() as u64
        };
        let longest = (0..count)
            .flat_map(|a| (0..a).map(move |b| (a, b)))
            .map(|(a, b)| {
                visits[a..]
                    .iter()
                    .zip(&visits[b..])
                    .take_while(|(x, y)| x == y)
                    .count() as u64
            });
        (gaps, seen(2), seen(3), longest.max().unwrap_or(0))
    }

    proptest! {
        #[test]
        fn figures_agree_with_comparing_everything(
            visits in (1_u32..9).prop_flat_map(|clips| {
                proptest::collection::vec((0..clips).prop_map(|clip| clip * 7), 0..60)
            }),
        ) {
            let (gaps, pairs, triples, longest) = slowly(&visits);
            let found = certify(visits.iter().copied(), 4);
            let count = visits.len() as f64;
            prop_assert_eq!(found.visits, visits.len() as u64);
            prop_assert_eq!(found.scene_changes, 4);
            prop_assert_eq!(found.longest_repeat, longest);
            prop_assert_eq!(found.return_gap_min, gaps.first().copied());
            let rank = |percent| gaps.get(gaps.len().saturating_sub(1) * percent / 100).copied();
            prop_assert_eq!(found.return_gap_p5, rank(5));
            prop_assert_eq!(found.return_gap_median, rank(50));
            if !visits.is_empty() {
                prop_assert!((found.repeated_pairs - pairs as f64 / count).abs() < 1e-12);
                prop_assert!((found.repeated_triples - triples as f64 / count).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn a_walk_known_by_heart() {
        // A B C A B C A D
        let found = certify([0, 1, 2, 0, 1, 2, 0, 3], 1);
        assert_eq!((found.visits, found.clips), (8, 4));
        assert_eq!(found.return_gap_min, Some(3));
        assert_eq!(found.return_gap_median, Some(3));
        // AB, BC and CA come twice each.
        assert!((found.repeated_pairs - 3.0 / 8.0).abs() < 1e-12);
        assert!((found.repeated_triples - 2.0 / 8.0).abs() < 1e-12);
        assert_eq!(found.longest_repeat, 4);
        assert!((found.usage_evenness - 1.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn no_visits_give_empty_figures() {
        assert_eq!(certify([], 0), Certificate::default());
        let one = certify([9], 0);
        assert_eq!((one.visits, one.clips, one.longest_repeat), (1, 1, 0));
        assert_eq!(one.return_gap_min, None);
        assert!((one.usage_evenness - 1.0).abs() < 1e-12);
    }

    #[test]
    fn the_most_repetitive_walk_is_measured_at_once() {
        let found = certify((0..40_000).map(|visit| visit % 2), 0);
        assert_eq!(found.longest_repeat, 39_998);
        assert_eq!(found.return_gap_min, Some(2));
    }
}

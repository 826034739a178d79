//! What a walk guarantees about its repeats, computed from the visits alone.
//!
//! [`certify`] needs nothing but clips in order, so that it can be recomputed from a plan, a report
//! or a video. [`Certificate::beside`] adds what other ways of mixing the same library would give,
//! and how long it lasts; that takes the graph.

mod capacity;
mod entropy;
mod reference;
mod suffix;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::capacity::{Capacity, Wanted};
pub(crate) use self::reference::Library;

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
    /// How many returns came after each number of visits.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub return_gaps: BTreeMap<u64, u64>,
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
    /// Share of visits that end an ordered stretch of four clips seen before.
    #[serde(default, skip_serializing_if = "nothing")]
    pub repeated_quads: f64,
    /// Bits by which the next clip surprises who knows the last one: the conditional entropy of
    /// the pairs shown. At most the logarithm of the number of visits.
    #[serde(default, skip_serializing_if = "nothing")]
    pub conditional_entropy: f64,
    /// Bits by which the next clip surprises who knows the whole film so far, estimated from the
    /// lengths of repeated stretches (Lempel and Ziv; Kontoyiannis and others 1998).
    #[serde(default, skip_serializing_if = "nothing")]
    pub entropy_rate: f64,
    /// Largest share of visits that show the clip of the visit a fixed distance before.
    #[serde(default, skip_serializing_if = "nothing")]
    pub autocorrelation_peak: f64,
    /// That distance in visits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub autocorrelation_lag: Option<u64>,
    /// Bits a visit that no walk over the joints of the library can exceed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entropy_bound: Option<f64>,
    /// The same figures for a chain that draws every next clip evenly among those that the library
    /// joins, the one just shown left out, over as many visits (20,000 at most).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uniform_chain: Option<Box<Certificate>>,
    /// The same for a shuffled bag of all clips, shuffled anew when it is empty, over the same
    /// joints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shuffle_bag: Option<Box<Certificate>>,
    /// How long the library lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity: Option<Capacity>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn nothing(value: &f64) -> bool {
    *value == 0.0
}

impl Certificate {
    /// In a few words, each after a space, for a video's metadata.
    pub fn short(&self) -> String {
        let gap = self.return_gap_min.unwrap_or(self.visits);
        format!(
            " visits={} clips={} gap={gap} repeated_pairs={:.4} repeated_triples={:.4} \
             longest_repeat={}",
            self.visits,
            self.clips,
            self.repeated_pairs,
            self.repeated_triples,
            self.longest_repeat,
        )
    }

    /// The certificate with what `library` would give otherwise beside it. `seed` is that of the
    /// draws, `seconds` the length of the film.
    #[must_use]
    pub(crate) fn beside(self, library: &Library, seed: u64, seconds: f64) -> Self {
        let visits = self.visits.min(reference::LONGEST);
        let other = |row: Vec<u32>| Some(Box::new(certify(row, 0)));
        Self {
            entropy_bound: library.entropy_bound(),
            uniform_chain: other(library.uniform_chain(visits, seed)),
            shuffle_bag: other(library.shuffle_bag(visits, seed)),
            capacity: Some(capacity::capacity(
                library,
                seconds / self.visits.max(1) as f64,
            )),
            ..self
        }
    }
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
    let seen = suffix::seen_before(&row);
    let peak = autocorrelation(&row, names.len());
    let (fewest, most) = (shown.iter().min(), shown.iter().max());
    Certificate {
        visits: row.len() as u64,
        clips: names.len() as u32,
        return_gap_min: quantile(0),
        return_gap_p5: quantile(5),
        return_gap_median: quantile(50),
        return_gaps: gaps
            .chunk_by(|a, b| a == b)
            .filter_map(|alike| Some((*alike.first()?, alike.len() as u64)))
            .collect(),
        repeated_pairs: repeated(&row, 2),
        repeated_triples: repeated(&row, 3),
        longest_repeat: u64::from(seen.iter().copied().max().unwrap_or(0)),
        usage_evenness: match (fewest, most) {
            (Some(fewest), Some(most)) => *fewest as f64 / *most as f64,
            _ => 0.0,
        },
        scene_changes,
        repeated_quads: repeated(&row, 4),
        conditional_entropy: entropy::conditional(&row),
        entropy_rate: entropy::rate(&seen),
        autocorrelation_peak: peak.map_or(0.0, |peak| peak.1),
        autocorrelation_lag: peak.map(|peak| peak.0),
        entropy_bound: None,
        uniform_chain: None,
        shuffle_bag: None,
        capacity: None,
    }
}

/// Distances looked at: so many rounds of the library.
const ROUNDS: usize = 8;

/// The distance at which most visits show the clip shown that far before, and their share of the
/// visits that have one so far before them; distances of up to half the row.
fn autocorrelation(row: &[u32], clips: usize) -> Option<(u64, f64)> {
    let farthest = (row.len() / 2).min(clips * ROUNDS);
    let mut alike = vec![0_u64; farthest + 1];
    let mut before: Vec<Vec<usize>> = vec![Vec::new(); clips];
    for (index, clip) in row.iter().enumerate() {
        let shown = &mut before[*clip as usize];
        for early in shown
            .iter()
            .rev()
            .take_while(|early| index - **early <= farthest)
        {
            alike[index - early] += 1;
        }
        shown.push(index);
    }
    let share = |lag: usize| alike[lag] as f64 / (row.len() - lag) as f64;
    let best = (1..=farthest).max_by(|a, b| share(*a).total_cmp(&share(*b)).then(b.cmp(a)))?;
    Some((best as u64, share(best)))
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same figures by comparing everything with everything.
    struct Slowly {
        gaps: Vec<u64>,
        pairs: u64,
        triples: u64,
        quads: u64,
        longest: u64,
        conditional: f64,
        rate: f64,
        peak: f64,
    }

    /// Entropy of the next clip given the last, from relative frequencies.
    fn conditional(visits: &[u32]) -> f64 {
        let count = |wanted: &[u32]| {
            let all = visits[..visits.len() - usize::from(wanted.len() == 1)].windows(wanted.len());
            all.filter(|stretch| *stretch == wanted).count() as f64
        };
        let terms = visits.windows(2).map(|pair| {
            let likely = count(pair) / count(&pair[..1]);
            -likely.log2() / (visits.len() - 1) as f64
        });
        terms.sum()
    }

    fn slowly(visits: &[u32]) -> Slowly {
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
        let alike = |late: usize, early: usize| {
            let pairs = visits[late..].iter().zip(&visits[early..]);
            pairs.take_while(|(a, b)| a == b).count()
        };
        let new = |late: usize| (0..late).map(|early| alike(late, early)).max().unwrap_or(0) + 1;
        let stretches = (1..count).map(|late| new(late) as f64 / ((late + 1) as f64).log2());
        let stretches: f64 = stretches.sum();
        let mut clips = visits.to_vec();
        clips.sort_unstable();
        clips.dedup();
        let share = |lag: usize| {
            let same = (lag..count).filter(|index| visits[*index] == visits[index - lag]);
            same.count() as f64 / (count - lag) as f64
        };
        let farthest = (count / 2).min(clips.len() * ROUNDS);
        Slowly {
            pairs: seen(2),
            triples: seen(3),
            quads: seen(4),
            longest: longest.max().unwrap_or(0),
            conditional: conditional(visits),
            rate: if count < 2 {
                0.0
            } else {
                (count - 1) as f64 / stretches
            },
            peak: (1..=farthest).map(share).fold(0.0, f64::max),
            gaps,
        }
    }

    proptest! {
        #[test]
        fn figures_agree_with_comparing_everything(
            visits in (1_u32..9).prop_flat_map(|clips| {
                proptest::collection::vec((0..clips).prop_map(|clip| clip * 7), 0..60)
            }),
        ) {
            let slow = slowly(&visits);
            let found = certify(visits.iter().copied(), 4);
            let count = visits.len() as f64;
            prop_assert_eq!(found.visits, visits.len() as u64);
            prop_assert_eq!(found.scene_changes, 4);
            prop_assert_eq!(found.longest_repeat, slow.longest);
            prop_assert_eq!(found.return_gap_min, slow.gaps.first().copied());
            let rank = |percent| {
                let rank = slow.gaps.len().saturating_sub(1) * percent / 100;
                slow.gaps.get(rank).copied()
            };
            prop_assert_eq!(found.return_gap_p5, rank(5));
            let gaps = found.return_gaps.iter();
            let gaps = gaps.flat_map(|(gap, times)| std::iter::repeat_n(*gap, *times as usize));
            prop_assert_eq!(gaps.collect::<Vec<u64>>(), slow.gaps.clone());
            prop_assert_eq!(found.return_gap_median, rank(50));
            let near = |a: f64, b: f64| (a - b).abs() < 1e-6;
            if !visits.is_empty() {
                prop_assert!(near(found.repeated_pairs, slow.pairs as f64 / count));
                prop_assert!(near(found.repeated_triples, slow.triples as f64 / count));
                prop_assert!(near(found.repeated_quads, slow.quads as f64 / count));
                prop_assert!(near(found.conditional_entropy, slow.conditional));
                prop_assert!(near(found.entropy_rate, slow.rate));
                prop_assert!(near(found.autocorrelation_peak, slow.peak));
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
        assert_eq!(found.return_gaps, BTreeMap::from([(3, 4)]));
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

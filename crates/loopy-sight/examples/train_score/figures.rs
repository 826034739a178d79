//! How well scores tell joints apart, and how far they can be believed.

use std::collections::BTreeMap;

use loopy_sight::score::model::{Bin, Figure};

use crate::dice::Dice;

/// Bins of the reliability, of equal mass.
const BINS: usize = 12;
/// Times that scenes are drawn again for an interval.
const ROUNDS: usize = 400;

/// A held-out joint.
#[derive(Clone, Copy)]
pub(crate) struct Scored {
    pub(crate) score: f64,
    pub(crate) label: f64,
    pub(crate) scene: usize,
}

/// Probability that one of `high` scores above one of `low`, halves for equals.
pub(crate) fn auc(high: &[Scored], low: &[Scored]) -> Option<f64> {
    let mut all: Vec<(f64, bool)> = high.iter().map(|one| (one.score, true)).collect();
    all.extend(low.iter().map(|one| (one.score, false)));
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut wins, mut below) = (0.0, 0.0);
    for equal in all.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
        let highs = equal.iter().filter(|one| one.1).count() as f64;
        let lows = equal.len() as f64 - highs;
        wins += highs * (below + lows / 2.0);
        below += lows;
    }
    let pairs = high.len() as f64 * low.len() as f64;
    (pairs > 0.0).then(|| wins / pairs)
}

/// Mean squared distance of scores and labels.
pub(crate) fn brier(all: &[Scored]) -> Option<f64> {
    let sum: f64 = all.iter().map(|one| (one.score - one.label).powi(2)).sum();
    (!all.is_empty()).then(|| sum / all.len() as f64)
}

/// Scores against labels in bins of equal mass.
pub(crate) fn bins(all: &[Scored]) -> Vec<Bin> {
    let mut order = all.to_vec();
    order.sort_by(|a, b| a.score.total_cmp(&b.score));
    let bounds = |bin: usize| bin * order.len() / BINS;
    (0..BINS)
        .map(|bin| &order[bounds(bin)..bounds(bin + 1)])
        .filter(|bin| !bin.is_empty())
        .map(|bin| {
            let mean = |of: fn(&Scored) -> f64| bin.iter().map(of).sum::<f64>() / bin.len() as f64;
            Bin {
                score: mean(|one| one.score),
                label: mean(|one| one.label),
                count: bin.len(),
            }
        })
        .collect()
}

/// Mean distance of score and label over the bins.
pub(crate) fn ece(all: &[Scored]) -> Option<f64> {
    let off = |bin: &Bin| (bin.score - bin.label).abs() * bin.count as f64;
    let sum: f64 = bins(all).iter().map(off).sum();
    (!all.is_empty()).then(|| sum / all.len() as f64)
}

/// A figure with its 95 % interval: whole scenes are drawn again and again (Efron 1979; Field and
/// Welsh 2007). `of` gets the joints of both groups.
pub(crate) fn figure(
    name: &str,
    high: &[Scored],
    low: &[Scored],
    of: impl Fn(&[Scored], &[Scored]) -> Option<f64>,
) -> Option<Figure> {
    let mut scenes: BTreeMap<usize, [Vec<Scored>; 2]> = BTreeMap::new();
    for (group, all) in [high, low].into_iter().enumerate() {
        for one in all {
            scenes.entry(one.scene).or_default()[group].push(*one);
        }
    }
    let scenes: Vec<[Vec<Scored>; 2]> = scenes.into_values().collect();
    let mut dice = Dice::new(7);
    let mut values: Vec<f64> = (0..ROUNDS)
        .filter_map(|_| {
            let drawn: Vec<_> = scenes
                .iter()
                .map(|_| &scenes[dice.below(scenes.len())])
                .collect();
            let group = |group: usize| -> Vec<Scored> {
                drawn
                    .iter()
                    .flat_map(|scene| scene[group].iter().copied())
                    .collect()
            };
            of(&group(0), &group(1))
        })
        .collect();
    values.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let last = values.len().checked_sub(1)?;
        values.get((share * last as f64).round() as usize).copied()
    };
    Some(Figure {
        name: name.to_owned(),
        value: of(high, low)?,
        interval: at(0.025).zip(at(0.975)),
        count: high.len() + low.len(),
    })
}

//! Figures of scored instants, what is asked of a control, and when an audit does not count.

use crate::{
    outcome::{Control, Figure, Scene},
    stats::{Scored, auc, interval, recall},
};

/// Rounds of the bootstrap.
const ROUNDS: usize = 1000;
/// An AUC of fewer instants says nothing.
const FEWEST: usize = 5;

pub(crate) fn doubts(all: &Scene) -> Vec<String> {
    let failed = all.controls.iter().filter(|control| !control.holds);
    let mut doubts: Vec<String> = failed
        .map(|control| match control.figure.auc {
            Some(auc) => format!(
                "{}: AUC {auc:.2} is not within {:.2} to {:.2}",
                control.name, control.at_least, control.at_most
            ),
            None => format!("{}: too few could be made", control.name),
        })
        .collect();
    if all.seams.auc.is_none() {
        doubts.push("too few seams or natural instants".to_owned());
    }
    doubts
}

pub(crate) fn figure(items: &[Scored], seed: u64) -> Figure {
    let of = |seam: bool| -> Vec<f64> {
        items
            .iter()
            .filter(|item| item.seam == seam)
            .map(|item| item.score)
            .collect()
    };
    let (high, low) = (of(true), of(false));
    let enough = high.len() >= FEWEST && low.len() >= FEWEST;
    Figure {
        positives: high.len(),
        negatives: low.len(),
        auc: auc(&high, &low).filter(|_| enough),
        interval: interval(items, ROUNDS, seed).filter(|_| enough),
        recall: recall(&high, &low, 0.01).filter(|_| enough),
    }
}

pub(crate) fn control(
    name: &str,
    items: &[Scored],
    at_least: f64,
    at_most: f64,
    seed: u64,
) -> Control {
    let figure = figure(items, seed);
    Control {
        name: name.to_owned(),
        holds: figure
            .auc
            .is_some_and(|auc| auc >= at_least && auc <= at_most),
        figure,
        at_least,
        at_most,
    }
}

//! Trains the score and writes `score.json` and the reliability beside it, `score.svg`:
//!
//! ```sh
//! cargo run --release -p loopy-sight --example train_score -- CLIPS_DIR crates/loopy-sight/score.json
//! ```
//!
//! A third name gets a line for every joint. Files are named `SCENE_NUMBER.EXT`. Scenes are sorted and dealt to five folds in turn. Figures
//! are of joints whose scene neither the trees nor the calibration saw: three folds train, the
//! fourth calibrates, the fifth is judged, each in turn. The model that is written is trained on
//! all folds and calibrated by what models of three folds say of the others. One seed draws all.
#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a tool for those who change the score"
)]

mod clips;
mod dice;
mod faults;
mod figures;
mod joints;
mod kinds;
mod plot;

use std::{fmt::Write as _, path::PathBuf};

use loopy_sight::score::{
    boost::{Options, Sample, train},
    forest::Forest,
    isotonic::Curve,
    model::{Kind, Model, Record, names},
};
use rayon::prelude::*;

use crate::{
    clips::FOLDS,
    figures::{Scored, auc, bins, brier, ece, figure},
    joints::Joint,
    kinds::{KINDS, PASSAGE, REJOIN},
};

const SEED: u64 = 20_261_126;
/// Groups of joints that the calibration is told by.
const GROUPS: usize = 60;

fn main() {
    let mut args = std::env::args_os().skip(1).map(PathBuf::from);
    let folder = args.next().expect("CLIPS_DIR OUT.json");
    let out = args.next().expect("CLIPS_DIR OUT.json");
    let clips = clips::read(&folder);
    println!("{} clips", clips.len());
    let takes = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../benches/takes.txt");
    let takes = std::fs::read_to_string(takes).expect("the list of takes");
    let joints = joints::all(&clips, &takes, SEED);
    println!("{} joints of {} features", joints.len(), names().len());

    let forests: Vec<Forest> = (0..FOLDS)
        .into_par_iter()
        .map(|fold| {
            fit(&joints, |other| {
                other != fold && other != (fold + 1) % FOLDS
            })
        })
        .collect();
    let odds = |forest: &Forest, joint: &Joint| forest.log_odds(&joint.values);
    let curves: Vec<Curve> = (0..FOLDS)
        .map(|fold| {
            let held = joints
                .iter()
                .filter(|joint| joint.fold == (fold + 1) % FOLDS);
            curve(held.map(|joint| (odds(&forests[fold], joint), joint.kind.label)))
        })
        .collect();
    let score = |joint: &Joint| curves[joint.fold].at(odds(&forests[joint.fold], joint));
    let held: Vec<Scored> = joints
        .iter()
        .map(|joint| Scored {
            score: score(joint).into(),
            label: joint.kind.label.into(),
            scene: joint.scene,
        })
        .collect();

    let report = Report {
        scenes: clips
            .iter()
            .map(|clip| clip.source.scene.as_str())
            .collect(),
        joints: &joints,
        held: &held,
    };
    let model = Model {
        features: names(),
        record: Record {
            seed: SEED,
            sources: clips.iter().map(|clip| clip.source.clone()).collect(),
            kinds: report.kinds(),
            figures: report.figures(),
            bins: bins(&held),
        },
        forest: fit(&joints, |_| true),
        // Each joint's log odds from a model that saw neither its fold nor the one after it.
        curve: curve(
            joints
                .iter()
                .map(|joint| (odds(&forests[joint.fold], joint), joint.kind.label)),
        ),
    };
    if let Some(path) = args.next() {
        write(&path, &report.lines());
    }
    println!(
        "{} parameters",
        model.forest.parameters() + 2 * model.curve.knots.len()
    );
    for bin in &model.record.bins {
        println!(
            "score {:.3} label {:.3} ({})",
            bin.score, bin.label, bin.count
        );
    }
    let mut json = serde_json::to_string(&model).expect("plain data");
    json.push('\n');
    write(&out, &json);
    write(&out.with_extension("svg"), &plot::svg(&model.record.bins));
}

fn write(path: &std::path::Path, text: &str) {
    let part = path.with_extension("part");
    std::fs::write(&part, text).expect("a writable folder");
    std::fs::rename(&part, path).expect("a writable folder");
}

fn fit(joints: &[Joint], fold: impl Fn(usize) -> bool) -> Forest {
    let samples: Vec<Sample> = joints
        .iter()
        .filter(|joint| fold(joint.fold))
        .map(|joint| Sample {
            values: joint.values.clone(),
            noticed: 1.0 - joint.kind.label,
            weight: 1.0,
        })
        .collect();
    train(&samples, &Options::default())
}

fn curve(samples: impl Iterator<Item = (f32, f32)>) -> Curve {
    Curve::fit(&samples.collect::<Vec<_>>(), GROUPS)
}

struct Report<'a> {
    /// Scene of every clip.
    scenes: Vec<&'a str>,
    joints: &'a [Joint],
    held: &'a [Scored],
}

impl Report<'_> {
    fn of(&self, wanted: impl Fn(&Joint) -> bool) -> Vec<Scored> {
        let all = self.joints.iter().zip(self.held);
        all.filter(|(joint, _)| wanted(joint))
            .map(|(_, held)| *held)
            .collect()
    }

    fn named(&self, starts: &[&str]) -> Vec<Scored> {
        self.of(|joint| {
            starts
                .iter()
                .any(|start| joint.kind.name.starts_with(start))
        })
    }

    fn kinds(&self) -> Vec<Kind> {
        let kinds = KINDS.iter().map(|kind| {
            let found = self.named_exactly(kind.name);
            let bridged = self.joints.iter().any(|joint| joint.kind.name == kind.name && joint.steps > 1);
            let natural = self.named_exactly(if bridged { PASSAGE } else { REJOIN });
            let auc = (kind.label < 1.0).then(|| auc(&natural, &found)).flatten();
            let plain = self.unusual(kind.name, if bridged { PASSAGE } else { REJOIN });
            let mean = found.iter().map(|one| one.score).sum::<f64>() / found.len().max(1) as f64;
            println!(
                "{:22} label {:.2} {:4} mean score {mean:.3} AUC {:.3} (by the worst statistic alone {:.3}, above the 95th {:.2})",
                kind.name,
                kind.label,
                found.len(),
                auc.unwrap_or(f64::NAN),
                plain.0.unwrap_or(f64::NAN),
                plain.1
            );
            Kind {
                name: kind.name.to_owned(),
                label: kind.label,
                count: found.len(),
                score: mean,
                auc,
            }
        });
        kinds.collect()
    }

    /// A line for every joint: fold, scene, kind, label, score, percentile, worst, features.
    fn lines(&self) -> String {
        let mut lines = format!(
            "fold,scene,kind,label,score,percentile,worst,steps,{}\n",
            names().join(",")
        );
        for (joint, held) in self.joints.iter().zip(self.held) {
            let values: Vec<String> = joint.values.iter().map(ToString::to_string).collect();
            writeln!(
                lines,
                "{},{},{},{},{},{},{:?},{},{}",
                joint.fold,
                self.scenes[joint.scene],
                joint.kind.name,
                joint.kind.label,
                held.score,
                joint.rsv.percentile,
                joint.rsv.worst,
                joint.steps,
                values.join(",")
            )
            .expect("memory");
        }
        lines
    }

    fn named_exactly(&self, name: &str) -> Vec<Scored> {
        self.of(|joint| joint.kind.name == name)
    }

    /// The AUC by the worst statistic alone, and the share above the 95th percentile.
    fn unusual(&self, name: &str, natural: &str) -> (Option<f64>, f64) {
        let of = |name: &str| -> Vec<Scored> {
            let found = self.joints.iter().filter(|joint| joint.kind.name == name);
            let scored = found.map(|joint| Scored {
                score: -f64::from(joint.rsv.beyond()),
                label: joint.rsv.percentile.into(),
                scene: joint.scene,
            });
            scored.collect()
        };
        let found = of(name);
        let above = found.iter().filter(|one| one.label >= 0.95).count();
        (
            auc(&of(natural), &found),
            above as f64 / found.len().max(1) as f64,
        )
    }

    fn figures(&self) -> Vec<loopy_sight::score::model::Figure> {
        let rejoin = self.named_exactly(REJOIN);
        let passage = self.named_exactly(PASSAGE);
        let against = |name: &str, natural: &[Scored], starts: &[&str]| {
            figure(name, natural, &self.named(starts), auc)
        };
        let figures = [
            against("random joins", &rejoin, &["cut in", "cut elsewhere"]),
            against("same-scene joins", &rejoin, &["cut in"]),
            against(
                "skips of 2-4 frames",
                &rejoin,
                &["skip 2", "skip 3", "skip 4"],
            ),
            against("repeats", &rejoin, &["repeat"]),
            against("holds", &passage, &["hold"]),
            against("light", &rejoin, &["light"]),
            against("colour", &rejoin, &["colour"]),
            against("speed", &rejoin, &["speed"]),
            against("shifts", &rejoin, &["shift"]),
            against("reversal", &rejoin, &["reversal"]),
            against("dissolves in a scene", &passage, &["dissolve in a scene"]),
            against("averages", &passage, &["average"]),
            against("motion over left-out frames", &passage, &["motion over"]),
            against("motion in a scene", &passage, &["motion in"]),
            against("morphs over left-out frames", &passage, &["morph over"]),
            against("morphs between places of a scene", &passage, &["morph in"]),
            figure("Brier", self.held, &[], |all, _| brier(all)),
            figure("ECE", self.held, &[], |all, _| ece(all)),
        ];
        let figures: Vec<_> = figures.into_iter().flatten().collect();
        for figure in &figures {
            let (low, high) = figure.interval.unwrap_or((f64::NAN, f64::NAN));
            println!(
                "{:28} {:.3} ({low:.3} to {high:.3}), {}",
                figure.name, figure.value, figure.count
            );
        }
        figures
    }
}

//! Trains the detector and writes `model.json`:
//!
//! ```sh
//! cargo run --release -p loopy-audit --example train -- CLIPS_DIR crates/loopy-audit/model.json
//! ```
//!
//! Files are named `SCENE_NUMBER.EXT`. Scenes are sorted and dealt to two folds in turn; a model of
//! each fold is tried on the other. Everything is drawn from one seed.
#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a tool for those who change the detector"
)]

mod clips;
mod instants;

use loopy_audit::{
    boost::{Options, Sample, train},
    features,
    model::{Kind, Model, Record},
    stats::auc,
};

use crate::instants::Instant;

const SEED: u64 = 20_261_122;

fn main() {
    let mut args = std::env::args_os().skip(1);
    let folder = args.next().expect("CLIPS_DIR OUT.json");
    let out = args.next().expect("CLIPS_DIR OUT.json");
    let clips = clips::read(folder.as_ref());
    println!("{} clips", clips.len());
    let instants = instants::all(&clips, SEED);
    println!(
        "{} instants of {} features",
        instants.len(),
        features::names().len()
    );
    let fit = |fold: Option<usize>| {
        let chosen = instants
            .iter()
            .filter(|i| fold.is_none_or(|fold| i.fold == fold));
        let samples: Vec<Sample> = chosen.map(|i| i.sample.clone()).collect();
        train(&samples, &Options::default())
    };
    let forests = [fit(Some(0)), fit(Some(1)), fit(None)];
    let score = |i: &Instant| f64::from(forests[1 - i.fold].log_odds(&i.sample.values));
    let scores = |wanted: &dyn Fn(&&Instant) -> bool| -> Vec<f64> {
        instants.iter().filter(wanted).map(score).collect()
    };
    let natural = |i: &Instant| i.kind == "natural";
    let against = scores(&|i| natural(i));
    let mut names: Vec<(&str, f32)> = Vec::new();
    for instant in &instants {
        if !names.iter().any(|(name, _)| *name == instant.kind) {
            names.push((instant.kind, instant.sample.label));
        }
    }
    let kinds: Vec<Kind> = names
        .iter()
        .map(|(name, label)| {
            let found = scores(&|i| i.kind == *name);
            let held_out = (*name != "natural")
                .then(|| auc(&found, &against))
                .flatten();
            println!("{name:24} {label:.1} {:5} {held_out:.3?}", found.len());
            Kind {
                name: (*name).to_owned(),
                label: *label,
                count: found.len(),
                held_out,
            }
        })
        .collect();
    let forced = scores(&|i| natural(i) && i.idr == Some(true));
    let free = scores(&|i| natural(i) && i.idr == Some(false));
    let idr = auc(&forced, &free).unwrap_or(0.5);
    println!("IDR {idr:.3} ({} and {})", forced.len(), free.len());
    let model = Model {
        features: features::names(),
        record: Record {
            seed: SEED,
            sources: clips.iter().map(|clip| clip.source.clone()).collect(),
            kinds,
            idr,
        },
        forests,
    };
    for forest in &model.forests {
        println!("{} parameters", forest.parameters());
    }
    let mut json = serde_json::to_string(&model).expect("plain data");
    json.push('\n');
    std::fs::write(out, json).expect("the model's file can be written");
}

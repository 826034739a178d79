//! The committed detector: its trees, how they were trained, and which of them may judge a clip.

use std::sync::OnceLock;

use loopy_core::Hash;
use serde::{Deserialize, Serialize};

use crate::{Error, forest::Forest};

/// A clip that a detector was trained on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// File name.
    pub name: String,
    /// Take or scene; one scene is never in both folds.
    pub scene: String,
    /// 0 or 1.
    pub fold: usize,
    /// blake3 of the file.
    pub blake3: Hash,
}

/// One kind of training instant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Kind {
    /// What was done.
    pub name: String,
    /// How surely that counts as an edit; fixed before training.
    pub label: f32,
    /// Instants.
    pub count: usize,
    /// AUC against natural instants of the fold that the model was not trained on.
    pub held_out: Option<f64>,
}

/// How the detector was trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Seed of all draws.
    pub seed: u64,
    /// Clips with their folds.
    pub sources: Vec<Source>,
    /// Instants by kind, both folds.
    pub kinds: Vec<Kind>,
    /// Natural instants next to a forced IDR picture against the other natural ones, held out:
    /// 0.5 when an IDR picture is no clue.
    pub idr: f64,
}

/// The detector.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// Names of the features that the trees index.
    pub features: Vec<String>,
    /// How it came about.
    pub record: Record,
    /// Trained on fold 0, trained on fold 1, trained on both.
    pub forests: [Forest; 3],
}

/// Which trees judge a clip or a joint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Judge {
    /// The clips are in fold 0 or 1, so the trees of the other fold judge.
    Other(usize),
    /// The clips are unknown; the trees trained on everything judge.
    All,
    /// One clip from each fold: all trees saw one of them.
    Mixed,
}

impl Model {
    /// The detector that is compiled in.
    ///
    /// # Errors
    /// [`Error::Model`] when the file does not belong to this program.
    pub fn built_in() -> Result<&'static Self, Error> {
        static MODEL: OnceLock<Option<Model>> = OnceLock::new();
        let read = || {
            let model: Model = serde_json::from_str(include_str!("../model.json")).ok()?;
            (model.features == crate::features::names()).then_some(model)
        };
        MODEL.get_or_init(read).as_ref().ok_or(Error::Model)
    }

    /// Who judges a joint of clips with these hashes.
    pub fn judge(&self, clips: &[Hash]) -> Judge {
        let folds: Vec<usize> = clips.iter().filter_map(|clip| self.fold(clip)).collect();
        match (folds.contains(&0), folds.contains(&1)) {
            (false, false) => Judge::All,
            (true, false) => Judge::Other(0),
            (false, true) => Judge::Other(1),
            (true, true) => Judge::Mixed,
        }
    }

    fn fold(&self, clip: &Hash) -> Option<usize> {
        let mut sources = self.record.sources.iter();
        sources
            .find(|source| source.blake3 == *clip)
            .map(|source| source.fold)
    }

    /// The trees of a judge.
    pub fn forest(&self, judge: Judge) -> &Forest {
        match judge {
            Judge::Other(0) => &self.forests[1],
            Judge::Other(_) => &self.forests[0],
            Judge::All | Judge::Mixed => &self.forests[2],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_model_fits_this_program_and_its_promises() {
        let model = Model::built_in().unwrap();
        for forest in &model.forests {
            assert!(!forest.trees.is_empty() && forest.parameters() <= 10_000);
        }
        for source in &model.record.sources {
            let same = model
                .record
                .sources
                .iter()
                .filter(|s| s.scene == source.scene);
            assert!(same.clone().all(|s| s.fold == source.fold), "{source:?}");
        }
        assert!(
            (model.record.idr - 0.5).abs() < 0.05,
            "{}",
            model.record.idr
        );
    }

    #[test]
    fn a_clip_is_never_judged_by_trees_that_saw_it() {
        let model = Model::built_in().unwrap();
        let of = |fold| {
            let mut sources = model.record.sources.iter();
            sources.find(|source| source.fold == fold).unwrap().blake3
        };
        let unknown = Hash::of(b"no such clip");
        assert_eq!(model.judge(&[of(0), unknown]), Judge::Other(0));
        assert_eq!(model.forest(Judge::Other(0)), &model.forests[1]);
        assert_eq!(model.forest(Judge::Other(1)), &model.forests[0]);
        assert_eq!(model.judge(&[of(0), of(1)]), Judge::Mixed);
        assert_eq!(model.judge(&[unknown]), Judge::All);
    }
}

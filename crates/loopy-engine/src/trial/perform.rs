//! What a worker does to try joints: it reads their sides from the store and judges them.

use std::{collections::HashMap, sync::Arc};

use loopy_core::{Frame, Hash};
use loopy_sight::{
    rsv::{Natural, Usual},
    trial::{self, Joint, Outcome, Side},
};

use super::{End, Pair};
use crate::{Error, around, store::Store};

/// Tries joints of which both sides are in the store.
///
/// # Errors
/// When something is gone from the store.
pub fn perform(store: &Store, pairs: &[Pair]) -> Result<Vec<Vec<Outcome>>, Error> {
    let mut shelf = Shelf {
        store,
        naturals: HashMap::new(),
        pictures: HashMap::new(),
    };
    pairs.iter().map(|pair| shelf.pair(pair)).collect()
}

/// What was read for one joint and may serve the next.
struct Shelf<'a> {
    store: &'a Store,
    naturals: HashMap<Hash, Arc<Natural>>,
    pictures: HashMap<Hash, Arc<Vec<Frame>>>,
}

/// What one end of a joint is seen in.
struct Read {
    natural: Arc<Natural>,
    pictures: Arc<Vec<Frame>>,
}

impl Shelf<'_> {
    fn pair(&mut self, pair: &Pair) -> Result<Vec<Outcome>, Error> {
        let Some(first) = pair.joints.first() else {
            return Ok(Vec::new());
        };
        let (left, entered) = (self.usual(&first.from)?, self.usual(&first.to)?);
        let read = |shelf: &mut Self, end: &End| -> Result<Read, Error> {
            Ok(Read {
                natural: shelf.natural(&end.steps)?,
                pictures: shelf.pictures(&end.pictures)?,
            })
        };
        let ends = pair.joints.iter();
        let ends = ends.map(|joint| Ok((read(self, &joint.from)?, read(self, &joint.to)?)));
        let ends: Vec<(Read, Read)> = ends.collect::<Result<_, Error>>()?;
        let joints = pair.joints.iter().zip(&ends);
        let joints = joints.map(|(joint, (from, to))| Joint {
            from: joint.from.side(&from.natural, &from.pictures),
            to: joint.to.side(&to.natural, &to.pictures),
            step: joint.step,
        });
        let joints: Vec<Joint> = joints.collect();
        let tried = trial::pair(&joints, (&left, &entered), pair.draws);
        tried.map_err(|error| Error::Usage(error.to_string()))
    }

    fn usual(&mut self, end: &End) -> Result<Usual, Error> {
        let own = self.natural(&end.steps)?;
        let mut scene = Vec::with_capacity(end.scene.len());
        for key in &end.scene {
            scene.push(self.natural(key)?);
        }
        Ok(Usual::of(&own, &scene))
    }

    fn natural(&mut self, key: &Hash) -> Result<Arc<Natural>, Error> {
        if let Some(known) = self.naturals.get(key) {
            return Ok(Arc::clone(known));
        }
        let natural = Arc::new(Natural::new(around::load_steps(self.store, key)?));
        self.naturals.insert(*key, Arc::clone(&natural));
        Ok(natural)
    }

    fn pictures(&mut self, key: &Hash) -> Result<Arc<Vec<Frame>>, Error> {
        if let Some(known) = self.pictures.get(key) {
            return Ok(Arc::clone(known));
        }
        let pictures = Arc::new(around::load(self.store, key)?);
        self.pictures.insert(*key, Arc::clone(&pictures));
        Ok(pictures)
    }
}

impl End {
    fn side<'a>(&self, natural: &'a Natural, pictures: &'a [Frame]) -> Side<'a> {
        Side {
            steps: natural.steps(),
            boundary: self.boundary as usize,
            pictures,
            middle: self.middle as usize,
        }
    }
}

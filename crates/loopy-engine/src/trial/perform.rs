//! What a worker does to try joints: it reads their sides from the store and judges them.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use loopy_core::Hash;
use loopy_sight::{
    rsv::{Natural, Usual},
    trial::{self, Joint, Outcome, Pictures, Side},
};

use super::{End, Pair};
use crate::{Error, around, store::Store};

/// Ends of joints of which all pictures are in memory, 2 MB each.
const HELD: usize = 16;

/// Tries joints of which both sides are in the store.
///
/// # Errors
/// When something is gone from the store.
pub fn perform(store: &Store, pairs: &[Pair]) -> Result<Vec<Vec<Outcome>>, Error> {
    let mut shelf = Shelf {
        store,
        naturals: HashMap::new(),
        near: HashMap::new(),
        whole: VecDeque::new(),
    };
    pairs.iter().map(|pair| shelf.pair(pair)).collect()
}

/// What was read for one joint and may serve the next.
struct Shelf<'a> {
    store: &'a Store,
    naturals: HashMap<Hash, Arc<Natural>>,
    /// What a glance needs of an end.
    near: HashMap<Hash, Pictures>,
    /// What bridges need, the newest last.
    whole: VecDeque<(Hash, Pictures)>,
}

/// What one end of a joint is glanced at in.
struct Read {
    natural: Arc<Natural>,
    near: Pictures,
}

impl Shelf<'_> {
    fn pair(&mut self, pair: &Pair) -> Result<Vec<Outcome>, Error> {
        let Some(first) = pair.joints.first() else {
            return Ok(Vec::new());
        };
        let (left, entered) = (self.usual(&first.from)?, self.usual(&first.to)?);
        let ends = pair.joints.iter();
        let ends = ends.map(|joint| Ok((self.read(&joint.from)?, self.read(&joint.to)?)));
        let ends: Vec<(Read, Read)> = ends.collect::<Result<_, Error>>()?;
        let joints = pair.joints.iter().zip(&ends);
        let joints = joints.map(|(joint, (from, to))| Joint {
            from: from.side(&joint.from),
            to: to.side(&joint.to),
            step: joint.step,
        });
        let joints: Vec<Joint> = joints.collect();
        trial::pair(&joints, (&left, &entered), pair.draws, |at| {
            let joint = &pair.joints[at];
            Ok([self.whole(&joint.from)?, self.whole(&joint.to)?])
        })
    }

    fn read(&mut self, end: &End) -> Result<Read, Error> {
        Ok(Read {
            natural: self.natural(&end.steps)?,
            near: self.near(end)?,
        })
    }

    fn usual(&mut self, end: &End) -> Result<Usual, Error> {
        let own = self.natural(&end.steps)?;
        let mut scene = Vec::new();
        if Usual::needs_scene(std::slice::from_ref(&own)) {
            for key in &end.scene {
                scene.push(self.natural(key)?);
            }
        }
        Ok(Usual::of(&own, &scene))
    }

    fn natural(&mut self, key: &Hash) -> Result<Arc<Natural>, Error> {
        if let Some(known) = self.naturals.get(key) {
            return Ok(Arc::clone(known));
        }
        let natural = Arc::new(around::load_natural(self.store, key)?);
        self.naturals.insert(*key, Arc::clone(&natural));
        Ok(natural)
    }

    fn near(&mut self, end: &End) -> Result<Pictures, Error> {
        if let Some(known) = self.near.get(&end.pictures) {
            return Ok(known.clone());
        }
        let near = self.load(end, false)?;
        self.near.insert(end.pictures, near.clone());
        Ok(near)
    }

    fn whole(&mut self, end: &End) -> Result<Pictures, Error> {
        let known = (self.whole.iter()).position(|(key, _)| *key == end.pictures);
        let whole = match known.and_then(|at| self.whole.remove(at)) {
            Some((_, whole)) => whole,
            None => self.load(end, true)?,
        };
        self.whole.push_back((end.pictures, whole.clone()));
        if self.whole.len() > HELD {
            self.whole.pop_front();
        }
        Ok(whole)
    }

    fn load(&self, end: &End, all: bool) -> Result<Pictures, Error> {
        let (pictures, middle) = around::load(self.store, &end.pictures, end.middle, all)?;
        Ok(Pictures {
            pictures: Arc::new(pictures),
            middle,
        })
    }
}

impl Read {
    fn side(&self, end: &End) -> Side<'_> {
        Side {
            steps: self.natural.steps(),
            boundary: end.boundary as usize,
            pictures: &self.near.pictures,
            middle: self.near.middle,
        }
    }
}

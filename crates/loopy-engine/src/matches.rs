//! The matches of pairs of clips, kept in the index: a clip that comes to a library is compared
//! with the others, and those are not compared with each other again.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use loopy_core::{Clip, Hash};
use loopy_sight::pairs::{self, PairCache, PairMatches};

use crate::{
    Error,
    index::{Index, Pair},
};

/// The matches of one library, while its graph is built.
pub struct Matches<'a> {
    index: &'a Index,
    known: HashMap<(Hash, Hash), PairMatches>,
    found: Mutex<Vec<Pair>>,
}

impl<'a> Matches<'a> {
    /// Reads what is known of all pairs of `clips`.
    ///
    /// # Errors
    /// When the index fails.
    pub fn of(clips: &[Clip], index: &'a Index) -> Result<Self, Error> {
        let mut known = HashMap::new();
        for clip in clips {
            let a = pairs::key(clip);
            for (b, bytes) in index.pairs_of(&a)? {
                if let Ok(matches) = PairMatches::from_bytes(&bytes) {
                    known.insert((a, b), matches);
                }
            }
        }
        Ok(Self {
            index,
            known,
            found: Mutex::default(),
        })
    }

    /// Keeps what was found; how many pairs that are.
    ///
    /// # Errors
    /// When the index fails.
    pub fn keep(self) -> Result<usize, Error> {
        let mut found = self
            .found
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        found.sort_unstable();
        self.index.set_pairs(&found)?;
        Ok(found.len())
    }
}

impl PairCache for Matches<'_> {
    fn get(&self, a: &Hash, b: &Hash) -> Option<PairMatches> {
        self.known.get(&(*a, *b)).cloned()
    }

    fn put(&self, a: &Hash, b: &Hash, matches: &PairMatches) {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.push((*a, *b, matches.to_bytes()));
    }
}

#[cfg(test)]
mod tests {
    use loopy_sight::pairs::Match;

    use super::*;

    #[test]
    fn matches_are_found_again_by_both_keys_and_only_so() {
        let dir = tempfile::tempdir().unwrap();
        let index = Index::open(dir.path()).unwrap();
        let key = |number: u8| Hash::of(&[number]);
        let found = |from: u32| {
            let one = Match {
                cost: 7,
                from,
                to: 0,
            };
            PairMatches {
                near: vec![one],
                from_end: one,
                to_start: one,
                whole: one,
            }
        };
        let cache = Matches::of(&[], &index).unwrap();
        for b in 1..5 {
            cache.put(&key(0), &key(b), &found(u32::from(b)));
        }
        assert_eq!(cache.get(&key(0), &key(1)), None, "kept when all are found");
        assert_eq!(cache.keep().unwrap(), 4);

        let kept = index.pairs_of(&key(0)).unwrap();
        assert_eq!(kept.len(), 4);
        for (b, bytes) in kept {
            let number = (1..5).find(|number| key(*number) == b).unwrap();
            assert_eq!(
                PairMatches::from_bytes(&bytes),
                Ok(found(u32::from(number)))
            );
        }
        assert!(index.pairs_of(&key(1)).unwrap().is_empty());
        index.clear().unwrap();
        assert!(index.pairs_of(&key(0)).unwrap().is_empty());
    }
}

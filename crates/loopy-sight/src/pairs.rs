//! Where one clip can lead into another: every frame of the one is compared with every frame of
//! the other, and the places that match best are kept.
//!
//! The result depends on the two clips alone, so that it can be kept by their keys: a clip that
//! comes to a library needs only the pairs that concern it.

mod blob;
mod describe;
mod search;
mod side;

use loopy_core::{Clip, Hash};

pub use self::{
    blob::Error,
    search::{loops, loops_of, search},
    side::Side,
};

/// Changes when other matches would be found between the same clips.
const VERSION: &str = "pairs-3";

/// A place to leave one clip and one to enter the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Match {
    /// Distance of what lies around both in 1/64 code values, more than which it cannot tell:
    /// smaller is better.
    pub cost: u16,
    /// Boundary at which the first clip is left: the frame that would have followed.
    pub from: u32,
    /// Frame with which the second clip is entered.
    pub to: u32,
}

/// The best matches of an ordered pair of clips.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairMatches {
    /// The best matches, best first, each some frames from the others.
    pub near: Vec<Match>,
    /// The best from the end of the first clip.
    pub from_end: Match,
    /// The best to the start of the second clip.
    pub to_start: Match,
    /// From the end of the first to the start of the second.
    pub whole: Match,
}

impl PairMatches {
    /// All of them, some perhaps twice.
    pub fn all(&self) -> impl Iterator<Item = Match> {
        let ends = [self.from_end, self.to_start, self.whole];
        self.near.iter().copied().chain(ends)
    }

    /// The one that costs least.
    pub fn best(&self) -> Match {
        self.all().min().unwrap_or(self.whole)
    }

    /// All boundaries are such as the two clips have.
    fn fits(&self, a: &Side, b: &Side) -> bool {
        self.whole.from == a.until()
            && self.whole.to == b.first()
            && self.all().all(|found| {
                (a.first() + 1..=a.until()).contains(&found.from)
                    && (b.first()..b.until()).contains(&found.to)
            })
    }
}

/// Keeps the matches of ordered pairs by the keys of their clips.
pub trait PairCache: Sync {
    /// What was kept.
    fn get(&self, a: &Hash, b: &Hash) -> Option<PairMatches>;
    /// Keeps it; what cannot be kept is searched again another time.
    fn put(&self, a: &Hash, b: &Hash, matches: &PairMatches);
}

/// Keeps nothing.
pub struct NoCache;

impl PairCache for NoCache {
    fn get(&self, _: &Hash, _: &Hash) -> Option<PairMatches> {
        None
    }

    fn put(&self, _: &Hash, _: &Hash, _: &PairMatches) {}
}

/// What the matches of a clip depend on: its content and its usable range.
pub fn key(clip: &Clip) -> Hash {
    Hash::of(format!("{VERSION} {} {} {}", clip.hash, clip.first, clip.until).as_bytes())
}

/// From the cache, or searched and put there.
pub(crate) fn cached(a: (&Side, &Hash), b: (&Side, &Hash), cache: &dyn PairCache) -> PairMatches {
    if let Some(known) = cache.get(a.1, b.1).filter(|known| known.fits(a.0, b.0)) {
        return known;
    }
    let found = search(a.0, b.0);
    cache.put(a.1, b.1, &found);
    found
}

#[cfg(test)]
mod tests;

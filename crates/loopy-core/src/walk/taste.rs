//! What the walk prefers, in bits: how joints, beginnings, ages and showings weigh against each
//! other. `docs/guide.md` has the table.

use std::sync::Arc;

use super::{
    Error, Mode, Options,
    fade::USE,
    fixed::{BIT, log2},
    map::Map,
    matrix::Matrix,
};
use crate::graph::Score;

/// A joint's score counts to this power.
const SCORE_POWER: i32 = 3;
/// The lowest score counts as this one, so that its logarithm ends.
const LEAST_SCORE: u64 = 256;
/// Weight of the joints that follow, against the score of the joint itself.
const FUTURE: i32 = 2;
/// Of a joint one step further in the future, so much counts, in eighths.
const FAR: i32 = 7;
/// Sweeps in which the future is found: further away than that nothing counts.
const SWEEPS: usize = 24;
/// A pair of clips that a matrix does not want.
const UNWANTED: i32 = -30 * BIT;
/// Parts in which a stay is measured.
const STAYS: usize = 1024;
/// A first repeat of a pair, and of a triple.
const PAIR: i64 = 24 * BIT as i64;
const TRIPLE: i64 = 24 * BIT as i64;
/// Most bits for repeats.
const MOST_REPEAT: i64 = 40 * BIT as i64;
/// A clip's fresh pairs are all shown.
const STALE: i32 = -4 * BIT;
/// No fresh pair is open after the next visit; a factor of two of such pairs.
const CLOSED: i32 = -12 * BIT;
const OPEN: i32 = 2;
/// A showing more than a clip's share, and the most bits that count.
const SHOWING: i64 = 3 * BIT as i64;
const MOST_SHOWINGS: i64 = 12 * BIT as i64;
/// So much less counts under a signal of 1.
const SIGNALLED: i64 = 10 * BIT as i64;
/// A clip that is owed a showing.
const OWED: i32 = 60 * BIT;
/// A way that the clip was lately shown by, whole and only where it begins.
const SAME_WAY: i32 = -3 * BIT;
const SAME_PLACE: i32 = -BIT / 2;
/// What a signal of 1 makes of a clip of relevance 1.
const SIGNAL: i32 = 8;

/// Weights of what the walk looks at; see the functions.
pub(super) struct Taste {
    matrix: Option<Arc<Matrix>>,
    /// Next clips are drawn by clip, then by joint.
    pub(super) by_clip: bool,
    temperature: i32,
    repeats: i64,
    hazard: Vec<i32>,
    /// By share of a possible stay, in so many parts.
    stays: Vec<i32>,
    pub(super) vary: bool,
}

impl Taste {
    /// What `options` ask for in a library of `usable` clips among `clips`.
    pub(super) fn new(options: &Options, usable: u32, clips: usize) -> Result<Self, Error> {
        let matrix = match &options.mode {
            Mode::Pairs(matrix) if matrix.clips() != clips => {
                return Err(Error::Matrix(super::matrix::Error::Rows {
                    found: matrix.clips(),
                    clips,
                }));
            }
            Mode::Pairs(matrix) => Some(Arc::clone(matrix)),
            Mode::VisualSimilarity | Mode::Uniform => None,
        };
        let window = options.history_window.unwrap_or(usable.saturating_mul(2));
        let window = window.min(MOST_WINDOW);
        let stays = (0..=STAYS as u64).map(|share| {
            let square = (255 << 8) * share * share / (STAYS * STAYS) as u64;
            log2(256 + square) - 16 * BIT
        });
        let mut taste = Self {
            by_clip: options.mode != Mode::VisualSimilarity,
            matrix,
            temperature: i32::try_from(options.temperature.max(1)).unwrap_or(i32::MAX),
            repeats: i64::from(options.repetition_penalty),
            // A hazard that grows with the square of the age.
            hazard: (0..window)
                .map(|age| 2 * (log2(u64::from(age.max(1))) - log2(u64::from(window))))
                .collect(),
            stays: Vec::new(),
            vary: options.vary,
        };
        taste.stays = stays.map(|bits| taste.at_temperature(bits)).collect();
        Ok(taste)
    }

    /// A preference of `bits`, at the walk's temperature.
    fn at_temperature(&self, bits: i32) -> i32 {
        (i64::from(bits) * i64::from(BIT) / i64::from(self.temperature)) as i32
    }

    /// What a joint is worth by its score.
    pub(super) fn joint(&self, score: Score) -> i32 {
        self.at_temperature(SCORE_POWER * seen(score))
    }

    /// What a matrix says of clip `to` after clip `from`.
    pub(super) fn pull(&self, from: u32, to: u32) -> i32 {
        let bits = match &self.matrix {
            Some(matrix) => match matrix.weight(from, to) {
                0 => UNWANTED,
                weight => log2(u64::from(weight)) - 24 * BIT,
            },
            None => 0,
        };
        self.at_temperature(bits)
    }

    /// What it is worth that `ahead` of `len` frames can be shown.
    pub(super) fn room(&self, ahead: u32, len: u32) -> i32 {
        let share = u64::from(ahead) * 15 * 256 / u64::from(len.max(1));
        self.at_temperature(log2(256 + share) - 12 * BIT)
    }

    /// What it is worth to stay `stay` frames where `ahead` are possible.
    pub(super) fn stay(&self, stay: u32, ahead: u32) -> i32 {
        let share = u64::from(stay.min(ahead)) * STAYS as u64 / u64::from(ahead.max(1));
        self.stays[share as usize]
    }

    /// By node, what the joints that follow at best are worth: the walk does not go where every
    /// way out is bad.
    pub(super) fn future(&self, map: &Map) -> Vec<i32> {
        let mut ahead = vec![0_i32; map.nodes.len()];
        for _ in 0..SWEEPS {
            let before = ahead.clone();
            for clip in &map.usable {
                // From the last way out to the first, so that each node sees the best of its own.
                let mut best = i32::MIN;
                let mut ways = map.link_range(*clip).rev().peekable();
                for node in map.node_range(*clip).rev() {
                    let first = map.ways(&map.nodes[node]).start as usize;
                    while let Some(index) = ways.next_if(|index| *index >= first) {
                        let link = &map.links[index];
                        if link.ordinary {
                            let far = before[link.to as usize] * FAR / 8;
                            best = best.max(seen(link.score) + far);
                        }
                    }
                    ahead[node] = if best == i32::MIN { 0 } else { best };
                }
            }
            if ahead == before {
                break;
            }
        }
        let worth = ahead
            .into_iter()
            .map(|bits| self.at_temperature(FUTURE * bits));
        worth.collect()
    }

    /// What it is worth that a clip was shown `age` visits ago.
    pub(super) fn age(&self, age: Option<u32>) -> i32 {
        age.and_then(|age| self.hazard.get(age as usize).copied())
            .unwrap_or(0)
    }

    /// What `pairs` showings of the pair more than that of another way (in 1/65536) and so many of
    /// the triple are worth.
    pub(super) fn repeat(&self, pairs: u32, triples: u32, signal: i32) -> i32 {
        let bits = PAIR * i64::from(pairs) / i64::from(USE) + TRIPLE * i64::from(triples.min(2));
        let bits = (bits * self.repeats / i64::from(BIT)).min(MOST_REPEAT);
        // A signal shall be seen: repeats count for less.
        let less = bits * i64::from(signal.abs()) * 7 / (8 * i64::from(BIT));
        -(bits - less) as i32
    }

    /// The walk goes out of its way for pairs that were never shown: not where they count for
    /// nothing, or a matrix says which are wanted.
    pub(super) fn seeks_fresh(&self) -> bool {
        self.repeats > 0 && self.matrix.is_none()
    }

    /// What it is worth that `fresh` pairs from the next clip were never shown.
    pub(super) fn fresh(&self, fresh: u32) -> i32 {
        match fresh {
            _ if self.repeats == 0 => 0,
            0 => STALE,
            more => log2(u64::from(more.min(16))) - 4 * BIT,
        }
    }

    /// What it is worth that so many fresh pairs are open at the visit after the next.
    pub(super) fn open(&self, pairs: u32) -> i32 {
        match pairs {
            _ if self.repeats == 0 => 0,
            0 => CLOSED,
            more => OPEN * (log2(u64::from(more.min(8))) - 3 * BIT),
        }
    }

    /// What showings over the clip's share (in 1/65536 of a showing) are worth.
    pub(super) fn balance(over: i64, signal: i32) -> i32 {
        let bits = SHOWING * over / i64::from(USE);
        // A signal shall be seen: showings count for less.
        let most = MOST_SHOWINGS - SIGNALLED * i64::from(signal.abs()) / i64::from(BIT);
        -bits.clamp(-most, most) as i32
    }

    /// What a debt of showings is worth.
    pub(super) fn owed(owed: bool) -> i32 {
        if owed { OWED } else { 0 }
    }

    /// What so many showings alike are worth.
    pub(super) fn alike(&self, ways: u32, places: u32) -> i32 {
        if self.vary {
            SAME_WAY * ways.min(2) as i32 + SAME_PLACE * places as i32
        } else {
            0
        }
    }

    /// What a signal (-256 to 256) makes of a clip of so much relevance (as well).
    pub(super) fn signal(&self, signal: i32, relevance: i32) -> i32 {
        self.at_temperature(SIGNAL * signal * relevance / BIT)
    }
}

/// Longest history window.
const MOST_WINDOW: u32 = 1 << 20;

/// The logarithm of the probability that nobody notices, at most 0.
fn seen(score: Score) -> i32 {
    log2(u64::from(score.0) + LEAST_SCORE) - log2(u64::from(Score::MAX.0) + LEAST_SCORE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taste(options: &Options) -> Taste {
        Taste::new(options, 20, 20).unwrap()
    }

    #[test]
    fn worse_is_never_worth_more() {
        let taste = taste(&Options::default());
        let scores = (0..65_535).map(|score| taste.joint(Score(score)));
        assert!(scores.is_sorted());
        assert!((0..300).map(|stay| taste.stay(stay, 300)).is_sorted());
        assert!((0..300).map(|ahead| taste.room(ahead, 300)).is_sorted());
        assert!((1..60).map(|age| taste.age(Some(age))).is_sorted());
        assert_eq!(taste.age(None), 0);
        assert!((0..9).map(|fresh| taste.fresh(fresh)).is_sorted());
        assert!(taste.repeat(USE, 0, 0) > taste.repeat(USE, 1, 0));
        assert_eq!(taste.repeat(0, 0, 0), 0);
    }

    #[test]
    fn temperature_flattens_what_is_likely_and_not_what_was_shown() {
        let hot = taste(&Options {
            temperature: 512,
            ..Options::default()
        });
        let usual = taste(&Options::default());
        let bad = Score(1000);
        assert_eq!(hot.joint(bad), usual.joint(bad) / 2);
        assert_eq!(hot.repeat(USE, 1, 0), usual.repeat(USE, 1, 0));
        assert_eq!(hot.age(Some(3)), usual.age(Some(3)));
    }
}

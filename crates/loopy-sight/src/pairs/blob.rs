//! Matches as bytes: a version, a count, then ten bytes each.

use super::{Match, PairMatches};

const VERSION: u8 = 1;
const SIZE: usize = 10;
/// Those that are always there.
const ENDS: usize = 3;

/// Why bytes are not matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Another version of the program wrote them, or none.
    #[error("these bytes are not matches of two clips")]
    Foreign,
    /// Their length does not fit their count.
    #[error("matches of two clips are cut or padded")]
    Length,
}

impl PairMatches {
    /// As bytes that [`PairMatches::from_bytes`] reads.
    pub fn to_bytes(&self) -> Vec<u8> {
        let near = &self.near[..self.near.len().min(usize::from(u8::MAX))];
        let mut bytes = vec![VERSION, near.len() as u8];
        let ends = [self.from_end, self.to_start, self.whole];
        for found in near.iter().chain(&ends) {
            bytes.extend(found.from.to_le_bytes());
            bytes.extend(found.to.to_le_bytes());
            bytes.extend(found.cost.to_le_bytes());
        }
        bytes
    }

    /// From the bytes of [`PairMatches::to_bytes`].
    ///
    /// # Errors
    /// When the bytes are anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let [VERSION, count, rest @ ..] = bytes else {
            return Err(Error::Foreign);
        };
        let (matches, left) = rest.as_chunks::<SIZE>();
        if !left.is_empty() || matches.len() != usize::from(*count) + ENDS {
            return Err(Error::Length);
        }
        let read = |[f0, f1, f2, f3, t0, t1, t2, t3, c0, c1]: &[u8; SIZE]| Match {
            from: u32::from_le_bytes([*f0, *f1, *f2, *f3]),
            to: u32::from_le_bytes([*t0, *t1, *t2, *t3]),
            cost: u16::from_le_bytes([*c0, *c1]),
        };
        let mut near: Vec<Match> = matches.iter().map(read).collect();
        let ends = near.split_off(usize::from(*count));
        let [from_end, to_start, whole] = ends[..] else {
            return Err(Error::Length);
        };
        Ok(Self {
            near,
            from_end,
            to_start,
            whole,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_match() -> impl Strategy<Value = Match> {
        any::<(u16, u32, u32)>().prop_map(|(cost, from, to)| Match { cost, from, to })
    }

    proptest! {
        #[test]
        fn matches_come_back_and_anything_else_is_refused(
            near in prop::collection::vec(any_match(), 0..12),
            from_end in any_match(),
            to_start in any_match(),
            whole in any_match(),
            junk in prop::collection::vec(any::<u8>(), 0..60),
        ) {
            let matches = PairMatches { near, from_end, to_start, whole };
            let bytes = matches.to_bytes();
            prop_assert_eq!(PairMatches::from_bytes(&bytes), Ok(matches));
            prop_assert!(PairMatches::from_bytes(&bytes[..bytes.len() - 1]).is_err());
            if let Ok(read) = PairMatches::from_bytes(&junk) {
                prop_assert_eq!(read.to_bytes(), junk);
            }
        }
    }
}

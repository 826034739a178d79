//! Which ordered triples of clips were shown, in memory that does not grow: a table that forgets
//! the oldest of four when a row is full.

/// Entries in a row.
const ROW: usize = 4;
/// Entries at least and at most.
const SIZES: std::ops::RangeInclusive<usize> = 1 << 12..=1 << 22;

/// A triple and how often it was shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    key: u64,
    last: u32,
    /// Showings since it was entered; 0 for none.
    uses: u32,
}

/// What an entry was before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Before {
    place: usize,
    entry: Entry,
}

/// Triples of clips by recency.
#[derive(Clone)]
pub(super) struct Triples {
    entries: Vec<Entry>,
    clips: u64,
}

impl Triples {
    /// A table for `clips` clips that `pairs` ordered pairs join.
    pub(super) fn new(clips: usize, pairs: usize) -> Self {
        let size = (pairs * 16)
            .next_power_of_two()
            .clamp(*SIZES.start(), *SIZES.end());
        Self {
            entries: vec![Entry::default(); size],
            clips: clips as u64,
        }
    }

    fn key(&self, triple: [u32; 3]) -> u64 {
        let [a, b, c] = triple.map(u64::from);
        // Clips are numbered in 32 bits; a library of a million still has keys of its own.
        (a.wrapping_mul(self.clips).wrapping_add(b))
            .wrapping_mul(self.clips)
            .wrapping_add(c)
    }

    fn row(&self, key: u64) -> usize {
        let mixed = (key ^ key >> 29).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let rows = (self.entries.len() / ROW) as u64;
        ((u128::from(mixed) * u128::from(rows)) >> 64) as usize * ROW
    }

    /// Showings of `triple` that are remembered.
    pub(super) fn uses(&self, triple: [u32; 3]) -> u32 {
        let key = self.key(triple);
        let row = self.row(key);
        self.entries[row..row + ROW]
            .iter()
            .find(|entry| entry.uses > 0 && entry.key == key)
            .map_or(0, |entry| entry.uses)
    }

    /// Remembers a showing at visit `now`.
    pub(super) fn add(&mut self, triple: [u32; 3], now: u32) -> Before {
        let key = self.key(triple);
        let row = self.row(key);
        let range = row..row + ROW;
        let known = range
            .clone()
            .find(|place| self.entries[*place].uses > 0 && self.entries[*place].key == key);
        let oldest =
            range.min_by_key(|place| (self.entries[*place].uses > 0, self.entries[*place].last));
        let place = known.or(oldest).unwrap_or(row);
        let entry = self.entries[place];
        let uses = if known.is_some() {
            entry.uses.saturating_add(1)
        } else {
            1
        };
        self.entries[place] = Entry {
            key,
            last: now,
            uses,
        };
        Before { place, entry }
    }

    /// Takes the last [`Triples::add`] back.
    pub(super) fn undo(&mut self, before: Before) {
        self.entries[before.place] = before.entry;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::walk::sample::Noise;

    #[test]
    fn showings_are_counted_and_taken_back_in_turn() {
        let mut noise = Noise(4);
        let mut table = Triples::new(30, 100);
        let triples: Vec<[u32; 3]> = (0..2000)
            .map(|_| [(); 3].map(|()| noise.below(30)))
            .collect();
        let blank = table.entries.clone();
        let undo: Vec<Before> = (0..)
            .zip(&triples)
            .map(|(now, triple)| table.add(*triple, now))
            .collect();
        let last = triples[triples.len() - 1];
        assert!(table.uses(last) > 0);
        assert_eq!(table.uses([29, 29, 30]), 0);
        for before in undo.into_iter().rev() {
            table.undo(before);
        }
        assert!(table.entries == blank);
    }

    #[test]
    fn a_full_table_forgets_and_does_not_grow() {
        let mut noise = Noise(9);
        let mut table = Triples::new(1000, 1);
        let size = table.entries.len();
        for now in 0..200_000 {
            table.add([(); 3].map(|()| noise.below(1000)), now);
        }
        assert_eq!(table.entries.len(), size);
        table.add([1, 2, 3], 200_000);
        assert_eq!(table.uses([1, 2, 3]), 1);
    }
}

//! Windows of a clip where nothing was joined: what joints are compared with. Those of lengths that
//! most joints have are kept with the steps: every job would measure them again.

use std::{collections::BTreeMap, sync::OnceLock};

use super::{COUNT, blob, steps::Steps, window::Windows};

/// Most windows of one clip that are looked at, evenly spread.
const MOST: usize = 400;
/// Longest joint, in steps; longer ones are compared with windows of this many.
pub(super) const LONGEST: usize = 32;

/// Statistics of one window.
pub(super) type Row = [f32; COUNT];

/// Where windows begin, and their statistics.
type Table = Vec<(usize, Row)>;

/// The natural windows of one clip, measured when first asked for.
pub struct Natural {
    steps: Steps,
    /// For each length.
    tables: [OnceLock<Table>; LONGEST],
}

impl std::fmt::Debug for Natural {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Natural({:?})", self.steps)
    }
}

impl Natural {
    /// Of the steps of the usable part of a clip.
    pub fn new(steps: Steps) -> Self {
        Self {
            steps,
            tables: [const { OnceLock::new() }; LONGEST],
        }
    }

    /// The steps it was made of.
    pub fn steps(&self) -> &Steps {
        &self.steps
    }

    /// Windows whose middle has so many steps.
    pub(super) fn windows(&self, steps: usize) -> &[(usize, Row)] {
        let steps = steps.clamp(1, LONGEST);
        self.tables[steps - 1].get_or_init(|| {
            let windows = Windows::new(&self.steps);
            let places = (self.steps.len() + 1).saturating_sub(steps);
            let every = places.div_ceil(MOST).max(1);
            let starts = (0..places).step_by(every);
            starts
                .filter_map(|start| Some((start, windows.at(start..start + steps)?)))
                .collect()
        })
    }

    /// As bytes that [`Natural::from_bytes`] reads, with the windows for joints of so many steps each
    /// (1 to 32): about 1200 a picture, and 100 a window.
    pub fn to_bytes(&self, lengths: &[usize]) -> Vec<u8> {
        let lengths = lengths.iter().map(|length| (*length).clamp(1, LONGEST));
        let tables: BTreeMap<usize, &[(usize, Row)]> = lengths
            .map(|length| (length, self.windows(length)))
            .collect();
        let rows: usize = tables.values().map(|table| table.len()).sum();
        let mut bytes = self.steps.to_bytes();
        let steps = bytes.len();
        bytes.reserve_exact(tables.len() * 8 + rows * (4 + 4 * COUNT) + 4);
        let put = |bytes: &mut Vec<u8>, count: usize| bytes.extend((count as u32).to_le_bytes());
        for (length, table) in tables {
            put(&mut bytes, length);
            put(&mut bytes, table.len());
            for (start, row) in table {
                put(&mut bytes, *start);
                bytes.extend(row.iter().flat_map(|value| value.to_le_bytes()));
            }
        }
        put(&mut bytes, steps);
        bytes
    }

    /// Reads what [`Natural::to_bytes`] wrote in a program of the same [`super::WINDOWS`]; windows of
    /// other lengths are measured when they are asked for.
    ///
    /// # Errors
    /// When the bytes are cut or damaged, or their steps are of another version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, blob::Error> {
        let (bytes, steps) = bytes.split_last_chunk::<4>().ok_or(blob::Error::Foreign)?;
        let steps = bytes.split_at_checked(u32::from_le_bytes(*steps) as usize);
        let (steps, mut rest) = steps.ok_or(blob::Error::Damaged)?;
        let natural = Self::new(Steps::from_bytes(steps)?);
        while !rest.is_empty() {
            let (length, table) = table(&mut rest).ok_or(blob::Error::Damaged)?;
            let place = length.checked_sub(1).and_then(|at| natural.tables.get(at));
            let place = place.ok_or(blob::Error::Damaged)?;
            place.set(table).map_err(|_twice| blob::Error::Damaged)?;
        }
        Ok(natural)
    }
}

/// Takes a number off the front.
fn word(rest: &mut &[u8]) -> Option<usize> {
    let (word, after) = rest.split_first_chunk::<4>()?;
    *rest = after;
    usize::try_from(u32::from_le_bytes(*word)).ok()
}

/// Takes a table off the front, and the length of joint that it is for.
fn table(rest: &mut &[u8]) -> Option<(usize, Table)> {
    let (length, count) = (word(rest)?, word(rest)?);
    let rows = (0..count).map_while(|_| {
        let start = word(rest)?;
        let (values, after) = rest.split_first_chunk::<{ 4 * COUNT }>()?;
        *rest = after;
        let mut row = [0.0; COUNT];
        for (value, bytes) in row.iter_mut().zip(values.as_chunks::<4>().0) {
            *value = f32::from_le_bytes(*bytes);
        }
        Some((start, row))
    });
    let table: Table = rows.collect();
    (table.len() == count).then_some((length, table))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic;

    fn natural() -> Natural {
        let pictures: Vec<_> = (0..24).map(|frame| synthetic::drifting(3, frame)).collect();
        Natural::new(Steps::of(&pictures))
    }

    #[test]
    fn windows_that_were_kept_are_those_that_are_measured() {
        let measured = natural();
        let read = Natural::from_bytes(&natural().to_bytes(&[1, 9])).unwrap();
        let kept = |natural: &Natural, length: usize| natural.tables[length - 1].get().is_some();
        assert!(kept(&read, 1) && kept(&read, 9) && !kept(&read, 5));
        for length in [1, 5, 9] {
            assert!(!measured.windows(length).is_empty());
            assert_eq!(read.windows(length), measured.windows(length));
        }
        assert!(read.steps() == measured.steps());
    }

    #[test]
    fn what_is_cut_padded_or_damaged_is_told() {
        let natural = natural();
        let steps = natural.steps.to_bytes();
        let bytes = natural.to_bytes(&[9, 1, 9]);
        let tables = &bytes[steps.len()..bytes.len() - 4];
        let end = (steps.len() as u32).to_le_bytes();
        let error = |parts: &[&[u8]]| Natural::from_bytes(&parts.concat()).unwrap_err();
        assert_eq!(error(&[&bytes[..3]]), blob::Error::Foreign);
        assert_eq!(error(&[&steps]), blob::Error::Damaged);
        let cut = &tables[..tables.len() - 1];
        assert_eq!(error(&[&steps, cut, &end]), blob::Error::Damaged);
        assert_eq!(error(&[&steps, tables, &[0], &end]), blob::Error::Damaged);
        // The same length twice, and lengths that no joint has.
        assert_eq!(error(&[&steps, tables, tables, &end]), blob::Error::Damaged);
        for length in [0_u32, 33] {
            let wrong = [&length.to_le_bytes(), &tables[4..]].concat();
            assert_eq!(error(&[&steps, &wrong, &end]), blob::Error::Damaged);
        }
    }
}

//! Fingerprints as bytes: a header, then the cells frame by frame.

use super::{GRIDS, Grid, Part, Prints};

const MAGIC: [u8; 4] = *b"LcFp";
const VERSION: u32 = 1;
/// Magic, version, frames, and six numbers of the part.
const HEADER: usize = 12 + 6 * 2;

/// Why bytes are not fingerprints.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("these bytes are not whole fingerprints of this version")]
pub struct Error;

impl Prints {
    /// As bytes that [`Prints::from_bytes`] reads, equal for equal fingerprints.
    pub fn to_bytes(&self) -> Vec<u8> {
        let Part {
            grid,
            columns,
            rows,
        } = self.part;
        let mut bytes = Vec::with_capacity(HEADER + self.values.len() * 2);
        bytes.extend(MAGIC);
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend((self.len() as u32).to_le_bytes());
        let numbers = [
            grid.columns,
            grid.rows,
            columns.0,
            columns.1,
            rows.0,
            rows.1,
        ];
        bytes.extend(numbers.into_iter().flat_map(u16::to_le_bytes));
        bytes.extend(self.values.iter().flat_map(|value| value.to_le_bytes()));
        bytes
    }

    /// From the bytes of [`Prints::to_bytes`].
    ///
    /// # Errors
    /// When the bytes are anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let (head, body) = bytes.split_at_checked(HEADER).ok_or(Error)?;
        let (magic, rest) = head.split_at(4);
        let (words, numbers) = rest.split_at(8);
        let (words, _) = words.as_chunks::<4>();
        let (numbers, _) = numbers.as_chunks::<2>();
        let (&[version, frames], &[wide, high, left, right, top, bottom]) = (words, numbers) else {
            return Err(Error);
        };
        let [wide, high] = [wide, high].map(u16::from_le_bytes);
        let [left, right, top, bottom] = [left, right, top, bottom].map(u16::from_le_bytes);
        let known = GRIDS.contains(&(wide, high));
        let inside = known && left <= right && right <= wide && top <= bottom && bottom <= high;
        if magic != MAGIC || u32::from_le_bytes(version) != VERSION || !inside {
            return Err(Error);
        }
        let part = Part {
            grid: Grid {
                columns: wide,
                rows: high,
            },
            columns: (left, right),
            rows: (top, bottom),
        };
        let (values, rest) = body.as_chunks::<2>();
        let cells = u32::from_le_bytes(frames) as usize * part.cells();
        if values.len() != cells || !rest.is_empty() {
            return Err(Error);
        }
        let values = values.iter().map(|value| u16::from_le_bytes(*value));
        Ok(Self {
            part,
            values: values.collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use loopy_core::Size;

    use super::*;

    #[test]
    fn fingerprints_survive_their_bytes_and_spoilt_bytes_are_refused() {
        let grid = Grid::of(Size::new(640, 480));
        let prints = Prints::of(grid, (0..576 * 3).collect());
        let bytes = prints.to_bytes();
        assert_eq!(Prints::from_bytes(&bytes), Ok(prints));
        for length in [0, 3, HEADER, bytes.len() - 1] {
            assert_eq!(Prints::from_bytes(&bytes[..length]), Err(Error));
        }
        for place in [0, 4, 8, 12, 16, 18] {
            let mut spoilt = bytes.clone();
            spoilt[place] ^= 0x40;
            assert_eq!(Prints::from_bytes(&spoilt), Err(Error), "byte {place}");
        }
    }
}

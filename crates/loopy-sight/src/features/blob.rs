//! Features as one block of bytes: a header, the plain numbers of every frame,
//! then one plane after the other.

use super::{CELL_COUNT, Features, Frame, GRID, MOTION, STRUCTURE};

const MAGIC: [u8; 4] = *b"LcFe";
const VERSION: u32 = 2;
const HEADER: usize = 12;
const NUMBERS: usize = 18;
const FRAME: usize = NUMBERS + GRID + STRUCTURE + CELL_COUNT + 2 * MOTION;
const CORRUPT: u8 = 1;
const STILL: u8 = 2;

/// Why bytes are not features.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// They begin otherwise.
    #[error("these bytes are not features of a clip")]
    Foreign,
    /// Another version of the program wrote them.
    #[error("the features have version {0}, this program reads {VERSION}; analyze the clip again")]
    Version(u32),
    /// Their length does not fit their frame count.
    #[error(
        "the features of {frames} frames are cut or padded ({bytes} bytes); analyze the clip again"
    )]
    Length {
        /// Frames that the header promises.
        frames: u32,
        /// Bytes that are there.
        bytes: usize,
    },
    /// A frame's numbers are such as no picture has.
    #[error("the features of frame {0} are damaged; analyze the clip again")]
    Frame(u32),
}

impl Features {
    /// As bytes that [`Features::from_bytes`] reads, equal for equal features.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER + self.frames.len() * FRAME);
        bytes.extend(MAGIC);
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend((self.frames.len() as u32).to_le_bytes());
        for frame in &self.frames {
            let [u, v] = frame.white;
            let wide = [
                frame.luma,
                frame.contrast,
                frame.sharpness,
                frame.noise,
                u,
                v,
                frame.change,
            ];
            bytes.extend(wide.into_iter().flat_map(u16::to_le_bytes));
            let flags = u8::from(frame.corrupt) * CORRUPT + u8::from(frame.still) * STILL;
            bytes.extend([frame.darkest, frame.brightest, frame.colours, flags]);
        }
        bytes.extend(&self.grids);
        bytes.extend(&self.structures);
        bytes.extend(&self.changes);
        bytes.extend(self.motions.iter().flat_map(|along| along.to_le_bytes()));
        bytes
    }

    /// From the bytes of [`Features::to_bytes`].
    ///
    /// # Errors
    /// When the bytes are anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let (magic, rest) = bytes.split_first_chunk().ok_or(Error::Foreign)?;
        let (version, rest) = rest.split_first_chunk().ok_or(Error::Foreign)?;
        let (count, rest) = rest.split_first_chunk().ok_or(Error::Foreign)?;
        if *magic != MAGIC {
            return Err(Error::Foreign);
        }
        let version = u32::from_le_bytes(*version);
        if version != VERSION {
            return Err(Error::Version(version));
        }
        let frames = u32::from_le_bytes(*count);
        if rest.len() as u64 != u64::from(frames) * FRAME as u64 {
            return Err(Error::Length {
                frames,
                bytes: bytes.len(),
            });
        }
        let count = frames as usize;
        let (numbers, rest) = rest.split_at(count * NUMBERS);
        let (grids, rest) = rest.split_at(count * GRID);
        let (structures, rest) = rest.split_at(count * STRUCTURE);
        let (changes, motions) = rest.split_at(count * CELL_COUNT);
        let (numbers, _) = numbers.as_chunks::<NUMBERS>();
        let (motions, _) = motions.as_chunks::<2>();
        Ok(Self {
            frames: (0..)
                .zip(numbers)
                .map(|(index, numbers)| frame(index, numbers))
                .collect::<Result<_, _>>()?,
            grids: grids.to_vec(),
            structures: structures.to_vec(),
            changes: changes.to_vec(),
            motions: motions.iter().map(|two| i16::from_le_bytes(*two)).collect(),
        })
    }
}

fn frame(index: u32, numbers: &[u8; NUMBERS]) -> Result<Frame, Error> {
    let (wide, narrow) = numbers.as_chunks::<2>().0.split_at(7);
    let [luma, contrast, sharpness, noise, u, v, change] =
        std::array::from_fn(|at| u16::from_le_bytes(wide[at]));
    let [darkest, brightest, colours, flags] = std::array::from_fn(|at| narrow[at / 2][at % 2]);
    if flags & !(CORRUPT | STILL) != 0 || darkest > brightest {
        return Err(Error::Frame(index));
    }
    Ok(Frame {
        luma,
        contrast,
        sharpness,
        noise,
        white: [u, v],
        change,
        darkest,
        brightest,
        colours,
        corrupt: flags & CORRUPT != 0,
        still: flags & STILL != 0,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::synthetic;

    #[test]
    fn features_read_back_as_they_were_written() {
        let features = synthetic::moving(30, 3, 0.5);
        let bytes = features.to_bytes();
        assert_eq!(Features::from_bytes(&bytes), Ok(features));
        assert!(bytes.len() < 30 * 2400, "{}", bytes.len());
    }

    #[test]
    fn another_version_says_so() {
        let mut bytes = synthetic::moving(2, 3, 0.5).to_bytes();
        bytes[4] = 9;
        assert_eq!(Features::from_bytes(&bytes), Err(Error::Version(9)));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(
            junk in prop::collection::vec(any::<u8>(), 0..300),
            count: u32,
            cut in 0_usize..8000, flip in any::<(u16, u8)>(),
        ) {
            prop_assert!(Features::from_bytes(&junk).is_err());
            let mut bytes = synthetic::moving(3, 1, 0.5).to_bytes();
            bytes[8..12].copy_from_slice(&count.to_le_bytes());
            let at = usize::from(flip.0) % bytes.len();
            bytes[at] ^= flip.1;
            bytes.truncate(cut);
            if let Ok(read) = Features::from_bytes(&bytes) {
                                prop_assert_eq!(read.to_bytes(), bytes);
            }
        }
    }
}

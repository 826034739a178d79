//! Features as one block of bytes: a header, the plain numbers of every frame, then the grids.

use super::{Features, Frame, GRID};

const MAGIC: [u8; 4] = *b"LcFe";
const VERSION: u32 = 1;
const HEADER: usize = 12;
const NUMBERS: usize = 8;
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
}

impl Features {
    /// As bytes that [`Features::from_bytes`] reads, equal for equal features.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER + self.frames.len() * (NUMBERS + GRID));
        bytes.extend(MAGIC);
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend((self.frames.len() as u32).to_le_bytes());
        for frame in &self.frames {
            bytes.extend(frame.luma.to_le_bytes());
            bytes.extend(frame.sharpness.to_le_bytes());
            let flags = u8::from(frame.corrupt) * CORRUPT + u8::from(frame.still) * STILL;
            bytes.extend([frame.darkest, frame.brightest, frame.colours, flags]);
        }
        bytes.extend(&self.grids);
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
        if rest.len() as u64 != u64::from(frames) * (NUMBERS + GRID) as u64 {
            return Err(Error::Length {
                frames,
                bytes: bytes.len(),
            });
        }
        let (numbers, grids) = rest.split_at(frames as usize * NUMBERS);
        let (numbers, _) = numbers.as_chunks::<NUMBERS>();
        let frames = numbers
            .iter()
            .map(
                |[l0, l1, s0, s1, darkest, brightest, colours, flags]| Frame {
                    luma: u16::from_le_bytes([*l0, *l1]),
                    sharpness: u16::from_le_bytes([*s0, *s1]),
                    darkest: *darkest,
                    brightest: *brightest,
                    colours: *colours,
                    corrupt: flags & CORRUPT != 0,
                    still: flags & STILL != 0,
                },
            )
            .collect();
        Ok(Self {
            frames,
            grids: grids.to_vec(),
        })
    }
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
        assert!(bytes.len() < 30 * 1100, "{}", bytes.len());
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
            cut in 0_usize..4000,
        ) {
            prop_assert!(Features::from_bytes(&junk).is_err());
            let mut bytes = synthetic::moving(3, 1, 0.5).to_bytes();
            bytes[8..12].copy_from_slice(&count.to_le_bytes());
            bytes.truncate(cut);
            if let Ok(read) = Features::from_bytes(&bytes) {
                prop_assert_eq!(read.len(), count as usize);
                prop_assert_eq!(read.to_bytes(), bytes);
            }
        }
    }
}

//! Steps as one block of bytes, and the small form of a cell.

use super::{
    CELLS, SMALLS,
    steps::{Bend, Picture, Step, Steps},
};

const MAGIC: [u8; 4] = *b"LcSt";
const VERSION: u32 = 1;
const HEADER: usize = 12;
const PICTURE: usize = CELLS + SMALLS;
const STEP: usize = 3 * CELLS + 20;
const BEND: usize = 12;

/// Why bytes are not steps.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// They begin otherwise.
    #[error("these bytes are not steps of a clip")]
    Foreign,
    /// Another version of the program wrote them.
    #[error("the steps have version {0}, this program reads {VERSION}; analyze the clip again")]
    Version(u32),
    /// Their length does not fit their count.
    #[error(
        "the steps of {pictures} pictures are cut or padded ({bytes} bytes); analyze the clip again"
    )]
    Length {
        /// Pictures that the header promises.
        pictures: u32,
        /// Bytes that are there.
        bytes: usize,
    },
    /// A number is such as no picture has.
    #[error("the steps of the clip are damaged; analyze the clip again")]
    Damaged,
}

/// A size of 0 to 254 code values: fine steps where it is small, coarse where it is large.
pub(super) fn small(value: f32) -> u8 {
    // A cast of a float to an integer clamps.
    (value.max(0.0).sqrt() * 16.0).round() as u8
}

/// What [`small`] kept.
pub(super) fn large(small: u8) -> f32 {
    let root = f32::from(small) / 16.0;
    root * root
}

pub(super) fn write(steps: &Steps) -> Vec<u8> {
    let pictures = steps.pictures.len();
    let mut bytes = Vec::with_capacity(HEADER + pictures * (PICTURE + STEP + BEND));
    bytes.extend(MAGIC);
    bytes.extend(VERSION.to_le_bytes());
    bytes.extend((pictures as u32).to_le_bytes());
    let floats = |bytes: &mut Vec<u8>, values: &[f32]| {
        bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    };
    for picture in &steps.pictures {
        bytes.extend(picture.fine);
        bytes.extend(picture.small);
    }
    for step in &steps.each {
        bytes.extend(step.change);
        bytes.extend(
            step.motion
                .iter()
                .flatten()
                .map(|along| along.cast_unsigned()),
        );
        floats(&mut bytes, &step.unexplained);
        floats(&mut bytes, &step.light);
    }
    for bend in &steps.bends {
        floats(&mut bytes, &[bend.high, bend.mixed, bend.mixed_all]);
    }
    bytes
}

pub(super) fn read(bytes: &[u8]) -> Result<Steps, Error> {
    let (header, body) = bytes.split_at_checked(HEADER).ok_or(Error::Foreign)?;
    if header[..4] != MAGIC {
        return Err(Error::Foreign);
    }
    let word = |at: usize| {
        u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
    };
    if word(4) != VERSION {
        return Err(Error::Version(word(4)));
    }
    let count = word(8) as usize;
    let (steps, bends) = (count.saturating_sub(1), count.saturating_sub(2));
    let sizes = [count * PICTURE, steps * STEP, bends * BEND];
    if body.len() != sizes.iter().sum::<usize>() {
        return Err(Error::Length {
            pictures: word(8),
            bytes: bytes.len(),
        });
    }
    let (pictures, body) = body.split_at(sizes[0]);
    let (steps, bends) = body.split_at(sizes[1]);
    let picture = |bytes: &[u8; PICTURE]| {
        let (fine, small) = bytes.split_at(CELLS);
        Some(Picture {
            fine: fine.try_into().ok()?,
            small: small.try_into().ok()?,
        })
    };
    let step = |bytes: &[u8; STEP]| {
        let (change, rest) = bytes.split_at(CELLS);
        let (motion, rest) = rest.split_at(2 * CELLS);
        let (unexplained, light) = rest.split_at(8);
        let mut cells = [[0; 2]; CELLS];
        for (cell, bytes) in cells.iter_mut().zip(motion.as_chunks::<2>().0) {
            *cell = bytes.map(u8::cast_signed);
        }
        Some(Step {
            change: change.try_into().ok()?,
            motion: cells,
            unexplained: floats(unexplained)?,
            light: floats(light)?,
        })
    };
    let bend = |bytes: &[u8; BEND]| {
        let [high, mixed, mixed_all] = floats(bytes)?;
        Some(Bend {
            high,
            mixed,
            mixed_all,
        })
    };
    let all = || {
        Some(Steps {
            pictures: pictures
                .as_chunks()
                .0
                .iter()
                .map(picture)
                .collect::<Option<_>>()?,
            each: steps
                .as_chunks()
                .0
                .iter()
                .map(step)
                .collect::<Option<_>>()?,
            bends: bends
                .as_chunks()
                .0
                .iter()
                .map(bend)
                .collect::<Option<_>>()?,
        })
    };
    all().ok_or(Error::Damaged)
}

/// `N` finite numbers.
fn floats<const N: usize>(bytes: &[u8]) -> Option<[f32; N]> {
    let mut values = [0.0; N];
    for (value, bytes) in values.iter_mut().zip(bytes.as_chunks::<4>().0) {
        *value = f32::from_le_bytes(*bytes);
    }
    values
        .iter()
        .all(|value| value.is_finite())
        .then_some(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic;

    #[test]
    fn steps_come_back_from_their_bytes_and_damage_is_told() {
        let pictures: Vec<_> = (0..5).map(|frame| synthetic::drifting(3, frame)).collect();
        for count in [0, 1, 2, 5] {
            let steps = Steps::of(&pictures[..count]);
            let bytes = steps.to_bytes();
            assert_eq!(Steps::from_bytes(&bytes), Ok(steps));
            assert!(bytes.len() <= 12 + 1230 * count);
        }
        let bytes = Steps::of(&pictures).to_bytes();
        let with = |at: usize, value: &[u8]| {
            let mut damaged = bytes.clone();
            damaged[at..at + value.len()].copy_from_slice(value);
            Steps::from_bytes(&damaged)
        };
        assert_eq!(with(0, b"x"), Err(Error::Foreign));
        assert_eq!(with(4, &[9]), Err(Error::Version(9)));
        assert!(matches!(
            with(8, &[4]),
            Err(Error::Length { pictures: 4, .. })
        ));
        let nan = f32::NAN.to_le_bytes();
        assert_eq!(with(bytes.len() - BEND, &nan), Err(Error::Damaged));
        assert_eq!(Steps::from_bytes(&bytes[..7]), Err(Error::Foreign));
    }

    #[test]
    fn a_cell_keeps_its_value_to_a_few_hundredths() {
        for value in [0.0_f32, 0.02, 0.3, 1.0, 5.0, 40.0, 200.0] {
            let kept = large(small(value));
            assert!(
                (kept - value).abs() <= 0.004 + 0.065 * value.sqrt(),
                "{value} {kept}"
            );
        }
    }
}

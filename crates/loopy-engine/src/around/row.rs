//! Pictures around a boundary, kept losslessly in an order of their own: a glance at a joint needs the two
//! nearest on each side, so those are decoded first, and mostly alone.

use std::ops::Range;

use loopy_core::{Frame, Hash, Rate, encode::Settings};
use loopy_media::{encode, segment::Segment};
use loopy_sight::trial;

use super::gone;
use crate::{
    Error,
    store::{Kind, Store},
};

/// Pictures on each side of a boundary that are decoded first.
const NEAR: u32 = trial::NEAR as u32;

/// Pictures around one boundary, losslessly: from the nearest before it on, and then those that lie
/// farther back, the nearest of them first.
pub(super) struct Row {
    key: Hash,
    range: Range<u32>,
    /// Where the nearest begin.
    near: u32,
    /// What lies before those.
    farther: Vec<Frame>,
    encoder: Option<encode::Encoder>,
}

impl Row {
    /// Of the source frames `range`, of which `middle` lie before the boundary.
    pub(super) fn new(key: Hash, range: Range<u32>, middle: u32) -> Self {
        Self {
            key,
            near: range.start + middle.saturating_sub(NEAR),
            range,
            farther: Vec::new(),
            encoder: None,
        }
    }

    pub(super) fn key(&self) -> &Hash {
        &self.key
    }

    /// Source frame after the last.
    pub(super) fn end(&self) -> u32 {
        self.range.end
    }

    pub(super) fn shows(&self, index: u32) -> bool {
        self.range.contains(&index)
    }

    /// Takes the next frame that it shows; keeps all of them after the last.
    pub(super) fn push(&mut self, store: &Store, index: u32, frame: &Frame) -> Result<(), Error> {
        if index < self.near {
            self.farther.push(frame.clone());
            return Ok(());
        }
        let frames = self.range.end - self.range.start;
        let mut encoder = match self.encoder.take() {
            Some(encoder) => encoder,
            None => encode::Encoder::new(&Settings::lossless(), frame.size(), clock()?, frames)?,
        };
        encoder.push(frame)?;
        if index + 1 == self.range.end {
            for frame in self.farther.drain(..).rev() {
                encoder.push(&frame)?;
            }
            store.put(Kind::Analysis, &self.key, &encoder.finish()?.to_bytes())?;
        } else {
            self.encoder = Some(encoder);
        }
        Ok(())
    }
}

/// The pictures around a boundary that has `middle` of them before it, and how many of those that are
/// returned lie before it: all of them, or the nearest on each side.
///
/// # Errors
/// When they are not in the store, or damaged.
pub(crate) fn load(
    store: &Store,
    key: &Hash,
    middle: u32,
    all: bool,
) -> Result<(Vec<Frame>, usize), Error> {
    let bytes = store.get(Kind::Analysis, key)?.ok_or_else(|| gone(key))?;
    let segment = Segment::from_bytes(&bytes)?;
    let before = middle.min(NEAR);
    let after = segment.frames().saturating_sub(middle);
    if !all {
        let near = (before + after.min(NEAR)) as usize;
        let frames = encode::Frames::new(&segment)?.take(near);
        return Ok((frames.collect::<Result<_, _>>()?, before as usize));
    }
    let mut pictures = encode::decode(&segment)?;
    let onward = pictures.len().min((before + after) as usize);
    pictures[onward..].reverse();
    pictures.rotate_left(onward);
    Ok((pictures, middle as usize))
}

/// Times play no part in what is kept.
fn clock() -> Result<Rate, Error> {
    Rate::new(30, 1).ok_or_else(|| Error::Usage("30/1 is no rate".to_owned()))
}

#[cfg(test)]
mod tests {
    use loopy_core::Size;
    use proptest::prelude::*;

    use super::*;

    /// A picture that tells which one it is.
    fn picture(index: u32) -> Frame {
        let mut frame = Frame::black(Size::new(64, 64));
        for (at, sample) in frame.planes_mut()[0].iter_mut().enumerate() {
            *sample = (at as u32 * 7 + index * 31) as u8;
        }
        frame
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn all_pictures_come_back_in_their_order_and_the_nearest_alone(
            start in 0..3_u32, before in 0..13_u32, after in 0..13_u32,
        ) {
            prop_assume!(before + after > 0);
            let (dir, key) = (tempfile::tempdir().unwrap(), Hash::of(b"a place"));
            let store = Store::open(dir.path(), u64::MAX).unwrap();
            let shown = start..start + before + after;
            let mut row = Row::new(key, shown.clone(), before);
            for index in shown.clone() {
                row.push(&store, index, &picture(index)).unwrap();
            }
            let wanted = |range: Range<u32>| -> Vec<Frame> { range.map(picture).collect() };
            let (all, middle) = load(&store, &key, before, true).unwrap();
            prop_assert!(all == wanted(shown));
            prop_assert_eq!(middle, before as usize);
            let (near, middle) = load(&store, &key, before, false).unwrap();
            let boundary = start + before;
            prop_assert!(near == wanted(boundary - before.min(2)..boundary + after.min(2)));
            prop_assert_eq!(middle, before.min(2) as usize);
        }
    }
}

//! An mp4 in parts, as HTTP live streaming wants it: what all parts share, and parts that know where
//! in an endless stream they belong.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex, PoisonError},
};

use loopy_core::{Rate, Size};

use super::{Container, Options, Output, Writer, clock::Clock};
use crate::{Error, segment::Segment};

/// A part of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What a player reads first: the same for all parts of a stream.
    pub init: Vec<u8>,
    /// The part itself.
    pub media: Vec<u8>,
}

/// The pictures of `segment`, of which the first is frame `start` of the stream and which are part
/// `number`.
///
/// # Errors
///
/// [`Error::Segment`] for pictures that are not shown in the order in which they are coded, and as
/// [`Writer`].
pub fn part(
    segment: &Segment,
    size: Size,
    fps: Rate,
    start: u64,
    number: u32,
) -> Result<Part, Error> {
    let bytes = Shared::default();
    let options = Options {
        container: Container::FragmentedMp4,
        size,
        fps,
        config: segment.config.clone(),
        delay: 0,
        frames: 0,
        // A sound track of the stream has its own parts.
        audio: None,
        tags: Vec::new(),
        created: None,
    };
    let mut writer = Writer::create(Output::Stream(Box::new(bytes.clone())), options)?;
    writer.segment(segment)?;
    writer.finish()?;
    let mut init = std::mem::take(&mut *bytes.0.lock().unwrap_or_else(PoisonError::into_inner));
    let broken = || Error::Segment("its parts do not have the boxes of an mp4".to_owned());
    let first = boxes(&init).find(|found| found.kind == *b"moof");
    let mut media = init.split_off(first.ok_or_else(broken)?.at);
    let ticks = start * Clock::new(fps)?.step.unsigned_abs();
    place(&mut media, ticks, number).ok_or_else(broken)?;
    Ok(Part { init, media })
}

/// Moves the times of all fragments by `ticks` and gives them `number`.
fn place(media: &mut [u8], ticks: u64, number: u32) -> Option<()> {
    let fragments: Vec<Found> = boxes(media).filter(|b| b.kind == *b"moof").collect();
    for fragment in fragments {
        let inner = fragment.at + 8;
        let parts: Vec<Found> = boxes(&media[inner..fragment.end]).collect();
        for part in parts {
            let at = inner + part.at + 8;
            match &part.kind {
                b"mfhd" => media
                    .get_mut(at + 4..at + 8)?
                    .copy_from_slice(&number.to_be_bytes()),
                b"traf" => {
                    let end = inner + part.end;
                    let time = boxes(&media[at..end]).find(|b| b.kind == *b"tfdt")?;
                    let at = at + time.at + 8;
                    // Version 1 has 64 bits, which is what the muxer writes.
                    if media.get(at) != Some(&1) {
                        return None;
                    }
                    let time = media.get_mut(at + 4..at + 12)?;
                    let was = u64::from_be_bytes((&*time).try_into().ok()?);
                    time.copy_from_slice(&was.wrapping_add(ticks).to_be_bytes());
                }
                _ => {}
            }
        }
    }
    Some(())
}

/// A box and where it lies.
struct Found {
    kind: [u8; 4],
    at: usize,
    end: usize,
}

/// The boxes that follow each other in `bytes`; ends where something else does.
fn boxes(bytes: &[u8]) -> impl Iterator<Item = Found> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let (size, rest) = bytes.get(at..)?.split_first_chunk::<4>()?;
        let kind = *rest.first_chunk::<4>()?;
        let size = u32::from_be_bytes(*size) as usize;
        let end = at.checked_add(size)?;
        if size < 8 || end > bytes.len() {
            return None;
        }
        let found = Found { kind, at, end };
        at = end;
        Some(found)
    })
}

/// Bytes that the writer and its maker both hold.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

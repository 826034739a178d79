//! Segments: the closed-GOP access units of one run of frames, the unit that is spliced and stored.

mod store;

use std::slice;

use loopy_core::{Hash, Rate, encode::Bound};

use crate::{
    Error,
    encode::nal::{self, Kind},
};

/// One access unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Bytes of the access unit.
    pub bytes: u32,
    /// Display index within the segment, from 0.
    pub order: u32,
    /// An IDR picture.
    pub key: bool,
}

/// The encoded frames of one run.
#[derive(Clone, PartialEq, Eq)]
pub struct Segment {
    /// Decoder configuration record (`avcC`).
    pub config: Vec<u8>,
    /// Access units in decode order.
    pub samples: Vec<Sample>,
    /// The access units themselves, concatenated in decode order: NAL units with 4-byte lengths.
    pub data: Vec<u8>,
}

impl std::fmt::Debug for Segment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Segment({} frames, {} bytes)",
            self.samples.len(),
            self.data.len()
        )
    }
}

impl Segment {
    /// Frames in the segment.
    pub fn frames(&self) -> u32 {
        self.samples.len() as u32
    }

    /// Frames by which decoding must start before display, so that no frame is due before it is
    /// decoded: the largest of decode index minus display index.
    pub fn delay(&self) -> u32 {
        let late = |(index, sample): (usize, &Sample)| (index as u32).saturating_sub(sample.order);
        self.samples.iter().enumerate().map(late).max().unwrap_or(0)
    }

    /// The access units in decode order.
    pub fn units(&self) -> Units<'_> {
        Units {
            samples: self.samples.iter(),
            data: &self.data,
        }
    }

    /// Hash of the access units, each preceded by its length as a 32-bit big-endian number. It can
    /// be recomputed from the packets of any file that the segment was spliced into.
    pub fn digest(&self) -> Hash {
        let mut digest = Digest::default();
        self.units().for_each(|(_, unit)| digest.unit(unit));
        digest.finish()
    }

    /// How far the segment is over what `bound` allows, as the largest share of its key frames and
    /// groups at `fps`; at most 1 where it keeps to it.
    pub fn fullness(&self, bound: Bound, fps: Rate) -> f64 {
        let share = |bytes: u64, most: u64| bytes as f64 / most.max(1) as f64;
        let groups = self.samples.chunk_by(|_, next| !next.key);
        let fullness = groups.map(|group| {
            let bytes = |samples: &[Sample]| samples.iter().map(|s| u64::from(s.bytes)).sum();
            let whole = share(bytes(group), bound.group(group.len() as u32, fps));
            share(bytes(&group[..1]), bound.key()).max(whole)
        });
        fullness.fold(0.0, f64::max)
    }

    /// That the segment keeps every rule that exact splicing rests on.
    ///
    /// # Errors
    ///
    /// [`Error::Segment`] names the first rule that is broken.
    pub fn check(&self) -> Result<(), Error> {
        let broken = |why: String| Err(Error::Segment(why));
        nal::check_config(&self.config)?;
        let total: u64 = self
            .samples
            .iter()
            .map(|sample| u64::from(sample.bytes))
            .sum();
        if total != self.data.len() as u64 {
            return broken(format!(
                "{total} bytes of samples, {} of data",
                self.data.len()
            ));
        }
        if !self
            .samples
            .first()
            .is_some_and(|first| first.key && first.order == 0)
        {
            return broken("the first picture is not the first key frame".to_owned());
        }
        let mut shown = vec![false; self.samples.len()];
        for (index, (sample, unit)) in self.units().enumerate() {
            match shown.get_mut(sample.order as usize) {
                Some(seen) if !*seen => *seen = true,
                _ => return broken(format!("display index {} is wrong", sample.order)),
            }
            let (mut idr, mut slices) = (false, 0_u32);
            for nal in nal::Lengths::new(unit) {
                match nal::kind(nal?) {
                    Kind::Idr => (idr, slices) = (true, slices + 1),
                    Kind::Slice => slices += 1,
                    Kind::Other => {}
                    Kind::Sps | Kind::Pps | Kind::Delimiter | Kind::Banner => {
                        return broken(format!("unit {index} holds what belongs in the header"));
                    }
                }
            }
            if slices == 0 || idr != sample.key {
                return broken(format!("unit {index} is not the picture it is said to be"));
            }
        }
        Ok(())
    }
}

/// The access units of a segment in decode order.
#[derive(Clone, Debug)]
pub struct Units<'a> {
    samples: slice::Iter<'a, Sample>,
    data: &'a [u8],
}

impl<'a> Iterator for Units<'a> {
    type Item = (&'a Sample, &'a [u8]);

    /// Ends early when the samples claim more bytes than there are; [`Segment::check`] refuses that.
    fn next(&mut self) -> Option<Self::Item> {
        let sample = self.samples.next()?;
        let (unit, rest) = self.data.split_at_checked(sample.bytes as usize)?;
        self.data = rest;
        Some((sample, unit))
    }
}

/// Computes [`Segment::digest`] from access units that arrive one by one.
#[derive(Default)]
pub struct Digest(blake3::Hasher);

impl Digest {
    /// Adds the next access unit in decode order.
    pub fn unit(&mut self, unit: &[u8]) {
        self.0.update(&(unit.len() as u32).to_be_bytes());
        self.0.update(unit);
    }

    /// The hash of all units so far.
    pub fn finish(&self) -> Hash {
        Hash::from_bytes(*self.0.finalize().as_bytes())
    }
}

//! The form in which a segment lies in the store: versioned, and closed by a checksum, so that a
//! damaged file is noticed before one of its pictures reaches an output.

use super::{Sample, Segment};
use crate::Error;

const MAGIC: [u8; 8] = *b"loopyseg";
const VERSION: u32 = 1;
/// Magic, version, lengths of config and samples (32 bits each), length of data (64 bits).
const HEADER: usize = 8 + 4 + 4 + 4 + 8;
/// Length of the unit, then the display index with the key flag as its lowest bit.
const SAMPLE: usize = 8;
const CHECKSUM: usize = 32;

impl Segment {
    /// The segment as the store keeps it; all numbers are little-endian.
    pub fn to_bytes(&self) -> Vec<u8> {
        let body = self.config.len() + self.samples.len() * SAMPLE + self.data.len();
        let mut bytes = Vec::with_capacity(HEADER + body + CHECKSUM);
        bytes.extend(MAGIC);
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend((self.config.len() as u32).to_le_bytes());
        bytes.extend((self.samples.len() as u32).to_le_bytes());
        bytes.extend((self.data.len() as u64).to_le_bytes());
        bytes.extend(&self.config);
        for sample in &self.samples {
            bytes.extend(sample.bytes.to_le_bytes());
            bytes.extend((sample.order << 1 | u32::from(sample.key)).to_le_bytes());
        }
        bytes.extend(&self.data);
        let sum = blake3::hash(&bytes);
        bytes.extend(sum.as_bytes());
        bytes
    }

    /// The segment that [`Segment::to_bytes`] wrote.
    ///
    /// # Errors
    ///
    /// [`Error::Segment`] when the bytes are of another kind or version, cut short, damaged, or
    /// break a rule of [`Segment::check`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let broken = |why: &str| Error::Segment(why.to_owned());
        let (body, sum) = bytes
            .split_last_chunk::<CHECKSUM>()
            .ok_or_else(|| broken("the stored bytes are cut short"))?;
        let mut rest = Reader(body);
        if rest.array() != Some(MAGIC) {
            return Err(broken("these bytes are not a stored segment"));
        }
        if rest.array().map(u32::from_le_bytes) != Some(VERSION) {
            return Err(broken("stored by another version of this program"));
        }
        if blake3::hash(body).as_bytes() != sum {
            return Err(broken("the stored bytes are damaged"));
        }
        let segment = rest
            .segment()
            .ok_or_else(|| broken("the stored lengths do not add up"))?;
        segment.check()?;
        Ok(segment)
    }
}

/// What is left to read.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn segment(&mut self) -> Option<Segment> {
        let config = u32::from_le_bytes(self.array()?) as usize;
        let samples = u32::from_le_bytes(self.array()?) as usize;
        let data = usize::try_from(u64::from_le_bytes(self.array()?)).ok()?;
        let config = self.take(config)?.to_vec();
        let (samples, tail) = self
            .take(samples.checked_mul(SAMPLE)?)?
            .as_chunks::<SAMPLE>();
        let samples = samples
            .iter()
            .map(|[a, b, c, d, order @ ..]| {
                let order = u32::from_le_bytes(*order);
                Sample {
                    bytes: u32::from_le_bytes([*a, *b, *c, *d]),
                    order: order >> 1,
                    key: order & 1 == 1,
                }
            })
            .collect();
        let data = self.take(data)?.to_vec();
        (tail.is_empty() && self.0.is_empty()).then_some(Segment {
            config,
            samples,
            data,
        })
    }
}

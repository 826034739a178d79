//! Where samples come from. What reads them from the store is beside the jobs that put them there.

use super::{CHANNELS, Error};

/// Interleaved stereo samples at [`super::RATE`], readable from anywhere.
pub trait Source: Send {
    /// Sample frames in all.
    fn len(&self) -> u64;

    /// Whether there is no sound at all.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Fills `out` (a whole number of sample frames) from sample frame `at` on; fails when that
    /// reaches past the end.
    fn read(&mut self, at: u64, out: &mut [f32]) -> Result<(), Error>;
}

impl<S: Source + ?Sized> Source for Box<S> {
    fn len(&self) -> u64 {
        self.as_ref().len()
    }

    fn read(&mut self, at: u64, out: &mut [f32]) -> Result<(), Error> {
        self.as_mut().read(at, out)
    }
}

/// `out.len()` samples from `at` on lie within `len` sample frames.
fn within(len: u64, at: u64, out: &[f32]) -> Result<(), Error> {
    let want = (out.len() / CHANNELS) as u64;
    if at.checked_add(want).is_some_and(|end| end <= len) {
        Ok(())
    } else {
        Err(Error::Range { at, want, len })
    }
}

/// Reads from `at` on, with silence before the start and after the end of the source and in
/// place of samples that are not numbers, which a broken decoder can leave behind.
pub(super) fn read_around(source: &mut dyn Source, at: i64, out: &mut [f32]) -> Result<(), Error> {
    let frames = (out.len() / CHANNELS) as i64;
    let from = at.clamp(0, source.len() as i64);
    let to = (at + frames).clamp(from, source.len() as i64);
    let head = ((from - at).clamp(0, frames)) as usize * CHANNELS;
    let tail = head + (to - from) as usize * CHANNELS;
    out[..head].fill(0.0);
    out[tail..].fill(0.0);
    if head < tail {
        source.read(from as u64, &mut out[head..tail])?;
        for sample in &mut out[head..tail] {
            *sample = if sample.is_finite() { *sample } else { 0.0 };
        }
    }
    Ok(())
}

/// Samples in memory. A last sample without its other channel is dropped.
#[derive(Clone, Debug)]
pub struct Memory(Vec<f32>);

impl Memory {
    /// Interleaved stereo samples.
    pub fn new(samples: Vec<f32>) -> Self {
        Self(samples)
    }
}

impl Source for Memory {
    fn len(&self) -> u64 {
        (self.0.len() / CHANNELS) as u64
    }

    fn read(&mut self, at: u64, out: &mut [f32]) -> Result<(), Error> {
        within(self.len(), at, out)?;
        let from = at as usize * CHANNELS;
        out.copy_from_slice(&self.0[from..from + out.len()]);
        Ok(())
    }
}

#[cfg(test)]
#[expect(
    clippy::float_cmp,
    reason = "what passes untouched is equal to the bit"
)]
mod tests {
    use super::*;

    #[test]
    fn memory_refuses_what_reaches_past_its_end() {
        let mut memory = Memory::new(vec![0.25; 6]);
        memory.read(1, &mut [0.0; 4]).unwrap();
        for at in [2, 4, u64::MAX] {
            let refused = memory.read(at, &mut [0.0; 4]);
            assert!(matches!(refused, Err(Error::Range { .. })));
        }
    }

    #[test]
    fn outside_the_source_and_in_place_of_broken_samples_there_is_silence() {
        let mut source = Memory::new(vec![1.0, 2.0, f32::NAN, f32::INFINITY, 5.0, 6.0]);
        let mut out = [9.0; 10];
        read_around(&mut source, -1, &mut out).unwrap();
        assert_eq!(out, [0.0, 0.0, 1.0, 2.0, 0.0, 0.0, 5.0, 6.0, 0.0, 0.0]);
        for at in [-5, 3, 1000, -1000] {
            let mut out = [9.0; 6];
            read_around(&mut source, at, &mut out).unwrap();
            assert_eq!(out, [0.0; 6]);
        }
    }
}

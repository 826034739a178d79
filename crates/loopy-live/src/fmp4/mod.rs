//! Fragmented MP4 for media sources: an init segment, then one access unit a fragment.
//!
//! Only what browsers need: one track, no B-frames, no edit list. Decode times are absolute and of
//! 64 bits, so that they need not begin again for as long as a stream runs.

mod boxes;
mod codec;
mod init;

use bytes::Bytes;

pub use codec::{BadRecord, aac_codec, h264_codec, mime};
pub use init::{init_picture, init_sound};

use boxes::Boxes;

/// Ticks a second in fragments of the picture.
pub const TIMESCALE: u32 = 1_000_000;

/// A fragment of the picture that can be decoded alone.
const KEY: u32 = 0x0200_0000;

/// A fragment of the picture that needs the one before.
const DELTA: u32 = 0x0101_0000;

/// A fragment with one picture.
pub fn picture(index: u32, key: bool, pts_us: u64, duration_us: u32, unit: &[u8]) -> Bytes {
    let flags = if key { KEY } else { DELTA };
    fragment(index, flags, pts_us, duration_us, unit)
}

/// A fragment with one access unit of sound at `rate` samples a second.
pub fn sound(index: u32, rate: u32, pts_us: u64, duration_us: u32, unit: &[u8]) -> Bytes {
    let start = ticks(pts_us, rate);
    let end = ticks(pts_us.saturating_add(u64::from(duration_us)), rate);
    fragment(index, KEY, start, end.saturating_sub(start) as u32, unit)
}

/// A fragment with several access units of sound that follow each other: for each its first sample and its
/// bytes. Each lasts until the next, the last as long as `step` samples.
pub fn sounds(index: u32, units: &[(u64, &[u8])], step: u32) -> Bytes {
    let ends = units.iter().skip(1).map(|(at, _)| Some(*at)).chain([None]);
    let samples: Vec<Sample> = units
        .iter()
        .zip(ends)
        .map(|((at, unit), end)| Sample {
            duration: end.map_or(step, |end| end.saturating_sub(*at) as u32),
            flags: KEY,
            unit,
        })
        .collect();
    let time = units.first().map_or(0, |(at, _)| *at);
    fragments(index, time, &samples)
}

/// What a fragment holds.
struct Sample<'a> {
    duration: u32,
    flags: u32,
    unit: &'a [u8],
}

/// Microseconds in ticks, rounded.
pub(crate) fn ticks(us: u64, rate: u32) -> u64 {
    ((u128::from(us) * u128::from(rate) + 500_000) / 1_000_000) as u64
}

fn fragment(index: u32, flags: u32, time: u64, duration: u32, unit: &[u8]) -> Bytes {
    let sample = Sample {
        duration,
        flags,
        unit,
    };
    fragments(index, time, &[sample])
}

fn fragments(index: u32, time: u64, samples: &[Sample]) -> Bytes {
    let mut boxes = Boxes::default();
    let mut data_offset = 0;
    boxes.put(*b"moof", |moof| {
        moof.full(*b"mfhd", 0, 0, |mfhd| mfhd.u32(index));
        moof.put(*b"traf", |traf| {
            // The base of offsets is the moof.
            traf.full(*b"tfhd", 0, 0x02_0000, |tfhd| tfhd.u32(1));
            traf.full(*b"tfdt", 1, 0, |tfdt| tfdt.u64(time));
            // Offset of the data, and for each sample its duration, size and flags.
            traf.full(*b"trun", 0, 0x701, |trun| {
                trun.u32(samples.len() as u32);
                data_offset = trun.len();
                trun.u32(0);
                for sample in samples {
                    trun.u32(sample.duration);
                    trun.u32(sample.unit.len() as u32);
                    trun.u32(sample.flags);
                }
            });
        });
    });
    let data_starts = boxes.len() as u32 + 8;
    boxes.patch(data_offset, data_starts);
    boxes.put(*b"mdat", |mdat| {
        for sample in samples {
            mdat.raw(sample.unit);
        }
    });
    boxes.into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fragment_costs_little() {
        let fragment = picture(1, true, 5, 33_333, &[7; 1000]);
        assert_eq!(fragment.len() - 1000, 108);
    }

    #[test]
    fn sound_times_follow_each_other_without_a_gap() {
        for (rate, samples) in [(48_000, 1024), (44_100, 1024), (48_000, 960)] {
            let start = |number: u64| number * samples * 1_000_000 / u64::from(rate);
            for number in (0..2000).chain(1_000_000_000..1_000_002_000) {
                let at = ticks(start(number), rate);
                assert_eq!(at, number * samples, "{rate} {number}");
            }
        }
    }
}

//! NAL units: from Annex B to lengths, from parameter sets to the configuration record.

use crate::Error;

/// The bytes by which x264 signs its first picture: what it was built from and its options. They
/// carry no picture, and would make equal segments differ.
const BANNER: [u8; 16] = [
    0xdc, 0x45, 0xe9, 0xbd, 0xe6, 0xd9, 0x48, 0xb7, 0x96, 0x2c, 0xd8, 0x20, 0xd9, 0x23, 0xee, 0xef,
];

/// What a NAL unit is to splicing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A slice of an IDR picture.
    Idr,
    /// A slice of another picture.
    Slice,
    Sps,
    Pps,
    /// An access unit delimiter.
    Delimiter,
    /// x264's version and options.
    Banner,
    Other,
}

/// What `nal` is.
pub(crate) fn kind(nal: &[u8]) -> Kind {
    match nal.first().map(|header| header & 0x1f) {
        Some(5) => Kind::Idr,
        Some(1..=4) => Kind::Slice,
        Some(6) if banner(nal).is_some() => Kind::Banner,
        Some(7) => Kind::Sps,
        Some(8) => Kind::Pps,
        Some(9) => Kind::Delimiter,
        _ => Kind::Other,
    }
}

/// x264's own description, if `nal` is the one that holds it.
pub(crate) fn banner(nal: &[u8]) -> Option<&[u8]> {
    // NAL header, payload type 5 (user data), its size in bytes of 255 and a last one, then the id.
    let [6, 5, rest @ ..] = nal else { return None };
    let size = rest.iter().take_while(|byte| **byte == 255).count() + 1;
    rest.get(size..)?.strip_prefix(&BANNER)
}

/// The NAL units of an Annex B byte stream.
pub(crate) fn annex_b(stream: &[u8]) -> impl Iterator<Item = &[u8]> {
    let starts = |from: usize| {
        stream[from..]
            .windows(3)
            .position(|three| three == [0, 0, 1])
            .map(|at| from + at)
    };
    let mut next = starts(0);
    std::iter::from_fn(move || {
        let start = next? + 3;
        next = starts(start);
        let mut nal = &stream[start..next.unwrap_or(stream.len())];
        // Zeros after a unit belong to the next start code, or pad the stream.
        while let [head @ .., 0] = nal {
            nal = head;
        }
        Some(nal)
    })
    .filter(|nal| !nal.is_empty())
}

/// The NAL units of an access unit whose units have 4-byte lengths.
pub(crate) struct Lengths<'a>(&'a [u8]);

impl<'a> Lengths<'a> {
    pub(crate) fn new(unit: &'a [u8]) -> Self {
        Self(unit)
    }

    fn split(unit: &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
        let (length, rest) = unit.split_first_chunk()?;
        let length = u32::from_be_bytes(*length) as usize;
        rest.split_at_checked(length)
            .filter(|(nal, _)| !nal.is_empty())
    }
}

impl<'a> Iterator for Lengths<'a> {
    type Item = Result<&'a [u8], Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let split = Self::split(self.0);
        self.0 = split.map_or(&[], |(_, rest)| rest);
        Some(match split {
            Some((nal, _)) => Ok(nal),
            None => Err(Error::Segment(
                "a NAL length does not fit its unit".to_owned(),
            )),
        })
    }
}

/// The configuration record (`avcC`) of the parameter sets in `header`, which is Annex B.
pub(crate) fn config(header: &[u8]) -> Result<Vec<u8>, Error> {
    let sets = |wanted| {
        annex_b(header)
            .filter(|nal| kind(nal) == wanted)
            .collect::<Vec<_>>()
    };
    let (sps, pps) = (sets(Kind::Sps), sets(Kind::Pps));
    let ([sps], [pps]) = (sps.as_slice(), pps.as_slice()) else {
        return Err(Error::Segment(format!(
            "the encoder made {} SPS and {} PPS instead of one each",
            sps.len(),
            pps.len()
        )));
    };
    let [_, profile, compatibility, level, ..] = **sps else {
        return Err(Error::Segment("the encoder made an empty SPS".to_owned()));
    };
    let mut record = vec![1, profile, compatibility, level, 0xff];
    for (count, set) in [(0xe1, sps), (1, pps)] {
        record.push(count);
        record.extend((set.len() as u16).to_be_bytes());
        record.extend(*set);
    }
    if matches!(profile, 100 | 110 | 122 | 144 | 244) {
        // 4:2:0 with 8 bits in luma and chroma, no SPS extension.
        record.extend([0xfd, 0xf8, 0xf8, 0]);
    }
    Ok(record)
}

/// That `record` is a configuration record for 4-byte lengths.
pub(crate) fn check_config(record: &[u8]) -> Result<(), Error> {
    match record {
        [1, _, _, _, lengths, ..] if lengths & 3 == 3 => Ok(()),
        _ => Err(Error::Segment(
            "the configuration record is not avcC with 4-byte lengths".to_owned(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annex_b_is_split_at_both_start_codes_without_padding() {
        let stream = [
            0, 0, 0, 1, 0x67, 9, 0, 0, 1, 0x68, 0, 3, 0, 0, 0, 0, 1, 0x65, 7, 0, 0,
        ];
        let nals: Vec<_> = annex_b(&stream).collect();
        assert_eq!(nals, [&[0x67, 9][..], &[0x68, 0, 3], &[0x65, 7]]);
        assert_eq!(annex_b(&[0, 0]).count(), 0);
    }

    #[test]
    fn lengths_that_overrun_or_are_zero_are_errors() {
        let unit = |bytes: &[u8]| Lengths::new(bytes).collect::<Result<Vec<_>, _>>().is_ok();
        assert!(unit(&[0, 0, 0, 1, 0x65]));
        assert!(!unit(&[0, 0, 0, 2, 0x65]));
        assert!(!unit(&[0, 0, 0, 0]));
        assert!(!unit(&[0, 0, 1]));
    }
}

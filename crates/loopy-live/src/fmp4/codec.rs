//! Names of codecs as browsers want them, from decoders' configuration records.

/// A decoder's configuration record that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRecord {
    /// Of H.264.
    #[error("these bytes are no `avcC` record: version 1 with at least one SPS and one PPS")]
    H264,
    /// Of AAC.
    #[error("these bytes are no AudioSpecificConfig of AAC")]
    Aac,
}

/// `avc1.PPCCLL` of an `avcC` record.
///
/// # Errors
/// [`BadRecord::H264`]
pub fn h264_codec(record: &[u8]) -> Result<String, BadRecord> {
    let [1, profile, compatible, level, _, sets, rest @ ..] = record else {
        return Err(BadRecord::H264);
    };
    let rest = skip_sets(rest, sets & 0x1f)?;
    let (count, rest) = rest.split_first().ok_or(BadRecord::H264)?;
    skip_sets(rest, *count)?;
    Ok(format!("avc1.{profile:02x}{compatible:02x}{level:02x}"))
}

/// What follows `count` parameter sets, of which there must be one.
fn skip_sets(mut bytes: &[u8], count: u8) -> Result<&[u8], BadRecord> {
    if count == 0 {
        return Err(BadRecord::H264);
    }
    for _ in 0..count {
        let (length, rest) = bytes.split_first_chunk::<2>().ok_or(BadRecord::H264)?;
        let length = usize::from(u16::from_be_bytes(*length));
        bytes = rest.get(length..).ok_or(BadRecord::H264)?;
    }
    Ok(bytes)
}

/// `mp4a.40.N` of an AudioSpecificConfig.
///
/// # Errors
/// [`BadRecord::Aac`]
pub fn aac_codec(config: &[u8]) -> Result<String, BadRecord> {
    match config {
        // Object types from 31 on do not occur in what browsers play.
        [first, _, ..] if (1..31).contains(&(first >> 3)) => Ok(format!("mp4a.40.{}", first >> 3)),
        _ => Err(BadRecord::Aac),
    }
}

/// Media type of a codec in fragments.
pub fn mime(kind: &str, codec: &str) -> String {
    format!("{kind}/mp4; codecs=\"{codec}\"")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_come_from_the_records() {
        let record = [1, 0x64, 0, 0x1f, 0xff, 0xe1, 0, 1, 0x67, 1, 0, 1, 0x68];
        assert_eq!(h264_codec(&record).as_deref(), Ok("avc1.64001f"));
        for cut in 0..record.len() {
            assert_eq!(h264_codec(&record[..cut]), Err(BadRecord::H264), "{cut}");
        }
        assert_eq!(aac_codec(&[0x11, 0x90]).as_deref(), Ok("mp4a.40.2"));
        assert_eq!(aac_codec(&[0x11]), Err(BadRecord::Aac));
        assert_eq!(mime("audio", "opus"), "audio/mp4; codecs=\"opus\"");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(name) = h264_codec(&bytes) {
                prop_assert_eq!(name.len(), 11);
            }
            if let Ok(name) = aac_codec(&bytes) {
                prop_assert!(name.starts_with("mp4a.40."));
            }
        }
    }
}

//! Stored segments: any bytes are refused or read back as they were.

use loopy_media::segment::Segment;

/// See above.
pub fn run(bytes: &[u8]) {
    read(bytes);
    // Behind a right checksum, so that the parser itself is reached.
    let mut sealed = b"loopyseg\x01\0\0\0".to_vec();
    sealed.extend(bytes);
    let sum = blake3::hash(&sealed);
    sealed.extend(sum.as_bytes());
    read(&sealed);
}

fn read(bytes: &[u8]) {
    let Ok(segment) = Segment::from_bytes(bytes) else {
        return;
    };
    assert!(segment.to_bytes() == bytes);
    assert!(segment.check().is_ok());
    assert!(segment.delay() < segment.frames());
    assert_eq!(segment.units().count(), segment.frames() as usize);
    let _digest = segment.digest();
}

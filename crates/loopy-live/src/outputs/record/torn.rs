//! A file whose last fragment was cut off in the middle: where the disk was full, for instance.
//!
//! Players take a fragment whose pictures are cut short, but some refuse the whole file where its table
//! of pictures (`moof`) is. So the file ends with its last whole fragment. The layout of boxes is ISO/IEC
//! 14496-12, section 4.2.

use std::{
    fs::OpenOptions,
    io::{self, Read, Seek, SeekFrom},
    path::Path,
};

/// Cuts the file at `path` behind its last whole fragment, and says how many bytes it has then: none where
/// it has no whole fragment.
pub(super) fn mend(path: &Path) -> io::Result<u64> {
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    let length = file.metadata()?.len();
    let whole = whole(&mut file, length)?;
    if whole < length {
        file.set_len(whole)?;
    }
    Ok(whole)
}

/// Where the last whole fragment of `file`, which is `length` bytes long, ends.
fn whole(file: &mut (impl Read + Seek), length: u64) -> io::Result<u64> {
    let (mut at, mut whole) = (0_u64, 0);
    // A box begins with its size, four bytes, and its kind, as many.
    while at.saturating_add(16) <= length {
        file.seek(SeekFrom::Start(at))?;
        let (mut size, mut kind, mut large) = ([0; 4], [0; 4], [0; 8]);
        file.read_exact(&mut size)?;
        file.read_exact(&mut kind)?;
        file.read_exact(&mut large)?;
        let size = match u32::from_be_bytes(size) {
            // It is behind the kind.
            1 => u64::from_be_bytes(large),
            size => u64::from(size),
        };
        at = at.saturating_add(size);
        if size < 8 || at > length {
            break;
        }
        if kind == *b"mdat" {
            whole = at;
        }
    }
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;

    fn block(kind: [u8; 4], content: usize) -> Vec<u8> {
        let size = (8 + content) as u32;
        let mut bytes = [size.to_be_bytes(), kind].concat();
        bytes.resize(size as usize, 7);
        bytes
    }

    fn file(fragments: usize) -> Vec<u8> {
        let mut bytes = [block(*b"ftyp", 16), block(*b"moov", 400)].concat();
        for _ in 0..fragments {
            bytes.extend(block(*b"moof", 100));
            bytes.extend(block(*b"mdat", 300));
        }
        bytes
    }

    #[test]
    fn a_box_may_tell_its_size_in_eight_bytes() {
        let mut bytes = file(1);
        let long = [&1_u32.to_be_bytes()[..], b"mdat", &316_u64.to_be_bytes()].concat();
        bytes.extend(long);
        bytes.resize(bytes.len() + 300, 7);
        let length = bytes.len() as u64;
        assert_eq!(whole(&mut Cursor::new(&bytes), length).unwrap(), length);
    }

    #[test]
    fn what_is_no_file_of_fragments_has_none() {
        for bytes in [vec![], vec![0; 100], file(0), vec![255; 100]] {
            let length = bytes.len() as u64;
            assert_eq!(whole(&mut Cursor::new(&bytes), length).unwrap(), 0);
        }
    }

    proptest! {
        #[test]
        fn a_file_cut_anywhere_ends_with_its_last_whole_fragment(cut in 0_usize..3000) {
            let bytes = file(5);
            let cut = cut.min(bytes.len());
            let (head, fragment) = (file(0).len(), file(1).len() - file(0).len());
            let fragments = cut.saturating_sub(head) / fragment;
            let expected = if fragments == 0 { 0 } else { head + fragments * fragment };
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("torn.mp4");
            std::fs::write(&path, &bytes[..cut]).unwrap();
            prop_assert_eq!(mend(&path).unwrap(), expected as u64);
            prop_assert_eq!(std::fs::read(&path).unwrap(), &bytes[..expected]);
        }
    }
}

//! The shape of an object's file, and reading it without trusting it.
//!
//! Payload first, then a trailer: blake3 checksum (32 bytes), payload length (8 bytes, little
//! endian), magic (8 bytes). The checksum also covers the object's kind and name, so that a file
//! under a wrong name is as wrong as a flipped bit. A file that a crash cut short has no trailer.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    os::unix::fs::FileExt,
};

use loopy_core::Hash;

use super::Kind;

/// Ends every object; the digit is the version of this format.
const MAGIC: &[u8; 8] = b"LOOPYOB1";
const SUM: usize = 32;
/// Bytes of a trailer.
pub(super) const TRAILER: u64 = (SUM + 8 + MAGIC.len()) as u64;
/// Bytes read at a time while a large object is verified.
const CHUNK: usize = 256 << 10;

/// Computes an object's trailer while its payload goes by.
pub(super) struct Seal {
    sum: blake3::Hasher,
    len: u64,
}

impl Seal {
    pub(super) fn new(kind: Kind, hash: &Hash) -> Self {
        let mut sum = blake3::Hasher::new();
        sum.update(kind.name().as_bytes());
        sum.update(hash.as_bytes());
        Self { sum, len: 0 }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.sum.update(bytes);
        self.len += bytes.len() as u64;
    }

    /// Payload bytes so far.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    pub(super) fn trailer(&self) -> [u8; TRAILER as usize] {
        let mut trailer = [0; TRAILER as usize];
        trailer[..SUM].copy_from_slice(self.sum.finalize().as_bytes());
        trailer[SUM..SUM + 8].copy_from_slice(&self.len.to_le_bytes());
        trailer[SUM + 8..].copy_from_slice(MAGIC);
        trailer
    }
}

/// Reads a whole object; `None` when it is damaged.
pub(super) fn read(mut file: &File, kind: Kind, hash: &Hash) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let Some(len) = bytes.len().checked_sub(TRAILER as usize) else {
        return Ok(None);
    };
    let mut seal = Seal::new(kind, hash);
    seal.update(&bytes[..len]);
    Ok((seal.trailer() == bytes[len..]).then(|| {
        bytes.truncate(len);
        bytes
    }))
}

/// Checks an object without keeping it; the payload's length, or `None` when it is damaged.
pub(super) fn verify(file: &File, kind: Kind, hash: &Hash) -> io::Result<Option<u64>> {
    let Some(len) = file.metadata()?.len().checked_sub(TRAILER) else {
        return Ok(None);
    };
    let mut seal = Seal::new(kind, hash);
    let mut chunk = vec![0; CHUNK];
    while seal.len() < len {
        let want = (len - seal.len()).min(CHUNK as u64) as usize;
        match file.read_at(&mut chunk[..want], seal.len())? {
            // The file shrank under us.
            0 => return Ok(None),
            got => seal.update(&chunk[..got]),
        }
    }
    let mut trailer = [0; TRAILER as usize];
    file.read_exact_at(&mut trailer, len)?;
    Ok((seal.trailer() == trailer).then_some(len))
}

/// A verified object, to be read in parts. It stays readable even when it is evicted meanwhile.
#[derive(Debug)]
pub struct Reader {
    file: File,
    len: u64,
    at: u64,
}

impl Reader {
    pub(super) fn new(file: File, len: u64) -> Self {
        Self { file, len, at: 0 }
    }

    /// Bytes of the object.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether the object has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Fills `buffer` from byte `offset` on; an error of kind `UnexpectedEof` where the object
    /// ends before it is full. Shared readers do not disturb each other.
    pub fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let end = offset.checked_add(buffer.len() as u64);
        if end.is_none_or(|end| end > self.len) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.file.read_exact_at(buffer, offset)
    }
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.len.saturating_sub(self.at);
        let want = left.min(buffer.len() as u64) as usize;
        let got = self.file.read_at(&mut buffer[..want], self.at)?;
        self.at += got as u64;
        Ok(got)
    }
}

impl Seek for Reader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.len.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

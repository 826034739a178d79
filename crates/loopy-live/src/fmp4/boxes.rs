//! Writes boxes: a length, four letters, what is in it.

/// Bytes of an MP4 file.
#[derive(Debug, Default)]
pub(super) struct Boxes {
    bytes: Vec<u8>,
}

impl Boxes {
    /// What was written.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Bytes written so far.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Writes a box with what `inside` writes.
    pub(super) fn put(&mut self, name: [u8; 4], inside: impl FnOnce(&mut Self)) {
        let at = self.len();
        self.u32(0);
        self.raw(&name);
        inside(self);
        let length = (self.len() - at) as u32;
        self.patch(at, length);
    }

    /// The same with a version and flags.
    pub(super) fn full(
        &mut self,
        name: [u8; 4],
        version: u8,
        flags: u32,
        inside: impl FnOnce(&mut Self),
    ) {
        self.put(name, |boxes| {
            boxes.u32(u32::from(version) << 24 | flags);
            inside(boxes);
        });
    }

    /// Four bytes that were written before.
    pub(super) fn patch(&mut self, at: usize, value: u32) {
        if let Some(place) = self.bytes.get_mut(at..at + 4) {
            place.copy_from_slice(&value.to_be_bytes());
        }
    }

    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(super) fn zeros(&mut self, count: usize) {
        self.bytes.resize(self.bytes.len() + count, 0);
    }

    pub(super) fn u8(&mut self, value: u8) {
        self.bytes.push(value);
    }

    pub(super) fn u16(&mut self, value: u16) {
        self.raw(&value.to_be_bytes());
    }

    pub(super) fn u32(&mut self, value: u32) {
        self.raw(&value.to_be_bytes());
    }

    pub(super) fn u64(&mut self, value: u64) {
        self.raw(&value.to_be_bytes());
    }
}

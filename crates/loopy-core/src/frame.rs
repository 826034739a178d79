//! One picture in memory: 8-bit planar YUV 4:2:0, the format that every stage shares.

use crate::size::Size;

/// 8-bit planar YUV 4:2:0 (BT.709 limited unless a caller says otherwise), rows tightly packed:
/// luma `width x height`, then U and V at half size each. Sides are even.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    size: Size,
    data: Vec<u8>,
}

/// A rectangle of a frame in luma pixels, all even: chroma lies on the same pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    /// Pixels left of it.
    pub left: u32,
    /// Pixels above it.
    pub top: u32,
    /// Its size.
    pub size: Size,
}

impl std::fmt::Debug for Frame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Frame({})", self.size)
    }
}

impl Frame {
    /// A black frame of `size`, rounded down to even sides.
    pub fn black(size: Size) -> Self {
        let size = size.even();
        let luma = size.pixels() as usize;
        let mut data = vec![16; luma];
        data.resize(luma * 3 / 2, 128);
        Self { size, data }
    }

    /// A frame from packed planes; `None` when the length does not fit or a side is odd.
    pub fn from_planes(size: Size, data: Vec<u8>) -> Option<Self> {
        (size == size.even() && data.len() as u64 == size.pixels() * 3 / 2)
            .then_some(Self { size, data })
    }

    /// Size in pixels.
    pub fn size(&self) -> Size {
        self.size
    }

    /// Bytes in a row of the luma plane; a chroma row has half.
    pub fn stride(&self) -> usize {
        self.size.width as usize
    }

    /// All planes, packed.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// All planes, packed, to write to.
    pub fn data_mut(&mut self) -> &mut [u8] {
        &mut self.data
    }

    /// Luma, U and V.
    pub fn planes(&self) -> [&[u8]; 3] {
        let luma = self.size.pixels() as usize;
        let (y, chroma) = self.data.split_at(luma);
        let (u, v) = chroma.split_at(luma / 4);
        [y, u, v]
    }

    /// Luma, U and V, to write to.
    pub fn planes_mut(&mut self) -> [&mut [u8]; 3] {
        let luma = self.size.pixels() as usize;
        let (y, chroma) = self.data.split_at_mut(luma);
        let (u, v) = chroma.split_at_mut(luma / 4);
        [y, u, v]
    }
}

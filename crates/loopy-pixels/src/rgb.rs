//! A packed RGB picture to draw on: contact sheets and thumbnails.

use loopy_core::{Frame, Size};

use crate::convert;

/// A colour: red, green, blue.
pub type Colour = [u8; 3];

/// 8-bit RGB, 3 bytes a pixel, rows tight; at least one pixel.
#[derive(Clone, PartialEq, Eq)]
pub struct Rgb {
    size: Size,
    data: Vec<u8>,
}

impl std::fmt::Debug for Rgb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Rgb({})", self.size)
    }
}

impl From<&Frame> for Rgb {
    fn from(frame: &Frame) -> Self {
        Self {
            size: frame.size(),
            data: convert::rgb(frame),
        }
    }
}

impl Rgb {
    /// One colour everywhere; a side of 0 counts as 1.
    pub fn filled(size: Size, colour: Colour) -> Self {
        let size = Size::new(size.width.max(1), size.height.max(1));
        Self {
            size,
            data: colour.repeat(size.pixels() as usize),
        }
    }

    /// Size in pixels.
    pub fn size(&self) -> Size {
        self.size
    }

    /// The pixels, row by row.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// The colour at a place; `None` outside.
    pub fn pixel(&self, x: u32, y: u32) -> Option<Colour> {
        let at = self.offset(x, y)?;
        Some([self.data[at], self.data[at + 1], self.data[at + 2]])
    }

    /// Fills a rectangle; what lies outside the picture is left out.
    pub(crate) fn fill(&mut self, left: u32, top: u32, size: Size, colour: Colour) {
        let right = left.saturating_add(size.width).min(self.size.width);
        let bottom = top.saturating_add(size.height).min(self.size.height);
        for y in top..bottom {
            for x in left..right {
                if let Some(at) = self.offset(x, y) {
                    self.data[at..at + 3].copy_from_slice(&colour);
                }
            }
        }
    }

    /// Copies a picture in; what does not fit is left out.
    pub(crate) fn paste(&mut self, left: u32, top: u32, picture: &Self) {
        let wide = picture.size.width.min(self.size.width.saturating_sub(left)) as usize * 3;
        for (y, row) in
            (top..self.size.height).zip(picture.data.chunks(picture.size.width as usize * 3))
        {
            if let Some(at) = self.offset(left, y) {
                self.data[at..at + wide].copy_from_slice(&row[..wide]);
            }
        }
    }

    fn offset(&self, x: u32, y: u32) -> Option<usize> {
        (x < self.size.width && y < self.size.height)
            .then(|| (y as usize * self.size.width as usize + x as usize) * 3)
    }
}

//! Pictures for people: the contact sheet of a video, and the mark on seams in a preview.

use loopy_core::{Frame, Size};

use crate::{
    rgb::{Colour, Rgb},
    shrink,
    text::{self, LETTER},
};

const PAPER: Colour = [24, 24, 27];
const INK: Colour = [228, 228, 231];
const PLAIN: Colour = [63, 63, 70];
const SEAM: Colour = [255, 0, 255];
/// The same magenta in BT.709 limited-range code values.
const SEAM_CODES: [u8; 3] = [78, 214, 230];

const GAP: u32 = 8;
const BORDER: u32 = 3;
const LINE: u32 = LETTER + 4;
const TITLE_SCALE: u32 = 2;

/// What a tile of a sheet shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An ordinary moment: thin grey border.
    Plain,
    /// A moment at a seam: magenta border.
    Seam,
}

struct Tile {
    picture: Rgb,
    label: String,
    kind: Kind,
}

/// A contact sheet: titles on top, then labelled tiles, row by row.
pub struct Sheet {
    tile: Size,
    columns: u32,
    titles: Vec<String>,
    tiles: Vec<Tile>,
}

impl Sheet {
    /// A sheet of `columns` tiles a row (at least 1), each picture fitted into `tile` pixels.
    pub fn new(tile: Size, columns: u32) -> Self {
        Self {
            tile: tile.even(),
            columns: columns.max(1),
            titles: Vec::new(),
            tiles: Vec::new(),
        }
    }

    /// Adds a line to the title.
    pub fn title(&mut self, line: impl Into<String>) {
        self.titles.push(line.into());
    }

    /// Adds a tile; only its small picture is kept.
    pub fn push(&mut self, frame: &Frame, label: impl Into<String>, kind: Kind) {
        let small = shrink::area(frame, frame.size().within(self.tile));
        self.tiles.push(Tile {
            picture: Rgb::from(&small),
            label: label.into(),
            kind,
        });
    }

    /// The whole sheet as one picture.
    pub fn compose(&self) -> Rgb {
        let cell = Size::new(
            self.tile.width + 2 * BORDER,
            self.tile.height + 2 * BORDER + LINE,
        );
        let columns = self.columns.min(self.tiles.len().max(1) as u32);
        let rows = (self.tiles.len() as u32).div_ceil(columns);
        let head = GAP + self.titles.len() as u32 * LINE * TITLE_SCALE;
        let size = Size::new(
            GAP + columns * (cell.width + GAP),
            head + rows * (cell.height + GAP) + GAP,
        );
        let mut page = Rgb::filled(size, PAPER);
        for (line, title) in (0..).zip(&self.titles) {
            let top = GAP + line * LINE * TITLE_SCALE;
            text::write(
                &mut page,
                GAP,
                top,
                size.width - 2 * GAP,
                TITLE_SCALE,
                title,
                INK,
            );
        }
        for (index, tile) in (0..).zip(&self.tiles) {
            let left = GAP + index % columns * (cell.width + GAP);
            let top = head + index / columns * (cell.height + GAP);
            self.draw(&mut page, left, top, tile);
        }
        page
    }

    fn draw(&self, page: &mut Rgb, left: u32, top: u32, tile: &Tile) {
        let colour = match tile.kind {
            Kind::Plain => PLAIN,
            Kind::Seam => SEAM,
        };
        let framed = Size::new(self.tile.width + 2 * BORDER, self.tile.height + 2 * BORDER);
        page.fill(left, top, framed, colour);
        page.fill(left + BORDER, top + BORDER, self.tile, PAPER);
        let spare = |whole: u32, part: u32| (whole - part) / 2;
        let size = tile.picture.size();
        page.paste(
            left + BORDER + spare(self.tile.width, size.width),
            top + BORDER + spare(self.tile.height, size.height),
            &tile.picture,
        );
        let ink = if tile.kind == Kind::Seam { SEAM } else { INK };
        text::write(
            page,
            left,
            top + framed.height + 3,
            framed.width,
            1,
            &tile.label,
            ink,
        );
    }
}

/// Draws a magenta border around the picture, so that nobody overlooks a seam in a preview.
pub fn mark_seam(frame: &mut Frame) {
    let size = frame.size();
    let thick = (size.width.min(size.height) / 30).max(2) & !1;
    for (plane, (data, code)) in frame.planes_mut().into_iter().zip(SEAM_CODES).enumerate() {
        let shift = u32::from(plane > 0);
        let (width, height) = (
            (size.width >> shift) as usize,
            (size.height >> shift) as usize,
        );
        let band = (thick >> shift) as usize;
        for (y, row) in data.chunks_exact_mut(width).enumerate() {
            if y < band || y + band >= height {
                row.fill(code);
            } else {
                row[..band].fill(code);
                row[width - band..].fill(code);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(size: Size) -> Frame {
        let mut frame = Frame::black(size);
        frame.planes_mut()[0].fill(126);
        frame
    }

    fn count(page: &Rgb, colour: Colour) -> usize {
        page.data()
            .chunks(3)
            .filter(|pixel| *pixel == colour)
            .count()
    }

    #[test]
    fn a_sheet_holds_every_tile_and_marks_only_seams() {
        let mut sheet = Sheet::new(Size::new(64, 36), 3);
        sheet.title("title");
        let frame = grey(Size::new(320, 180));
        for index in 0..5 {
            let kind = if index == 3 { Kind::Seam } else { Kind::Plain };
            sheet.push(&frame, "", kind);
        }
        let page = sheet.compose();
        let picture = page
            .pixel(GAP + BORDER + 9, GAP + 2 * LINE + BORDER + 9)
            .unwrap();
        assert_eq!(count(&page, picture), 5 * 64 * 36);
        let border = (64 + 2 * BORDER) * (36 + 2 * BORDER) - 64 * 36;
        assert_eq!(count(&page, SEAM), border as usize);
        assert_eq!(count(&page, PLAIN), 4 * border as usize);
        assert!(count(&page, INK) > 50, "the title is written");
    }

    #[test]
    fn upright_pictures_keep_their_shape_inside_a_tile() {
        let mut sheet = Sheet::new(Size::new(64, 36), 3);
        sheet.push(&grey(Size::new(180, 320)), "portrait", Kind::Plain);
        let page = sheet.compose();
        let middle = page.pixel(GAP + BORDER + 32, GAP + BORDER + 18).unwrap();
        assert_eq!(count(&page, middle), 20 * 36);
    }

    #[test]
    fn an_empty_sheet_is_a_picture_too() {
        let page = Sheet::new(Size::new(64, 36), 0).compose();
        assert_eq!(count(&page, PAPER), page.size().pixels() as usize);
    }

    #[test]
    fn a_marked_frame_has_a_border_and_an_untouched_middle() {
        for size in [Size::new(640, 360), Size::new(2, 2), Size::new(16, 4)] {
            let mut frame = grey(size);
            mark_seam(&mut frame);
            for (plane, code) in frame.planes().iter().zip(SEAM_CODES) {
                assert_eq!((plane[0], plane[plane.len() - 1]), (code, code));
            }
        }
        let mut frame = grey(Size::new(640, 360));
        mark_seam(&mut frame);
        assert_eq!(frame.planes()[0][180 * 640 + 320], 126);
        let mut touched = 0;
        for (before, after) in grey(frame.size()).data().iter().zip(frame.planes()[0]) {
            touched += u32::from(before != after);
        }
        assert_eq!(touched, 640 * 360 - (640 - 24) * (360 - 24));
    }
}

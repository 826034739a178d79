//! Clip and frame number written into the picture, for machines and for people.
//!
//! Along the bottom edge lie two rows of 36 cells, black or white: two guard cells at either end
//! and 32 bits between them. The 64 bits are clip (16), frame (32) and a CRC (16), masked so that
//! small numbers do not give long runs. Cells are a fraction of the picture, so the code survives
//! scaling. A cell that is neither clearly black nor clearly white makes the reading fail: a blend
//! of two marked frames is no frame. The same numbers stand in digits above the cells.

use font8x8::UnicodeFonts;
use loopy_core::{Frame, Size};

const COLUMNS: usize = 36;
const GUARDS: usize = 2;
const BITS: usize = COLUMNS - 2 * GUARDS;
const ROWS: usize = 2;
const BLACK: u8 = 16;
const WHITE: u8 = 235;
const MASK: u64 = 0x5a3c_96e1_6d2b_c478;
/// Black and white must differ by this many code values at least.
const CONTRAST: f64 = 50.0;
/// How far from pure black or white a cell may be, as a fraction of the contrast.
const SLACK: f64 = 0.36;

/// A part of a picture, in pixels; edges may lie between pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Area {
    /// Left edge.
    pub x: f64,
    /// Upper edge.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

impl Area {
    /// All of a picture.
    pub fn whole(size: Size) -> Self {
        Self {
            x: 0.0,
            y: 0.0,
            width: f64::from(size.width),
            height: f64::from(size.height),
        }
    }

    /// Where a picture of size `source` lies in one of size `frame` when it is fitted whole and
    /// centred, with bars.
    pub fn padded(source: Size, frame: Size) -> Self {
        Self::centred(source, frame, f64::min)
    }

    /// Where a picture of size `source` lies around one of size `frame` that it fills, centred,
    /// with the rest cut off. The code is whole only when nothing is cut off at the bottom or
    /// sides.
    pub fn cropped(source: Size, frame: Size) -> Self {
        Self::centred(source, frame, f64::max)
    }

    fn centred(source: Size, frame: Size, choose: fn(f64, f64) -> f64) -> Self {
        let (source, frame) = (Self::whole(source), Self::whole(frame));
        let scale = choose(frame.width / source.width, frame.height / source.height);
        let (width, height) = (source.width * scale, source.height * scale);
        Self {
            x: (frame.width - width) / 2.0,
            y: (frame.height - height) / 2.0,
            width,
            height,
        }
    }
}

/// Writes `clip` and `frame` into the picture; readable from 160x90 up.
pub fn stamp(picture: &mut Frame, clip: u16, frame: u32) {
    let size = picture.size();
    let bits = encode(clip, frame);
    let area = Area::whole(size);
    let height = row_height(size);
    let top = area.height - height * ROWS as f64;
    for y in (top.ceil().max(0.0) as usize)..size.height as usize {
        let row = (((y as f64 + 0.5 - top) / height) as usize).min(ROWS - 1);
        let stride = picture.stride();
        for x in 0..stride {
            let column = x * COLUMNS / stride;
            picture.data_mut()[y * stride + x] = if is_white(bits, row, column) {
                WHITE
            } else {
                BLACK
            };
        }
    }
    grey(
        picture,
        0..size.width as usize,
        top as usize..size.height as usize,
    );
    digits(picture, &format!("{clip:02} {frame:05}"), top as usize);
}

/// The clip and frame number of a picture that is shown whole and undistorted.
pub fn read(picture: &Frame) -> Option<(u16, u32)> {
    read_in(picture, picture.size(), Area::whole(picture.size()))
}

/// The clip and frame number of a picture that had size `source` when it was stamped and now fills
/// `area` of `picture`, as [`Area::padded`] computes it. `None` when the code is damaged, blended,
/// cut off or absent.
pub fn read_in(picture: &Frame, source: Size, area: Area) -> Option<(u16, u32)> {
    let height = row_height(source) / f64::from(source.height) * area.height;
    let width = area.width / COLUMNS as f64;
    let top = area.y + area.height - height * ROWS as f64;
    let mut cells = [[0.0; COLUMNS]; ROWS];
    for (row, cells) in cells.iter_mut().enumerate() {
        for (column, cell) in cells.iter_mut().enumerate() {
            let x = area.x + (column as f64 + 0.5) * width;
            let y = top + (row as f64 + 0.5) * height;
            *cell = mean(picture, x, y, width / 4.0, height / 4.0)?;
        }
    }
    let (black, white) = levels(&cells);
    if white - black < CONTRAST {
        return None;
    }
    let mut bits = 0;
    for (row, cells) in cells.iter().enumerate() {
        for (column, cell) in cells.iter().enumerate() {
            let level = (cell - black) / (white - black);
            let is_one = level > 0.5;
            if (level - f64::from(u8::from(is_one))).abs() > SLACK {
                return None;
            }
            if let Some(bit) = bit_of(row, column) {
                bits |= u64::from(is_one) << bit;
            } else if is_one != guard_is_white(row, column) {
                return None;
            }
        }
    }
    decode(bits)
}

/// Mean levels of the black and the white guard cells.
fn levels(cells: &[[f64; COLUMNS]; ROWS]) -> (f64, f64) {
    let (mut black, mut white) = (0.0, 0.0);
    for (row, cells) in cells.iter().enumerate() {
        for (column, cell) in cells.iter().enumerate() {
            if bit_of(row, column).is_none() {
                *if guard_is_white(row, column) {
                    &mut white
                } else {
                    &mut black
                } += cell;
            }
        }
    }
    let each = (ROWS * GUARDS) as f64;
    (black / each, white / each)
}

fn row_height(size: Size) -> f64 {
    (f64::from(size.height) / 18.0).min(f64::from(size.width) / 32.0)
}

/// The bit that a cell carries; `None` for a guard.
fn bit_of(row: usize, column: usize) -> Option<usize> {
    (GUARDS..GUARDS + BITS)
        .contains(&column)
        .then(|| row * BITS + column - GUARDS)
}

fn guard_is_white(row: usize, column: usize) -> bool {
    (row + column).is_multiple_of(2)
}

fn is_white(bits: u64, row: usize, column: usize) -> bool {
    bit_of(row, column).map_or_else(|| guard_is_white(row, column), |bit| bits >> bit & 1 == 1)
}

fn encode(clip: u16, frame: u32) -> u64 {
    let payload = u64::from(clip) << 32 | u64::from(frame);
    (u64::from(crc(payload)) << 48 | payload) ^ MASK
}

fn decode(bits: u64) -> Option<(u16, u32)> {
    let bits = bits ^ MASK;
    let payload = bits & 0xffff_ffff_ffff;
    (crc(payload) == (bits >> 48) as u16).then_some(((payload >> 32) as u16, payload as u32))
}

/// CRC-16 with polynomial 0x1021 over the 48 bits, highest first.
fn crc(payload: u64) -> u16 {
    (0..48).rev().fold(0xffff, |crc: u16, bit| {
        let carry = (crc >> 15) ^ (payload >> bit & 1) as u16;
        (crc << 1) ^ (0x1021 * carry)
    })
}

/// Mean luma around a point; `None` where that lies outside the picture.
fn mean(picture: &Frame, x: f64, y: f64, half_width: f64, half_height: f64) -> Option<f64> {
    let range = |centre: f64, half: f64, limit: u32| {
        let first = (centre - half).round().min(centre.floor());
        let last = (centre + half).round().max(first + 1.0);
        (first >= 0.0 && last <= f64::from(limit)).then_some(first as usize..last as usize)
    };
    let columns = range(x, half_width, picture.size().width)?;
    let rows = range(y, half_height, picture.size().height)?;
    let count = columns.len() * rows.len();
    let [luma, ..] = picture.planes();
    let sum: u64 = rows
        .map(|row| {
            let row = &luma[row * picture.stride()..][columns.clone()];
            row.iter().map(|value| u64::from(*value)).sum::<u64>()
        })
        .sum();
    Some(sum as f64 / count as f64)
}

/// Takes the colour out of the chroma samples that touch a rectangle.
fn grey(picture: &mut Frame, columns: std::ops::Range<usize>, rows: std::ops::Range<usize>) {
    let stride = picture.stride() / 2;
    let columns = columns.start / 2..columns.end.div_ceil(2).min(stride);
    let last = rows.end.div_ceil(2).min(picture.size().height as usize / 2);
    let [_, u, v] = picture.planes_mut();
    for row in rows.start / 2..last {
        u[row * stride..][columns.clone()].fill(128);
        v[row * stride..][columns.clone()].fill(128);
    }
}

/// White digits on a black box that stands on row `bottom`, at the left edge.
fn digits(picture: &mut Frame, text: &str, bottom: usize) {
    let size = picture.size();
    let scale = (size.height.min(size.width) as usize / 180).max(1);
    let (width, height) = ((text.len() * 8 + 2) * scale, 10 * scale);
    let stride = picture.stride();
    if width > stride || height > bottom {
        return;
    }
    let top = bottom - height;
    for row in top..bottom {
        picture.data_mut()[row * stride..][..width].fill(BLACK);
    }
    grey(picture, 0..width, top..bottom);
    for (place, character) in text.chars().enumerate() {
        let glyph = font8x8::BASIC_FONTS.get(character).unwrap_or_default();
        for y in 0..8 * scale {
            for x in 0..8 * scale {
                if glyph[y / scale] >> (x / scale) & 1 == 1 {
                    let column = (place * 8 + 1) * scale + x;
                    picture.data_mut()[(top + scale + y) * stride + column] = WHITE;
                }
            }
        }
    }
}

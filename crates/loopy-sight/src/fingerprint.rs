//! Fingerprints: for each frame the mean luma of 576 cells, as exact as the picture allows. Means
//! over areas survive another encoder, another size and a correction of light; where a clip lies
//! in the picture of a film follows from how it was fitted.

mod area;
mod blob;

use loopy_core::{Frame, Size, normalise::Fit};

use self::area::Averager;
pub use self::blob::Error;

/// Parts of a code value that a cell counts in.
pub(crate) const PARTS: f32 = 256.0;

/// Columns and rows of grids: for wide pictures, high ones, and all others.
pub(crate) const GRIDS: [(u16, u16); 3] = [(32, 18), (18, 32), (24, 24)];

/// How a film's picture is divided: cells near to squares, 576 of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Grid {
    columns: u16,
    rows: u16,
}

impl Grid {
    /// The grid of a picture of `size`.
    pub fn of(size: Size) -> Self {
        let (width, height) = (u64::from(size.width), u64::from(size.height));
        let [wide, high, square] = GRIDS;
        let (columns, rows) = if width * 3 > height * 4 {
            wide
        } else if height * 3 > width * 4 {
            high
        } else {
            square
        };
        Self { columns, rows }
    }

    #[cfg(test)]
    fn all(self) -> Part {
        Part {
            grid: self,
            columns: (0, self.columns),
            rows: (0, self.rows),
        }
    }
}

/// The cells of a grid that a picture covers wholly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Part {
    grid: Grid,
    columns: (u16, u16),
    rows: (u16, u16),
}

impl Part {
    /// Number of cells.
    pub fn cells(self) -> usize {
        usize::from(self.columns.1 - self.columns.0) * usize::from(self.rows.1 - self.rows.0)
    }

    /// Places of its cells among those of the whole grid, row by row.
    pub(crate) fn places(self) -> impl Iterator<Item = usize> {
        let wide = usize::from(self.grid.columns);
        (self.rows.0..self.rows.1).flat_map(move |row| {
            let start = usize::from(row) * wide;
            (self.columns.0..self.columns.1).map(move |column| start + usize::from(column))
        })
    }
}

/// The ways in which a picture of `source` may lie in a film of `film`: one when the shapes agree.
pub fn fits(source: Size, film: Size) -> Vec<Fit> {
    let (across, down) = (
        f64::from(source.width) * f64::from(film.height),
        f64::from(source.height) * f64::from(film.width),
    );
    if (across / down - 1.0).abs() < 0.006 {
        vec![Fit::Stretch]
    } else {
        vec![Fit::Pad, Fit::Crop, Fit::Stretch]
    }
}

/// The fingerprints of frames in a row.
#[derive(Clone, PartialEq, Eq)]
pub struct Prints {
    part: Part,
    /// Cells of the first frame, then of the second, ..., in 1/256 code values.
    values: Vec<u16>,
}

impl std::fmt::Debug for Prints {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Prints({} frames, {:?})", self.len(), self.part)
    }
}

impl Prints {
    /// Frames.
    pub fn len(&self) -> usize {
        self.values.len() / self.part.cells().max(1)
    }

    /// No frame was seen, or no cell of the film is covered.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The cells that are covered.
    pub fn part(&self) -> Part {
        self.part
    }

    /// Cells of a frame that exists.
    pub(crate) fn frame(&self, index: usize) -> &[u16] {
        let cells = self.part.cells();
        &self.values[index * cells..][..cells]
    }

    #[cfg(test)]
    pub(crate) fn of(grid: Grid, values: Vec<u16>) -> Self {
        let part = grid.all();
        Self { part, values }
    }
}

/// Makes fingerprints of pictures as they come.
#[derive(Debug)]
pub struct Printer {
    averager: Averager,
    prints: Prints,
}

impl Printer {
    /// For the pictures of a film itself.
    pub fn film(size: Size) -> Self {
        Self::new(size, size, [0.0, 0.0, 1.0, 1.0])
    }

    /// For pictures of `source` that lie in a film of `film` where `lies` says: left and upper edge,
    /// width and height in parts of the film's. Cropped pictures reach beyond it.
    pub fn new(source: Size, film: Size, lies: [f64; 4]) -> Self {
        let grid = Grid::of(film);
        let [left, top, width, height] = lies;
        let columns = area::covered(left, width, grid.columns);
        let rows = area::covered(top, height, grid.rows);
        let part = Part {
            grid,
            columns,
            rows,
        };
        let across = area::spans(left, width, columns, grid.columns, source.width);
        let down = area::spans(top, height, rows, grid.rows, source.height);
        Self {
            averager: Averager::new(across, down, source),
            prints: Prints {
                part,
                values: Vec::new(),
            },
        }
    }

    /// Adds a picture; one of another size than was said adds what it has where it should be.
    pub fn push(&mut self, picture: &Frame) {
        self.averager.add(picture, &mut self.prints.values);
    }

    /// The fingerprints.
    pub fn finish(self) -> Prints {
        self.prints
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A smooth picture that is a function of where one looks, not of its size.
    fn scene(size: Size) -> Frame {
        let mut frame = Frame::black(size);
        let (width, height) = (size.width as f32, size.height as f32);
        let stride = frame.stride();
        let [luma, ..] = frame.planes_mut();
        for (y, row) in luma.chunks_exact_mut(stride).enumerate() {
            for (x, value) in row.iter_mut().enumerate() {
                let (u, v) = ((x as f32 + 0.5) / width, (y as f32 + 0.5) / height);
                *value = (120.0 + 70.0 * (9.0 * u + 3.0 * v).sin() * (7.0 * v - u).cos()) as u8;
            }
        }
        frame
    }

    const WHOLE: [f64; 4] = [0.0, 0.0, 1.0, 1.0];

    fn print(picture: &Frame, film: Size, lies: [f64; 4]) -> Prints {
        let mut printer = Printer::new(picture.size(), film, lies);
        printer.push(picture);
        printer.finish()
    }

    fn worst(a: &Prints, b: &Prints) -> f32 {
        let of_b: Vec<u16> = b.part.places().map(|place| a.values[place]).collect();
        let apart = of_b.iter().zip(&b.values).map(|(a, b)| a.abs_diff(*b));
        f32::from(apart.max().unwrap()) / PARTS
    }

    #[test]
    fn a_picture_has_the_same_fingerprint_at_any_size() {
        let film = Size::new(1280, 720);
        let large = print(&scene(film), film, WHOLE);
        for size in [
            Size::new(640, 360),
            Size::new(426, 240),
            Size::new(1000, 562),
        ] {
            let small = print(&scene(size), film, WHOLE);
            assert!(
                worst(&large, &small) < 0.6,
                "{size}: {}",
                worst(&large, &small)
            );
        }
    }

    #[test]
    fn a_padded_picture_is_found_inside_its_bars_and_a_cropped_one_beyond_its_edges() {
        let film = Size::new(640, 360);
        let source = Size::new(360, 360);
        let clip = scene(source);
        // By hand: the same pixels in the middle of the film, and a film of its middle rows.
        let mut padded = Frame::black(film);
        let [luma, ..] = padded.planes_mut();
        for (row, from) in luma
            .chunks_exact_mut(640)
            .zip(clip.planes()[0].chunks_exact(360))
        {
            row[140..500].copy_from_slice(from);
        }
        let inside = print(&clip, film, [140.0 / 640.0, 0.0, 360.0 / 640.0, 1.0]);
        assert_eq!(inside.part.cells(), 18 * 18);
        assert!(worst(&print(&padded, film, WHOLE), &inside) < 0.01);

        let middle = Size::new(360, 202);
        let rows = clip.planes()[0][79 * 360..][..360 * 202].to_vec();
        let mut cropped = Frame::black(middle);
        cropped.planes_mut()[0].copy_from_slice(&rows);
        let beyond = print(&clip, middle, [0.0, -79.0 / 202.0, 1.0, 360.0 / 202.0]);
        assert_eq!(beyond.part.cells(), 576);
        assert!(worst(&print(&cropped, middle, WHOLE), &beyond) < 0.01);
    }

    #[test]
    fn shapes_that_agree_have_one_fit() {
        let film = Size::new(1280, 720);
        assert_eq!(fits(Size::new(640, 360), film), [Fit::Stretch]);
        assert_eq!(fits(Size::new(854, 480), film), [Fit::Stretch]);
        assert_eq!(fits(Size::new(640, 480), film).len(), 3);
    }

    #[test]
    fn a_sliver_covers_no_cell_and_tells_nothing() {
        let sliver = print(
            &scene(Size::new(2, 720)),
            Size::new(1280, 720),
            [0.499, 0.0, 0.002, 1.0],
        );
        assert!(sliver.is_empty());
        assert_eq!(sliver.len(), 0);
    }
}

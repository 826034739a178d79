//! From pictures to features, one frame at a time.

use loopy_core::Frame as Picture;

use super::{CELLS, Features, Frame, GRID, LUMA, SIZE};

const WIDTH: usize = SIZE.width as usize;
const HEIGHT: usize = SIZE.height as usize;
const PIXELS: usize = WIDTH * HEIGHT;
/// Edge energy is small beside luma; this brings both to one scale.
const EDGE_GAIN: u32 = 2;
/// A still picture is coded anew now and then: so many luma samples (of 5184) may change ...
const STILL_SAMPLES: usize = 64;
/// ... and each by so many code values.
const STILL_CODES: u8 = 2;

/// Takes the pictures of a file in order of presentation.
#[derive(Default)]
pub struct Builder {
    frames: Vec<Frame>,
    grids: Vec<u8>,
    /// Luma of the frame that began the current still run.
    still: Vec<u8>,
}

impl Builder {
    /// Before the first picture.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the next picture. It is looked at at [`SIZE`]; one of another size is brought there.
    /// `corrupt` says that the decoder met damage in it.
    pub fn push(&mut self, picture: &Picture, corrupt: bool) {
        if picture.size() == SIZE {
            self.look(picture, corrupt);
        } else {
            self.look(&loopy_pixels::shrink::area(picture, SIZE), corrupt);
        }
    }

    /// The features of all pictures so far.
    pub fn finish(self) -> Features {
        Features {
            frames: self.frames,
            grids: self.grids,
        }
    }

    fn look(&mut self, picture: &Picture, corrupt: bool) {
        let [luma, u, v] = picture.planes();
        let still = self.still.len() == PIXELS && same(&self.still, luma);
        if !still {
            self.still.clear();
            self.still.extend_from_slice(luma);
        }
        let at = self.grids.len();
        means(luma, WIDTH, LUMA, &mut self.grids);
        let chroma = self.grids.len();
        means(u, WIDTH / 2, CELLS, &mut self.grids);
        means(v, WIDTH / 2, CELLS, &mut self.grids);
        let colours = self.grids[chroma..]
            .chunks(CELLS.0 * CELLS.1)
            .map(span)
            .max();
        let sharpness = edges(luma, &mut self.grids);
        debug_assert_eq!(self.grids.len() - at, GRID, "one grid a frame");
        let (darkest, brightest) = ends(luma);
        let sum: u32 = luma.iter().map(|sample| u32::from(*sample)).sum();
        self.frames.push(Frame {
            luma: (sum * 256 / PIXELS as u32) as u16,
            sharpness,
            darkest,
            brightest,
            colours: colours.unwrap_or(0),
            corrupt,
            still,
        });
    }
}

fn same(before: &[u8], after: &[u8]) -> bool {
    let mut changed = 0;
    for (before, after) in before.iter().zip(after) {
        let codes = before.abs_diff(*after);
        if codes > STILL_CODES {
            return false;
        }
        changed += usize::from(codes > 0);
    }
    changed <= STILL_SAMPLES
}

/// Rounded means of square cells, row by row.
fn means(plane: &[u8], width: usize, (columns, rows): (usize, usize), grid: &mut Vec<u8>) {
    let side = width / columns;
    let area = (side * side) as u32;
    for row in 0..rows {
        for column in 0..columns {
            let sum: u32 = (row * side..(row + 1) * side)
                .map(|y| {
                    let at = y * width + column * side;
                    plane[at..at + side]
                        .iter()
                        .map(|s| u32::from(*s))
                        .sum::<u32>()
                })
                .sum();
            grid.push(((sum + area / 2) / area) as u8);
        }
    }
}

/// Appends the mean step to the neighbours right and below for each cell; returns the mean over
/// the picture in 1/256 code values.
fn edges(luma: &[u8], grid: &mut Vec<u8>) -> u16 {
    let side = WIDTH / CELLS.0;
    let mut total = 0;
    for row in 0..CELLS.1 {
        for column in 0..CELLS.0 {
            let (mut sum, mut steps) = (0, 0);
            for y in row * side..(row + 1) * side {
                for x in column * side..(column + 1) * side {
                    let here = luma[y * WIDTH + x];
                    if x + 1 < WIDTH {
                        sum += u32::from(here.abs_diff(luma[y * WIDTH + x + 1]));
                        steps += 1;
                    }
                    if y + 1 < HEIGHT {
                        sum += u32::from(here.abs_diff(luma[(y + 1) * WIDTH + x]));
                        steps += 1;
                    }
                }
            }
            total += sum;
            grid.push((sum * EDGE_GAIN / steps).min(255) as u8);
        }
    }
    let steps = (2 * PIXELS - WIDTH - HEIGHT) as u32;
    (total * 256 / steps) as u16
}

/// Luma below and above which 1 % of the samples lie.
fn ends(luma: &[u8]) -> (u8, u8) {
    let mut counts = [0_usize; 256];
    for sample in luma {
        counts[usize::from(*sample)] += 1;
    }
    (reach(&counts, 0..256), reach(&counts, (0..256).rev()))
}

/// The first level in `order` by which more than 1 % of the samples have been met.
fn reach(counts: &[usize; 256], mut order: impl Iterator<Item = usize>) -> u8 {
    let mut seen = 0;
    let level = order.find(|level| {
        seen += counts[*level];
        seen > PIXELS / 100
    });
    level.unwrap_or(0) as u8
}

fn span(cells: &[u8]) -> u8 {
    let least = cells.iter().min().copied().unwrap_or(0);
    let most = cells.iter().max().copied().unwrap_or(0);
    most - least
}

#[cfg(test)]
mod tests {
    use loopy_core::Size;

    use super::*;

    fn picture(value: impl Fn(usize, usize) -> u8) -> Picture {
        let mut picture = Picture::black(SIZE);
        for (index, sample) in picture.planes_mut()[0].iter_mut().enumerate() {
            *sample = value(index % WIDTH, index / WIDTH);
        }
        picture
    }

    #[test]
    fn the_grid_holds_means_chroma_and_edges() {
        let mut right = picture(|x, _| if x < 48 { 50 } else { 150 });
        right.planes_mut()[1][..24].fill(200);
        let mut builder = Builder::new();
        builder.push(&right, true);
        let features = builder.finish();
        let grid = features.grid(0);
        assert_eq!((grid[15], grid[16]), (50, 150));
        assert_eq!(
            grid[LUMA.0 * LUMA.1],
            152,
            "a third of the first U cells is 200"
        );
        let edges = &grid[LUMA.0 * LUMA.1 + 2 * CELLS.0 * CELLS.1..];
        assert!(
            edges[7] > 10 && edges[8] == 0,
            "the edge lies in column 7: {edges:?}"
        );
        let frame = features.frames()[0];
        assert_eq!(
            (frame.luma, frame.darkest, frame.brightest),
            (100 * 256, 50, 150)
        );
        assert_eq!(
            (frame.colours, frame.corrupt, frame.still),
            (24, true, false)
        );
        assert!(frame.sharpness > 0);
    }

    #[test]
    fn a_still_run_forgives_coding_but_not_slow_drift() {
        let mut builder = Builder::new();
        for index in 0..20_usize {
            // A few samples flicker by one code value.
            builder.push(
                &picture(|x, y| 100 + u8::from(y == 3 && x % 20 == index % 20)),
                false,
            );
        }
        for index in 0..40_usize {
            // A bar grows by one column every other frame, one code value brighter.
            builder.push(&picture(|x, _| 100 + u8::from(x < index / 2)), false);
        }
        let features = builder.finish();
        let still: Vec<bool> = features.frames().iter().map(|frame| frame.still).collect();
        assert!(!still[0] && still[1..20].iter().all(|still| *still));
        let longest = still[20..].split(|still| !still).map(<[bool]>::len).max();
        assert!(longest < Some(8), "{longest:?}");
    }

    #[test]
    fn a_picture_of_another_size_is_brought_to_size() {
        let mut builder = Builder::new();
        builder.push(&Picture::black(Size::new(192, 108)), false);
        builder.push(&Picture::black(SIZE), false);
        let features = builder.finish();
        assert_eq!(features.distance(0, 1), Some(0.0));
        assert!(features.frames()[1].still);
        assert_eq!((features.step(1), features.distance(0, 9)), (None, None));
    }
}

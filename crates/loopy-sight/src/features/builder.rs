//! From pictures to features, one frame at a time.

use loopy_core::Frame as Picture;
use loopy_pixels::flow::Gray;

use super::{
    CELL_COUNT, CELLS, Features, Frame, GRID, LUMA, MOTION, SIZE, light, motion, structure,
};

const WIDTH: usize = SIZE.width as usize;
/// Grids are taken from luma at half size: what coding does to single pixels is gone there.
const HALF: (usize, usize) = (WIDTH / 2, SIZE.height as usize / 2);
const PIXELS: usize = HALF.0 * HALF.1;
/// Edge energy is small beside luma; this brings both to one scale.
const EDGE_GAIN: u32 = 2;
/// 1/8 code values.
const CHANGE_GAIN: u32 = 8;
/// A still picture is coded anew now and then: so many luma samples (of 5184) may change ...
const STILL_SAMPLES: usize = 64;
/// ... and each by so many code values.
const STILL_CODES: u8 = 2;

/// Takes the pictures of a file in order of presentation.
#[derive(Default)]
pub struct Builder {
    features: Features,
    /// Luma of the frame before at half size.
    before: Vec<u8>,
    /// Luma of the frame before as motion needs it.
    gray: Option<Gray>,
    /// Luma of the frame that began the current still run, at half size.
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
    pub fn finish(mut self) -> Features {
        motion::close(&mut self.features.motions);
        self.features
    }

    fn look(&mut self, picture: &Picture, corrupt: bool) {
        let [luma, u, v] = picture.planes();
        let half = halved(luma);
        let still = self.still.len() == PIXELS && same(&self.still, &half);
        if !still {
            self.still.clone_from(&half);
        }
        self.flow(luma, still);
        let features = &mut self.features;
        let change = changed(&self.before, &half, &mut features.changes);
        self.before.clone_from(&half);
        let at = features.grids.len();
        means(&half, HALF.0, LUMA, &mut features.grids);
        let chroma = features.grids.len();
        means(u, WIDTH / 2, CELLS, &mut features.grids);
        means(v, WIDTH / 2, CELLS, &mut features.grids);
        let colours = features.grids[chroma..].chunks(CELL_COUNT).map(span).max();
        edges(&half, &mut features.grids);
        debug_assert_eq!(features.grids.len() - at, GRID, "one grid a frame");
        let light = light::spread(&half);
        let sharpness = structure::directions(luma, WIDTH, &mut features.structures);
        features.frames.push(Frame {
            luma: light.mean,
            contrast: light.deviation,
            sharpness,
            noise: light::noise(luma, WIDTH),
            white: [u, v].map(light::mean),
            change,
            darkest: light.darkest,
            brightest: light.brightest,
            colours: colours.unwrap_or(0),
            corrupt,
            still,
        });
    }

    /// Completes the motion of the frame before, now that its successor is known.
    fn flow(&mut self, luma: &[u8], still: bool) {
        let motions = &mut self.features.motions;
        let gray = motion::gray(luma);
        if let Some((before, now)) = self.gray.as_ref().zip(gray.as_ref()) {
            motions.truncate(motions.len() - MOTION);
            if still {
                motion::stand(motions);
            } else {
                motion::grid(before, now, motions);
            }
        }
        motion::stand(motions);
        self.gray = gray;
    }
}

/// Luma at half size: rounded means of two by two.
fn halved(luma: &[u8]) -> Vec<u8> {
    let mut half = Vec::with_capacity(PIXELS);
    for rows in luma.chunks_exact(2 * WIDTH) {
        let (above, below) = rows.split_at(WIDTH);
        let pairs = above.chunks_exact(2).zip(below.chunks_exact(2));
        half.extend(pairs.map(|(above, below)| {
            let sum: u16 = above.iter().chain(below).map(|s| u16::from(*s)).sum();
            ((sum + 2) / 4) as u8
        }));
    }
    half
}

/// Appends the mean absolute difference of each cell; returns that of the picture in 1/256 code
/// values. Without a picture before there is none.
fn changed(before: &[u8], now: &[u8], cells: &mut Vec<u8>) -> u16 {
    if before.len() != now.len() {
        cells.extend([0; CELL_COUNT]);
        return 0;
    }
    let side = HALF.0 / CELLS.0;
    let area = (side * side) as u32;
    let mut total = 0;
    for row in 0..CELLS.1 {
        for column in 0..CELLS.0 {
            let sum: u32 = (row * side..(row + 1) * side)
                .map(|y| {
                    let line = y * HALF.0 + column * side..y * HALF.0 + (column + 1) * side;
                    let pairs = before[line.clone()].iter().zip(&now[line]);
                    pairs.map(|(a, b)| u32::from(a.abs_diff(*b))).sum::<u32>()
                })
                .sum();
            total += sum;
            cells.push((sum * CHANGE_GAIN / area).min(255) as u8);
        }
    }
    (u64::from(total) * 256 / PIXELS as u64) as u16
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

/// Appends the mean step to the neighbours right and below for each cell.
fn edges(luma: &[u8], grid: &mut Vec<u8>) {
    let (width, height) = HALF;
    let side = width / CELLS.0;
    for row in 0..CELLS.1 {
        for column in 0..CELLS.0 {
            let (mut sum, mut steps) = (0, 0);
            for y in row * side..(row + 1) * side {
                for x in column * side..(column + 1) * side {
                    let here = luma[y * width + x];
                    if x + 1 < width {
                        sum += u32::from(here.abs_diff(luma[y * width + x + 1]));
                        steps += 1;
                    }
                    if y + 1 < height {
                        sum += u32::from(here.abs_diff(luma[(y + 1) * width + x]));
                        steps += 1;
                    }
                }
            }
            grid.push((sum * EDGE_GAIN / steps).min(255) as u8);
        }
    }
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
        let mut right = picture(|x, _| if x < 96 { 50 } else { 150 });
        right.planes_mut()[1][..144].fill(200);
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
                &picture(|x, y| 100 + u8::from(y / 2 == 3 && x / 2 % 20 == index % 20)),
                false,
            );
        }
        for index in 0..40_usize {
            // A bar grows by one column every other frame, one code value brighter.
            builder.push(&picture(|x, _| 100 + u8::from(x / 2 < index / 2)), false);
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
        builder.push(&Picture::black(Size::new(384, 216)), false);
        builder.push(&Picture::black(SIZE), false);
        let features = builder.finish();
        assert_eq!(features.distance(0, 1), Some(0.0));
        assert!(features.frames()[1].still);
        assert_eq!((features.step(1), features.distance(0, 9)), (None, None));
    }
}

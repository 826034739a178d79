//! When each place that stands still passes from one side of a bridge to the other.
//!
//! Still places of two clips differ by grain and by what their codecs left, hardly visible. Were
//! all of them blended all the time, nothing would stand still during the bridge, and a blend has
//! less texture than either side. So each place passes in its own turn, in a quarter of the time,
//! and shows one side before and the other after.

use crate::flow::places;

/// Places with a turn of their own along the longer side; turns in between lie between theirs.
const PLACES: usize = 9;
/// Steps of an additive sequence that fills the unit square evenly: the first two inverse powers of
/// the root of x^3 = x + 1 (Roberts: "The unreasonable effectiveness of quasirandom sequences", 2018).
const STEPS: [f32; 2] = [0.754_877_7, 0.569_840_3];
/// Turns between those of places come together in the middle: pulled apart by this they are about as
/// many at any time.
const APART: f32 = 2.0;
/// How much faster than time a place passes.
const FASTER: f32 = 4.0;

/// The turns of a grid.
pub(super) struct Turns {
    columns: usize,
    rows: usize,
    /// Places to a sample of the grid.
    scale: f32,
    /// 0 first, 1 last.
    places: Vec<f32>,
}

impl Turns {
    pub(super) fn new(wide: usize, high: usize) -> Self {
        let scale = (PLACES - 1) as f32 / (wide.max(high).max(2) - 1) as f32;
        let along = |side: usize| ((side.max(1) - 1) as f32 * scale).ceil() as usize + 1;
        let (columns, rows) = (along(wide), along(high));
        let places = (0..columns * rows).map(|place| {
            let (x, y) = ((place % columns) as f32, (place / columns) as f32);
            let turn = (x * STEPS[0] + y * STEPS[1]).fract();
            (turn - 0.5) * APART + 0.5
        });
        Self {
            columns,
            rows,
            scale,
            places: places.collect(),
        }
    }

    /// The share of a place that would be `share` if all passed together.
    pub(super) fn share(&self, x: usize, y: usize, share: f32) -> f32 {
        let (x, y) = (x as f32 * self.scale, y as f32 * self.scale);
        let turn = places::sample(&self.places, self.columns, self.rows, x, y).clamp(0.0, 1.0);
        (share * FASTER - turn * (FASTER - 1.0)).clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDE: usize = 150;
    const HIGH: usize = 84;

    /// The share of every place at a time, row by row.
    fn shares(time: f32) -> Vec<f32> {
        let turns = Turns::new(WIDE, HIGH);
        let places = (0..WIDE * HIGH).map(|place| (place % WIDE, place / WIDE));
        places.map(|(x, y)| turns.share(x, y, time)).collect()
    }

    #[test]
    fn every_place_goes_from_one_side_to_the_other() {
        assert!(shares(0.0).iter().all(|share| *share <= 0.0));
        assert!(shares(1.0).iter().all(|share| *share >= 1.0));
        let rows: Vec<Vec<f32>> = (0..=20).map(|step| shares(step as f32 / 20.0)).collect();
        for pair in rows.windows(2) {
            assert!(pair[0].iter().zip(&pair[1]).all(|(a, b)| a <= b));
        }
        let one = Turns::new(1, 1);
        assert!(one.share(0, 0, 0.0) <= 0.0 && one.share(0, 0, 1.0) >= 1.0);
    }

    #[test]
    fn at_any_time_most_places_show_one_side_alone_and_neighbours_are_alike() {
        for step in 1..9 {
            let shares = shares(step as f32 / 9.0);
            let between = shares.iter().filter(|share| **share > 0.0 && **share < 1.0);
            assert!(between.count() * 100 < shares.len() * 45, "{step}");
            let row = &shares[40 * WIDE..41 * WIDE];
            assert!(
                row.windows(2).all(|pair| (pair[0] - pair[1]).abs() < 0.3),
                "{step}"
            );
        }
    }

    #[test]
    fn as_much_has_passed_as_time() {
        for step in 1..9 {
            let time = step as f32 / 9.0;
            let mean = shares(time).iter().sum::<f32>() / (WIDE * HIGH) as f32;
            assert!((mean - time).abs() < 0.12, "{time}: {mean}");
        }
    }
}

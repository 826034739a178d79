//! A rough picture of a frame for searching among many: 192 bytes, compared by sums of absolute
//! differences, which a processor does sixteen at a time.

use crate::{
    distance,
    features::{CELLS, LUMA},
    joint::View,
};

/// 16 x 9 luma cells and 8 x 3 cells of each chroma.
pub(crate) const BYTES: usize = 16 * 9 + 2 * 8 * 3;

/// A frame, roughly.
pub(crate) type Rough = [u8; BYTES];

/// The two sides of a boundary, roughly: the frame before it and the frame after it, where a
/// clip has none carried on from its neighbours.
#[derive(Clone)]
pub(crate) struct Sides(Box<[Rough; 2]>);

/// The rough picture of a usable frame; flat grey for any other.
pub(crate) fn rough(view: &View, index: usize) -> Rough {
    let mut rough = [128; BYTES];
    let Some(grid) = view.grid(index) else {
        return rough;
    };
    let (luma, rest) = grid.split_at(LUMA.0 * LUMA.1);
    let (u, rest) = rest.split_at(CELLS.0 * CELLS.1);
    let v = &rest[..CELLS.0 * CELLS.1];
    let mut cells = rough.iter_mut();
    for (plane, columns, wide, high) in
        [(luma, LUMA.0, 2, 2), (u, CELLS.0, 2, 3), (v, CELLS.0, 2, 3)]
    {
        let rows = plane.len() / columns;
        for row in (0..rows).step_by(high) {
            for column in (0..columns).step_by(wide) {
                let lines = (row..row + high).map(|y| &plane[y * columns + column..][..wide]);
                let sum: u32 = lines.flatten().map(|sample| u32::from(*sample)).sum();
                let area = (wide * high) as u32;
                if let Some(cell) = cells.next() {
                    *cell = ((sum + area / 2) / area) as u8;
                }
            }
        }
    }
    rough
}

/// The sides of a boundary of a clip.
pub(crate) fn sides(view: &View, boundary: u32) -> Sides {
    let at = boundary as usize;
    let (first, last) = (view.first() as usize, view.until() as usize - 1);
    let known = |index: usize| rough(view, index.clamp(first, last));
    let before = at.checked_sub(1).filter(|index| *index >= first);
    let before = before.map_or_else(|| onward(&known(at + 1), &known(at)), known);
    let after = (at <= last).then(|| known(at));
    let after = after.unwrap_or_else(|| onward(&known(at.saturating_sub(2)), &known(at - 1)));
    Sides(Box::new([before, after]))
}

/// Where the change from `a` to `b` leads next.
fn onward(a: &Rough, b: &Rough) -> Rough {
    std::array::from_fn(|cell| (2 * i16::from(b[cell]) - i16::from(a[cell])).clamp(0, 255) as u8)
}

impl Sides {
    /// Sum of absolute differences: 0 where one boundary could stand for the other.
    pub(crate) fn apart(&self, other: &Self) -> u32 {
        distance::total(&self.0[0], &other.0[0]) + distance::total(&self.0[1], &other.0[1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic;

    #[test]
    fn sides_match_best_where_one_take_was_parted() {
        let take = synthetic::moving(100, 1, 1.0);
        let (head, tail) = (View::new(&take, 0, 40), View::new(&take, 40, 100));
        let end = sides(&head, 40);
        let best = (40..100).min_by_key(|p| end.apart(&sides(&tail, *p)));
        assert_eq!(best, Some(40));
        assert_eq!(end.apart(&end), 0);
    }

    #[test]
    fn a_clip_of_one_frame_has_sides() {
        let take = synthetic::moving(3, 1, 1.0);
        let one = View::new(&take, 1, 2);
        assert_eq!(sides(&one, 1).apart(&sides(&one, 2)), 0);
    }
}

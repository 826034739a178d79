//! Planes between their pixels, bilinear; outside counts as the nearest edge. Of a row of places, where they
//! lie is worked out for all at once, so that only the reading goes place by place.

/// What a packed plane has at a place.
pub(crate) fn sample(plane: &[f32], width: usize, height: usize, x: f32, y: f32) -> f32 {
    let x = x.max(0.0).min((width - 1) as f32);
    let y = y.max(0.0).min((height - 1) as f32);
    let (left, top) = (x as i32 as usize, y as i32 as usize);
    let share = (x - left as f32, y - top as f32);
    between(plane, (width, height), (left, top), share)
}

/// What lies between a pixel and those to its right and below, at these shares of the way.
#[inline(always)]
fn between(
    plane: &[f32],
    (width, height): (usize, usize),
    (left, top): (usize, usize),
    (across, down): (f32, f32),
) -> f32 {
    let right = (left + 1).min(width - 1);
    let line = |y: usize| {
        let row = &plane[y * width..][..width];
        let (a, b) = (row[left], row[right]);
        a + (b - a) * across
    };
    let (above, below) = (line(top), line((top + 1).min(height - 1)));
    above + (below - above) * down
}

/// Places to which a row of pixels has moved, in a picture of a size.
pub(crate) struct Places {
    width: usize,
    height: usize,
    left: Vec<i32>,
    top: Vec<i32>,
    across: Vec<f32>,
    down: Vec<f32>,
}

impl Places {
    /// For rows of a picture that has pixels.
    pub(crate) fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            left: vec![0; width],
            top: vec![0; width],
            across: vec![0.0; width],
            down: vec![0.0; width],
        }
    }

    /// Finds where the pixels of row `y` lie that moved by `u` to the right and by `v` down.
    #[inline(always)]
    pub(crate) fn find(&mut self, y: usize, u: &[f32], v: &[f32]) {
        let (right, bottom) = ((self.width - 1) as f32, (self.height - 1) as f32);
        let columns = self.left.iter_mut().zip(&mut self.across);
        for (x, (u, (left, across))) in u.iter().zip(columns).enumerate() {
            let x = (x as f32 + u).max(0.0).min(right);
            *left = x as i32;
            *across = x - *left as f32;
        }
        let y = y as f32;
        let rows = self.top.iter_mut().zip(&mut self.down);
        for (v, (top, down)) in v.iter().zip(rows) {
            let y = (y + v).max(0.0).min(bottom);
            *top = y as i32;
            *down = y - *top as f32;
        }
    }

    /// What `plane` has at the places that were found.
    #[inline(always)]
    pub(crate) fn read(&self, plane: &[f32], values: &mut [f32]) {
        let size = (self.width, self.height);
        let columns = self.left.iter().zip(&self.across);
        let rows = self.top.iter().zip(&self.down);
        for (value, ((left, across), (top, down))) in values.iter_mut().zip(columns.zip(rows)) {
            let pixel = (*left as usize, *top as usize);
            *value = between(plane, size, pixel, (*across, *down));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::flow::Field;

    proptest! {
        #[test]
        fn a_row_of_places_reads_what_each_place_reads(
            moves in proptest::collection::vec((-9.0_f32..9.0, -9.0_f32..9.0), 1..9),
            rows in 1..5_usize,
            seed in any::<u32>(),
        ) {
            let (u, v): (Vec<f32>, Vec<f32>) = moves.into_iter().unzip();
            let (width, height) = (u.len(), rows);
            let samples = (0..(width * height) as u32).map(|at| (at ^ seed).wrapping_mul(0x9E37_79B1) >> 24);
            let plane: Vec<f32> = samples.map(|sample| sample as f32).collect();
            let field = Field { width, height, u: plane.clone(), v: plane };
            for y in 0..height {
                let (mut places, mut read) = (Places::new(width, height), vec![0.0; width]);
                places.find(y, &u, &v);
                places.read(&field.u, &mut read);
                let each = u.iter().zip(&v).enumerate();
                let each = each.map(|(x, (u, v))| field.at(x as f32 + u, y as f32 + v).0);
                let each: Vec<f32> = each.collect();
                prop_assert_eq!(read, each);
            }
        }
    }
}

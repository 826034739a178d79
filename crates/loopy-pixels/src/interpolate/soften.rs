//! A small blur.

/// Binomial 3x3 mean of packed rows, edges repeated.
#[inline(always)]
pub(super) fn soften(plane: &mut [f32], width: usize) {
    let mut lines = vec![0.0; plane.len()];
    for (line, row) in lines.chunks_exact_mut(width).zip(plane.chunks_exact(width)) {
        let end = width - 1;
        line[0] = (row[0] + row[1.min(end)]) * 0.25 + row[0] * 0.5;
        line[end] = (row[end.saturating_sub(1)] + row[end]) * 0.25 + row[end] * 0.5;
        if width > 2 {
            let beside = row[..width - 2].iter().zip(&row[2..]);
            let around = row[1..end].iter().zip(beside);
            for (sample, (here, (left, right))) in line[1..end].iter_mut().zip(around) {
                *sample = (left + right) * 0.25 + here * 0.5;
            }
        }
    }
    let height = plane.len() / width;
    for (y, row) in plane.chunks_exact_mut(width).enumerate() {
        let line = |y: usize| &lines[y * width..][..width];
        let beside = line(y.saturating_sub(1))
            .iter()
            .zip(line((y + 1).min(height - 1)));
        for ((sample, here), (above, below)) in row.iter_mut().zip(line(y)).zip(beside) {
            *sample = (above + below) * 0.25 + here * 0.5;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_spreads_evenly_and_nothing_is_lost_inside() {
        let mut plane = vec![0.0; 5 * 5];
        plane[12] = 16.0;
        soften(&mut plane, 5);
        assert_eq!(plane[6..9], [1.0, 2.0, 1.0]);
        assert_eq!(plane[11..14], [2.0, 4.0, 2.0]);
        let mut flat = vec![3.0; 6];
        soften(&mut flat, 1);
        assert_eq!(flat, [3.0; 6]);
    }
}

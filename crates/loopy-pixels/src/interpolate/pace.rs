//! When the pictures of a bridge are: at the speeds of the clips on both sides.

/// Slopes up to this keep a cubic between two ends monotone (Fritsch and Carlson, SIAM J. Numer.
/// Anal. 17, 1980, section 3).
const STEEPEST: f32 = 3.0;
/// Slower than this at an end would look like a freeze.
const SLOWEST: f32 = 0.15;
/// Motion shorter than this (pixels of the flow, root of the mean square) has no speed.
const STILL: f64 = 0.05;

/// Times in (0, 1), strictly rising, for `frames` pictures between two others: a cubic Hermite
/// curve whose first and last steps are as near to `speed_before` and `speed_after` as it can be
/// monotone. Speeds are shares of the way per frame; `1 / (frames + 1)` is an even pace, and so
/// is anything that is not a number.
pub(super) fn times(frames: usize, speed_before: f32, speed_after: f32) -> Vec<f32> {
    let steps = (frames + 1) as f32;
    let slope = |speed: f32| {
        let slope = speed * steps;
        if slope.is_nan() {
            1.0
        } else {
            slope.clamp(SLOWEST, STEEPEST)
        }
    };
    let (begin, end) = (slope(speed_before), slope(speed_after));
    (1..=frames)
        .map(|frame| {
            let t = frame as f32 / steps;
            // Hermite from 0 to 1: t, bent by what the slopes differ from one.
            let (square, cube) = (t * t, t * t * t);
            (cube * (begin + end - 2.0) + square * (3.0 - 2.0 * begin - end) + t * begin)
                .clamp(f32::EPSILON, 1.0 - f32::EPSILON)
        })
        .collect()
}

/// How much of `way` one step goes: least squares of its cells on those of the way; `None` where
/// the way is no motion. Backwards counts as standing still.
pub(super) fn speed(step: &[(f32, f32)], way: &[(f32, f32)]) -> Option<f32> {
    let (mut along, mut length) = (0.0_f64, 0.0_f64);
    for ((su, sv), (wu, wv)) in step.iter().zip(way) {
        along += f64::from(su * wu + sv * wv);
        length += f64::from(wu * wu + wv * wv);
    }
    let least = STILL * STILL * way.len() as f64;
    (length > least).then(|| (along / length).max(0.0) as f32)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn times_rise_inside_the_gap(frames in 0_usize..40, before in -1.0_f32..4.0, after: f32) {
            let times = times(frames, before, after);
            prop_assert_eq!(times.len(), frames);
            prop_assert!(times.iter().all(|t| *t > 0.0 && *t < 1.0));
            prop_assert!(times.windows(2).all(|pair| pair[0] < pair[1]), "{:?}", times);
        }
    }

    #[test]
    fn equal_speeds_at_the_even_pace_are_even() {
        for (index, t) in times(4, 0.2, 0.2).into_iter().enumerate() {
            assert!((t - 0.2 * (index + 1) as f32).abs() < 1e-6);
        }
    }

    #[test]
    fn a_bridge_eases_from_a_fast_side_to_a_slow_one() {
        let times = times(9, 0.2, 0.03);
        assert!(times[0] > 0.15, "{times:?}");
        assert!(1.0 - times[8] < 0.06, "{times:?}");
    }

    #[test]
    fn speed_is_the_share_of_the_way() {
        let way = [(4.0, 0.0), (0.0, -8.0)];
        assert_eq!(speed(&[(1.0, 0.0), (0.0, -2.0)], &way), Some(0.25));
        assert_eq!(speed(&[(-1.0, 0.0), (0.0, 2.0)], &way), Some(0.0));
        assert_eq!(speed(&way, &[(0.0, 0.0); 2]), None);
    }
}

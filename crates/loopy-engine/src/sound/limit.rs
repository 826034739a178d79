//! A guarantee, not an effect: no sample leaves beyond -0.1 dBFS.
//!
//! Sums of fading sounds can exceed full scale for an instant. Up to [`KNEE`] samples pass
//! untouched, to the bit. Above it the curve `CEILING - d² / (|x| - KNEE + d)` with
//! `d = CEILING - KNEE` goes on with the same slope and nears, but never passes, [`CEILING`];
//! full scale itself comes down by 0.2 dB. Each sample is bent by itself: no look-ahead and no
//! memory, so nothing around it changes.

/// -0.5 dBFS: below this nothing changes.
const KNEE: f32 = 0.944_060_9;

/// -0.1 dBFS: nothing passes this.
const CEILING: f32 = 0.988_553_1;

/// Bends what is beyond the knee.
pub(super) fn apply(samples: &mut [f32]) {
    for sample in samples {
        let size = sample.abs();
        if size <= KNEE {
            continue;
        }
        let depth = CEILING - KNEE;
        let bent = CEILING - depth * depth / (size - KNEE + depth);
        // Sums of absurd samples can end as NaN; `max` turns that into silence.
        *sample = bent.max(0.0).copysign(*sample);
    }
}

#[cfg(test)]
#[expect(
    clippy::float_cmp,
    reason = "what passes untouched is equal to the bit"
)]
mod tests {
    use super::*;

    fn limited(sample: f32) -> f32 {
        let mut one = [sample];
        apply(&mut one);
        one[0]
    }

    #[test]
    fn nothing_below_the_knee_changes_and_nothing_passes_the_ceiling() {
        for step in 0..=40_000_u16 {
            let sample = f32::from(step) / 10_000.0;
            let out = limited(sample);
            assert_eq!(limited(-sample), -out);
            assert!(out <= CEILING);
            if sample <= KNEE {
                assert_eq!(out, sample);
            } else {
                assert!(out > KNEE && out < sample);
            }
        }
        assert!((limited(f32::INFINITY) - CEILING).abs() < 1e-6);
        assert!(limited(f32::NAN).abs() < f32::MIN_POSITIVE);
        assert!((20.0 * limited(1.0).log10()).abs() < 0.35);
    }

    #[test]
    fn the_curve_rises_smoothly() {
        let step = 1e-4;
        let mut slope_before = 1.0;
        let mut x = KNEE - 10.0 * step;
        while x < 2.0 {
            let slope = (limited(x + step) - limited(x)) / step;
            assert!((-0.01..=1.01).contains(&slope));
            assert!(
                (slope - slope_before).abs() < 0.02,
                "{slope_before} to {slope} at {x}"
            );
            slope_before = slope;
            x += step;
        }
    }
}

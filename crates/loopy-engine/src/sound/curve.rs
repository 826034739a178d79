//! Fade curves, and the law by which two sounds share a crossfade.
//!
//! The power share rises as the smoothstep `x²(3 - 2x)`, so that the amplitudes are
//! `x·√(3 - 2x)` and its mirror image: within 0.9 dB of the usual sine and cosine, powers sum to
//! one everywhere, both ends are gentle, and it takes only operations that IEEE 754 rounds the
//! same way on every machine.
//!
//! Equal power is right for sounds that have nothing to do with each other. Alike sounds (room
//! tone, a hum, the same take) add up in amplitude and would swell by up to 3 dB, so the two
//! sides of each joint are compared once and both gains are lowered by what the likeness adds.
//! For a sound that continues into itself the result is exactly that sound.

/// Amplitude of a sound that fades in, at `x` of 0..=1 of the fade.
pub(super) fn rise(x: f32) -> f32 {
    x * (3.0 - 2.0 * x).sqrt()
}

/// Amplitude of a sound that fades out, at `x` of 0..=1 of the fade.
pub(super) fn fall(x: f32) -> f32 {
    rise(1.0 - x)
}

/// How the sound that leaves and the sound that comes relate over one crossfade.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Law {
    /// Energy of the sound that leaves.
    out: f64,
    /// Energy of the sound that comes.
    into: f64,
    /// What they have in common: the sum of their products.
    common: f64,
}

impl Law {
    /// Takes in the next samples of both sounds, as loud as they will be played.
    pub(super) fn add(&mut self, out: &[f32], into: &[f32]) {
        for (&a, &b) in out.iter().zip(into) {
            let (a, b) = (f64::from(a), f64::from(b));
            self.out += a * a;
            self.into += b * b;
            self.common += a * b;
        }
    }

    /// Gains of the sound that leaves and of the sound that comes, at `x` of 0..=1.
    pub(super) fn gains(&self, x: f32) -> (f32, f32) {
        let (a, b) = (fall(x), rise(x));
        // Opposed sounds would need a boost, which can clip; their dip is short and stays.
        if self.common <= 0.0 {
            return (a, b);
        }
        let (wide_a, wide_b) = (f64::from(a), f64::from(b));
        let apart = wide_a * wide_a * self.out + wide_b * wide_b * self.into;
        let together = 2.0 * wide_a * wide_b * self.common;
        let scale = (apart / (apart + together)).sqrt() as f32;
        (a * scale, b * scale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps() -> impl Iterator<Item = f32> {
        (0..=1000_u16).map(|step| f32::from(step) / 1000.0)
    }

    #[test]
    fn powers_sum_to_one_and_the_ends_are_whole() {
        for x in steps() {
            let power = rise(x).powi(2) + fall(x).powi(2);
            assert!((power - 1.0).abs() < 1e-5, "{power} at {x}");
        }
        assert_eq!((rise(0.0), rise(1.0)), (0.0, 1.0));
        assert_eq!((fall(0.0), fall(1.0)), (1.0, 0.0));
    }

    #[test]
    fn the_curve_is_close_to_a_sine() {
        for x in steps() {
            let sine = (x * std::f32::consts::FRAC_PI_2).sin();
            assert!((rise(x) - sine).abs() < 0.04);
            assert!(x < 0.02 || (20.0 * (rise(x) / sine).log10()).abs() < 0.9);
        }
    }

    #[test]
    fn a_sound_that_continues_into_itself_keeps_its_level() {
        let sound: Vec<f32> = (0..500_u16).map(|n| (f32::from(n) * 0.1).sin()).collect();
        let mut law = Law::default();
        law.add(&sound, &sound);
        for x in steps() {
            let (a, b) = law.gains(x);
            assert!((a + b - 1.0).abs() < 1e-6, "{} at {x}", a + b);
        }
    }

    #[test]
    fn unlike_and_opposed_sounds_keep_equal_power() {
        let (up, down) = ([1.0, 0.0, 1.0, 0.0], [0.0, 1.0, 0.0, 1.0]);
        let opposed: Vec<f32> = up.iter().map(|sample| -sample).collect();
        for other in [&down[..], &opposed] {
            let mut law = Law::default();
            law.add(&up, other);
            for x in steps() {
                assert_eq!(law.gains(x), (fall(x), rise(x)));
            }
        }
    }
}

//! How far two pictures are apart: PSNR, SSIM and mean absolute difference.

use loopy_core::Frame;

/// Side of an SSIM window in pixels; windows overlap by half.
const WINDOW: usize = 8;
const STRIDE: usize = WINDOW / 2;

/// Peak signal-to-noise ratio of the luma planes in dB (peak 255); infinite when they are equal.
///
/// # Panics
/// When the pictures differ in size.
pub fn psnr_luma(a: &Frame, b: &Frame) -> f64 {
    assert_eq!(a.size(), b.size(), "measured pictures have one size");
    let ([a, ..], [b, ..]) = (a.planes(), b.planes());
    let errors: u64 = a
        .chunks(4096)
        .zip(b.chunks(4096))
        .map(|(a, b)| u64::from(squared_error(a, b)))
        .sum();
    if errors == 0 {
        return f64::INFINITY;
    }
    let mean = errors as f64 / a.len() as f64;
    10.0 * (255.0 * 255.0 / mean).log10()
}

/// Of at most 66,000 samples: their sum fits.
fn squared_error(a: &[u8], b: &[u8]) -> u32 {
    a.iter()
        .zip(b)
        .map(|(a, b)| u32::from(a.abs_diff(*b)).pow(2))
        .sum()
}

/// Mean absolute difference over the samples of all planes, in code values (0 to 255).
///
/// # Panics
/// When the pictures differ in size.
pub fn mean_abs(a: &Frame, b: &Frame) -> f64 {
    assert_eq!(a.size(), b.size(), "measured pictures have one size");
    let sum: u64 = a
        .data()
        .chunks(4096)
        .zip(b.data().chunks(4096))
        .map(|(a, b)| {
            let part: u32 = a
                .iter()
                .zip(b)
                .map(|(a, b)| u32::from(a.abs_diff(*b)))
                .sum();
            u64::from(part)
        })
        .sum();
    sum as f64 / a.data().len() as f64
}

/// Structural similarity of the luma planes after Wang et al. 2004, averaged over 8x8 windows
/// that overlap by half; 1 when equal. A picture smaller than a window is one window.
///
/// # Panics
/// When the pictures differ in size.
pub fn ssim_luma(a: &Frame, b: &Frame) -> f64 {
    assert_eq!(a.size(), b.size(), "measured pictures have one size");
    let (width, height) = (a.size().width as usize, a.size().height as usize);
    let ([a, ..], [b, ..]) = (a.planes(), b.planes());
    let (wide, high) = (width.min(WINDOW), height.min(WINDOW));
    let mut sum = 0.0;
    let mut windows = 0_u64;
    for top in (0..=height - high).step_by(STRIDE) {
        for left in (0..=width - wide).step_by(STRIDE) {
            let mut moments = Moments::default();
            for row in top..top + high {
                let at = row * width + left;
                moments.add(&a[at..at + wide], &b[at..at + wide]);
            }
            sum += moments.similarity((wide * high) as f64);
            windows += 1;
        }
    }
    sum / windows as f64
}

/// Sums over one window, exact in integers.
#[derive(Default)]
struct Moments {
    a: u32,
    b: u32,
    aa: u32,
    bb: u32,
    ab: u32,
}

impl Moments {
    fn add(&mut self, a: &[u8], b: &[u8]) {
        for (a, b) in a.iter().zip(b) {
            let (a, b) = (u32::from(*a), u32::from(*b));
            self.a += a;
            self.b += b;
            self.aa += a * a;
            self.bb += b * b;
            self.ab += a * b;
        }
    }

    fn similarity(&self, samples: f64) -> f64 {
        const C1: f64 = (0.01 * 255.0) * (0.01 * 255.0);
        const C2: f64 = (0.03 * 255.0) * (0.03 * 255.0);
        let mean_a = f64::from(self.a) / samples;
        let mean_b = f64::from(self.b) / samples;
        let central =
            |sum: u32, x: f64, y: f64| (f64::from(sum) - samples * x * y) / (samples - 1.0);
        let variance_a = central(self.aa, mean_a, mean_a);
        let variance_b = central(self.bb, mean_b, mean_b);
        let covariance = central(self.ab, mean_a, mean_b);
        (2.0 * mean_a * mean_b + C1) * (2.0 * covariance + C2)
            / ((mean_a * mean_a + mean_b * mean_b + C1) * (variance_a + variance_b + C2))
    }
}

#[cfg(test)]
mod tests {
    use loopy_core::Size;

    use super::*;

    fn picture(value: impl Fn(u32, u32) -> u8) -> Frame {
        let mut frame = Frame::black(Size::new(42, 30));
        let [luma, ..] = frame.planes_mut();
        for (index, sample) in luma.iter_mut().enumerate() {
            *sample = value(index as u32 % 42, index as u32 / 42);
        }
        frame
    }

    fn texture() -> Frame {
        picture(|x, y| (100 + (x * 37 + y * 91) % 61) as u8)
    }

    #[test]
    fn equal_pictures_are_equal_by_every_measure() {
        let a = texture();
        assert!(psnr_luma(&a, &a).is_infinite());
        assert!((ssim_luma(&a, &a) - 1.0).abs() < 1e-12);
        assert!(mean_abs(&a, &a) == 0.0);
    }

    #[test]
    fn a_known_error_has_its_known_psnr_and_mean() {
        let a = texture();
        let b = picture(|x, y| a.data()[(y * 42 + x) as usize] + 5);
        let wanted = 10.0 * (255.0_f64 * 255.0 / 25.0).log10();
        assert!((psnr_luma(&a, &b) - wanted).abs() < 1e-9);
        // Chroma is equal and a third of the samples.
        assert!((mean_abs(&a, &b) - 5.0 * 2.0 / 3.0).abs() < 1e-9);
    }

    #[test]
    fn ssim_forgives_light_more_than_lost_structure() {
        let a = texture();
        let brighter = picture(|x, y| a.data()[(y * 42 + x) as usize] + 10);
        let flat = picture(|_, _| 130);
        let inverted = picture(|x, y| 255 - a.data()[(y * 42 + x) as usize]);
        let light = ssim_luma(&a, &brighter);
        let blank = ssim_luma(&a, &flat);
        let inverse = ssim_luma(&a, &inverted);
        assert!(light > 0.97, "{light}");
        assert!(blank < 0.3, "{blank}");
        assert!(inverse < -0.5, "{inverse}");
        assert!((ssim_luma(&flat, &a) - blank).abs() < 1e-12, "symmetric");
    }

    #[test]
    fn a_picture_smaller_than_a_window_is_one_window() {
        let a = Frame::black(Size::new(2, 4));
        let mut b = a.clone();
        b.planes_mut()[0].fill(60);
        assert!((ssim_luma(&a, &a) - 1.0).abs() < 1e-12);
        assert!(ssim_luma(&a, &b) < 0.6);
    }
}

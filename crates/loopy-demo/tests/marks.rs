//! Marks survive what video does to pictures, and are refused where they are not certain.

use loopy_core::{Frame, Size};
use loopy_demo::{mark, truth};
use proptest::prelude::*;

/// Luma after a 3x3 box blur, noise of `amount` code values, and a squeeze of the range.
fn worn(frame: &Frame, amount: i32, seed: u32) -> Frame {
    let (width, height) = (frame.size().width as usize, frame.size().height as usize);
    let [luma, ..] = frame.planes();
    let mut out = frame.clone();
    let mut state = seed | 1;
    for y in 0..height {
        for x in 0..width {
            let (mut sum, mut count) = (0, 0);
            for row in y.saturating_sub(1)..(y + 2).min(height) {
                for column in x.saturating_sub(1)..(x + 2).min(width) {
                    sum += i32::from(luma[row * width + column]);
                    count += 1;
                }
            }
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = (state >> 16) as i32 % (2 * amount + 1) - amount;
            out.data_mut()[y * width + x] =
                ((sum / count) * 9 / 10 + 12 + noise).clamp(0, 255) as u8;
        }
    }
    out
}

/// Luma at half size, four pixels to one.
fn halved(frame: &Frame) -> Frame {
    let stride = frame.stride();
    let [luma, ..] = frame.planes();
    let mut small = Frame::black(Size::new(frame.size().width / 2, frame.size().height / 2));
    let size = small.size();
    for y in 0..size.height as usize {
        for x in 0..size.width as usize {
            let sum: u32 = [0, 1, stride, stride + 1]
                .map(|step| u32::from(luma[2 * y * stride + 2 * x + step]))
                .iter()
                .sum();
            small.data_mut()[y * size.width as usize + x] = (sum / 4) as u8;
        }
    }
    small
}

fn mixed(a: &Frame, b: &Frame, share: u32) -> Frame {
    let mut out = a.clone();
    let data: Vec<u8> = a
        .data()
        .iter()
        .zip(b.data())
        .map(|(a, b)| ((u32::from(*a) * (100 - share) + u32::from(*b) * share) / 100) as u8)
        .collect();
    out.data_mut().copy_from_slice(&data);
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_number_reads_back_at_any_size(
        clip: u16, frame: u32, width in 80u32..700, height in 80u32..500,
    ) {
        let size = Size::new(width.max(160), height.max(90)).even();
        let mut picture = Frame::black(size);
        mark::stamp(&mut picture, clip, frame);
        prop_assert_eq!(mark::read(&picture), Some((clip, frame)));
    }

    #[test]
    fn blur_and_noise_do_not_matter(clip: u16, frame: u32, seed: u32, amount in 0i32..30) {
        let picture = truth::plain(clip, frame, Size::new(320, 180));
        prop_assert_eq!(mark::read(&worn(&picture, amount, seed)), Some((clip, frame)));
    }

    #[test]
    fn half_size_still_reads(clip: u16, frame: u32, seed: u32) {
        let picture = truth::plain(clip, frame, Size::new(320, 180));
        let small = worn(&halved(&picture), 6, seed);
        prop_assert_eq!(mark::read(&small), Some((clip, frame)));
    }

    #[test]
    fn a_blend_of_two_frames_is_no_frame(clip: u16, frame: u32, share in 40u32..=60) {
        let size = Size::new(320, 180);
        let a = truth::plain(clip, frame, size);
        let b = truth::plain(clip, frame.wrapping_add(1), size);
        prop_assert_eq!(mark::read(&mixed(&a, &b, share)), None);
    }

    #[test]
    fn a_wrong_cell_is_noticed(clip: u16, frame: u32, cell in 2u32..34, row in 0usize..2) {
        let mut picture = Frame::black(Size::new(360, 180));
        mark::stamp(&mut picture, clip, frame);
        let from = cell as usize * 10;
        for y in 160 + row * 10..170 + row * 10 {
            for value in &mut picture.data_mut()[y * 360 + from..][..10] {
                *value = 16 + 235 - *value;
            }
        }
        prop_assert_eq!(mark::read(&picture), None);
    }

    #[test]
    fn a_picture_without_marks_reads_as_none(seed: u32) {
        let mut state = seed | 1;
        let mut picture = Frame::black(Size::new(160, 90));
        for (n, value) in picture.data_mut().iter_mut().enumerate() {
            // Blotches as large as cells, so that thresholds alone do not refuse them.
            if n % 4 == 0 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            }
            *value = if state >> 31 == 0 { 16 } else { 235 };
        }
        prop_assert_eq!(mark::read(&picture), None);
    }
}

#[test]
fn large_and_tall_pictures_read_back() {
    for size in ["4k", "9:16", "square", "ultrawide", "360p", "160x90"] {
        let picture = truth::plain(65_535, u32::MAX, size.parse().unwrap());
        assert_eq!(mark::read(&picture), Some((65_535, u32::MAX)), "{size}");
    }
}

#[test]
fn a_picture_between_bars_reads_where_it_lies() {
    let source = Size::new(320, 180);
    let picture = truth::plain(7, 123, source);
    for frame in [
        Size::new(320, 320),
        Size::new(480, 180),
        Size::new(322, 184),
    ] {
        let area = mark::Area::padded(source, frame);
        let mut padded = Frame::black(frame);
        for y in 0..180 {
            let to = (y + area.y as usize) * padded.stride() + area.x as usize;
            padded.data_mut()[to..][..320].copy_from_slice(&picture.data()[y * 320..][..320]);
        }
        assert_eq!(
            mark::read_in(&padded, source, area),
            Some((7, 123)),
            "{frame}"
        );
    }
}

#[test]
fn plain_pictures_move_and_differ() {
    let size = Size::new(160, 90);
    let [a, b, other] = [(1, 0), (1, 1), (2, 0)].map(|(clip, n)| truth::plain(clip, n, size));
    let top = |frame: &Frame| frame.data()[..160 * 60].to_vec();
    assert_ne!(top(&a), top(&b));
    assert_ne!(a.planes()[1], other.planes()[1]);
    assert_eq!(a, truth::plain(1, 0, size));
}

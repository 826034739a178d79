//! Mixing two pictures, and the dissolve built from it.

mod contrast;

use loopy_core::Frame;

/// Share of the second picture at which a mix shows nothing else.
pub const WHOLE: u16 = 256;

/// Mixes two pictures of equal size sample by sample, rounded to the nearest code value.
///
/// `share_of_b` counts 1/256: 0 gives `a`, 256 gives `b`; more counts as 256.
///
/// # Panics
/// When the three pictures differ in size.
pub fn mix(a: &Frame, b: &Frame, share_of_b: u16, out: &mut Frame) {
    assert_eq!(a.size(), b.size(), "mixed pictures have one size");
    assert_eq!(a.size(), out.size(), "a mix has the size of its sources");
    let b_share = share_of_b.min(WHOLE);
    let a_share = WHOLE - b_share;
    let sources = a.data().iter().zip(b.data());
    for (mixed, (a, b)) in out.data_mut().iter_mut().zip(sources) {
        // At most 255 * 256 + 128: sixteen bits hold it, so that a register holds many.
        *mixed = ((u16::from(*a) * a_share + u16::from(*b) * b_share + WHOLE / 2) >> 8) as u8;
    }
}

/// Dissolves from `tail` to `head`, frame by frame: with n frames on both sides, frame i shows
/// (i + 1) / (n + 1) of `head`, so that the steps from the frame before and to the frame after
/// are as large as those inside. Textures that differ keep their contrast. Where one side is longer,
/// its surplus stays unused: at the end of `tail`, at the beginning of `head`.
///
/// # Panics
/// When the pictures differ in size.
pub fn dissolve(tail: &[Frame], head: &[Frame]) -> Vec<Frame> {
    let frames = tail.len().min(head.len());
    let head = &head[head.len() - frames..];
    tail.iter()
        .zip(head)
        .enumerate()
        .map(|(index, (a, b))| {
            let mut out = Frame::black(a.size());
            let share = share(index + 1, frames + 1);
            mix(a, b, share, &mut out);
            contrast::keep(a, b, f32::from(share) / f32::from(WHOLE), &mut out);
            out
        })
        .collect()
}

/// `part / of` in 1/256, rounded to the nearest.
fn share(part: usize, of: usize) -> u16 {
    ((part * usize::from(WHOLE) * 2 + of) / (of * 2)) as u16
}

#[cfg(test)]
mod tests {
    use loopy_core::Size;
    use proptest::prelude::*;

    use super::*;

    fn flat(value: u8) -> Frame {
        let mut frame = Frame::black(Size::new(6, 4));
        frame.data_mut().fill(value);
        frame
    }

    proptest! {
        #[test]
        fn a_mix_is_the_rounded_weighted_mean(a: u8, b: u8, share in 0_u16..=256) {
            let mut out = flat(0);
            mix(&flat(a), &flat(b), share, &mut out);
            let exact = f64::from(a) + (f64::from(b) - f64::from(a)) * f64::from(share) / 256.0;
            let wanted = (exact + 0.5).floor() as u8;
            prop_assert!(out.data().iter().all(|sample| *sample == wanted), "{exact}");
        }
    }

    #[test]
    fn the_ends_of_a_mix_are_its_sources_untouched() {
        let mut out = flat(0);
        for (share, wanted) in [(0, 17), (256, 250), (u16::MAX, 250)] {
            mix(&flat(17), &flat(250), share, &mut out);
            assert_eq!(out, flat(wanted));
        }
    }

    #[test]
    fn a_dissolve_steps_evenly_from_its_tail_into_its_head() {
        for frames in 1..=30 {
            let mixed = dissolve(&vec![flat(20); frames], &vec![flat(220); frames]);
            assert_eq!(mixed.len(), frames);
            let mut levels = vec![20.0];
            levels.extend(mixed.iter().map(|frame| f64::from(frame.data()[0])));
            levels.push(220.0);
            let even = 200.0 / (frames + 1) as f64;
            for pair in levels.windows(2) {
                assert!(
                    (pair[1] - pair[0] - even).abs() <= 1.9,
                    "{frames}: {levels:?}"
                );
            }
        }
    }

    #[test]
    fn a_dissolve_of_uneven_sides_uses_the_frames_next_to_the_joint() {
        let tail = [flat(0), flat(90), flat(200)];
        let head = [flat(255), flat(30)];
        let mixed = dissolve(&tail, &head);
        let levels: Vec<u8> = mixed.iter().map(|frame| frame.data()[0]).collect();
        assert_eq!(levels, [85, 50]);
        assert!(dissolve(&[], &head).is_empty());
    }
}

//! A clip's light and colour correction on its pictures.
//!
//! Luma goes through one table. The chroma gain does too; how much of the chroma offset counts is
//! read from the luma above the sample, so that black stays black in every hue.

use loopy_core::{
    Frame,
    frame::Area,
    grade::{BLACK, FULL, Grade, Line, STEPS, UNITY},
};

const WHITE: i32 = 235;
const NO_COLOUR: i32 = 128;
/// Tables of chroma are in 1/16 code values.
const FINE: i32 = STEPS as i32;

/// A grade made ready for many pictures.
#[derive(Clone)]
pub struct Grader {
    luma: [u8; 256],
    /// Gained chroma in 1/16 code values: U, V.
    chroma: [[i16; 256]; 2],
    /// Offset of chroma in 1/16 code values by the luma above it: U, V.
    tint: [[i16; 256]; 2],
}

impl std::fmt::Debug for Grader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Grader")
    }
}

impl Grader {
    /// Tables for `grade`; `None` when it changes nothing.
    pub fn new(grade: Grade) -> Option<Self> {
        (!grade.is_identity()).then(|| Self {
            luma: std::array::from_fn(|value| luma(value as i32, grade.luma)),
            chroma: [grade.u, grade.v].map(|line| std::array::from_fn(|value| gained(value, line))),
            tint: [grade.u, grade.v]
                .map(|line| std::array::from_fn(|value| share(value as i32, line.offset) as i16)),
        })
    }

    /// Corrects the pixels of `frame` inside `area`; those outside stay as they are. What of
    /// `area` lies outside the frame is ignored.
    pub fn apply(&self, frame: &mut Frame, area: Area) {
        let size = frame.size();
        let wide = size.width as usize;
        let left = (area.left as usize).min(wide) & !1;
        let right = (left + area.size.width as usize).min(wide) & !1;
        let top = area.top.min(size.height) as usize & !1;
        let bottom = (top + area.size.height as usize).min(size.height as usize) & !1;
        let [y, u, v] = frame.planes_mut();
        let pairs = y.chunks_exact_mut(2 * wide);
        let chroma = u
            .chunks_exact_mut(wide / 2)
            .zip(v.chunks_exact_mut(wide / 2));
        let rows = pairs.zip(chroma).take(bottom / 2).skip(top / 2);
        for (pair, (u, v)) in rows {
            let (upper, lower) = pair.split_at_mut(wide);
            let (upper, lower) = (&mut upper[left..right], &mut lower[left..right]);
            let (u, v) = (&mut u[left / 2..right / 2], &mut v[left / 2..right / 2]);
            let squares = upper.chunks_exact(2).zip(lower.chunks_exact(2));
            for ((upper, lower), (u, v)) in squares.zip(u.iter_mut().zip(v)) {
                let sum = [upper[0], upper[1], lower[0], lower[1]].map(u16::from);
                let above = usize::from((sum.iter().sum::<u16>() + 2) / 4);
                for (channel, sample) in [u, v].into_iter().enumerate() {
                    let value = i32::from(self.chroma[channel][usize::from(*sample)])
                        + i32::from(self.tint[channel][above]);
                    *sample = kept(i32::from(*sample), (value + FINE / 2) >> 4, 16, 240);
                }
            }
            for sample in upper.iter_mut().chain(lower) {
                *sample = self.luma[usize::from(*sample)];
            }
        }
    }
}

/// `offset` as far as it counts at this luma.
fn share(luma: i32, offset: i16) -> i32 {
    let (black, full) = (i32::from(BLACK), i32::from(FULL));
    i32::from(offset) * (luma.clamp(black, full) - black) / (full - black)
}

fn luma(value: i32, line: Line) -> u8 {
    let black = i32::from(BLACK);
    let unity = i32::from(UNITY);
    let gained = (value - black) * i32::from(line.gain) * FINE;
    let sum = gained + share(value, line.offset) * unity;
    let rounded = (sum + unity * FINE / 2).div_euclid(unity * FINE);
    kept(value, rounded + black, black, WHITE)
}

fn gained(value: usize, line: Line) -> i16 {
    let unity = i32::from(UNITY);
    let away = (value as i32 - NO_COLOUR) * i32::from(line.gain) * FINE;
    let rounded = (away + unity / 2).div_euclid(unity) + NO_COLOUR * FINE;
    rounded.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16
}

/// `after` within the range of video, or as far outside as the sample was before.
fn kept(before: i32, after: i32, lowest: i32, highest: i32) -> u8 {
    after.clamp(before.min(lowest), before.max(highest)) as u8
}

#[cfg(test)]
mod tests {
    use loopy_core::Size;
    use proptest::prelude::*;

    use super::*;

    fn whole(size: Size) -> Area {
        Area {
            left: 0,
            top: 0,
            size,
        }
    }

    /// Every luma in columns, one chroma everywhere.
    fn ramp(u: u8, v: u8) -> Frame {
        let mut frame = Frame::black(Size::new(512, 2));
        let [y, us, vs] = frame.planes_mut();
        for (at, luma) in y.iter_mut().enumerate() {
            *luma = (at % 512 / 2) as u8;
        }
        us.fill(u);
        vs.fill(v);
        frame
    }

    fn line(gain: u16, offset: i16) -> Line {
        Line { gain, offset }
    }

    #[test]
    fn the_identity_needs_no_grader() {
        assert!(Grader::new(Grade::default()).is_none());
    }

    #[test]
    fn light_is_gained_from_black_and_offset_above_the_shadows() {
        let grade = Grade {
            luma: line(4506, 5 * 16),
            u: line(UNITY, -3 * 16),
            v: line(4506, 0),
        };
        let mut frame = ramp(128, 148);
        let size = frame.size();
        Grader::new(grade).unwrap().apply(&mut frame, whole(size));
        let [y, u, v] = frame.planes();
        assert_eq!((y[2 * 16], u[16], v[16]), (16, 128, 150));
        assert_eq!((y[2 * 116], u[116]), (131, 125));
        assert_eq!((y[2 * 32], u[32]), (36, 127));
        // White is not pushed out of the range; what lay outside stays.
        assert_eq!((y[2 * 235], y[2 * 250], y[2 * 3]), (235, 250, 3));
    }

    #[test]
    fn bars_around_the_picture_stay() {
        let size = Size::new(16, 12);
        let mut frame = Frame::from_planes(size, vec![90; 16 * 12 * 3 / 2]).unwrap();
        let area = Area {
            left: 4,
            top: 2,
            size: Size::new(8, 6),
        };
        let grade = Grade {
            luma: line(UNITY, 80),
            u: line(UNITY, 80),
            v: line(UNITY, 80),
        };
        Grader::new(grade).unwrap().apply(&mut frame, area);
        let [y, u, v] = frame.planes();
        for (at, luma) in y.iter().enumerate() {
            let inside = (4..12).contains(&(at % 16)) && (2..8).contains(&(at / 16));
            assert_eq!(*luma, if inside { 95 } else { 90 });
        }
        for (at, (u, v)) in u.iter().zip(v).enumerate() {
            let inside = (2..6).contains(&(at % 8)) && (1..4).contains(&(at / 8));
            assert_eq!((*u, *v), if inside { (95, 95) } else { (90, 90) });
        }
    }

    proptest! {
        #[test]
        fn order_is_kept_and_nothing_leaves_the_range(
            gain in 3600_u16..4600, offset in -160_i16..=160, u: u8, v: u8,
            // Any other gain must not panic either.
            wild: u16,
        ) {
            let grade = Grade {
                luma: line(gain, offset), u: line(wild, offset), v: line(gain, -offset),
            };
            if let Some(grader) = Grader::new(grade) {
                let mut frame = ramp(u, v);
                let size = frame.size();
                grader.apply(&mut frame, whole(size));
                prop_assert!(grader.luma.is_sorted());
                for (before, after) in grader.luma.iter().enumerate() {
                    prop_assert!(*after >= 16.min(before as u8) && *after <= 235.max(before as u8));
                }
            }
        }
    }
}

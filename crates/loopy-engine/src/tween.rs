//! Pictures between two frames of a source, for an output of another frame rate.

use std::path::Path;

use loopy_core::{
    Frame,
    clip::show,
    clock::Mode,
    ladder::{Environment, Fault, Ladder, Move, Rung},
    ledger::Entry,
};
use loopy_pixels::{blend, flow::Effort, interpolate::Between};

/// Share of the pixels whose motion is not confirmed by the way back, above which the two frames
/// are of different shots. Frames in a row have 0.07 at most, flashing lights apart; joins of
/// other clips have more than 0.8, joins within a scene some of both.
const UNSURE: f32 = 0.4;
/// Difference in code values that motion leaves between the frames, above which it is none.
const LEFT: f32 = 10.0;
const WHOLE: u8 = 255;

/// Draws pictures between frames, one pair after the other.
pub(crate) struct Tween {
    mode: Mode,
    /// First frame of the pair that is drawn between, and how.
    way: Option<(u32, Way)>,
    drawn: Option<Frame>,
    /// Pairs without motion between them.
    broken: u32,
    /// Why the first of them has none.
    why: Option<String>,
}

enum Way {
    Motion(Box<Between>),
    Nearer,
}

impl Tween {
    pub(crate) fn new(mode: Mode) -> Self {
        Self {
            mode,
            way: None,
            drawn: None,
            broken: 0,
            why: None,
        }
    }

    /// The picture `share` of the way, in 1/256, from frame number `frame` to the one after it.
    pub(crate) fn show<'a>(
        &'a mut self,
        frame: u32,
        [a, b]: [&'a Frame; 2],
        share: u8,
    ) -> &'a Frame {
        match (self.mode, share) {
            (_, 0) | (Mode::Duplicate, _) => a,
            (Mode::Blend, share) => {
                let mixed = self.drawn.get_or_insert_with(|| Frame::black(a.size()));
                blend::mix(a, b, u16::from(share), mixed);
                mixed
            }
            (Mode::Motion, share) => {
                if self.way.as_ref().is_none_or(|(known, _)| *known != frame) {
                    self.way = Some((frame, self.look(a, b)));
                }
                match &self.way {
                    Some((_, Way::Motion(between))) => {
                        self.drawn.insert(between.at(f32::from(share) / 256.0))
                    }
                    _ if share <= WHOLE / 2 => a,
                    _ => b,
                }
            }
        }
    }

    /// How the pictures between two frames are made.
    fn look(&mut self, a: &Frame, b: &Frame) -> Way {
        let why = match Between::new(a, b, Effort::Medium) {
            Ok(between) => {
                let motion = between.motion();
                if motion.unreliable <= UNSURE && motion.residual <= LEFT {
                    return Way::Motion(Box::new(between));
                }
                format!(
                    "frames of it have no motion between them ({:.0} % of the picture is not found \
                     again)",
                    motion.unreliable * 100.0
                )
            }
            Err(error) => error.to_string(),
        };
        self.broken += 1;
        self.why.get_or_insert(why);
        Way::Nearer
    }

    /// What could not be drawn of the clip at `path`.
    pub(crate) fn fallback(&self, path: &Path) -> Option<Entry> {
        let why = self.why.clone()?;
        let name = path.file_name().unwrap_or(path.as_os_str());
        let what = format!("pictures between frames of {}", show(Path::new(name)));
        let rung = |name: &str, fix: &str| Rung {
            name: name.to_owned(),
            fix: fix.to_owned(),
            asked: true,
        };
        let fix = "`--rate blend` mixes instead; `--trim` leaves the place out";
        let rungs = vec![rung("motion", fix), rung("the nearer frame", "")];
        let mut ladder = Ladder::new(what, rungs);
        let fault = Fault::Failed(format!("{}: {why}", places(self.broken)));
        ladder.found(0, Err(fault));
        ladder.found(1, Ok(()));
        ladder.look(&Environment::default());
        ladder.moves().into_iter().find_map(|step| match step {
            Move::Down(entry) => Some(entry),
            Move::Up(_) => None,
        })
    }
}

fn places(number: u32) -> String {
    if number == 1 {
        "in 1 place".to_owned()
    } else {
        format!("in {number} places")
    }
}

#[cfg(test)]
mod tests {
    use loopy_core::Size;

    use super::*;

    const SIZE: Size = Size {
        width: 96,
        height: 64,
    };

    /// A soft pattern of its own for each seed, moved by so many pixels.
    fn picture(seed: u32, shift: u32) -> Frame {
        let mut frame = Frame::black(SIZE);
        let stride = frame.stride() as u32;
        for (at, sample) in (0_u32..).zip(&mut *frame.planes_mut()[0]) {
            let (x, y) = ((at % stride + shift) as f32, (at / stride) as f32);
            let pace = 0.11 + 0.05 * seed as f32;
            let wave = (x * pace).sin() + (y * pace * 1.3 + x * 0.07).cos() + (x * 0.043).sin();
            *sample = (125.0 + 33.0 * wave) as u8;
        }
        frame
    }

    fn luma_apart(a: &Frame, b: &Frame) -> u32 {
        let pairs = a.planes()[0].iter().zip(b.planes()[0]);
        pairs.map(|(a, b)| u32::from(a.abs_diff(*b))).sum()
    }

    #[test]
    fn a_picture_between_two_shows_what_lies_between_and_frames_stay_as_they_are() {
        let [a, b, truth] = [0, 8, 4].map(|shift| picture(1, shift));
        let mut motion = Tween::new(Mode::Motion);
        assert_eq!(motion.show(3, [&a, &b], 0), &a);
        let drawn = luma_apart(motion.show(3, [&a, &b], 128), &truth);
        let mut mixed = Tween::new(Mode::Blend);
        let mixed = luma_apart(mixed.show(3, [&a, &b], 128), &truth);
        assert!(drawn * 3 < mixed, "{drawn} {mixed}");
        assert!(motion.fallback(Path::new("a.mp4")).is_none());
    }

    #[test]
    fn across_a_cut_the_nearer_frame_is_shown_and_said_once() {
        let (a, b) = (picture(1, 0), picture(7, 31));
        let mut inverse = b.clone();
        for sample in &mut *inverse.planes_mut()[0] {
            *sample = 255 - *sample;
        }
        let mut motion = Tween::new(Mode::Motion);
        assert_eq!(motion.show(0, [&a, &inverse], 100), &a);
        assert_eq!(motion.show(0, [&a, &inverse], 200), &inverse);
        assert_eq!(motion.show(9, [&a, &inverse], 200), &inverse);
        let entry = motion.fallback(Path::new("dir/a.mp4")).unwrap();
        assert!(entry.what.ends_with(" a.mp4"), "{entry:?}");
        assert!(entry.why.starts_with("in 2 places: "), "{entry:?}");
    }
}

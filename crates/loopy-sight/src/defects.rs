//! What is odd in the row of pictures, from features alone: changes of shot, flashes, fades,
//! repeated pictures; and where it forbids a port.

mod fades;
mod jumps;
mod rhythm;

use std::ops::Range;

pub use self::rhythm::Cadence;
pub(crate) use self::{fades::fades, jumps::jumps};
use self::{jumps::Jumps, rhythm::rhythm};
use crate::features::Features;

/// Frames beside a flash that a joint should not touch.
const BESIDE: usize = 1;

/// Why the walk should neither leave nor enter before a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoPort {
    /// A picture that differs from both its neighbours, which do not differ: a flash, an insert.
    Flash,
    /// The picture comes from or goes to one colour.
    Fade,
    /// The source shows each picture for several frames; this is not the first of them.
    Held,
    /// The picture is shown a second time, out of rhythm: a dropped frame.
    Repeated,
}

impl NoPort {
    /// For people.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Flash => "a flash",
            Self::Fade => "a fade",
            Self::Held => "inside a picture that is held",
            Self::Repeated => "a repeated frame",
        }
    }
}

/// For each frame of a range that exists why no port may lie before it, if so. The ends of a clip
/// are ports whatever this says.
pub fn no_ports(features: &Features, range: Range<usize>) -> Vec<Option<NoPort>> {
    let mut marks = vec![None; range.len()];
    let first = range.start;
    let rhythm = rhythm(features, range.clone());
    for (place, repeat) in rhythm.repeats.iter().enumerate() {
        if *repeat {
            if rhythm.cadence.is_some() {
                marks[place] = Some(NoPort::Held);
            } else {
                // The stutter is seen on both sides of the frame.
                set(&mut marks, place..place + 2, NoPort::Repeated);
            }
        }
    }
    for fade in fades(features, range.clone()) {
        set(
            &mut marks,
            fade.start - first..fade.end - first,
            NoPort::Fade,
        );
    }
    let Jumps { flashes, .. } = jumps(features, range);
    for flash in flashes {
        let from = (flash.start - first).saturating_sub(BESIDE);
        set(
            &mut marks,
            from..flash.end - first + BESIDE + 1,
            NoPort::Flash,
        );
    }
    marks
}

/// The rhythm in which the pictures of a range that exists are repeated, if there is one.
pub fn cadence(features: &Features, range: Range<usize>) -> Option<Cadence> {
    rhythm(features, range).cadence
}

fn set(marks: &mut [Option<NoPort>], range: Range<usize>, why: NoPort) {
    let end = range.end.min(marks.len());
    marks[range.start.min(end)..end].fill(Some(why));
}

#[cfg(test)]
mod tests;

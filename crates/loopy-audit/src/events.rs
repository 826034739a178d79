//! Edits of known kind, made from natural stretches: what the detector is trained on, and the
//! controls that an audit scores beside the seams.

use std::sync::Arc;

use loopy_core::Frame;

use crate::{
    features::{CONTEXT, WINDOW, features},
    forest::Forest,
    look::Look,
    series::Series,
};

/// What is done at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Event {
    /// Nothing.
    Natural,
    /// A hard cut from one frame to another.
    Cut,
    /// A mix of moving pictures over this many frames.
    Dissolve(usize),
    /// A mix of two still pictures over this many frames.
    Bridge(usize),
    /// This many frames left out.
    Skip(usize),
    /// The last frames shown again, this many.
    Back(usize),
    /// The last frame held for this many more.
    Freeze(usize),
    /// Twice the speed from here on.
    Faster,
    /// Half the speed from here on.
    Slower,
    /// Luma raised by this many code values from here on.
    Light(u8),
    /// Chroma moved by this many code values from here on.
    Tint(u8),
}

/// Consecutive pictures around an instant.
#[derive(Clone, Debug)]
pub struct Strip {
    /// The pictures, in display order.
    pub looks: Vec<Arc<Look>>,
    /// First picture that is not of the stretch before.
    pub at: usize,
    /// Pictures from there that belong to neither side.
    pub span: usize,
}

impl Strip {
    /// Highest log odds among the instants of the strip's seam; `None` when it is too short.
    pub fn score(&self, forest: &Forest) -> Option<f32> {
        let series = Series::new(self.looks.clone());
        let mut scores = (self.at..=self.at + self.span)
            .map(|at| features(&series, at).map(|values| forest.log_odds(&values)));
        scores.try_fold(f32::MIN, |most, score| Some(most.max(score?)))
    }
}

/// A natural stretch and a frame in it.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// Consecutive pictures of one clip.
    pub looks: &'a [Arc<Look>],
    /// The last frame before the event, or the first frame after it.
    pub frame: usize,
}

impl Event {
    /// The event with `from` as the last frame before it. Only [`Event::Cut`],
    /// [`Event::Dissolve`] and [`Event::Bridge`] go on at `to`; the others stay in the stretch.
    /// `None` when a stretch is too short.
    pub fn make(self, from: Place, to: Place) -> Option<Strip> {
        let mut looks: Vec<Arc<Look>> = {
            let first = (from.frame + 1).saturating_sub(CONTEXT);
            from.looks.get(first..=from.frame)?.to_vec()
        };
        let at = looks.len();
        let stretch = from.looks;
        let after = |first: usize| -> Option<&[Arc<Look>]> {
            stretch.get(first..(first + CONTEXT).min(stretch.len()))
        };
        let entered = || {
            to.looks
                .get(to.frame..(to.frame + CONTEXT).min(to.looks.len()))
        };
        let next = from.frame + 1;
        let mut span = 0;
        match self {
            Self::Natural => looks.extend_from_slice(after(next)?),
            Self::Cut => looks.extend_from_slice(entered()?),
            Self::Dissolve(frames) => {
                for step in 0..frames {
                    let a = stretch.get(next + step)?;
                    let b = to.looks.get((to.frame + step).checked_sub(frames)?)?;
                    looks.push(mix(a, b, step + 1, frames + 1));
                }
                span = frames;
                looks.extend_from_slice(entered()?);
            }
            Self::Bridge(frames) => {
                let (a, b) = (stretch.get(from.frame)?, to.looks.get(to.frame)?);
                looks.extend((1..=frames).map(|step| mix(a, b, step, frames + 1)));
                span = frames;
                looks.extend_from_slice(entered()?);
            }
            Self::Skip(frames) => looks.extend_from_slice(after(next + frames)?),
            Self::Back(frames) => looks.extend_from_slice(after(next.checked_sub(frames)?)?),
            Self::Freeze(frames) => {
                let last = stretch.get(from.frame)?;
                looks.extend((0..frames).map(|_| Arc::clone(last)));
                span = frames;
                looks.extend_from_slice(after(next)?);
            }
            Self::Faster => {
                let rest = stretch.get(next..)?;
                looks.extend(rest.iter().skip(1).step_by(2).take(CONTEXT).cloned());
            }
            Self::Slower => {
                let twice = after(next)?.iter().flat_map(|look| [look, look]);
                looks.extend(twice.take(CONTEXT).cloned());
            }
            Self::Light(by) => {
                looks.extend(after(next)?.iter().map(|look| shifted(look, [by, 0, 0])));
            }
            Self::Tint(by) => {
                looks.extend(after(next)?.iter().map(|look| shifted(look, [0, by, by])));
            }
        }
        (at >= WINDOW && looks.len() >= at + span + WINDOW).then_some(Strip { looks, at, span })
    }
}

/// `part` of `whole` of the way from `a` to `b`.
fn mix(a: &Look, b: &Look, part: usize, whole: usize) -> Arc<Look> {
    let mut frame: Frame = a.picture().clone();
    let (part, whole) = (part as u32, whole as u32);
    for (a, b) in frame.data_mut().iter_mut().zip(b.picture().data()) {
        let sum = u32::from(*a) * (whole - part) + u32::from(*b) * part;
        *a = ((sum + whole / 2) / whole) as u8;
    }
    Arc::new(Look::new(frame))
}

fn shifted(look: &Look, by: [u8; 3]) -> Arc<Look> {
    let mut frame = look.picture().clone();
    for (plane, by) in frame.planes_mut().into_iter().zip(by) {
        for sample in plane {
            *sample = sample.saturating_add(by).min(240);
        }
    }
    Arc::new(Look::new(frame))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::names;

    fn stretch(clip: u32) -> Vec<Arc<Look>> {
        let look = |index| Arc::new(Look::new(crate::synthetic::frame(clip, index)));
        (0..80).map(look).collect()
    }

    fn value(event: Event, name: &str) -> f32 {
        let (a, b) = (stretch(1), stretch(2));
        let place = |looks, frame| Place { looks, frame };
        let strip = event.make(place(&a, 35), place(&b, 30)).unwrap();
        let at = strip.at + strip.span / 2;
        let index = names().iter().position(|known| known == name).unwrap();
        features(&Series::new(strip.looks), at).unwrap()[index]
    }

    #[test]
    fn a_larger_skip_is_more_unusual() {
        for name in ["step ratio", "step over 3 ratio", "skip"] {
            let values = [0, 1, 2, 4, 8].map(|n| value(Event::Skip(n), name));
            assert!(values.is_sorted(), "{name} {values:?}");
            assert!(values[4] > values[0] + 0.5, "{name} {values:?}");
        }
    }

    #[test]
    fn each_kind_of_edit_moves_the_feature_made_for_it() {
        let plain = |name| value(Event::Natural, name);
        let more = |event, name| {
            let (here, usual) = (value(event, name), plain(name));
            assert!(here > usual + 0.3, "{event:?} {name}: {usual} to {here}");
        };
        more(Event::Cut, "step ratio");
        more(Event::Cut, "unexplained ratio");
        more(Event::Cut, "histogram ratio");
        more(Event::Tint(8), "tint ratio");
        more(Event::Light(8), "luma ratio");
        more(Event::Freeze(3), "still");
        more(Event::Faster, "speed step");
        let less = |event, name| {
            let (here, usual) = (value(event, name), plain(name));
            assert!(here < usual - 0.3, "{event:?} {name}: {usual} to {here}");
        };
        let mixed = value(Event::Bridge(6), "mixture 2");
        assert!(mixed < 0.5 * plain("mixture 2"), "{mixed}");
        less(Event::Back(3), "back");
        less(Event::Freeze(3), "step least within 2");
    }

    #[test]
    fn strips_that_do_not_fit_are_not_made() {
        let a = stretch(1);
        let place = |frame| Place { looks: &a, frame };
        assert!(Event::Natural.make(place(5), place(0)).is_none());
        assert!(Event::Natural.make(place(75), place(0)).is_none());
        assert!(Event::Dissolve(12).make(place(40), place(5)).is_none());
        assert!(Event::Back(60).make(place(40), place(0)).is_none());
        assert!(Event::Cut.make(place(400), place(0)).is_none());
    }
}

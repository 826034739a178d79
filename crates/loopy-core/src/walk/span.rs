//! How long the bridge of an edge is on the output clock.

use super::{DISSOLVE, Options, Seams};
use crate::{
    graph::{Bridge, Edge},
    plan::{LONGEST_BRIDGE, SeamKind},
    rate::Rate,
};

/// A bridge on the output clock; no frames for a cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Output frames.
    pub frames: u32,
    /// For motion, the pictures at the source's own rate among them; 0 for everything else.
    pub steps: u32,
    /// Which of those repeat the one before, as [`Bridge::Motion`] has it.
    pub holds: u16,
    /// What kind of joint it makes where the scene does not change.
    pub kind: SeamKind,
}

impl Default for Span {
    /// A cut.
    fn default() -> Self {
        Self {
            frames: 0,
            steps: 0,
            holds: 0,
            kind: SeamKind::Cut,
        }
    }
}

impl Span {
    /// What shall lie between the two sides of `edge`: `rate` is the source rate of the clip that
    /// is left, where it is known, and there are so many output frames of `handles` on both sides.
    pub fn of(edge: &Edge, rate: Option<Rate>, handles: u32, options: &Options) -> Self {
        // A picture of the clip that is left is shown for so many output frames.
        let held = rate.map_or(1.0, |rate| options.fps.as_f64() / rate.as_f64());
        let shown = |length: u8| {
            let frames = (f64::from(length) * held).round() as u32;
            options.bridge_frames.unwrap_or(frames)
        };
        let over_handles = |frames: u32, kind: SeamKind| {
            let room = (2..=handles).contains(&frames) && frames <= LONGEST_BRIDGE;
            room.then_some(Self {
                frames,
                steps: 0,
                holds: 0,
                kind,
            })
        };
        let bridge = match options.seams {
            _ if edge.declared => Bridge::None,
            Seams::Auto => edge.bridge,
            Seams::Cut => Bridge::None,
            Seams::Dissolve => {
                let frames = options.bridge_frames.unwrap_or(DISSOLVE);
                return over_handles(frames, SeamKind::Dissolve).unwrap_or_default();
            }
            Seams::Motion => match edge.bridge {
                Bridge::Motion { .. } | Bridge::Morph(_) => edge.bridge,
                Bridge::None | Bridge::Dissolve(_) => Bridge::Motion {
                    frames: 1,
                    holds: 0,
                },
            },
        };
        match bridge {
            Bridge::None => Self::default(),
            Bridge::Dissolve(length) => {
                over_handles(shown(length), SeamKind::Dissolve).unwrap_or_default()
            }
            Bridge::Morph(length) => over_handles(shown(length), SeamKind::Morph)
                .unwrap_or_else(|| Self::motion(1.0, 0, held, options)),
            Bridge::Motion {
                frames: steps,
                holds,
            } => Self::motion(f64::from(steps.max(1)), holds, held, options),
        }
    }

    fn motion(steps: f64, holds: u16, held: f64, options: &Options) -> Self {
        let (frames, steps, holds) = match options.bridge_frames {
            // A rhythm is of one length.
            Some(frames) => (frames, f64::from(frames) / held, 0),
            None => ((steps * held).round().max(1.0) as u32, steps, holds),
        };
        let frames = frames.min(LONGEST_BRIDGE);
        if frames == 0 {
            return Self::default();
        }
        Self {
            frames,
            steps: (steps.round() as u32).clamp(1, frames),
            holds,
            kind: SeamKind::Motion,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::walk::sample::edge;

    #[test]
    fn a_dissolve_lasts_as_long_as_it_was_tried_and_six_frames_where_all_joints_are_to_dissolve() {
        let edge = Edge {
            bridge: Bridge::Dissolve(10),
            ..edge((0, 60), (1, 20), 0.9, 3.0)
        };
        let frames = |seams, fps, handles| {
            let options = Options {
                seams,
                ..Options::default()
            };
            let span = Span::of(&edge, Rate::new(fps, 1), handles, &options);
            (span.kind, span.frames)
        };
        let auto = |fps, handles| frames(Seams::Auto, fps, handles);
        assert_eq!(auto(30, 20), (SeamKind::Dissolve, 10));
        assert_eq!(auto(15, 20), (SeamKind::Dissolve, 20));
        assert_eq!(auto(30, 9), (SeamKind::Cut, 0));
        assert_eq!(frames(Seams::Dissolve, 15, 20), (SeamKind::Dissolve, 6));
        assert_eq!(frames(Seams::Motion, 30, 20), (SeamKind::Motion, 1));
    }

    #[test]
    fn a_morph_is_as_long_as_its_source_says_and_motion_where_handles_are_missing() {
        let morph = Edge {
            bridge: Bridge::Morph(8),
            ..edge((0, 60), (1, 20), 0.9, 3.0)
        };
        let options = Options::default();
        let span = |handles, fps| Span::of(&morph, Rate::new(fps, 1), handles, &options);
        let whole = Span {
            frames: 8,
            steps: 0,
            holds: 0,
            kind: SeamKind::Morph,
        };
        assert_eq!(span(20, 30), whole);
        assert_eq!(
            span(20, 15),
            Span {
                frames: 16,
                ..whole
            }
        );
        assert_eq!(span(7, 30).kind, SeamKind::Motion);
        let declared = Edge {
            declared: true,
            ..morph.clone()
        };
        assert_eq!(Span::of(&declared, None, 20, &options), Span::default());
        let cut = Options {
            seams: Seams::Cut,
            ..Options::default()
        };
        assert_eq!(Span::of(&morph, None, 20, &cut), Span::default());
    }
}

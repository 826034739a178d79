//! How long the bridge of an edge is on the output clock.

use super::{DISSOLVE, Options, Seams};
use crate::{
    graph::{Bridge, Edge},
    plan::{LONGEST_BRIDGE, SeamKind},
    rate::Rate,
};

/// A bridge on the output clock; no frames for a cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// Output frames.
    pub frames: u32,
    /// Distinct pictures of motion among them; 0 for a dissolve.
    pub steps: u32,
}

impl Span {
    /// What shall lie between the two sides of `edge`: `rate` is the source rate of the clip that
    /// is left, where it is known, and there are so many output frames of `handles` on both sides.
    pub fn of(edge: &Edge, rate: Option<Rate>, handles: u32, options: &Options) -> Self {
        let bridge = match options.seams {
            _ if edge.declared => Bridge::None,
            Seams::Auto => edge.bridge,
            Seams::Cut => Bridge::None,
            Seams::Dissolve => Bridge::Dissolve,
            Seams::Motion => match edge.bridge {
                Bridge::Motion(steps) => Bridge::Motion(steps),
                Bridge::None | Bridge::Dissolve => Bridge::Motion(1),
            },
        };
        match bridge {
            Bridge::None => Self::default(),
            Bridge::Dissolve => {
                let frames = options.bridge_frames.unwrap_or(DISSOLVE);
                if frames < 2 || frames > handles {
                    return Self::default();
                }
                Self { frames, steps: 0 }
            }
            Bridge::Motion(steps) => {
                // A picture of the clip that is left is shown for so many output frames.
                let held = rate.map_or(1.0, |rate| options.fps.as_f64() / rate.as_f64());
                let steps = f64::from(steps.max(1));
                let (frames, steps) = match options.bridge_frames {
                    Some(frames) => (frames, f64::from(frames) / held),
                    None => ((steps * held).round().max(1.0) as u32, steps),
                };
                let frames = frames.min(LONGEST_BRIDGE);
                if frames == 0 {
                    return Self::default();
                }
                Self {
                    frames,
                    steps: (steps.round() as u32).clamp(1, frames),
                }
            }
        }
    }

    /// What kind of joint it makes where the scene does not change.
    pub fn kind(self) -> SeamKind {
        match self {
            Self { frames: 0, .. } => SeamKind::Cut,
            Self { steps: 0, .. } => SeamKind::Dissolve,
            Self { .. } => SeamKind::Motion,
        }
    }
}

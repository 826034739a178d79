//! Why a clip has no loop, in words that help.

use std::fmt;

use loopy_core::Clip;

use super::Found;
use crate::features::{CELL_COUNT, Features, MOTION_UNITS};

/// What is in the way of a loop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Why {
    /// The clip is too short.
    Short {
        /// Microseconds of it that can be used.
        micros: i64,
        /// Microseconds that the loop needs at least.
        least: i64,
    },
    /// Flashes, fades and repeated frames leave no place for a joint.
    Marked,
    /// It gets brighter or darker all the time.
    Light {
        /// From its first second to its last, in code values.
        by: f32,
    },
    /// All of the picture goes one way.
    Drift {
        /// Pixels a second of a picture 320 wide, right and down.
        speed: [f32; 2],
    },
    /// Where pictures match, they stand still.
    Freeze,
    /// No two moments look alike.
    Jump {
        /// Ordinary steps across the best joint.
        step: f32,
    },
}

/// Change of the mean luma in code values that is seen at a joint.
const LIGHT: f32 = 4.0;
/// Part of all change of light that is a steady one.
const STEADY: f32 = 0.8;
/// Pixels a second (of 320) that a picture drifts at least.
const DRIFT: f32 = 4.0;
/// Steps below this part of an ordinary one are a standstill.
const STILL: f32 = 0.35;

/// Why the best joint of `clip` will not do.
pub(super) fn of(clip: &Clip, features: &Features, nearest: &Found) -> Why {
    // What comes into a picture that drifts changes its light too.
    if let Some(speed) = drift(clip, features) {
        return Why::Drift { speed };
    }
    if let Some(by) = light(clip, features) {
        return Why::Light { by };
    }
    if nearest.step < STILL {
        return Why::Freeze;
    }
    Why::Jump { step: nearest.step }
}

/// Change of light from the first second to the last, where the clip goes that way all along.
fn light(clip: &Clip, features: &Features) -> Option<f32> {
    let frames = &features.frames()[clip.first as usize..clip.until as usize];
    let luma: Vec<f32> = frames
        .iter()
        .map(|frame| f32::from(frame.luma) / 256.0)
        .collect();
    let part = (luma.len() / 8).max(1);
    let means: Vec<f32> = luma.chunks(part).map(mean).collect();
    let by = means.last()? - means.first()?;
    let ways: f32 = means.windows(2).map(|pair| (pair[1] - pair[0]).abs()).sum();
    (by.abs() >= LIGHT && by.abs() >= STEADY * ways).then_some(by)
}

/// How fast most of the picture goes one way, if it does all along.
fn drift(clip: &Clip, features: &Features) -> Option<[f32; 2]> {
    let rate = f64::from(clip.frames()) * 1e6 / clip.micros().max(1) as f64;
    let mut ways: [Vec<f32>; 2] = [Vec::new(), Vec::new()];
    for frame in clip.first..clip.until {
        let motion = features.motion(frame as usize);
        for (axis, way) in ways.iter_mut().enumerate() {
            let mut cells: Vec<i16> = motion.iter().skip(axis).step_by(2).copied().collect();
            cells.sort_unstable();
            way.push(f32::from(cells[CELL_COUNT / 2]) / MOTION_UNITS * rate as f32);
        }
    }
    let speed = [mean(&ways[0]), mean(&ways[1])];
    let length = speed[0].hypot(speed[1]);
    // All along: hardly a part of it goes the other way.
    let along = |(x, y): (&f32, &f32)| x * speed[0] + y * speed[1];
    let parts: Vec<f32> = ways[0].iter().zip(&ways[1]).map(along).collect();
    let part = (parts.len() / 8).max(1);
    let onward = parts
        .chunks(part)
        .all(|part| mean(part) > 0.25 * length * length);
    (length >= DRIFT && onward).then_some(speed)
}

fn mean(values: &[f32]) -> f32 {
    values.iter().sum::<f32>() / values.len().max(1) as f32
}

impl Why {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Short { .. } => "`--min` takes less; or give a longer clip",
            Self::Marked => "give a clip without flashes, fades and repeated frames",
            Self::Light { .. } => {
                "lock the exposure and record again; `--seams dissolve` lets the ends melt"
            }
            Self::Drift { .. } => {
                "keep the camera still, or let it come back; `--seams dissolve` lets the ends melt"
            }
            Self::Freeze => {
                "let the movement go through the joint; `--seams motion` closes it anyway"
            }
            Self::Jump { .. } => {
                "let the movement end where it began; other `--min` and `--max` may find more, \
                 `--seams dissolve` lets the ends melt"
            }
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short { micros, least } => write!(
                f,
                "too short: {:.2} s of it can be used, a loop needs {:.2} s",
                *micros as f64 / 1e6,
                *least as f64 / 1e6
            ),
            Self::Marked => f.write_str(
                "flashes, fades or repeated frames lie at every place where a joint could be",
            ),
            Self::Light { by } => write!(
                f,
                "its light drifts: it gets {} all the time, by {:.0} code values",
                if *by > 0.0 { "brighter" } else { "darker" },
                by.abs()
            ),
            Self::Drift { speed: [x, y] } => write!(
                f,
                "it drifts one way: the picture moves {} all the time and does not come back",
                way(*x, *y)
            ),
            Self::Freeze => {
                f.write_str("it would freeze: its pictures match only where they stand still")
            }
            Self::Jump { step } => write!(
                f,
                "it would jump: no two moments look alike, the nearest are {step:.1} ordinary steps apart"
            ),
        }
    }
}

fn way(x: f32, y: f32) -> &'static str {
    match (x.abs() >= y.abs(), x > 0.0, y > 0.0) {
        (true, true, _) => "to the right",
        (true, false, _) => "to the left",
        (false, _, true) => "down",
        (false, _, false) => "up",
    }
}

//! Dense optical flow: where every pixel of one picture lies in another.
//!
//! Dense inverse search (Kroeger, Timofte, Dai, Van Gool: "Fast Optical Flow using Dense Inverse
//! Search", ECCV 2016): coarse to fine, patches are searched, spread over pixels and refined. One
//! thread, no fused multiply-add, sums in one order: the same bits on every machine.

#![allow(
    clippy::inline_always,
    reason = "only what is inlined into the dispatched function uses the machine's vectors"
)]

mod agree;
mod field;
mod gray;
pub(crate) mod places;
pub(crate) mod plane;
mod pyramid;
mod refine;
mod search;
mod spread;
#[cfg(test)]
pub(crate) mod tests;

use fearless_simd::{Level as Machine, dispatch, prelude::*};

pub use self::{
    agree::{Pair, both},
    field::Field,
    gray::Gray,
};
use self::{plane::Plane, pyramid::Pyramid, refine::Steps};

/// Shortest side of a picture that has flow, in pixels.
pub const LEAST_SIDE: u32 = 16;

/// Why there is no flow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The two pictures differ in size.
    #[error("pictures of {0}x{1} and {2}x{3} pixels have no flow between them")]
    Sizes(u32, u32, u32, u32),
    /// A side is shorter than [`LEAST_SIDE`].
    #[error("a picture of {0}x{1} pixels is too small for flow (at least {LEAST_SIDE} a side)")]
    TooSmall(u32, u32),
    /// There is no picture on one side.
    #[error("motion needs a picture on both of its sides")]
    Nothing,
    /// The samples do not fill the picture.
    #[error("{2} samples do not make a picture of {0}x{1} pixels")]
    Samples(u32, u32, usize),
}

/// How much work goes into the flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effort {
    /// Patches at half size, no refinement: for statistics of motion.
    Fast,
    /// Patches and refinement at half size: for most uses.
    Medium,
    /// Patches and refinement at full size: for pictures made from the flow.
    Fine,
}

/// What an effort means.
struct Plan {
    /// Halvings between the picture and the finest level searched.
    finest: usize,
    /// Pixels between patches.
    stride: usize,
    /// Steps of the search of a patch, at most, in each of two sweeps.
    iterations: usize,
    refine: Option<Steps>,
}

impl Effort {
    fn plan(self) -> Plan {
        match self {
            Self::Fast => Plan {
                finest: 1,
                stride: 4,
                iterations: 4,
                refine: None,
            },
            Self::Medium => Plan {
                finest: 1,
                stride: 4,
                iterations: 6,
                refine: Some(Steps {
                    fixed_points: 3,
                    sweeps: 4,
                }),
            },
            Self::Fine => Plan {
                finest: 0,
                stride: 4,
                iterations: 8,
                refine: Some(Steps {
                    fixed_points: 4,
                    sweeps: 5,
                }),
            },
        }
    }
}

/// Motion of every pixel of a level, while it is computed.
#[derive(Clone)]
struct Motion {
    u: Plane,
    v: Plane,
}

impl Motion {
    fn still(width: usize, height: usize) -> Self {
        Self {
            u: Plane::new(width, height),
            v: Plane::new(width, height),
        }
    }

    /// That of a larger field.
    fn reduced(field: &Field, width: usize, height: usize) -> Self {
        let mut reduced = Self::still(width, height);
        let across = width as f32 / field.width as f32;
        let down = height as f32 / field.height as f32;
        for y in 0..height {
            for x in 0..width {
                let (u, v) = field.at(
                    (x as f32 + 0.5) / across - 0.5,
                    (y as f32 + 0.5) / down - 0.5,
                );
                reduced.u.row_mut(y)[x] = u * across;
                reduced.v.row_mut(y)[x] = v * down;
            }
        }
        reduced
    }

    fn doubled(&self, width: usize, height: usize) -> Self {
        Self {
            u: self.u.doubled(width, height, 2.0),
            v: self.v.doubled(width, height, 2.0),
        }
    }
}

/// Flow from `a` to `b`: what lies at (x, y) in `a` lies at (x + u, y + v) in `b`.
///
/// Motion of up to about a quarter of the shorter side is found.
pub fn dense(a: &Gray, b: &Gray, effort: Effort) -> Result<Field, Error> {
    check(a, b)?;
    Ok(dispatch!(Machine::new(), simd => one_way(simd, a, b, effort)))
}

fn check(a: &Gray, b: &Gray) -> Result<(), Error> {
    let side = |side: usize| side as u32;
    let (width, height) = (side(a.width()), side(a.height()));
    if (a.width(), a.height()) != (b.width(), b.height()) {
        return Err(Error::Sizes(
            width,
            height,
            side(b.width()),
            side(b.height()),
        ));
    }
    if width.min(height) < LEAST_SIDE {
        return Err(Error::TooSmall(width, height));
    }
    Ok(())
}

#[inline(always)]
fn one_way<S: Simd>(simd: S, a: &Gray, b: &Gray, effort: Effort) -> Field {
    let finest = effort.plan().finest;
    let (a, b) = (Pyramid::new(simd, a, finest), Pyramid::new(simd, b, finest));
    descend(simd, &a, &b, effort, None)
}

/// Coarse to fine, from what was found for pictures a moment before, if anything was.
#[inline(always)]
fn descend<S: Simd>(
    simd: S,
    a: &Pyramid,
    b: &Pyramid,
    effort: Effort,
    near: Option<&Field>,
) -> Field {
    let plan = effort.plan();
    let mut motion: Option<Motion> = None;
    let finest = plan.finest.min(a.0.len() - 1);
    let levels = a.0.iter().zip(&b.0).skip(finest).rev();
    for (a, b) in levels {
        let (width, height) = (a.image.width, a.image.height);
        let start = match (motion, near) {
            (Some(coarse), _) => coarse.doubled(width, height),
            (None, Some(near)) => Motion::reduced(near, width, height),
            (None, None) => Motion::still(width, height),
        };
        let patches = simd.vectorize(
            #[inline(always)]
            || search::search(simd, a, b, &start, plan.stride, plan.iterations),
        );
        let mut found = simd.vectorize(
            #[inline(always)]
            || spread::spread(simd, a, b, &patches),
        );
        if let Some(steps) = plan.refine {
            refine::refine(simd, a, b, &mut found, steps);
        }
        motion = Some(found);
    }
    let mut motion = motion.unwrap_or_else(|| Motion::still(0, 0));
    for level in a.0[..finest].iter().rev() {
        motion = motion.doubled(level.image.width, level.image.height);
    }
    Field::from_planes(&motion.u, &motion.v)
}

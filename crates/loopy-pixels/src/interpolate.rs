//! Pictures between two pictures, by motion.
//!
//! Flow both ways is computed once. For a time t the motion is thrown there from both sides, each
//! pixel is taken along it from the picture that is nearer in time, or from the one that shows it;
//! in between both are blended for a moment. Broad light goes evenly from one to the other. Detail
//! lost on the way, fine and less fine, is given back.

#![allow(
    clippy::inline_always,
    reason = "only what is inlined into the dispatched function uses the machine's vectors"
)]

mod bars;
mod cells;
mod enlarge;
mod grain;
mod light;
mod meeting;
mod morph;
mod octaves;
mod pace;
mod passage;
mod render;
mod row;
mod run;
mod soften;
#[cfg(test)]
mod tests;
mod throw;
mod turns;
mod warp;
mod weights;

use fearless_simd::{Level as Machine, dispatch};
use loopy_core::{Frame, Size};

use self::pace::times;
use self::{
    bars::Window, cells::Cells, grain::Blocks, light::Tones, meeting::Meeting, turns::Turns,
};
pub use self::{morph::morph, passage::Passage};
use crate::{
    blend,
    flow::{self, Effort, Error, Gray, Pair, plane::Plane},
};

/// Flow is computed on about this many pixels: as many as those of the pictures that joints are tried
/// with, so that what it finds there it finds again.
const PIXELS: f64 = 60_000.0;
/// Cells of the grid that speeds are compared on.
const CELLS: (usize, usize) = (16, 9);

/// How two pictures differ by motion.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Motion {
    /// Median length of the motion in pixels of the pictures.
    pub median: f32,
    /// Its 95th percentile.
    pub high: f32,
    /// Share of pixels, 0 to 1, whose motion is not confirmed by the way back (Sundaram et al.,
    /// ECCV 2010): hidden in the other picture, or not found.
    pub unreliable: f32,
    /// Mean absolute difference of the lumas after motion, in code values at the size of the flow.
    pub residual: f32,
}

/// Two pictures and everything known of the way between them.
#[derive(Debug)]
pub struct Between {
    whole: [Frame; 2],
    window: Window,
    sources: Sources,
    speeds: Option<(f32, f32)>,
}

/// The parts of the pictures inside their bars.
struct Sources {
    /// Pixels of the pictures to a pixel of the flow, along a side.
    factor: usize,
    /// What the flow was found on.
    small: [Gray; 2],
    pair: Pair,
    /// Of a and of b.
    sides: [Side; 2],
    residual: f32,
    /// When still places pass from a to b; `None` for all of them evenly with time.
    turns: Option<Turns>,
}

/// One picture, ready to be taken from.
struct Side {
    cells: Cells,
    /// Luma, U and V.
    planes: [Plane; 3],
    tones: Tones,
    grain: Blocks,
    /// The same of broader detail, octave by octave.
    octaves: Vec<Blocks>,
}

impl std::fmt::Debug for Sources {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let field = &self.pair.forward;
        write!(
            f,
            "Sources({}x{}/{})",
            field.width, field.height, self.factor
        )
    }
}

impl Between {
    /// Finds the motion between `a` and `b`, at a size reduced to what `effort` can afford.
    pub fn new(a: &Frame, b: &Frame, effort: Effort) -> Result<Self, Error> {
        Self::near(None, a, b, effort)
    }

    /// The same, where `near` is the flow of a moment before.
    fn near(near: Option<&Pair>, a: &Frame, b: &Frame, effort: Effort) -> Result<Self, Error> {
        if a.size() != b.size() {
            let (a, b) = (a.size(), b.size());
            return Err(Error::Sizes(a.width, a.height, b.width, b.height));
        }
        let window = bars::window(a, b);
        let (inner_a, inner_b) = (window.cut(a), window.cut(b));
        let sources = Sources::new(&inner_a, &inner_b, effort, near)?;
        Ok(Self {
            whole: [a.clone(), b.clone()],
            window,
            sources,
            speeds: None,
        })
    }

    /// The same, with the picture before `a` and the one after `b`: their motion tells the speeds
    /// that [`Between::times`] joins.
    fn with_context(
        before_a: &Frame,
        a: &Frame,
        b: &Frame,
        after_b: &Frame,
        effort: Effort,
    ) -> Result<Self, Error> {
        let mut between = Self::new(a, b, effort)?;
        for (other, beside) in [(before_a, a), (after_b, b)] {
            if other.size() != beside.size() {
                let (a, b) = (other.size(), beside.size());
                return Err(Error::Sizes(a.width, a.height, b.width, b.height));
            }
        }
        let sources = &between.sources;
        let way = sources.pair.forward.grid(CELLS.0, CELLS.1);
        let small = |frame: &Frame| Gray::of(&between.window.cut(frame), sources.factor as u32);
        let speed = |from: &Gray, to: &Gray| {
            let field = flow::dense(from, to, Effort::Fast)?;
            Ok(pace::speed(&field.grid(CELLS.0, CELLS.1), &way))
        };
        let [small_a, small_b] = &sources.small;
        let before = speed(&small(before_a), small_a)?;
        let after = speed(small_b, &small(after_b))?;
        between.speeds = before.zip(after);
        Ok(between)
    }

    /// For a bridge between clips: what stands still in both passes place by place.
    fn in_turns(mut self) -> Self {
        let cells = &self.sources.sides[0].cells;
        let turns = Turns::new(cells.width.div_ceil(2), cells.height.div_ceil(2));
        self.sources.turns = Some(turns);
        self
    }

    /// Times for `frames` pictures: at the speeds of the context where it is known, evenly
    /// otherwise.
    fn times(&self, frames: usize) -> Vec<f32> {
        let even = 1.0 / (frames + 1) as f32;
        let (before, after) = self.speeds.unwrap_or((even, even));
        times(frames, before, after)
    }

    /// How far things move, and how much of that can be believed.
    pub fn motion(&self) -> Motion {
        let pair = &self.sources.pair;
        let mut lengths: Vec<f32> = [&pair.forward, &pair.backward]
            .into_iter()
            .flat_map(|field| field.u.iter().zip(&field.v))
            .map(|(u, v)| (u * u + v * v).sqrt() * self.sources.factor as f32)
            .collect();
        lengths.sort_unstable_by(f32::total_cmp);
        let at = |share: usize| lengths[(lengths.len() - 1) * share / 100];
        let trusts = pair.forward_trust.iter().chain(&pair.backward_trust);
        let hidden = trusts.filter(|trust| Pair::hidden(**trust)).count();
        Motion {
            median: at(50),
            high: at(95),
            unreliable: hidden as f32 / lengths.len() as f32,
            residual: self.sources.residual,
        }
    }

    /// The picture at time `t`: 0 is the first picture itself, 1 the second.
    pub fn at(&self, t: f32) -> Frame {
        let [a, b] = &self.whole;
        if t.is_nan() || t <= 0.0 {
            return a.clone();
        }
        if t >= 1.0 {
            return b.clone();
        }
        let inner = self.sources.render(self.window.size, t);
        if inner.size() == a.size() {
            return inner;
        }
        let mut out = Frame::black(a.size());
        let share = (t * f32::from(blend::WHOLE)).round() as u16;
        blend::mix(a, b, share, &mut out);
        self.window.paste(&inner, &mut out);
        out
    }
}

impl Sources {
    fn new(a: &Frame, b: &Frame, effort: Effort, near: Option<&Pair>) -> Result<Self, Error> {
        let factor = factor(a.size());
        let shorter = u64::from(a.size().width.min(a.size().height));
        let factor = factor.min((shorter / u64::from(flow::LEAST_SIDE)).max(1)) as u32;
        let (small_a, small_b) = (Gray::of(a, factor), Gray::of(b, factor));
        let pair = flow::both(&small_a, &small_b, effort, near)?;
        let (cells_a, residual) =
            Cells::new(&pair.forward, 1.0, &pair.forward_trust, &small_a, &small_b);
        let (cells_b, _) = Cells::new(
            &pair.backward,
            -1.0,
            &pair.backward_trust,
            &small_b,
            &small_a,
        );
        Ok(Self {
            factor: factor as usize,
            sides: [Side::new(cells_a, a, factor), Side::new(cells_b, b, factor)],
            residual,
            small: [small_a, small_b],
            pair,
            turns: None,
        })
    }
}

/// Pixels of a picture to a pixel of its flow, along a side.
fn factor(size: Size) -> u64 {
    let exact = (size.pixels() as f64 / PIXELS).sqrt();
    let less = exact.floor().max(1.0);
    // The nearer of two: their geometric mean lies between.
    (if exact * exact > less * (less + 1.0) {
        less + 1.0
    } else {
        less
    }) as u64
}

impl Side {
    fn new(cells: Cells, frame: &Frame, factor: u32) -> Self {
        let planes = planes(frame);
        let size = (cells.width, cells.height);
        let tones = Tones::new(&planes, factor as usize, size);
        let grain = dispatch!(Machine::new(), simd => Blocks::energy(simd, &planes[0]));
        Self {
            octaves: octaves::energies(&planes[0]),
            cells,
            planes,
            tones,
            grain,
        }
    }
}

fn planes(frame: &Frame) -> [Plane; 3] {
    let (width, height) = (frame.stride(), frame.size().height as usize);
    let [luma, u, v] = frame.planes();
    [
        Plane::from_bytes(width, height, luma),
        Plane::from_bytes(width / 2, height / 2, u),
        Plane::from_bytes(width / 2, height / 2, v),
    ]
}

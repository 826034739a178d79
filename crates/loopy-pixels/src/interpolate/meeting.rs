//! Motion and visibility at a time between two pictures, at the size of the flow.

use fearless_simd::prelude::*;

use super::{Sources, light::Light, soften::soften, throw::Thrown};

/// What a pixel between the pictures is made of.
pub(super) struct Meeting {
    pub(super) width: usize,
    pub(super) height: usize,
    /// Motion from a to b of what is seen here.
    pub(super) u: Vec<f32>,
    pub(super) v: Vec<f32>,
    /// Share of b, 0 to 1, at half the size of the flow, odd sides rounded up.
    pub(super) share: Vec<f32>,
    /// How much brighter b is than a where both show the same, and its U and V likewise, in code
    /// values; of the size of the share.
    pub(super) light: [Vec<f32>; 3],
}

/// Structure that differs by less than this (code values) is blended, by more than the second
/// taken from one side.
const ALIKE: f32 = 8.0;
const UNLIKE: f32 = 30.0;
/// A place less visible than the first in both pictures belongs to neither, than the second to
/// one at least.
const UNSEEN: f32 = 0.08;
const SEEN: f32 = 0.25;
const MOST_HIDDEN: f32 = 1e6;
/// What no side recommends is still shown.
const LEAST_SEEN: f32 = 0.03;
/// How often shares are softened to find regions that switch sides together.
const REGION: usize = 4;
/// How much faster than time the share passes from one side to the other: what is between shows
/// one picture nearly always, with all its detail, and broad light follows time by itself.
const SWITCH: f32 = 2.5;
/// Pixels of motion from which it does; what stands still lies on itself, and its texture passes evenly.
const SWITCHED: f32 = 1.0;
/// Light that differs by less than the first (code values) passes with the place that it falls on,
/// by more than the second evenly with time.
const UNLIT: f32 = 1.0;
const LIT: f32 = 3.0;
/// Motion shorter than the first (pixels of the picture) is none, longer than the second is whole:
/// what stands still is copied, not sampled between pixels.
const STILL: f32 = 0.08;
const MOVING: f32 = 0.2;

impl Meeting {
    /// What is seen at time `t` (0 to 1).
    #[inline(always)]
    pub(super) fn new<S: Simd>(simd: S, sources: &Sources, t: f32) -> Self {
        let [a, b] = [0, 1].map(|side| &sources.sides[side].cells);
        let mut thrown = Thrown::new(a.width, a.height);
        thrown.add(simd, a, t, 1.0 - t);
        thrown.add(simd, b, t - 1.0, t);
        let [mut u, mut v] = thrown.fill();
        let scale = sources.factor as f32;
        let (still, moving) = (STILL / scale, MOVING / scale);
        let ramp = 1.0 / (moving * moving - still * still);
        for (u, v) in u.iter_mut().zip(&mut v) {
            let beyond = *u * *u + *v * *v - still * still;
            let moving = (beyond * ramp).clamp(0.0, 1.0);
            *u *= moving;
            *v *= moving;
        }
        let (share, light) = shares(simd, sources, t, &u, &v);
        Self {
            width: a.width,
            height: a.height,
            u,
            v,
            share,
            light,
        }
    }
}

/// How much of b is shown: time, visibility and likeness.
///
/// A place is seen in a picture when that picture's own flow agrees with the motion there (Herbst,
/// Seitz, Baker: "Occlusion reasoning for temporal interpolation using optical flow", 2009). Where
/// both see it but differ in structure, a blend would show it twice: the nearer side is shown.
/// Where neither sees it, it has no counterpart: regions of it are shown from their nearer side.
#[inline(always)]
fn shares<S: Simd>(
    simd: S,
    sources: &Sources,
    t: f32,
    us: &[f32],
    vs: &[f32],
) -> (Vec<f32>, [Vec<f32>; 3]) {
    let [a, b] = [0, 1].map(|side| &sources.sides[side].cells);
    let (width, height) = (a.width, a.height);
    let (right, bottom) = ((width - 1) as f32, (height - 1) as f32);
    let (wide, high) = (width.div_ceil(2), height.div_ceil(2));
    let mut shares = Vec::with_capacity(wide * high);
    let mut lonely = Vec::with_capacity(wide * high);
    let mut switches = Vec::with_capacity(wide * high);
    let mut stills = Vec::with_capacity(wide * high);
    let scale = sources.factor as f32 / SWITCHED;
    let tones = [0, 1].map(|side| &sources.sides[side].tones);
    let mut light = Light::new(wide, high);
    for row in 0..high {
        let rows = [2 * row, (2 * row + 1).min(height - 1)].map(|row| row * width);
        for column in 0..wide {
            let columns = [2 * column, (2 * column + 1).min(width - 1)];
            let mean = |plane: &[f32]| {
                let sum = |row: usize| plane[row + columns[0]] + plane[row + columns[1]];
                (sum(rows[0]) + sum(rows[1])) * 0.25
            };
            let (u, v) = (mean(us), mean(vs));
            let (x, y) = (2.0 * column as f32 + 0.5, 2.0 * row as f32 + 0.5);
            let (ax, ay) = (x - t * u, y - t * v);
            let (bx, by) = (x + (1.0 - t) * u, y + (1.0 - t) * v);
            let in_a = a.at(simd, ax, ay);
            let in_b = b.at(simd, bx, by);
            let allowed = 1.0 / (0.02 * (u * u + v * v) + 0.5);
            // Visibility is one over this.
            let hidden = |[fu, fv, ..]: [f32; 4], x: f32, y: f32| {
                let miss = ((fu - u) * (fu - u) + (fv - v) * (fv - v)) * allowed;
                let out = (-x).max(x - right).max(-y).max(y - bottom).max(0.0);
                let miss = miss + out * out;
                1.0 + miss * miss
            };
            // Nothing is so hidden that products overflow.
            let hidden_a = hidden(in_a, ax, ay).min(MOST_HIDDEN);
            let hidden_b = hidden(in_b, bx, by).min(MOST_HIDDEN);
            let for_a = (1.0 - t) * (1.0 + LEAST_SEEN * hidden_a) * hidden_b;
            let for_b = t * (1.0 + LEAST_SEEN * hidden_b) * hidden_a;
            let mut share = for_b / (for_a + for_b);
            let apart = (in_a[2] - in_b[2]).abs();
            let unlike = ((apart - ALIKE) / (UNLIKE - ALIKE)).clamp(0.0, 1.0);
            light.add(
                (1.0 - unlike) / (hidden_a * hidden_b),
                tones[1].at(bx, by),
                tones[0].at(ax, ay),
            );
            if unlike > 0.0 {
                share += (decide(decide(share)) - share) * unlike;
            }
            shares.push(share);
            let moving = (u.hypot(v) * scale).min(1.0);
            switches.push(1.0 + (SWITCH - 1.0) * moving);
            stills.push((1.0 - moving) * (1.0 - unlike));
            let least = hidden_a.min(hidden_b);
            lonely.push(if least * SEEN > 1.0 {
                ((SEEN - 1.0 / least) / (SEEN - UNSEEN)).min(1.0)
            } else {
                0.0
            });
        }
    }
    if lonely.iter().any(|lonely| *lonely > 0.0) {
        let mut regions = shares.clone();
        for _ in 0..REGION {
            soften(&mut regions, wide);
        }
        for ((share, lonely), region) in shares.iter_mut().zip(lonely).zip(regions) {
            let side = if region < 0.5 { 0.0 } else { 1.0 };
            *share += (side - *share) * lonely;
        }
    }
    soften(&mut shares, wide);
    soften(&mut switches, wide);
    soften(&mut stills, wide);
    let mut light = light.spread(wide);
    let places = shares.iter_mut().zip(switches.iter().zip(&stills));
    for (place, (share, (switch, still))) in places.enumerate() {
        let together = ((*share - 0.5) * switch + 0.5).clamp(0.0, 1.0);
        let Some(turns) = &sources.turns else {
            *share = together;
            continue;
        };
        let turn = turns.share(place % wide, place / wide, *share);
        *share = together + (turn - together) * still;
        for tone in &mut light {
            let broad = ((tone[place].abs() - UNLIT) / (LIT - UNLIT)).clamp(0.0, 1.0);
            tone[place] *= 1.0 + (broad - 1.0) * still;
        }
    }
    (shares, light)
}

/// Moves a share towards its nearer end: x^3 / (x^3 + (1 - x)^3).
#[inline(always)]
fn decide(share: f32) -> f32 {
    let (own, rest) = (share * share * share, 1.0 - share);
    own / (own + rest * rest * rest)
}

//! Flow in both directions, and where the two agree.

use fearless_simd::{Level as Machine, Simd, dispatch};

use super::{Effort, Error, Field, Gray, check, descend, pyramid::Pyramid};

/// Flow in both directions with the trust that each pixel deserves.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// From a to b.
    pub forward: Field,
    /// From b to a.
    pub backward: Field,
    /// For each pixel of a, 0 to 1: 1 where going forward and back returns to the pixel, a half
    /// at the threshold of [`Pair::hidden`], 0 far beyond or where the way leaves the picture.
    pub forward_trust: Vec<f32>,
    /// The same for each pixel of b.
    pub backward_trust: Vec<f32>,
}

impl Pair {
    /// Whether a pixel of a has no counterpart in b: there and back it misses by more than
    /// Sundaram, Brox, Keutzer (ECCV 2010, section 3.2, equation 5) allow.
    pub fn hidden(trust: f32) -> bool {
        trust < 0.5
    }
}

/// Flow from `a` to `b` and from `b` to `a`, and their consistency. The pictures are prepared
/// once, so this costs less than two calls of [`super::dense`].
pub fn both(a: &Gray, b: &Gray, effort: Effort) -> Result<Pair, Error> {
    check(a, b)?;
    let (forward, backward) = dispatch!(Machine::new(), simd => two_way(simd, a, b, effort));
    Ok(Pair {
        forward_trust: trust(&forward, &backward),
        backward_trust: trust(&backward, &forward),
        forward,
        backward,
    })
}

#[inline(always)]
fn two_way<S: Simd>(simd: S, a: &Gray, b: &Gray, effort: Effort) -> (Field, Field) {
    let (a, b) = (Pyramid::new(simd, a), Pyramid::new(simd, b));
    let [forward, backward] = [(&a, &b), (&b, &a)].map(
        #[inline(always)]
        |(a, b)| descend(simd, a, b, effort),
    );
    (forward, backward)
}

/// Half at |w + w'|^2 = 0.01 (|w|^2 + |w'|^2) + 0.5, falling smoothly with the squared miss.
fn trust(there: &Field, back: &Field) -> Vec<f32> {
    let (right, bottom) = (there.width as f32 - 0.5, there.height as f32 - 0.5);
    (0..there.u.len())
        .map(|index| {
            let (x, y) = (index % there.width, index / there.width);
            let (u, v) = (there.u[index], there.v[index]);
            let (to_x, to_y) = (x as f32 + u, y as f32 + v);
            if to_x < -0.5 || to_y < -0.5 || to_x > right || to_y > bottom {
                return 0.0;
            }
            let (bu, bv) = back.at(to_x, to_y);
            let miss = (u + bu) * (u + bu) + (v + bv) * (v + bv);
            let allowed = 0.01 * (u * u + v * v + bu * bu + bv * bv) + 0.5;
            let ratio = miss / allowed;
            1.0 / (1.0 + ratio * ratio)
        })
        .collect()
}

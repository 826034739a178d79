//! Flow in both directions, and where the two agree.

use fearless_simd::{Level as Machine, Simd, dispatch};

use super::{Effort, Error, Field, Gray, check, descend, places::Places, pyramid::Pyramid};

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
/// once, so this costs less than two calls of [`super::dense`]. Where `near` was found between
/// pictures a moment before, the search begins with it: what could go either way goes as it went.
pub fn both(a: &Gray, b: &Gray, effort: Effort, near: Option<&Pair>) -> Result<Pair, Error> {
    check(a, b)?;
    let (forward, backward) = dispatch!(Machine::new(), simd => two_way(simd, a, b, effort, near));
    Ok(Pair {
        forward_trust: trust(&forward, &backward),
        backward_trust: trust(&backward, &forward),
        forward,
        backward,
    })
}

#[inline(always)]
fn two_way<S: Simd>(
    simd: S,
    a: &Gray,
    b: &Gray,
    effort: Effort,
    near: Option<&Pair>,
) -> (Field, Field) {
    let finest = effort.plan().finest;
    let (a, b) = (Pyramid::new(simd, a, finest), Pyramid::new(simd, b, finest));
    let [there, back] = [
        near.map(|near| &near.forward),
        near.map(|near| &near.backward),
    ];
    (
        descend(simd, &a, &b, effort, there),
        descend(simd, &b, &a, effort, back),
    )
}

/// Half at |w + w'|^2 = 0.01 (|w|^2 + |w'|^2) + 0.5, falling smoothly with the squared miss.
fn trust(there: &Field, back: &Field) -> Vec<f32> {
    dispatch!(Machine::new(), simd => trust_on(simd, there, back))
}

#[inline(always)]
fn trust_on<S: Simd>(_simd: S, there: &Field, back: &Field) -> Vec<f32> {
    let width = there.width;
    let (right, bottom) = (width as f32 - 0.5, there.height as f32 - 0.5);
    let mut trust = vec![0.0; there.u.len()];
    let mut places = Places::new(width, there.height);
    let (mut back_us, mut back_vs) = (vec![0.0; width], vec![0.0; width]);
    let rows = there.u.chunks_exact(width).zip(there.v.chunks_exact(width));
    for (y, (trust, (us, vs))) in trust.chunks_exact_mut(width).zip(rows).enumerate() {
        places.find(y, us, vs);
        places.read(&back.u, &mut back_us);
        places.read(&back.v, &mut back_vs);
        let y = y as f32;
        let moves = us.iter().zip(vs).zip(back_us.iter().zip(&back_vs));
        for (x, (trust, ((u, v), (bu, bv)))) in trust.iter_mut().zip(moves).enumerate() {
            let (to_x, to_y) = (x as f32 + u, y + v);
            let inside = to_x >= -0.5 && to_y >= -0.5 && to_x <= right && to_y <= bottom;
            let miss = (u + bu) * (u + bu) + (v + bv) * (v + bv);
            let allowed = 0.01 * (u * u + v * v + bu * bu + bv * bv) + 0.5;
            let (miss, allowed) = (miss * miss, allowed * allowed);
            *trust = if inside {
                allowed / (allowed + miss)
            } else {
                0.0
            };
        }
    }
    trust
}

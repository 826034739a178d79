//! Pictures at halved sizes, with gradients.

use fearless_simd::prelude::*;

use super::{
    Gray,
    plane::{Plane, gradients},
    search::PATCH,
};

/// One size of a picture.
pub(super) struct Level {
    pub(super) image: Plane,
    pub(super) gx: Plane,
    pub(super) gy: Plane,
}

/// A picture at its own size, half, a quarter, ...
pub(super) struct Pyramid(pub(super) Vec<Level>);

impl Pyramid {
    /// Halves until the shorter side holds about two patches, or the longer about five: motion
    /// of a fifth of the picture is one patch there. Only from level `finest` on is anything
    /// searched: finer ones have no gradients.
    #[inline(always)]
    pub(super) fn new<S: Simd>(simd: S, gray: &Gray, finest: usize) -> Self {
        let mut image = Plane::from_bytes(gray.width(), gray.height(), gray.data());
        let mut levels = Vec::new();
        loop {
            let (short, long) = (image.width.min(image.height), image.width.max(image.height));
            let next = (short >= 3 * PATCH && long >= 5 * PATCH).then(|| image.halved());
            let (gx, gy) = if levels.len() >= finest || next.is_none() {
                simd.vectorize(
                    #[inline(always)]
                    || gradients(simd, &image),
                )
            } else {
                (Plane::new(0, 0), Plane::new(0, 0))
            };
            levels.push(Level { image, gx, gy });
            match next {
                Some(next) => image = next,
                None => return Self(levels),
            }
        }
    }
}

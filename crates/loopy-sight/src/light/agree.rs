//! What one pair says about the light of its two clips, if anything.

use loopy_core::grade::{BLACK, FULL};

use super::{MOST_GAIN, MOST_OFFSET, Pair, system::Parameters};

/// Tukey's constant: 95 % efficient where differences are normal.
const TUKEY: f64 = 4.685;
const ROUNDS: usize = 10;
/// Differences of single cells below so many code values are noise, whatever the others say.
const NOISE: f64 = 0.8;
/// A pair of which less than this share of cells agrees shows different things.
const LEAST_SHARE: f64 = 0.5;
/// Luma differences of cells, light apart, beyond which two pictures show different things ...
const MOST_NOISE: f64 = 4.0;
/// ... and as a share of the picture's own contrast.
const MOST_NOISE_OF_CONTRAST: f64 = 0.35;
/// Pictures of less contrast, in code values, have no structure to compare.
const LEAST_CONTRAST: f64 = 3.0;
/// Noise of luma, in code values, at which a pair counts half.
const HALF: f64 = 2.0;

/// Sums over the cells of a pair that agree, for one channel: with `x` and `y` the values on the
/// two sides, counted from black or from no colour, means of the products that least squares
/// need.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sums {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) xx: f64,
    pub(crate) xy: f64,
    pub(crate) yy: f64,
}

impl Sums {
    fn new(x: &[f64], y: &[f64], weights: &[f64]) -> Self {
        let mut sums = Self::default();
        let whole: f64 = weights.iter().sum();
        for ((x, y), weight) in x.iter().zip(y).zip(weights) {
            let weight = weight / whole;
            sums.x += weight * x;
            sums.y += weight * y;
            sums.xx += weight * x * x;
            sums.xy += weight * x * y;
            sums.yy += weight * y * y;
        }
        sums
    }

    /// Mean of the first side under `a` less that of the second under `b`.
    pub(crate) fn mean_difference(&self, a: Parameters, b: Parameters) -> f64 {
        (1.0 + a.gain) * self.x + a.offset - (1.0 + b.gain) * self.y - b.offset
    }
}

/// A pair that shows the same on both sides.
#[derive(Clone, Debug)]
pub(crate) struct Evidence {
    pub(crate) clips: [usize; 2],
    /// Luma, U, V.
    pub(crate) channels: [Sums; 3],
    /// How far it is to be believed, 0 to 1.
    pub(crate) weight: f64,
}

/// What `pair` says about light; `None` when its sides show different things.
pub(crate) fn evidence(pair: &Pair) -> Option<Evidence> {
    let [before, after] = &pair.looks;
    let codes = |look: &[[f32; 3]]| {
        let mut values = look.iter().flatten();
        values.all(|value| (0.0..=255.0).contains(value))
    };
    if before.len() != after.len() || before.is_empty() || !codes(before) || !codes(after) {
        return None;
    }
    let side = |look: &[[f32; 3]], channel: usize| -> Vec<f64> {
        let zero = if channel == 0 {
            f64::from(BLACK)
        } else {
            128.0
        };
        look.iter()
            .map(|cell| f64::from(cell[channel]) - zero)
            .collect()
    };
    let sides = [0, 1, 2].map(|channel| (side(before, channel), side(after, channel)));
    // Black says nothing: every grade keeps it.
    let full = f64::from(FULL - BLACK);
    let (x, y) = &sides[0];
    let lit = x
        .iter()
        .zip(y)
        .map(|(x, y)| (x.min(*y) / full).clamp(0.0, 1.0));
    let lit: Vec<f64> = lit.collect();
    let luma = fit(x, y, &lit)?;
    let contrast = luma.contrast(x);
    if contrast < LEAST_CONTRAST
        || luma.share < LEAST_SHARE
        || luma.noise > MOST_NOISE
        || luma.noise > MOST_NOISE_OF_CONTRAST * contrast
        // Beyond what may be corrected it is another light, not another exposure.
        || luma.slope.abs() > 2.0 * MOST_GAIN
        || luma.offset.abs() > 3.0 * MOST_OFFSET
    {
        return None;
    }
    let mut channels = [Sums::new(x, y, &luma.weights); 3];
    for channel in [1, 2] {
        let (x, y) = &sides[channel];
        let chroma = fit(x, y, &luma.weights)?;
        if chroma.share < LEAST_SHARE {
            return None;
        }
        channels[channel] = Sums::new(x, y, &chroma.weights);
    }
    let doubt = luma.noise / HALF;
    Some(Evidence {
        clips: pair.clips.map(|clip| clip as usize),
        channels,
        weight: luma.share / (1.0 + doubt * doubt),
    })
}

/// A robust line through the differences of cells.
struct Fit {
    slope: f64,
    offset: f64,
    /// Standard deviation of the differences that are left, in code values.
    noise: f64,
    /// Share of the weight that agrees.
    share: f64,
    weights: Vec<f64>,
}

impl Fit {
    /// Standard deviation of `values` over the cells that agree.
    fn contrast(&self, values: &[f64]) -> f64 {
        let sums = Sums::new(values, values, &self.weights);
        (sums.xx - sums.x * sums.x).max(0.0).sqrt()
    }
}

/// Regresses the difference of `y` and `x` on their mean, by iteratively reweighted least squares
/// with Tukey's biweight. Both sides are equally noisy, so that neither may be the regressor: the
/// slope would be biased towards 0 (Bland and Altman, "Comparing methods of measurement", Lancet
/// 1995).
fn fit(x: &[f64], y: &[f64], prior: &[f64]) -> Option<Fit> {
    let whole: f64 = prior.iter().sum();
    if whole < 1.0 {
        return None;
    }
    let difference: Vec<f64> = x.iter().zip(y).map(|(x, y)| y - x).collect();
    let mean: Vec<f64> = x.iter().zip(y).map(|(x, y)| (x + y) / 2.0).collect();
    let usable = |values: Vec<f64>| -> Vec<f64> {
        let pairs = values.into_iter().zip(prior);
        pairs
            .filter(|(_, prior)| **prior > 0.0)
            .map(|(value, _)| value)
            .collect()
    };
    let (mut slope, mut offset) = (0.0, median(&mut usable(difference.clone())));
    let mut noise = NOISE;
    let mut weights = prior.to_vec();
    for _ in 0..ROUNDS {
        let left: Vec<f64> = difference
            .iter()
            .zip(&mean)
            .map(|(difference, mean)| difference - offset - slope * mean)
            .collect();
        noise = median(&mut usable(left.iter().map(|left| left.abs()).collect())) * 1.4826;
        let reach = TUKEY * noise.max(NOISE);
        for ((weight, prior), left) in weights.iter_mut().zip(prior).zip(&left) {
            let part = left / reach;
            let inside = (1.0 - part * part).max(0.0);
            *weight = prior * inside * inside;
        }
        let sum: f64 = weights.iter().sum();
        if sum < 1e-3 * whole {
            return None;
        }
        let sums = Sums::new(&mean, &difference, &weights);
        let spread = sums.xx - sums.x * sums.x;
        // Without contrast there is no slope to be seen.
        slope = (sums.xy - sums.x * sums.y) / (spread + 1.0);
        offset = sums.y - slope * sums.x;
    }
    let share = weights.iter().sum::<f64>() / whole;
    Some(Fit {
        slope,
        offset,
        noise,
        share,
        weights,
    })
}

/// The middle of `values`, of an even number the mean of the two; 0 of none.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let half = values.len() / 2;
    match values {
        [] => 0.0,
        _ if values.len() % 2 == 1 => values[half],
        _ => f64::midpoint(values[half - 1], values[half]),
    }
}

//! The features of one instant: how unusual the passage from the frame before to the frame after
//! is for its own neighbourhood.

use crate::{
    look::BINS,
    mixture,
    robust::{Against, Usual, median, quantile, sorted},
    series::{Series, Step, distance},
};

/// Frames on each side whose steps say what is usual.
pub const CONTEXT: usize = 24;
/// Frames on each side that an instant needs.
pub const WINDOW: usize = 8;
/// Steps nearer than this to the instant say nothing about what is usual.
const NEAR: usize = 3;

/// Feature names in the order of [`features`].
pub fn names() -> Vec<String> {
    let size = loopy_core::Size::new(64, 64);
    let look = std::sync::Arc::new(crate::Look::new(loopy_core::Frame::black(size)));
    let series = Series::new(vec![look; 2 * WINDOW]);
    collect(&series, WINDOW).names
}

/// The features of the instant between looks `at - 1` and `at` of the strip; `None` when fewer
/// than [`WINDOW`] frames lie on one of its sides. Finite, in the order of [`names`].
pub fn features(series: &Series, at: usize) -> Option<Vec<f32>> {
    (at >= WINDOW && at + WINDOW <= series.len()).then(|| collect(series, at).values)
}

#[derive(Default)]
struct Out {
    names: Vec<String>,
    values: Vec<f32>,
}

impl Out {
    fn push(&mut self, name: &str, value: f32) {
        self.names.push(name.to_owned());
        self.values
            .push(if value.is_finite() { value } else { 0.0 });
    }

    fn against(&mut self, name: &str, value: Against) {
        self.push(&format!("{name} z"), value.z);
        self.push(&format!("{name} ratio"), value.ratio);
        self.push(&format!("{name} top"), value.top);
    }
}

fn collect(series: &Series, at: usize) -> Out {
    let mut out = Out::default();
    steps(&mut out, series, at);
    cells(&mut out, series, at);
    motion(&mut out, series, at);
    light(&mut out, series, at);
    texture(&mut out, series, at);
    mixed(&mut out, series, at);
    returns(&mut out, series, at);
    out
}

/// Indices of the steps over `lag` frames around `at` that do not come near it.
fn around(series: &Series, at: usize, lag: usize) -> impl Iterator<Item = usize> + use<> {
    let low = at.saturating_sub(CONTEXT).max(lag);
    let high = (at + CONTEXT).min(series.len());
    (low..high).filter(move |p| p + NEAR <= at || *p >= at + NEAR + lag - 1)
}

/// What is usual for `of` around `at`, and its largest value at `places`.
fn largest(
    (series, at, lag): (&Series, usize, usize),
    floor: f32,
    places: std::ops::Range<usize>,
    of: impl Fn(usize) -> f32,
) -> Against {
    let usual = Usual::of(around(series, at, lag).map(&of), floor);
    let value = places
        .filter(|p| *p < series.len())
        .map(&of)
        .fold(0.0, f32::max);
    usual.against(value)
}

fn steps(out: &mut Out, series: &Series, at: usize) {
    let here = |lag| (series, at, lag);
    let mean = |p: usize| series.steps[p].mean;
    let high = |p: usize| series.steps[p].high;
    out.against("step", largest(here(1), 0.15, at..at + 1, mean));
    out.against("step high", largest(here(1), 0.3, at..at + 1, high));
    let two = |p: usize| series.over_two[p];
    let three = |p: usize| series.over_three[p];
    out.against("step over 2", largest(here(2), 0.2, at..at + 2, two));
    out.against("step over 3", largest(here(3), 0.2, at..at + 3, three));
    let bend = |p: usize| series.bends[p].mean;
    let bend_high = |p: usize| series.bends[p].high;
    out.against("bend", largest(here(2), 0.3, at..at + 2, bend));
    out.against("bend high", largest(here(2), 0.6, at..at + 2, bend_high));
    // The rows before, across and after, step by step.
    let usual = Usual::of(around(series, at, 1).map(mean), 0.15);
    let ratio = |p: usize| usual.against(mean(p)).ratio;
    let near = |by: usize| (at - by).max(1)..(at + by + 1).min(series.len());
    let least = near(2).map(ratio).fold(f32::MAX, f32::min);
    out.push("step least within 2", least);
    let most = |by: usize| near(by).map(ratio).fold(f32::MIN, f32::max);
    out.push("step most within 2", most(2));
    out.push("step most within 7", most(7));
    let average = |range: std::ops::Range<usize>| {
        let count = range.len().max(1) as f32;
        range.map(ratio).sum::<f32>() / count
    };
    out.push("step level within 3", average(near(3)));
    let before = average((at - WINDOW + 1).max(1)..at);
    let after = average(at + 1..(at + WINDOW).min(series.len()));
    out.push("speed step", (after - before).abs());
    out.push("step against sides", ratio(at) - before.max(after));
    // A skip moves one step as far as the neighbourhood moves in several.
    let several = median(around(series, at, 3).map(three));
    out.push("skip", ((mean(at) + 0.15) / (several + 0.15)).ln());
}

/// Cells against their own history: a small thing that jumps.
fn cells(out: &mut Out, series: &Series, at: usize) {
    let count = series.looks[at].grid.cells();
    let one = unusual_cells(count, around(series, at, 1), at..at + 1, |p| {
        &series.steps[p]
    });
    out.push("cells worst", quantile(&one, 1.0));
    out.push("cells high", quantile(&one, 0.95));
    out.push("cells middle", quantile(&one, 0.5));
    let beyond = one.iter().filter(|value| **value > 0.0).count();
    out.push("cells beyond", beyond as f32 / count.max(1) as f32);
    let bent = unusual_cells(count, around(series, at, 2), at..at + 2, |p| {
        &series.bends[p]
    });
    out.push("bent cells worst", quantile(&bent, 1.0));
    out.push("bent cells high", quantile(&bent, 0.95));
}

/// Logarithm of each cell's value at `places` over the largest but one around, sorted.
fn unusual_cells<'a>(
    count: usize,
    around: impl Iterator<Item = usize>,
    places: std::ops::Range<usize>,
    of: impl Fn(usize) -> &'a Step,
) -> Vec<f32> {
    let around: Vec<usize> = around.collect();
    sorted((0..count).map(|cell| {
        let at = |p: usize| of(p).cells.get(cell).copied().unwrap_or(0.0) + 0.5;
        let history = sorted(around.iter().map(|p| at(*p)));
        let here = places.clone().map(at).fold(0.5, f32::max);
        (here / quantile(&history, 0.97).max(0.5)).ln()
    }))
}

fn motion(out: &mut Out, series: &Series, at: usize) {
    let field = |p: usize| series.fields.get(p).and_then(Option::as_ref);
    let speed = |p: usize| field(p).map_or(0.0, crate::motion::Field::speed);
    let left = |p: usize, share: f32| {
        field(p).map_or(0.0, |field| {
            quantile(&sorted(field.residual.iter().copied()), share)
        })
    };
    let here = (series, at, 1);
    out.against("speed", largest(here, 0.03, at..at + 1, speed));
    let middle = |p: usize| left(p, 0.5);
    let high = |p: usize| left(p, 0.95);
    out.against("unexplained", largest(here, 0.1, at..at + 1, middle));
    out.against("unexplained high", largest(here, 0.3, at..at + 1, high));
    let change = |p: usize, lag: usize| match (p.checked_sub(lag).and_then(field), field(p)) {
        (Some(a), Some(b)) => a.change(b),
        _ => 0.0,
    };
    let turn = |p: usize| change(p, 1);
    out.against("turn", largest((series, at, 2), 0.03, at..at + 2, turn));
    // Over the instant: the motion before it against the motion after it.
    let wide = |p: usize| change(p, 2);
    out.against(
        "turn over",
        largest((series, at, 3), 0.03, at + 1..at + 2, wide),
    );
    let level = |range: std::ops::Range<usize>| median(range.map(speed)) + 0.03;
    let (before, after) = (level(at - 5..at), level(at + 1..at + 6));
    out.push("motion step", (after / before).ln().abs());
}

fn light(out: &mut Out, series: &Series, at: usize) {
    let here = (series, at, 1);
    let chroma = |p: usize| series.chroma[p];
    let histogram = |p: usize| series.histogram[p];
    let low = |p: usize| series.steps[p].low;
    out.against("chroma", largest(here, 0.1, at..at + 1, chroma));
    out.against("histogram", largest(here, 0.01, at..at + 1, histogram));
    out.against("grain", largest(here, 0.1, at..at + 1, low));
    let flash = |p: usize| {
        let (a, b) = (&series.looks[p - 1].means, &series.looks[p].means);
        (a[0] - b[0]).abs()
    };
    out.against("luma", largest(here, 0.05, at..at + 1, flash));
    let tint = |p: usize| {
        let (a, b) = (&series.looks[p - 1].means, &series.looks[p].means);
        (a[1] - b[1]).abs() + (a[2] - b[2]).abs()
    };
    out.against("tint", largest(here, 0.05, at..at + 1, tint));
    // Slow change: means of six frames on each side, against the same elsewhere.
    let slow = |p: usize| {
        let side = |range: std::ops::Range<usize>| {
            let mut sum = [0.0; BINS];
            let count = range.len().max(1) as f32;
            for look in &series.looks[range] {
                for (sum, bin) in sum.iter_mut().zip(look.histogram) {
                    *sum += bin / count;
                }
            }
            sum
        };
        distance(&side(p - 6..p), &side(p..p + 6))
    };
    let elsewhere = places(series, at, 6).map(slow);
    out.against("drift", Usual::of(elsewhere, 0.01).against(slow(at)));
    let grain = |range: std::ops::Range<usize>| median(range.map(low)) + 0.1;
    let sides = grain(at - 7..at - 3).min(grain(at + 4..at + 8));
    out.push("grain dip", (grain(at - 2..at + 3) / sides).ln());
}

/// Other instants of the strip, far enough from `at`, with `side` frames on both sides.
fn places(series: &Series, at: usize, side: usize) -> impl Iterator<Item = usize> + use<> {
    let end = (series.len() + 1).saturating_sub(side);
    (side..end)
        .filter(move |p| p.abs_diff(at) >= WINDOW && p.abs_diff(at) <= CONTEXT)
        .step_by(2)
}

fn texture(out: &mut Out, series: &Series, at: usize) {
    let level = |p: usize| {
        let look = &series.looks[p.min(series.len() - 1)];
        look.texture.iter().sum::<f32>() / look.texture.len().max(1) as f32
    };
    let side = |range: std::ops::Range<usize>| median(range.map(level)) + 0.2;
    let dip = |p: usize| {
        let here = (p - 2..p + 2).map(level).fold(f32::MAX, f32::min) + 0.2;
        (here / side(p - 7..p - 3).min(side(p + 3..p + 7))).ln()
    };
    let jump = |p: usize| (side(p..p + 3) / side(p - 3..p)).ln().abs();
    let flick = |p: usize| ((level(p) + 0.2) / (level(p - 1) + 0.2)).ln().abs();
    let spread = |of: &dyn Fn(usize) -> f32| {
        let order = sorted(places(series, at, WINDOW - 1).map(|p| of(p).abs()));
        quantile(&order, 0.8) + 0.005
    };
    let bound = |value: f32| value.clamp(-12.0, 12.0);
    out.push("texture dip", dip(at));
    out.push("texture dip z", bound(dip(at) / spread(&dip)));
    out.push("texture jump", jump(at));
    out.push("texture jump z", bound(jump(at) / spread(&jump)));
    out.push("texture flick", flick(at));
    out.push("texture flick z", bound(flick(at) / spread(&flick)));
    let cells = series.looks[at].texture.len();
    let worst = sorted((0..cells).map(|cell| {
        let level = |p: usize| series.looks[p].texture.get(cell).copied().unwrap_or(0.0) + 0.5;
        let least = |range: std::ops::Range<usize>| range.map(level).fold(f32::MAX, f32::min);
        (least(at - 1..at + 1) / least(at - 7..at - 3).min(least(at + 3..at + 7))).ln()
    }));
    out.push("texture cells", quantile(&worst, 0.05));
}

fn mixed(out: &mut Out, series: &Series, at: usize) {
    for reach in [2, 4, 7] {
        let here = mixture::ratio(series, at, reach);
        let usual = median(places(series, at, reach + 1).map(|p| mixture::ratio(series, p, reach)));
        out.push(&format!("mixture {reach}"), here);
        out.push(&format!("mixture {reach} against"), here - usual);
    }
}

/// Frames that come again: repeats, freezes, turning back.
fn returns(out: &mut Out, series: &Series, at: usize) {
    let own = median(around(series, at, 1).map(|p| series.steps[p].mean)) + 0.15;
    let apart = |a: usize, b: usize| Step::between(&series.looks[a], &series.looks[b]).mean + 0.15;
    let across = apart(at - 1, at);
    // The frame after looks like one from before the last.
    let back = (2..=WINDOW)
        .map(|by| apart(at - by, at))
        .fold(f32::MAX, f32::min);
    out.push("back", (back / across).ln());
    out.push("back against", (back / own).ln());
    // A later frame looks like the last one.
    let ahead = (1..WINDOW)
        .map(|by| apart(at - 1, at + by))
        .fold(f32::MAX, f32::min);
    out.push("ahead", (ahead / across).ln());
    out.push("ahead against", (ahead / own).ln());
    // The same way back: frames at equal distance from the last one are alike.
    let mirror = median((1..5).map(|by| apart(at - 1 - by, at - 1 + by)));
    out.push("mirror", (mirror / own).ln());
    let still = |range: std::ops::Range<usize>| {
        range.filter(|p| series.steps[*p].mean < 0.25 * own).count() as f32
    };
    let usual: Vec<usize> = around(series, at, 1).collect();
    let stills = |p: &&usize| series.steps[**p].mean < 0.25 * own;
    let share = usual.iter().filter(stills).count() as f32 / usual.len().max(1) as f32;
    out.push("still", still(at - 3..at + 4) / 7.0 - share);
}

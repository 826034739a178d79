//! What joints are compared with: windows of the clips themselves, where nothing was joined.

use std::{ops::Range, sync::Arc};

use super::{
    COUNT, Statistic,
    natural::{Natural, Row},
    order::{quantile, sort},
};

/// Clips with fewer steps take their scene's to help.
const FEW: usize = 100;

/// What is usual for a clip: its own windows, with its scene's where it has too few.
#[derive(Clone, Debug)]
pub struct Usual {
    /// The clip itself first.
    clips: Vec<Arc<Natural>>,
    /// Windows of the clip itself that begin here are left out.
    left_out: Range<usize>,
}

impl Usual {
    /// Of a clip and the clips of its scene, which count only when the clip itself has fewer than
    /// 100 steps; the clip itself may be among them.
    pub fn of(own: &Arc<Natural>, scene: &[Arc<Natural>]) -> Self {
        Self::of_parts(std::slice::from_ref(own), scene)
    }

    /// The same of a clip that is known in parts; what is left out of it later is of the first of them.
    pub fn of_parts(own: &[Arc<Natural>], scene: &[Arc<Natural>]) -> Self {
        let mut clips = own.to_vec();
        if Self::needs_scene(own) {
            let is_own = |clip: &&Arc<Natural>| own.iter().any(|part| Arc::ptr_eq(part, clip));
            let others = scene.iter().filter(|clip| !is_own(clip));
            clips.extend(others.map(Arc::clone));
        }
        Self {
            clips,
            left_out: 0..0,
        }
    }

    /// Whether the clips of its scene count for a clip that is known in these parts.
    pub fn needs_scene(own: &[Arc<Natural>]) -> bool {
        own.iter().map(|part| part.steps().len()).sum::<usize>() < FEW
    }

    /// The same without the windows of the clip itself whose middle begins with one of these
    /// steps: a joint that is a natural window is to be judged by others.
    #[must_use]
    pub fn without(self, steps: Range<usize>) -> Self {
        Self {
            left_out: steps,
            ..self
        }
    }

    fn counts(&self, clip: &Arc<Natural>, start: usize) -> bool {
        let own = self.clips.first().is_some_and(|own| Arc::ptr_eq(own, clip));
        !(own && self.left_out.contains(&start))
    }
}

/// What is usual on both sides of a joint, for joints of one length.
pub(super) struct Scale {
    middle: Row,
    spread: Row,
    /// The worst of every natural window, rising.
    worst: Vec<f32>,
}

impl Scale {
    pub(super) fn new((from, to): (&Usual, &Usual), steps: usize) -> Self {
        let mut clips: Vec<&Arc<Natural>> = Vec::new();
        for clip in from.clips.iter().chain(&to.clips) {
            if !clips.iter().any(|known| Arc::ptr_eq(known, clip)) {
                clips.push(clip);
            }
        }
        let rows: Vec<&Row> = clips
            .iter()
            .flat_map(|clip| clip.windows(steps).iter().map(move |row| (clip, row)))
            .filter(|(clip, (start, _))| from.counts(clip, *start) && to.counts(clip, *start))
            .map(|(_, (_, row))| row)
            .collect();
        let mut scale = Self {
            middle: [0.0; COUNT],
            spread: [0.0; COUNT],
            worst: Vec::new(),
        };
        for (at, statistic) in Statistic::ALL.into_iter().enumerate() {
            let values = sort(rows.iter().map(|row| row[at]));
            let (middle, high) = (quantile(&values, 0.5), quantile(&values, 0.9));
            scale.middle[at] = middle;
            scale.spread[at] = (high - middle).max(statistic.slack());
        }
        scale.worst = sort(
            rows.iter()
                .map(|row| scale.apply(row).into_iter().fold(f32::MIN, f32::max)),
        );
        scale
    }

    /// Every statistic in spreads above the middle.
    pub(super) fn apply(&self, row: &Row) -> Row {
        let mut beyond = *row;
        for (value, (middle, spread)) in beyond.iter_mut().zip(self.middle.iter().zip(&self.spread))
        {
            *value = (*value - middle) / spread;
        }
        beyond
    }

    /// Share of the natural windows whose worst is below this, halves for equals; 1 when there is
    /// none to compare with.
    pub(super) fn percentile(&self, worst: f32) -> f32 {
        let below = self.worst.partition_point(|value| *value < worst);
        let upto = self.worst.partition_point(|value| *value <= worst);
        match self.worst.len() {
            0 => 1.0,
            count => (below + upto) as f32 / (2 * count) as f32,
        }
    }
}

//! Which clips show the same scene: those whose most alike frames are no further apart than each
//! clip's own frames are, or than anyone would call one scene; and those joined through others.

use rayon::prelude::*;

use crate::{
    coarse::{self, Rough},
    distance,
    joint::View,
};

/// Frames of a clip that are compared.
const SAMPLES: usize = 16;
/// Share of a clip's own spread that another clip may be away.
const OF_SPREAD: (u32, u32) = (4, 5);
/// Mean absolute difference in code values up to which two pictures are of one scene whatever
/// their spread, and beyond which they are not.
const SAME: u32 = 6;
const OTHER: u32 = 14;

/// The scene of each clip, counted from 0 in order of each scene's first clip.
pub(crate) fn scenes(views: &[View]) -> Vec<u32> {
    let looks: Vec<Look> = views.par_iter().map(Look::new).collect();
    let alike: Vec<Vec<usize>> = (0..looks.len())
        .into_par_iter()
        .map(|a| {
            (a + 1..looks.len())
                .filter(|b| looks[a].like(&looks[*b]))
                .collect()
        })
        .collect();
    let mut parent: Vec<usize> = (0..looks.len()).collect();
    for (a, others) in alike.iter().enumerate() {
        for b in others {
            let (a, b) = (root(&mut parent, a), root(&mut parent, *b));
            // The earlier clip leads, so that roots come in order of first clips.
            parent[a.max(b)] = a.min(b);
        }
    }
    let mut numbers = vec![None; looks.len()];
    let mut next = 0;
    (0..looks.len())
        .map(|clip| {
            *numbers[root(&mut parent, clip)].get_or_insert_with(|| {
                next += 1;
                next - 1
            })
        })
        .collect()
}

fn root(parent: &mut [usize], mut clip: usize) -> usize {
    while parent[clip] != clip {
        parent[clip] = parent[parent[clip]];
        clip = parent[clip];
    }
    clip
}

struct Look {
    samples: Vec<Rough>,
    /// Largest sum of absolute differences to another clip of the scene.
    reach: u32,
}

impl Look {
    fn new(view: &View) -> Self {
        let (first, frames) = (
            view.first() as usize,
            (view.until() - view.first()) as usize,
        );
        let count = frames.min(SAMPLES);
        let samples: Vec<Rough> = (0..count)
            .map(|k| coarse::rough(view, first + (2 * k + 1) * frames / (2 * count)))
            .collect();
        let mut own: Vec<u32> = samples
            .iter()
            .flat_map(|a| samples.iter().map(|b| distance::total(a, b)))
            .collect();
        own.sort_unstable();
        // Not the largest: a clip may have one odd moment.
        let spread = own.get(own.len() * 9 / 10).copied().unwrap_or(0);
        let bytes = coarse::BYTES as u32;
        let reach = (spread * OF_SPREAD.0 / OF_SPREAD.1).clamp(SAME * bytes, OTHER * bytes);
        Self { samples, reach }
    }

    fn like(&self, other: &Self) -> bool {
        let reach = self.reach.max(other.reach);
        let pairs = self
            .samples
            .iter()
            .flat_map(|a| other.samples.iter().map(move |b| (a, b)));
        pairs
            .into_iter()
            .any(|(a, b)| distance::total(a, b) <= reach)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic;

    #[test]
    fn takes_of_one_scene_belong_together_and_others_do_not() {
        let takes = [
            synthetic::moving(60, 1, 1.0),
            synthetic::moving(60, 2, 1.0),
            synthetic::moving_from(60, 1, 0.5, 20.0),
            synthetic::moving_from(60, 2, 2.0, 50.0),
            synthetic::moving(60, 3, 1.0),
        ];
        let views: Vec<View> = takes.iter().map(|take| View::new(take, 0, 60)).collect();
        assert_eq!(scenes(&views), [0, 1, 0, 1, 2]);
        assert!(scenes(&[]).is_empty());
    }
}

//! What a clip looks like altogether, roughly: enough to tell which clips are worth comparing
//! frame by frame.

use rayon::prelude::*;

use crate::{
    coarse::{self, Rough},
    distance,
    joint::View,
};

/// Frames of a clip that are compared.
const SAMPLES: usize = 16;
/// Clips that each clip is compared with frame by frame, the most alike; those that count it
/// among theirs come on top. What a library costs grows with its frames from here on, not with
/// their square.
pub(crate) const PARTNERS: usize = 32;

/// Ordered pairs of clips worth comparing, rising: every two clips of a small library, else each
/// with its [`PARTNERS`] and back. A lone clip is compared with itself.
pub(crate) fn pairs(views: &[View]) -> Vec<(usize, usize)> {
    if views.len() == 1 {
        return vec![(0, 0)];
    }
    let looks: Vec<Vec<Rough>> = views.par_iter().map(samples).collect();
    let mut pairs: Vec<(usize, usize)> = (0..looks.len())
        .into_par_iter()
        .flat_map_iter(|a| {
            let others = (0..looks.len()).filter(|b| *b != a);
            let mut others: Vec<(u32, usize)> =
                others.map(|b| (apart(&looks[a], &looks[b]), b)).collect();
            others.sort_unstable();
            others.truncate(PARTNERS);
            others.into_iter().flat_map(move |(_, b)| [(a, b), (b, a)])
        })
        .collect();
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

fn samples(view: &View) -> Vec<Rough> {
    let (first, frames) = (
        view.first() as usize,
        (view.until() - view.first()) as usize,
    );
    let count = frames.min(SAMPLES);
    (0..count)
        .map(|k| coarse::rough(view, first + (2 * k + 1) * frames / (2 * count)))
        .collect()
}

/// Sum of absolute differences of the frames that are most alike.
fn apart(a: &[Rough], b: &[Rough]) -> u32 {
    let pairs = a.iter().flat_map(|a| b.iter().map(move |b| (a, b)));
    let apart = pairs.map(|(a, b)| distance::total(a, b));
    apart.min().unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic;

    #[test]
    fn many_clips_are_compared_with_those_most_alike() {
        let scenes = [1, 2].map(|scene| synthetic::moving(40, scene, 1.0));
        let views: Vec<View> = (0..100)
            .map(|clip| View::new(&scenes[clip % 2], 0, 40))
            .collect();
        let pairs = pairs(&views);
        assert!(pairs.len() <= 2 * 100 * PARTNERS);
        assert!(pairs.iter().all(|(a, b)| a != b && a % 2 == b % 2));
        assert!(pairs.is_sorted_by(|a, b| a < b));
        let few = super::pairs(&views[..5]);
        assert_eq!(few.len(), 20);
    }
}

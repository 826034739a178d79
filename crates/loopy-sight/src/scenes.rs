//! Which clips show the same scene: those whose best match is no further apart than each clip's
//! own frames are, or than anyone would call one scene; and those joined through others.

use std::collections::BTreeMap;

use crate::pairs::{PairMatches, Side};

/// Share of a clip's own spread that another clip may be away.
const OF_SPREAD: f32 = 0.8;
/// Cost in code values up to which two places are of one scene whatever their clips' spread, and
/// beyond which they are not.
const SAME: f32 = 9.0;
const OTHER: f32 = 24.0;
/// Units of cost in a code value.
const UNITS: f32 = 64.0;

/// The scene of each clip, counted from 0 in order of each scene's first clip.
pub(crate) fn scenes(sides: &[Side], found: &BTreeMap<(usize, usize), PairMatches>) -> Vec<u32> {
    let mut parent: Vec<usize> = (0..sides.len()).collect();
    for ((a, b), matches) in found {
        let spread = sides[*a].spread().max(sides[*b].spread());
        let reach = (spread * OF_SPREAD).clamp(SAME, OTHER);
        if f32::from(matches.best().cost) <= reach * UNITS {
            let (a, b) = (root(&mut parent, *a), root(&mut parent, *b));
            // The earlier clip leads, so that roots come in order of first clips.
            parent[a.max(b)] = a.min(b);
        }
    }
    let mut numbers = vec![None; sides.len()];
    let mut next = 0;
    (0..sides.len())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{graph::sample, pairs::search, synthetic};

    #[test]
    fn takes_of_one_scene_belong_together_and_others_do_not() {
        let takes = [
            synthetic::moving(60, 1, 1.0),
            synthetic::moving(60, 2, 1.0),
            synthetic::moving_from(60, 1, 0.5, 20),
            synthetic::moving_from(60, 2, 2.5, 50),
            synthetic::moving(60, 3, 1.0),
        ];
        let sides: Vec<Side> = takes
            .iter()
            .map(|take| Side::new(take, &sample::clip(0, 60, 25)).unwrap())
            .collect();
        let pairs = (0..5)
            .flat_map(|a| (0..5).map(move |b| (a, b)))
            .filter(|(a, b)| a != b);
        let found = pairs
            .map(|(a, b)| ((a, b), search(&sides[a], &sides[b])))
            .collect();
        assert_eq!(scenes(&sides, &found), [0, 1, 0, 1, 2]);
        assert!(scenes(&[], &BTreeMap::new()).is_empty());
    }
}

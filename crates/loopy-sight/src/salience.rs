//! How much a clip sticks in memory. What only one clip of a scene shows, a wave or a sneeze, is
//! recognised when it comes again; breathing that all of them show is not.

use std::ops::Range;

use rayon::prelude::*;

use crate::{distance::apart, features::Features};

/// In a scene of fewer clips each is as rare as the others.
const FEW: usize = 4;
/// Pictures of a clip that are compared, evenly spread.
const PICTURES: usize = 12;
/// Pictures of a clip that lie nearer to another clip than this share of them say nothing: what is
/// rare need not last long.
const HIGH: f32 = 0.9;
/// Distances below so many code values are none.
const FLOOR: f32 = 1.0;
/// So many times as far from the other clips as is usual in the scene is not remarkable yet ...
const USUAL: f32 = 1.5;
/// ... and this is as remarkable as can be.
const MOST: f32 = 4.0;

/// One clip: its scene, what its file looks like, and the frames of it that are shown.
#[derive(Clone, Debug)]
pub struct Clip<'a> {
    /// Clips are compared with those of the same scene.
    pub scene: u32,
    /// Of the whole file.
    pub features: &'a Features,
    /// Frames that belong to the clip.
    pub frames: Range<u32>,
}

impl Clip<'_> {
    fn pictures(&self) -> impl Iterator<Item = usize> + use<'_> {
        let until = (self.frames.end as usize).min(self.features.len());
        let first = (self.frames.start as usize).min(until);
        let count = (until - first).min(PICTURES);
        (0..count).map(move |at| first + (2 * at + 1) * (until - first) / (2 * count))
    }

    /// How far the clip goes from what `others` show, in code values.
    fn strays(&self, others: &[&Clip]) -> f32 {
        let nearest = |own: usize| {
            let own = self.features.grid(own);
            let each = others.iter().flat_map(|other| {
                let pictures = other.pictures();
                pictures.map(|picture| apart(own, other.features.grid(picture)))
            });
            each.fold(f32::INFINITY, f32::min)
        };
        let mut far: Vec<f32> = self.pictures().map(nearest).collect();
        far.sort_unstable_by(f32::total_cmp);
        let at = (HIGH * far.len().saturating_sub(1) as f32).round() as usize;
        far.get(at)
            .copied()
            .filter(|far| far.is_finite())
            .unwrap_or(0.0)
    }
}

/// How much each clip sticks in memory, 0 to 1: 0 for what is like the others of its scene.
pub fn salience(clips: &[Clip]) -> Vec<f32> {
    let scene = |scene: u32| -> Vec<usize> {
        let same = |at: &usize| clips[*at].scene == scene;
        (0..clips.len()).filter(same).collect()
    };
    let strays: Vec<f32> = (0..clips.len())
        .into_par_iter()
        .map(|own| {
            let others = scene(clips[own].scene).into_iter().filter(|at| *at != own);
            let others: Vec<&Clip> = others.map(|at| &clips[at]).collect();
            clips[own].strays(&others)
        })
        .collect();
    let told = |own: usize| {
        let company = scene(clips[own].scene);
        if company.len() < FEW {
            return 0.0;
        }
        let mut usual: Vec<f32> = company.iter().map(|at| strays[*at]).collect();
        usual.sort_unstable_by(f32::total_cmp);
        let usual = usual[(usual.len() - 1) / 2].max(FLOOR);
        ((strays[own] / usual - USUAL) / (MOST - USUAL)).clamp(0.0, 1.0)
    };
    (0..clips.len()).map(told).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic::{features, picture};

    /// A disc that sways about its place, and goes to the other side for the last of 30 frames.
    fn sways(phase: f32, away: usize) -> Features {
        features((0..30).map(|frame| {
            let sway = 0.3 * (frame as f32 * 0.2 + phase).sin();
            let far = if frame + away >= 30 { 3.0 } else { 0.0 };
            picture(1, sway + far, 0)
        }))
    }

    fn told(all: &[Features], scene: impl Fn(usize) -> u32) -> Vec<f32> {
        let clips: Vec<Clip> = (0..)
            .zip(all)
            .map(|(at, features)| Clip {
                scene: scene(at),
                features,
                frames: 0..30,
            })
            .collect();
        salience(&clips)
    }

    #[test]
    fn what_only_one_clip_of_a_scene_shows_sticks_in_memory() {
        let all: Vec<Features> = [(0.0, 0), (0.4, 0), (0.9, 6), (1.3, 0), (1.8, 0)]
            .map(|(phase, away)| sways(phase, away))
            .into();
        let found = told(&all, |_| 0);
        assert!(found[2] > 0.6, "{found:?}");
        for at in [0, 1, 3, 4] {
            assert!(found[at] < 0.2, "{found:?}");
        }
        // Among others of other scenes it is alone, and of three nobody can tell.
        assert_eq!(told(&all, |at| u32::from(at == 2)), [0.0; 5]);
        assert_eq!(told(&all[..3], |_| 0), [0.0; 3]);
    }

    #[test]
    fn clips_of_one_picture_or_none_are_nothing_remarkable() {
        let all: Vec<Features> = (0..5).map(|_| features([picture(1, 0.0, 0)])).collect();
        assert_eq!(told(&all, |_| 0), [0.0; 5]);
        let none: Vec<Features> = (0..5).map(|_| features([])).collect();
        assert_eq!(told(&none, |_| 0), [0.0; 5]);
    }
}

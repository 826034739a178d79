//! Light and colour, solved once per clip: a gain and an offset for each channel, such that clips
//! that show the same thing agree in exposure and white balance wherever an edge joins them.
//!
//! This is gain compensation as panorama stitching does it (Brown and Lowe, "Automatic panoramic
//! image stitching using invariant features", IJCV 2007, section 6), with an offset beside the
//! gain and with robust weights: cells that show something else on the two sides say nothing
//! about light, nor do pairs whose structure differs, and pairs that contradict all others count
//! less (Huber).

mod agree;
mod cells;
mod system;

use loopy_core::{
    Grade,
    grade::{BLACK, FULL, Line, STEPS, UNITY},
};
use rayon::prelude::*;

pub use self::cells::pairs;
use self::{
    agree::{Evidence, evidence},
    system::{Parameters, System},
};

/// Most that a gain differs from 1.
pub const MOST_GAIN: f64 = 0.12;
/// Largest offset in code values.
pub const MOST_OFFSET: f64 = 10.0;
/// Corrections that move no sample by so many code values are not worth an encode: nobody sees
/// them, and measures of moving pictures differ by as much.
const NOTICED: f64 = 1.0;
/// Corrections that leave more than this share of the steps between the clips of a scene are not
/// worth it either.
const WORTH: f64 = 0.7;
/// Rounds of new weights for pairs that contradict the others.
const ROUNDS: usize = 6;
/// Mean difference of a pair, in code values, from which on it counts less.
const HUBER: f64 = 1.0;

/// What a picture looks like, as means over cells that cover it: luma, U and V in 8-bit code
/// values. All looks have equally many cells in the same order.
pub type Look = Vec<[f32; 3]>;

/// Two clips on the two sides of a joint.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// The clip that is left and the clip that is entered, by index.
    pub clips: [u32; 2],
    /// The last picture before the joint and the first one after it.
    pub looks: [Look; 2],
}

/// The grade of each of `clips` clips. `known` holds grades that clips have already, by the same
/// index: their runs are encoded, so that they stay and what is new goes by them. Only where most
/// clips of a group are new are all of them solved anew, and even then a grade that would hardly
/// differ stays.
///
/// A clip that no pair joins to another stays as it is, and so does one that nobody would see
/// change. Of the clips that hang together the middle one stays: where one differs from all
/// others it is the one to change. The answer depends on the order of pairs and on nothing else.
pub fn solve(clips: usize, pairs: &[Pair], known: &[Option<Grade>]) -> Vec<Grade> {
    let known = |clip: usize| known.get(clip).copied().flatten();
    let evidence: Vec<Evidence> = pairs
        .par_iter()
        .filter(|pair| {
            let [a, b] = pair.clips.map(|clip| clip as usize);
            a != b && a < clips && b < clips
        })
        .filter_map(evidence)
        .collect();
    let groups = groups(clips, &evidence);
    let mut held: Vec<bool> = (0..clips).map(|clip| known(clip).is_some()).collect();
    let (new, grown): (Vec<_>, Vec<_>) = groups.into_iter().partition(|group| {
        let old = group.iter().filter(|clip| held[**clip]).count();
        2 * old < group.len()
    });
    for clip in new.iter().flatten() {
        held[*clip] = false;
    }
    let held_or_plain = |clip: usize| known(clip).filter(|_| held[clip]).unwrap_or_default();
    let plain: Vec<Grade> = (0..clips).map(held_or_plain).collect();
    let channels: Vec<Vec<Parameters>> = (0..3)
        .into_par_iter()
        .map(|channel| {
            let start = plain.iter().map(|grade| grade.lines()[channel].into());
            channel_of(start.collect(), &evidence, &new, &held, channel)
        })
        .collect();
    let mut fresh = plain.clone();
    for clip in (0..clips).filter(|clip| !held[*clip]) {
        let [luma, u, v] = [0, 1, 2].map(|channel: usize| channels[channel][clip].line());
        fresh[clip] = Grade { luma, u, v };
    }
    for group in new.iter().chain(&grown) {
        if !pays(group, &evidence, &plain, &fresh) {
            for clip in group {
                fresh[*clip] = plain[*clip];
            }
        }
    }
    let settled = |(clip, fresh): (usize, Grade)| {
        let kept = [known(clip), Some(Grade::default())].into_iter().flatten();
        kept.into_iter()
            .find(|kept| largest_change(*kept, fresh) < NOTICED)
            .unwrap_or(fresh)
    };
    fresh.into_iter().enumerate().map(settled).collect()
}

/// The steps of light at the joints of a group are so much smaller under the grades `fresh` than
/// under those `before` that encoding them is worth it. Where light changes inside clips, one
/// grade a clip helps one joint and harms the next. Joints at which neither clip changes say
/// nothing.
fn pays(group: &[usize], evidence: &[Evidence], before: &[Grade], fresh: &[Grade]) -> bool {
    let among: Vec<&Evidence> = evidence
        .iter()
        .filter(|pair| group.binary_search(&pair.clips[0]).is_ok())
        .filter(|pair| pair.clips.iter().any(|clip| before[*clip] != fresh[*clip]))
        .collect();
    let steps = |grades: &[Grade]| -> f64 {
        let step = |pair: &&Evidence| {
            let [a, b] = pair
                .clips
                .map(|clip| grades[clip].lines().map(Parameters::from));
            let channels = (0..3).map(|c| pair.channels[c].mean_difference(a[c], b[c]).abs());
            pair.weight * channels.sum::<f64>()
        };
        among.iter().map(step).sum()
    };
    steps(fresh) < WORTH * steps(before)
}

/// Clips that evidence joins, each group by rising index; clips alone are in none.
fn groups(clips: usize, evidence: &[Evidence]) -> Vec<Vec<usize>> {
    let mut leader: Vec<usize> = (0..clips).collect();
    let find = |leader: &[usize], mut clip: usize| {
        while leader[clip] != clip {
            clip = leader[clip];
        }
        clip
    };
    for pair in evidence {
        let [a, b] = pair.clips.map(|clip| find(&leader, clip));
        leader[a.max(b)] = a.min(b);
    }
    let mut groups = vec![Vec::new(); clips];
    for clip in 0..clips {
        groups[find(&leader, clip)].push(clip);
    }
    groups.retain(|group| group.len() > 1);
    groups
}

/// Solves one channel: what is `held` stays as at the `start`, and nothing else fixes the level of
/// the clips beside it; `groups` are those of which nothing is held.
fn channel_of(
    start: Vec<Parameters>,
    evidence: &[Evidence],
    groups: &[Vec<usize>],
    held: &[bool],
    channel: usize,
) -> Vec<Parameters> {
    let mut weights: Vec<f64> = evidence.iter().map(|pair| pair.weight).collect();
    let mut found = start;
    for _ in 0..ROUNDS {
        found = System::new(evidence, &weights, groups, held, channel).solve(found);
        for (weight, pair) in weights.iter_mut().zip(evidence) {
            let [a, b] = pair.clips.map(|clip| found[clip]);
            let off = pair.channels[channel].mean_difference(a, b).abs();
            *weight = pair.weight * HUBER / off.max(HUBER);
        }
    }
    for group in groups {
        let middle = |of: fn(&Parameters) -> f64, found: &[Parameters]| {
            let mut values: Vec<f64> = group.iter().map(|clip| of(&found[*clip])).collect();
            agree::median(&mut values)
        };
        // All gains and offsets times one factor, and all offsets plus one, agree as well.
        let gain = 1.0 + middle(|clip| clip.gain, &found);
        for clip in group {
            let Parameters { gain: g, offset } = found[*clip];
            found[*clip] = Parameters {
                gain: (1.0 + g) / gain - 1.0,
                offset: offset / gain,
            };
        }
        let offset = middle(|clip| clip.offset, &found);
        for clip in group {
            found[*clip].offset -= offset;
        }
    }
    found
}

impl From<Line> for Parameters {
    fn from(line: Line) -> Self {
        Self {
            gain: line.factor() - 1.0,
            offset: line.codes(),
        }
    }
}

impl Parameters {
    /// As integers, within what a clip may be changed.
    fn line(self) -> Line {
        let gain = 1.0 + self.gain.clamp(-MOST_GAIN, MOST_GAIN);
        let offset = self.offset.clamp(-MOST_OFFSET, MOST_OFFSET);
        Line {
            gain: (gain * f64::from(UNITY)).round() as u16,
            offset: (offset * f64::from(STEPS)).round() as i16,
        }
    }
}

/// Largest difference that two grades make to a sample, in code values. Both are straight lines
/// above the shadows, so that the ends tell. Chroma further than 60 code values from grey is rare.
fn largest_change(a: Grade, b: Grade) -> f64 {
    const WHITE: u8 = 235;
    let luma = [FULL, WHITE].map(|value| f64::from(value) - f64::from(BLACK));
    let ends = [luma, [-60.0, 60.0], [-60.0, 60.0]];
    let lines = a.lines().into_iter().zip(b.lines());
    lines
        .zip(ends)
        .flat_map(|((a, b), ends)| {
            ends.map(|end| (end * (a.factor() - b.factor()) + a.codes() - b.codes()).abs())
        })
        .fold(0.0, f64::max)
}

#[cfg(test)]
mod tests;

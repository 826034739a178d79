//! Trying a joint: it is drawn as a cut, as motion of several lengths and as a dissolve, each is
//! judged by how unusual it is for the two clips, and the first that nobody would notice is taken,
//! else the best.

mod pair;

use loopy_core::{
    Frame,
    graph::{Bridge, DOUBTFUL, Score},
};
use loopy_pixels::{
    blend,
    flow::Effort,
    interpolate::{self, Passage},
};

use serde::{Deserialize, Serialize};

pub use self::pair::{Draws, Joint, Outcome, Pictures, pair};
use crate::{
    rsv::{self, CONTEXT, Looks, Rsv, Scales, Statistic, Steps, differ_alike},
    score,
};

/// Pictures of each side that a plain cut is seen in: a glance takes no more.
pub const NEAR: usize = 2;
/// Pictures on each side of a boundary that a joint can need.
pub const REACH: usize = 12;
/// Lengths of dissolves that are tried: the longer ones where the sides are so far apart that the texture
/// would have to move too fast.
const DISSOLVES: [u8; 4] = [6, 8, 10, 12];
/// Lengths of morphs that are tried. Of 12 pictures they score a little more still, but a detector that
/// selection does not use finds them more often.
const MORPHS: [u8; 2] = [8, 4];
/// Steps of the joints that are tried most: the plain cut's and the morphs'. Windows of as many are worth
/// keeping with a clip.
pub const STEPS: [usize; 3] = [1, MORPHS[0] as usize + 1, MORPHS[1] as usize + 1];
/// Pictures on each side that the longest of them needs.
pub(crate) const MOVING: usize = MORPHS[0] as usize;
/// Most pictures of motion.
const LONGEST: f32 = 12.0;
/// A cut milder than this share of the clips' own steps needs no help.
const ORDINARY: f32 = 0.75;
/// Score from which a bridge that is not unusual is as good as any.
const GOOD: Score = Score::percent(50);
/// Where the first bridge scores less, others are not drawn: of 1009 joints with all bridges drawn, so
/// were 70 %, and 5 % of those that came to score 0.6.
const POOR: Score = Score::percent(45);
/// Scores are told apart in steps of this: the calibration is flat in places.
const SAME: Score = Score::percent(2);
/// A bridge in which something appears or vanishes scores at most so much: people turn into others in it,
/// which the trained score forgives where people come and go.
const NOTICED: Score = Score::percent(49);
/// Motion leaves so much more unexplained than in the clips' own moments ([`Rsv::each`]), or a place changes
/// so much more than it does beside the joint (in doublings). Of 92 joints of ten scenes, the nine in which
/// pedestrians turn into others lie above one of them, no other does.
const UNEXPLAINED: f32 = 1.5;
const TORN: f32 = 2.0;
/// A bridge that scores less is worse than none.
const FAINT: Score = Score::percent(28);
/// Lengths of motion that are tried, as shares of the first guess.
const LENGTHS: [f32; 3] = [1.0, 0.6, 1.6];
/// Where the guess is shorter than half of this, so long is tried, too: two encodings of nearly the same
/// picture differ in texture, which changes unseen over more pictures than motion needs.
const SLOW: u8 = 6;

/// One side of a joint.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// Of the usable pictures of the clip, at [`rsv::SIZE`].
    pub steps: &'a Steps,
    /// The boundary, counted in those pictures.
    pub boundary: usize,
    /// Pictures around the boundary: at least [`NEAR`] before it where the clip is left, after it where it
    /// is entered; for bridges up to [`REACH`] on both sides.
    pub pictures: &'a [Frame],
    /// The boundary among them.
    pub middle: usize,
}

/// What a joint was found to be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// What to put between.
    pub bridge: Bridge,
    /// Estimated probability that nobody notices it then.
    pub score: Score,
    /// Share of the clips' own moments that are milder: its relative visibility.
    pub rsv: f32,
    /// What is most unusual about it.
    pub worst: Statistic,
    /// Relative size of the plain cut: 1 is an ordinary step of the clips.
    pub step: f32,
}

impl Found {
    /// What is measured of the joint with this bridge.
    fn of(rsv: &Rsv, bridge: Bridge, step: f32) -> Result<Self, score::Error> {
        let mut score = score::of(rsv)?;
        let vanishes = rsv.each[Statistic::Unexplained as usize] > UNEXPLAINED
            || rsv.raw[Statistic::Tear as usize] > TORN;
        if bridge != Bridge::None && vanishes {
            score = score.min(NOTICED);
        }
        Ok(Self {
            bridge,
            score,
            rsv: rsv.percentile,
            worst: rsv.worst,
            step,
        })
    }
}

/// Draws the joint of which this is the plain cut in all ways worth it; the best, which may be the
/// cut. Lengths of motion are guessed from the cut's step.
///
/// # Errors
/// [`score::Error::Model`] when the compiled-in weights are not for this program.
fn judge(from: &Side, to: &Side, cut: Found, scales: &Scales) -> Result<Found, score::Error> {
    let mut best = Best {
        found: cut,
        from,
        to,
        scales,
    };
    best.bridges(cut.step)?;
    // What tears or ghosts draws more eyes than a plain cut.
    if best.found.score < FAINT {
        return Ok(cut);
    }
    Ok(best.found)
}

/// The best so far.
struct Best<'a> {
    found: Found,
    from: &'a Side<'a>,
    to: &'a Side<'a>,
    scales: &'a Scales<'a>,
}

impl Best<'_> {
    /// Draws bridges until one is ordinary. Where the first shows that motion explains little, only a
    /// dissolve is left to try: it hides joints of falling snow or water.
    fn bridges(&mut self, step: f32) -> Result<(), score::Error> {
        let (from, to) = (self.from, self.to);
        let explained = self.morphs()?;
        if self.found.bridge != Bridge::None && self.found.rsv <= DOUBTFUL {
            return Ok(());
        }
        if explained && let Some(motion) = Motion::new(from, to) {
            for length in lengths(step) {
                let (bridge, pictures) = motion.bridge(length);
                if self.offer(bridge, &pictures)? < POOR {
                    break;
                }
            }
        }
        if self.found.rsv <= DOUBTFUL {
            return Ok(());
        }
        for length in DISSOLVES {
            let Some(pictures) = dissolve(from, to, usize::from(length)) else {
                break;
            };
            self.offer(Bridge::Dissolve(length), &pictures)?;
            if self.found.rsv <= ORDINARY && passes(&self.found) {
                break;
            }
        }
        Ok(())
    }

    /// Draws morphs until one is ordinary; false when one scores so little that motion is not likely to do
    /// either.
    fn morphs(&mut self) -> Result<bool, score::Error> {
        let (from, to) = (self.from, self.to);
        let drawn = MORPHS.into_iter().filter_map(|length| {
            let pictures = morph(from, to, usize::from(length))?;
            Some((length, pictures))
        });
        for (length, pictures) in drawn {
            if self.offer(Bridge::Morph(length), &pictures)? < POOR {
                return Ok(false);
            }
            if self.found.bridge != Bridge::None && self.found.rsv <= ORDINARY {
                break;
            }
        }
        Ok(true)
    }

    /// Takes the bridge if it is better; its score.
    fn offer(&mut self, bridge: Bridge, between: &[Frame]) -> Result<Score, score::Error> {
        let sides = (self.from, self.to);
        let Some(found) = measure(sides, (bridge, self.found.step), between, self.scales)? else {
            return Ok(Score::default());
        };
        if better(&found, &self.found) {
            self.found = found;
        }
        Ok(found.score)
    }
}

/// What is likely to go unseen, or at least is not unusual, comes first; of two whose scores differ by
/// less than the calibration can tell, what is less visible.
fn better(one: &Found, other: &Found) -> bool {
    let score = |found: &Found| found.score.0 / SAME.0;
    (passes(one), score(one), other.rsv) > (passes(other), score(other), one.rsv)
}

/// It is likely to go unseen.
fn passes(found: &Found) -> bool {
    found.rsv <= DOUBTFUL && found.score >= GOOD
}

/// Motion from one side to the other, of any length.
struct Motion<'a> {
    from: &'a Side<'a>,
    to: &'a Side<'a>,
    passage: Passage,
}

impl<'a> Motion<'a> {
    fn new(from: &'a Side<'a>, to: &'a Side<'a>) -> Option<Self> {
        // As many pictures as the bridge will be made from.
        let beside = if holds(from, to, LONGEST as usize) == 0 {
            2
        } else {
            4
        };
        let before = from.pictures.get(..from.middle)?;
        let after = to.pictures.get(to.middle..)?;
        let before = &before[before.len().saturating_sub(beside)..];
        let after = &after[..after.len().min(beside)];
        let passage = Passage::new(before, after, Effort::Medium).ok()?;
        Some(Self { from, to, passage })
    }

    fn bridge(&self, frames: u8) -> (Bridge, Vec<Frame>) {
        let holds = holds(self.from, self.to, usize::from(frames));
        let pictures = self.passage.pictures(usize::from(frames), holds.into());
        (Bridge::Motion { frames, holds }, pictures)
    }
}

fn holds(from: &Side, to: &Side, pictures: usize) -> u16 {
    rsv::holds(from.steps, from.boundary, to.steps, to.boundary, pictures)
}

/// Lengths of motion worth trying, the likeliest first.
fn lengths(step: f32) -> Vec<u8> {
    let guess = (step - 1.0).clamp(1.0, LONGEST);
    let mut lengths: Vec<u8> = LENGTHS
        .iter()
        .map(|share| (guess * share).round().clamp(1.0, LONGEST) as u8)
        .collect();
    lengths.dedup();
    if guess < f32::from(SLOW) / 2.0 {
        lengths.push(SLOW);
    }
    lengths
}

/// `None` where there are no pictures for it or where it would show things through each other.
fn dissolve(from: &Side, to: &Side, length: usize) -> Option<Vec<Frame>> {
    let (tail, head) = handles(from, to, length)?;
    if !differ_alike(&tail[0], &head[0]) {
        return None;
    }
    Some(blend::dissolve(tail, head))
}

fn morph(from: &Side, to: &Side, length: usize) -> Option<Vec<Frame>> {
    let (tail, head) = handles(from, to, length)?;
    interpolate::morph(tail, head).ok()
}

/// What follows the place that is left, and what leads to the place that is entered.
fn handles<'a>(
    from: &Side<'a>,
    to: &Side<'a>,
    length: usize,
) -> Option<(&'a [Frame], &'a [Frame])> {
    let tail = from.pictures.get(from.middle..from.middle + length)?;
    let head = to.pictures.get(to.middle.checked_sub(length)?..to.middle)?;
    Some((tail, head))
}

fn last_two<'a>(side: &Side<'a>) -> Option<[&'a Frame; NEAR]> {
    let pictures = side
        .pictures
        .get(side.middle.checked_sub(NEAR)?..side.middle)?;
    Some([&pictures[0], &pictures[1]])
}

fn first_two<'a>(side: &Side<'a>) -> Option<[&'a Frame; NEAR]> {
    let pictures = side.pictures.get(side.middle..side.middle + NEAR)?;
    Some([&pictures[0], &pictures[1]])
}

/// The joint with these pictures between its sides; `None` when the sides have too few of their
/// own.
fn measure(
    (from, to): (&Side, &Side),
    (bridge, step): (Bridge, f32),
    between: &[Frame],
    scales: &Scales,
) -> Result<Option<Found>, score::Error> {
    let Some(rsv) = visible(from, to, between, &mut Looks::default(), scales) else {
        return Ok(None);
    };
    Ok(Some(Found::of(&rsv, bridge, step)?))
}

fn visible<'a>(
    from: &Side<'a>,
    to: &Side<'a>,
    between: &'a [Frame],
    looks: &mut Looks<'a>,
    scales: &Scales,
) -> Option<Rsv> {
    let (left, entered) = (last_two(from)?, first_two(to)?);
    let middle: Vec<&Frame> = left.into_iter().chain(between).chain(entered).collect();
    let reach = CONTEXT + 2;
    let before = from
        .steps
        .part(from.boundary.saturating_sub(reach)..from.boundary);
    let after = to.steps.part(to.boundary..to.boundary + reach);
    let start = before.len();
    let window = Steps::spliced(&before, &looks.steps(&middle), &after)?;
    scales.rsv(&window, start..start + between.len() + 1)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use loopy_core::Size;

    use super::*;
    use crate::rsv::{Natural, SIZE, Usual};

    /// A textured ground that moves to and fro, seen at `time`, lit by `light`.
    fn picture(time: f64, light: f64) -> Frame {
        let mut frame = Frame::black(SIZE);
        let Size { width, .. } = SIZE;
        let shift = 24.0 * (time / 14.0).sin();
        for (at, sample) in frame.planes_mut()[0].iter_mut().enumerate() {
            let (x, y) = ((at as u32 % width) as f64, (at as u32 / width) as f64);
            let (x, y) = (x - shift, y + shift / 2.0);
            let value =
                40.0 * (x / 9.0).sin() * (y / 7.0).cos() + 25.0 * (x / 23.0 + y / 31.0).sin();
            *sample = (120.0 + light + value) as u8;
        }
        frame
    }

    /// Drops that are elsewhere in each picture, over ground whose light changes slowly.
    fn fall(frame: &mut Frame, time: usize) {
        let wide = SIZE.width as usize;
        for (at, sample) in frame.planes_mut()[0].iter_mut().enumerate() {
            let (x, y) = (at % wide, at / wide);
            let drop = (x / 3 + 128 * (y / 6) + 8192 * time) as u32;
            let mixed = drop.wrapping_mul(0x85EB_CA6B);
            let drop = (mixed ^ mixed >> 13).wrapping_mul(0xC2B2_AE35) >> 27;
            let wave = x as f64 / 60.0 + y as f64 / 45.0 + time as f64 / 16.0;
            *sample = (110.0 + 14.0 * wave.sin() + f64::from(drop)) as u8;
        }
    }

    pub(super) struct Take {
        pictures: Vec<Frame>,
        steps: Steps,
        pub(super) usual: Usual,
    }

    impl Take {
        pub(super) fn new(first: f64, light: f64) -> Self {
            let pictures: Vec<Frame> = (0..120)
                .map(|at| picture(first + f64::from(at), light))
                .collect();
            let steps = Steps::of(&pictures);
            let natural = Arc::new(Natural::new(steps.clone()));
            Self {
                usual: Usual::of(&natural, &[]),
                pictures,
                steps,
            }
        }

        /// Does something to the luma of every picture.
        fn change(&mut self, change: impl Fn(&mut [u8])) {
            for frame in &mut self.pictures {
                change(frame.planes_mut()[0]);
            }
            self.steps = Steps::of(&self.pictures);
            self.usual = Usual::of(&Arc::new(Natural::new(self.steps.clone())), &[]);
        }

        pub(super) fn side(&self, boundary: usize) -> Side<'_> {
            let low = boundary.saturating_sub(REACH);
            let high = (boundary + REACH).min(self.pictures.len());
            Side {
                steps: &self.steps,
                boundary,
                pictures: &self.pictures[low..high],
                middle: boundary - low,
            }
        }
    }

    fn judge(a: (&Take, usize), b: (&Take, usize), step: f32) -> Option<Found> {
        let scales = Scales::new((&a.0.usual, &b.0.usual));
        let (from, to) = (a.0.side(a.1), b.0.side(b.1));
        let cut = measure((&from, &to), (Bridge::None, step), &[], &scales).unwrap()?;
        if cut.rsv <= ORDINARY {
            return Some(cut);
        }
        Some(super::judge(&from, &to, cut, &scales).unwrap())
    }

    #[test]
    fn what_goes_on_is_cut_and_what_jumps_gets_help() {
        let (a, b) = (Take::new(0.0, 0.0), Take::new(40.0, 0.0));
        let on = judge((&a, 60), (&b, 20), 1.0).unwrap();
        assert_eq!(on.bridge, Bridge::None, "{on:?}");
        let jump = judge((&a, 60), (&b, 26), 6.0).unwrap();
        assert!(matches!(jump.bridge, Bridge::Morph(_)), "{jump:?}");
        let scales = Scales::new((&a.usual, &b.usual));
        let sides = (&a.side(60), &b.side(26));
        let cut = measure(sides, (Bridge::None, 6.0), &[], &scales);
        let cut = cut.unwrap().unwrap();
        assert!(jump.score > cut.score && cut.rsv > 0.95, "{jump:?} {cut:?}");
        // Too little lies before the place that is entered for both to go on.
        let bare = judge((&a, 60), (&b, 3), 6.0).unwrap();
        assert!(matches!(bare.bridge, Bridge::Motion { .. }), "{bare:?}");
    }

    #[test]
    fn a_bridge_in_which_something_appears_is_likely_to_be_noticed() {
        let (a, mut b) = (Take::new(0.0, 0.0), Take::new(40.0, 0.0));
        let plain = judge((&a, 60), (&b, 26), 6.0).unwrap();
        assert!(plain.score > NOTICED, "{plain:?}");
        // Somebody stands there in the second clip from its first picture to its last.
        b.change(|luma| {
            let rows = luma.chunks_exact_mut(SIZE.width as usize);
            for row in rows.skip(60).take(36) {
                for sample in &mut row[150..170] {
                    *sample = sample.saturating_sub(50);
                }
            }
        });
        let found = judge((&a, 60), (&b, 26), 6.0).unwrap();
        assert!(found.score <= NOTICED, "{found:?}");
    }

    #[test]
    fn of_two_bridges_that_score_alike_the_less_visible_is_better() {
        let found = |score: f64, rsv: f32| Found {
            bridge: Bridge::Morph(8),
            score: Score::from_f64(score),
            rsv,
            worst: Statistic::Mix,
            step: 1.0,
        };
        assert!(better(&found(0.826, 0.1), &found(0.828, 0.4)));
        assert!(!better(&found(0.828, 0.4), &found(0.826, 0.1)));
        assert!(better(&found(0.85, 0.4), &found(0.75, 0.1)));
        assert!(better(&found(0.55, 0.8), &found(0.75, 0.9)));
    }

    #[test]
    fn falling_texture_dissolves_for_longer_where_its_sides_are_further_apart() {
        let rain = || {
            let mut take = Take::new(0.0, 0.0);
            for (at, frame) in take.pictures.iter_mut().enumerate() {
                fall(frame, at);
            }
            take.change(|_| {});
            take
        };
        // The same weather, so many pictures later.
        let lengths = [12, 14].map(|apart| {
            let (a, b) = (rain(), rain());
            let found = judge((&a, 50), (&b, 50 + apart), 1.5).unwrap();
            assert!(found.rsv <= DOUBTFUL, "{found:?}");
            found.bridge
        });
        assert_eq!(lengths, [10, 12].map(Bridge::Dissolve));
    }

    #[test]
    fn what_no_bridge_hides_stays_a_cut() {
        let (a, mut b) = (Take::new(0.0, 0.0), Take::new(40.0, 0.0));
        b.change(|luma| {
            for sample in luma {
                *sample = 255 - *sample;
            }
        });
        let found = judge((&a, 60), (&b, 26), 30.0).unwrap();
        assert_eq!(found.bridge, Bridge::None, "{found:?}");
        assert!(
            found.score < FAINT && found.rsv > loopy_core::graph::UNUSUAL,
            "{found:?}"
        );
    }

    #[test]
    fn a_row_measured_in_parts_is_the_row_measured_at_once() {
        let pictures: Vec<Frame> = (0..12).map(|at| picture(f64::from(at), 0.0)).collect();
        let mut parts = Steps::of(&pictures[..7]);
        parts.extend(&Steps::of(&pictures[5..]));
        assert!(parts == Steps::of(&pictures));
    }

    #[test]
    fn a_joint_without_pictures_on_a_side_is_not_judged() {
        let a = Take::new(0.0, 0.0);
        assert!(judge((&a, 0), (&a, 60), 1.0).is_none());
        assert!(judge((&a, 60), (&a, 120), 1.0).is_none());
    }
}

//! Drawing the training joints.

use std::{collections::BTreeMap, sync::Arc};

use loopy_core::Frame;
use loopy_pixels::{
    blend,
    flow::Effort,
    interpolate::{self, Between, Passage},
    measure,
};
use loopy_sight::{
    rsv::{CONTEXT, Rsv, Steps, Usual, rsv},
    score::model::features,
};
use rayon::prelude::*;

use crate::{
    clips::{Clip, Strip},
    dice::Dice,
    faults,
    kinds::{Help, KINDS, Kind, To},
};

pub(crate) struct Joint {
    pub(crate) kind: &'static Kind,
    pub(crate) scene: usize,
    pub(crate) fold: usize,
    pub(crate) steps: usize,
    pub(crate) rsv: Rsv,
    pub(crate) values: Vec<f32>,
}

/// Clip and first frame of every clip of a take, by take.
type Takes = BTreeMap<String, Vec<(usize, usize)>>;

pub(crate) fn all(clips: &[Clip], takes: &str, seed: u64) -> Vec<Joint> {
    let takes = read_takes(clips, takes);
    let draw = |index: usize| -> Vec<Joint> {
        let mut dice = Dice::new(seed ^ (index as u64) << 32);
        let mut found = Vec::new();
        for kind in &KINDS {
            for _ in 0..kind.each {
                found.extend(joint(clips, &takes, index, kind, &mut dice));
            }
        }
        found
    };
    let every: Vec<Vec<Joint>> = (0..clips.len()).into_par_iter().map(draw).collect();
    every.into_iter().flatten().collect()
}

fn read_takes(clips: &[Clip], lines: &str) -> Takes {
    let mut takes = Takes::new();
    for line in lines.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split_whitespace();
        let mut word = || words.next().unwrap_or_default();
        let (name, take, start) = (word(), word(), word());
        let clip = clips.iter().position(|clip| clip.source.name == name);
        if let Some((clip, start)) = clip.zip(start.parse().ok()) {
            takes
                .entry(take.to_owned())
                .or_default()
                .push((clip, start));
        }
    }
    takes
}

/// Both sides of a joint: the last frame left, the first entered.
struct Ends<'a> {
    from: &'a Strip,
    last: usize,
    to: &'a Strip,
    first: usize,
    /// Index of the clip entered.
    entered: usize,
}

fn joint(
    clips: &[Clip],
    takes: &Takes,
    index: usize,
    kind: &'static Kind,
    dice: &mut Dice,
) -> Option<Joint> {
    // Drawn frames know nothing of a rhythm: only what is recorded may be on a faster clock.
    let drawn = !matches!(
        (kind.draw)(dice).1,
        Help::Nothing | Help::Passage(_) | Help::Lit(_)
    );
    let paced = dice.below(8) == 0 && !drawn;
    let strip = |clip: usize| {
        if paced {
            &clips[clip].paced
        } else {
            &clips[clip].plain
        }
    };
    let (to, help) = (kind.draw)(dice);
    // Short clips leave little room: try again where a joint does not fit.
    (0..40).find_map(|_| {
        let ends = ends(clips, takes, index, to, &strip, dice)?;
        let (pictures, bridge) = pictures(&ends, to, help)?;
        let joint = CONTEXT..CONTEXT + bridge + 1;
        let window = Steps::of(&pictures);
        let usual = |clip: usize, around: usize| {
            let scene = clips.iter().enumerate();
            let scene = scene.filter(|(_, other)| other.source.scene == clips[clip].source.scene);
            let scene: Vec<_> = scene
                .map(|(other, _)| Arc::clone(&strip(other).natural))
                .collect();
            let own = Usual::of(&strip(clip).natural, &scene);
            own.without(around.saturating_sub(CONTEXT + bridge)..around + CONTEXT)
        };
        let around = (usual(index, ends.last), usual(ends.entered, ends.first));
        let rsv = rsv(&window, joint, (&around.0, &around.1))?;
        let scene = clips
            .iter()
            .position(|clip| clip.source.scene == clips[index].source.scene)?;
        Some(Joint {
            kind,
            scene,
            fold: clips[index].source.fold,
            steps: bridge + 1,
            values: features(&rsv),
            rsv,
        })
    })
}

fn ends<'a>(
    clips: &'a [Clip],
    takes: &Takes,
    index: usize,
    to: To,
    strip: &impl Fn(usize) -> &'a Strip,
    dice: &mut Dice,
) -> Option<Ends<'a>> {
    let from = strip(index);
    let mut last = dice.below(from.frames.len());
    let here = |to: usize, scene: bool| {
        let same = clips[to].source.scene == clips[index].source.scene;
        same == scene && clips[to].source.fold == clips[index].source.fold
    };
    let mut entered = index;
    let first;
    let far = |clip: usize, frame: usize| clip != index || frame.abs_diff(last) > 12;
    match to {
        To::Along(by) => first = (last + 1).checked_add_signed(by)?,
        To::Back => first = last.checked_sub(1)?,
        To::Take => {
            let take = takes
                .values()
                .find(|take| take.iter().any(|(clip, _)| *clip == index))?;
            let start = take.iter().find(|(clip, _)| *clip == index)?.1;
            let next = start + clips[index].plain.frames.len();
            (entered, first) = take
                .iter()
                .filter(|(clip, start)| *clip != index && *start <= next)
                .map(|(clip, start)| (*clip, next - start))
                .find(|(clip, first)| *first < clips[*clip].plain.frames.len() / 2)?;
            last = clips[index].plain.frames.len() - 1;
            let (from, to) = (&clips[index].plain, &clips[entered].plain);
            return Some(Ends {
                from,
                last,
                to,
                first,
                entered,
            });
        }
        To::Scene | To::Best | To::Elsewhere => {
            let others: Vec<usize> = (0..clips.len())
                .filter(|to_clip| here(*to_clip, to != To::Elsewhere))
                .collect();
            entered = *others.get(dice.below(others.len()))?;
            let draws = if to == To::Best { 40 } else { 1 };
            let frames = &strip(entered).frames;
            let next = from.frames.get(last + 1)?;
            let drawn: Vec<usize> = (0..draws).map(|_| dice.below(frames.len())).collect();
            let near = |frame: &usize| measure::mean_abs(next, &frames[*frame]);
            let drawn = drawn.into_iter().filter(|frame| far(entered, *frame));
            first = drawn.min_by(|a, b| near(a).total_cmp(&near(b)))?;
        }
    }
    Some(Ends {
        from,
        last,
        to: strip(entered),
        first,
        entered,
    })
}

/// The pictures of a joint with its context, and how many of them are the bridge.
fn pictures(ends: &Ends, to: To, help: Help) -> Option<(Vec<Frame>, usize)> {
    let own =
        |frames: &[Arc<Frame>]| -> Vec<Frame> { frames.iter().map(|f| Frame::clone(f)).collect() };
    let before = own(ends
        .from
        .frames
        .get(ends.last.checked_sub(CONTEXT)?..=ends.last)?);
    let follow = |first: usize, every: usize| -> Option<Vec<Frame>> {
        let frame = |step: usize| ends.to.frames.get(first + step * every);
        (0..=CONTEXT)
            .map(|step| Some(Frame::clone(frame(step)?)))
            .collect()
    };
    if to == To::Back {
        let after: Option<Vec<Frame>> = (0..=CONTEXT)
            .map(|step| Some(Frame::clone(&ends.to.frames[ends.first.checked_sub(step)?])))
            .collect();
        return Some((join(before, Vec::new(), after?), 0));
    }
    let first = ends.first;
    let mut bridge = Vec::new();
    let mut after = follow(first, 1)?;
    match help {
        Help::Nothing => {}
        Help::Passage(steps) => {
            bridge = own(ends.to.frames.get(first..first + steps - 1)?);
            after = follow(first + steps - 1, 1)?;
        }
        Help::Hold(times) => bridge = vec![before[CONTEXT].clone(); times],
        Help::Lit(by) => after = after.iter().map(|frame| faults::lit(frame, by)).collect(),
        Help::Flash(by) => {
            bridge = vec![faults::lit(&after[0], [by, 0, 0])];
            after = follow(first + 1, 1)?;
        }
        Help::Shift(x, y) => {
            after = after
                .iter()
                .map(|frame| faults::moved(frame, x, y))
                .collect();
        }
        Help::Faster(every) => after = follow(first, every)?,
        Help::Slower => {
            let mut slow = Vec::new();
            let start = std::iter::once(&before[CONTEXT]).chain(&after);
            let pairs: Vec<(&Frame, &Frame)> = start.zip(&after).collect();
            for (a, b) in pairs {
                slow.push(Between::new(a, b, Effort::Medium).ok()?.at(0.5));
                slow.push(b.clone());
            }
            slow.truncate(CONTEXT + 1);
            after = slow;
        }
        Help::Average(times) => {
            let mut mean = before[CONTEXT].clone();
            blend::mix(&before[CONTEXT], &after[0], blend::WHOLE / 2, &mut mean);
            bridge = vec![mean; times];
        }
        Help::Dissolve(frames) => {
            let tail = own(ends.from.frames.get(ends.last + 1..=ends.last + frames)?);
            let head = own(ends.to.frames.get(first..first + frames)?);
            bridge = blend::dissolve(&tail, &head);
            after = follow(first + frames, 1)?;
        }
        Help::Motion(frames) => {
            let last = before.last_chunk::<2>()?;
            let way = Passage::new(last, &after[..2], Effort::Medium).ok()?;
            bridge = way.pictures(frames, 0);
        }
        Help::Morph(frames) => {
            let tail = own(ends.from.frames.get(ends.last + 1..=ends.last + frames)?);
            let head = own(ends.to.frames.get(first..first + frames)?);
            bridge = interpolate::morph(&tail, &head).ok()?;
            after = follow(first + frames, 1)?;
        }
        Help::Blur(frames, times) => {
            let clear = own(ends.to.frames.get(first..first + frames)?);
            bridge = clear
                .iter()
                .map(|frame| faults::blurred(frame, times))
                .collect();
            after = follow(first + frames, 1)?;
        }
        Help::Tear(by) => after = after.iter().map(|frame| faults::torn(frame, by)).collect(),
    }
    let frames = bridge.len();
    Some((join(before, bridge, after), frames))
}

fn join(mut before: Vec<Frame>, bridge: Vec<Frame>, after: Vec<Frame>) -> Vec<Frame> {
    before.extend(bridge);
    before.extend(after);
    before
}

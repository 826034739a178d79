//! Trying the joints from one clip to another: all of them are glanced at as plain cuts, and only
//! those of which a cut promises something are drawn, the most promising first.

use std::sync::Arc;

use loopy_core::{
    Frame,
    graph::{Bridge, Score},
};
use serde::{Deserialize, Serialize};

use super::{Found, ORDINARY, Side, judge, visible};
use crate::{
    rsv::{Looks, Rsv, Scales, Statistic, Usual},
    score,
};

/// How many joints of a pair are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draws {
    /// Whatever comes of them.
    pub first: usize,
    /// At most, while they go well.
    pub most: usize,
}

/// A joint that could be. [`super::NEAR`] pictures of each side are enough to glance at it.
#[derive(Clone, Copy, Debug)]
pub struct Joint<'a> {
    /// Where one clip is left.
    pub from: Side<'a>,
    /// Where the other is entered.
    pub to: Side<'a>,
    /// Relative size of the plain cut where the search has estimated it.
    pub step: Option<f32>,
}

/// Pictures around an end of a joint.
#[derive(Clone, Debug)]
pub struct Pictures {
    /// The pictures.
    pub pictures: Arc<Vec<Frame>>,
    /// The boundary among them.
    pub middle: usize,
}

impl Pictures {
    fn side<'a>(&'a self, glanced: &Side<'a>) -> Side<'a> {
        Side {
            pictures: &self.pictures,
            middle: self.middle,
            ..*glanced
        }
    }
}

/// What came of a joint.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Its sides have too few pictures to tell.
    Untold,
    /// It was only glanced at, and promises such a score once it is drawn.
    Promised(Score),
    /// It was judged.
    Judged(Found),
}

/// What promises less is not drawn: of 786 joints of 25 scenes, 22 %, and 3 % of those that came to
/// score 0.65.
const HOPELESS: f32 = 0.3;
/// After the first joints, nor is what promises less than this: 38 %, and 8 %.
const WORTH_DRAWING: f32 = 0.37;
/// Score of a drawn joint after which more of the same clips are drawn.
const PROMISING: Score = Score::percent(45);

/// Tries the `joints` of one pair of clips, for which this is usual. Where some are drawn, at least
/// one is judged. `whole` gives all pictures around both ends of a joint, by its place.
///
/// # Errors
/// [`score::Error::Model`] when the compiled-in weights are not for this program; those of `whole`.
pub fn pair<E: From<score::Error>>(
    joints: &[Joint],
    usual: (&Usual, &Usual),
    draws: Draws,
    mut whole: impl FnMut(usize) -> Result<[Pictures; 2], E>,
) -> Result<Vec<Outcome>, E> {
    let (mut looks, scales) = (Looks::default(), Scales::new(usual));
    let mut outcomes = vec![Outcome::Untold; joints.len()];
    let mut glances: Vec<(f32, usize, Found)> = Vec::with_capacity(joints.len());
    for (at, joint) in joints.iter().enumerate() {
        let Some(rsv) = visible(&joint.from, &joint.to, &[], &mut looks, &scales) else {
            continue;
        };
        let step = joint.step.unwrap_or_else(|| step(&rsv));
        let cut = Found::of(&rsv, Bridge::None, step)?;
        let promise = promise(&rsv, step);
        if cut.rsv <= ORDINARY {
            outcomes[at] = Outcome::Judged(cut);
        } else {
            outcomes[at] = Outcome::Promised(Score::from_f64(f64::from(promise)));
            glances.push((promise, at, cut));
        }
    }
    glances.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let (mut drawn, mut well) = (0, false);
    for (promise, at, cut) in &glances {
        let worth = if drawn < draws.first {
            *promise >= HOPELESS
        } else {
            *promise >= WORTH_DRAWING && well
        };
        if !worth || drawn >= draws.most {
            break;
        }
        let [from, to] = whole(*at)?;
        let (from, to) = (from.side(&joints[*at].from), to.side(&joints[*at].to));
        let found = judge(&from, &to, *cut, &scales)?;
        well |= found.score >= PROMISING;
        outcomes[*at] = Outcome::Judged(found);
        drawn += 1;
    }
    let judged = |outcome: &Outcome| matches!(outcome, Outcome::Judged(_));
    let none = draws.most > 0 && !outcomes.iter().any(judged);
    if let Some((_, at, cut)) = glances.first().filter(|_| none) {
        outcomes[*at] = Outcome::Judged(*cut);
    }
    Ok(outcomes)
}

/// Relative size of a plain cut: how much further apart its ends are than what lies beside it moves
/// in as long.
fn step(cut: &Rsv) -> f32 {
    cut.raw[Statistic::Gap as usize].exp2()
}

/// What the plain cut lets one expect of the best bridge: about its score. What bridges do not
/// change or cannot explain counts: things that appear or vanish, a picture that turns into
/// another, and sides that differ in sharpness, tone and direction; and how far the bridge has to
/// lead.
///
/// Weights by non-negative least squares on the outcomes of 786 trials of 25 scenes; with the
/// scene in question left out, the promise tells joints that come to score 0.65 and more from
/// other joints of their scene with an AUC of 0.91. That of the step is set by hand: scores do not
/// fall with it as the labels of the score's training do, because nature moves as far.
fn promise(cut: &Rsv, step: f32) -> f32 {
    let beyond = |statistic: Statistic| cut.each[statistic as usize].max(0.0).ln_1p();
    let raw = |statistic: Statistic| cut.raw[statistic as usize].max(0.0).ln_1p();
    0.87 - 0.19 * raw(Statistic::Unexplained)
        - 0.14 * raw(Statistic::UnexplainedAll)
        - 0.07 * raw(Statistic::Drift)
        - 0.06 * beyond(Statistic::Course)
        - 0.11 * beyond(Statistic::Focus)
        - 0.04 * step.max(1.0).log2()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::{NEAR, tests::Take};

    /// The joints from one place to these, and for which of them all pictures were asked for.
    fn tried(entered: &[usize], draws: Draws) -> (Vec<Outcome>, Vec<usize>) {
        let (a, b) = (Take::new(0.0, 0.0), Take::new(40.0, 0.0));
        let joints: Vec<Joint> = entered
            .iter()
            .map(|at| Joint {
                from: near(a.side(60)),
                to: near(b.side(*at)),
                step: None,
            })
            .collect();
        let mut asked = Vec::new();
        let whole = |at: usize| {
            asked.push(at);
            Ok::<_, score::Error>([a.side(60), b.side(entered[at])].map(|side| Pictures {
                pictures: Arc::new(side.pictures.to_vec()),
                middle: side.middle,
            }))
        };
        let outcomes = pair(&joints, (&a.usual, &b.usual), draws, whole).unwrap();
        (outcomes, asked)
    }

    /// With the pictures that a glance takes, as far as there are any.
    fn near(side: Side<'_>) -> Side<'_> {
        let first = side.middle.saturating_sub(NEAR);
        let last = (side.middle + NEAR).min(side.pictures.len());
        Side {
            pictures: &side.pictures[first..last],
            middle: side.middle - first,
            ..side
        }
    }

    #[test]
    fn a_glance_promises_most_for_what_goes_on_and_more_for_what_nearly_does() {
        let none = Draws { first: 0, most: 0 };
        let (outcomes, asked) = tried(&[20, 24, 40, 120], none);
        assert!(asked.is_empty(), "a glance takes no more");
        let promises: Vec<Score> = outcomes[..3]
            .iter()
            .map(|outcome| match outcome {
                Outcome::Judged(cut) if cut.bridge == Bridge::None => Score::MAX,
                Outcome::Promised(score) => *score,
                other => panic!("{other:?}"),
            })
            .collect();
        assert!(promises.is_sorted_by(|a, b| a > b), "{outcomes:?}");
        assert_eq!(outcomes[3], Outcome::Untold, "nothing lies behind the end");
    }

    #[test]
    fn the_most_promising_are_drawn_and_no_more_than_asked_for() {
        let one = Draws { first: 1, most: 1 };
        let (outcomes, asked) = tried(&[40, 24, 26], one);
        assert_eq!(asked, [1]);
        let Outcome::Judged(found) = outcomes[1] else {
            panic!("{outcomes:?}");
        };
        assert!(found.bridge != Bridge::None, "{found:?}");
        let judged = |outcome: &&Outcome| matches!(outcome, Outcome::Judged(_));
        assert_eq!(outcomes.iter().filter(judged).count(), 1, "{outcomes:?}");
    }
}

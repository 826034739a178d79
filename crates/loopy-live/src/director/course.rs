//! The walk as a row of pieces that are ready, one after the other, without an end.
//!
//! Only what was handed out is settled. What comes after it can be taken back: when something is
//! told, and when a piece is not there in time. Then the walk goes another way; if there is none, it
//! cuts where a bridge is missing, then jumps to a clip that is there, then shows its last piece
//! again. The picture never stops. Pure: time and pieces are passed in.

#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
};

use loopy_core::{
    Rate,
    plan::{Seam, Visit},
    walk::{
        Leg, Place, Shown, Stream,
        cues::{self, Cue, Told},
    },
};
use loopy_engine::{
    Error,
    realize::{Cutter, Item},
};

use super::{
    ground::{Ground, Part},
    rungs::Rungs,
    stock::{Piece, Stock},
};

/// Other ways that are tried for one late piece.
const TRIES: usize = 6;
/// Visits that are remembered for the walk of another library.
const PAST: usize = 256;

/// Frames that are handed out.
#[derive(Clone, Debug)]
pub struct Row {
    /// First output frame.
    pub start: u64,
    /// How many.
    pub frames: u32,
    /// The clip, or the clip that a bridge leads to.
    pub clip: u32,
    /// What that clip is known by.
    pub part: Part,
    /// Where the first frame lies on the clip's output clock, or the first after a bridge.
    pub from: u32,
    /// It is a bridge.
    pub bridge: bool,
    /// The same frames on every rung that is on, in the order of the rungs.
    pub pieces: Vec<Arc<Piece>>,
}

/// What was done where a piece was late.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The walk took another way than to this clip.
    OtherWay(u32),
    /// A cut instead of a bridge to this clip.
    Cut(u32),
    /// It jumped to this clip.
    Jump(u32),
    /// The last piece was shown again.
    Again,
}

/// What of a leg is not handed out yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    /// A run of the visit's clip.
    Run { from: u32, to: u32 },
    /// The bridge.
    Bridge,
}

/// What a walk over another ground has to know of this one.
#[derive(Clone, Debug, Default)]
pub struct Carried {
    /// First output frame that is not handed out.
    pub at: u64,
    /// Visits shown, oldest first, with the clip's part.
    past: VecDeque<(Part, Shown)>,
    /// The visit under way: its clip, where it was entered, up to where it was handed out, and the
    /// output frame at which it began.
    under_way: Option<(Part, Shown, u64)>,
    /// What was told and still holds.
    pub told: Vec<Standing>,
}

/// Something told, in words that hold for any ground.
#[derive(Clone, Debug, PartialEq)]
pub enum Standing {
    /// A state to stay in.
    State(String),
    /// A signal.
    Signal(i32),
    /// A clip that is not to be shown.
    Avoid(Part),
}

/// A walk over one ground.
pub struct Course<'g> {
    ground: &'g Ground,
    rungs: &'g Rungs,
    stream: Stream<'g>,
    cutters: Vec<Cutter<'g>>,
    leg: Option<Leg>,
    cuts: VecDeque<Cut>,
    /// First output frame that is not handed out.
    at: u64,
    /// Frames of the stream before it, less `at`.
    ahead: i64,
    past: VecDeque<(Part, Shown)>,
    told: Vec<Standing>,
    /// Clips that are not ready, or late, and not shown until they are let in.
    closed: BTreeSet<u32>,
    /// Those of them that are let in again after the next joint.
    late: BTreeSet<u32>,
    last: Option<Row>,
    steps: Vec<Step>,
}

impl<'g> Course<'g> {
    /// A walk over `ground` that goes on from `carried`; clips outside `ready` are not shown yet.
    ///
    /// # Errors
    /// When there is no working encoder, or nothing can be shown.
    pub fn new(
        ground: &'g Ground,
        rungs: &'g Rungs,
        carried: Carried,
        ready: impl Fn(&Part) -> bool,
    ) -> Result<Self, Error> {
        let clips = 0..ground.clips.len() as u32;
        let closed: BTreeSet<u32> = clips
            .clone()
            .filter(|clip| !ready(&ground.part(*clip)))
            .collect();
        let cues = standing(ground, &carried.told, &closed, carried.at);
        let before = shown_in(ground, &carried.past);
        let under_way = carried.under_way.and_then(|(part, shown, start)| {
            let clip = ground.clip_of(&part)?;
            let visit = Shown { clip, ..shown };
            Some(Place { visit, start })
        });
        let place = match under_way {
            Some(place) => place,
            None => opening(ground, &closed, &before, carried.at)?,
        };
        let stream = ground
            .planner
            .resume(&before, place, &cues)
            .map_err(|error| Error::Usage(error.to_string()))?;
        let cutters = rungs
            .looks()
            .map(|look| Cutter::new(&ground.clips, ground.fps, ground.rate_mode, look))
            .collect::<Result<Vec<_>, Error>>()?;
        let mut course = Self {
            ground,
            rungs,
            stream,
            cutters,
            leg: None,
            cuts: VecDeque::new(),
            at: carried.at,
            ahead: 0,
            past: carried.past,
            told: carried.told,
            closed,
            late: BTreeSet::new(),
            last: None,
            steps: Vec::new(),
        };
        course.leg = course.stream.next();
        course.lay();
        Ok(course)
    }

    /// First output frame that is not handed out.
    pub fn at(&self) -> u64 {
        self.at
    }

    /// Output rate.
    pub fn fps(&self) -> Rate {
        self.ground.fps
    }

    /// The visit under way and the joint that ends it, as things stand.
    pub fn leg(&self) -> Option<Leg> {
        let leg = self.leg?;
        Some(self.on_output(leg))
    }

    /// What comes after that, as things stand.
    pub fn next_legs(&mut self, count: usize) -> Vec<Leg> {
        let legs: Vec<Leg> = self.stream.ahead().take(count).collect();
        legs.into_iter().map(|leg| self.on_output(leg)).collect()
    }

    fn on_output(&self, leg: Leg) -> Leg {
        let out = |frame: u64| frame.saturating_add_signed(-self.ahead);
        Leg {
            visit: Visit {
                start: out(leg.visit.start),
                ..leg.visit
            },
            seam: Seam {
                start: out(leg.seam.start),
                ..leg.seam
            },
        }
    }

    /// What was done since this was last asked because pieces were late.
    pub fn steps(&mut self) -> Vec<Step> {
        std::mem::take(&mut self.steps)
    }

    /// The next frames.
    pub fn advance(&mut self, stock: &mut dyn Stock) -> Row {
        for _ in 0..TRIES {
            match self.try_next(stock) {
                Ok(row) => return row,
                Err(late) => {
                    if !self.around(late) {
                        break;
                    }
                    self.steps.push(Step::OtherWay(late));
                }
            }
        }
        if let Some(row) = self.cut_through(stock) {
            return row;
        }
        if let Some(row) = self.jump(stock) {
            return row;
        }
        self.again()
    }

    /// The next frames, or the clip of which a piece is missing.
    fn try_next(&mut self, stock: &mut dyn Stock) -> Result<Row, u32> {
        let Some(leg) = self.leg else { return Err(0) };
        match self.cuts.front().copied() {
            Some(Cut::Run { from, to }) => {
                let clip = leg.visit.clip;
                let pieces = self.run(clip, from, to, stock).ok_or(clip)?;
                self.cuts.pop_front();
                Ok(self.hand_out(to - from, (clip, from, false), pieces))
            }
            Some(Cut::Bridge) => {
                let Some(next) = self.stream.ahead().next() else {
                    return Err(leg.visit.clip);
                };
                let entered = next.visit.clip;
                let from = next.visit.enter;
                self.first_run(&next, stock).ok_or(entered)?;
                let pieces = self.bridge(&leg, &next, stock).ok_or(entered)?;
                self.cuts.pop_front();
                Ok(self.hand_out(leg.seam.frames, (entered, from, true), pieces))
            }
            None => {
                let Some(next) = self.stream.ahead().next() else {
                    return Err(leg.visit.clip);
                };
                // After a bridge its clip follows, whatever happens.
                self.first_run(&next, stock).ok_or(next.visit.clip)?;
                self.turn();
                self.try_next(stock)
            }
        }
    }

    /// The next visit is under way.
    fn turn(&mut self) {
        if let Some(leg) = self.leg.take() {
            self.past.push_back((
                self.ground.part(leg.visit.clip),
                Shown {
                    clip: leg.visit.clip,
                    enter: leg.visit.enter,
                    until: leg.visit.leave,
                },
            ));
            if self.past.len() > PAST {
                self.past.pop_front();
            }
        }
        self.leg = self.stream.next();
        self.lay();
        // Who was late may come again.
        for clip in std::mem::take(&mut self.late) {
            if !self.closed.contains(&clip) {
                self.cue(Told::Allow(clip));
            }
        }
    }

    /// Cuts what is left of the leg under way.
    fn lay(&mut self) {
        self.cuts.clear();
        let (Some(leg), Some(cutter)) = (self.leg, self.cutters.first()) else {
            return;
        };
        let place = self.place(&leg);
        if place < leg.visit.leave {
            let bounds = cutter.bounds(leg.visit.clip, place, leg.visit.leave);
            let run = |pair: &[u32]| Cut::Run {
                from: pair[0],
                to: pair[1],
            };
            self.cuts.extend(bounds.windows(2).map(run));
        }
        if leg.seam.frames > 0 {
            self.cuts.push_back(Cut::Bridge);
        }
    }

    /// Where `at` lies on the clock of the leg's clip.
    fn place(&self, leg: &Leg) -> u32 {
        let stream = self.at.saturating_add_signed(self.ahead);
        leg.visit.enter + stream.saturating_sub(leg.visit.start) as u32
    }

    /// Hands out frames of a clip from a place on, or of a bridge to it.
    fn hand_out(
        &mut self,
        frames: u32,
        (clip, from, bridge): (u32, u32, bool),
        pieces: Vec<Arc<Piece>>,
    ) -> Row {
        let row = Row {
            start: self.at,
            frames,
            clip,
            part: self.ground.part(clip),
            from,
            bridge,
            pieces,
        };
        self.at += u64::from(frames);
        self.last = Some(row.clone());
        row
    }

    fn run(
        &mut self,
        clip: u32,
        from: u32,
        to: u32,
        stock: &mut dyn Stock,
    ) -> Option<Vec<Arc<Piece>>> {
        let on = self.rungs.on();
        let cutters = self.cutters.iter_mut().take(on);
        cutters
            .map(|cutter| {
                let number = cutter.run(clip, from, to);
                stock.piece(&cutter.segments()[number as usize])
            })
            .collect()
    }

    fn first_run(&mut self, leg: &Leg, stock: &mut dyn Stock) -> Option<Vec<Arc<Piece>>> {
        let visit = leg.visit;
        let bounds = self
            .cutters
            .first()?
            .bounds(visit.clip, visit.enter, visit.leave);
        self.run(visit.clip, bounds[0], *bounds.get(1)?, stock)
    }

    fn bridge(&mut self, leg: &Leg, next: &Leg, stock: &mut dyn Stock) -> Option<Vec<Arc<Piece>>> {
        let from = (leg.visit.clip, leg.visit.leave);
        let to = (next.visit.clip, next.visit.enter);
        let on = self.rungs.on();
        let cutters = self.cutters.iter_mut().take(on);
        cutters
            .map(|cutter| {
                let number = cutter.seam(from, to, &leg.seam)?;
                stock.piece(&cutter.segments()[number as usize])
            })
            .collect()
    }

    /// Goes another way than to `clip`, if there is one.
    fn around(&mut self, clip: u32) -> bool {
        // After a bridge its clip follows.
        let committed = self.cuts.is_empty() && self.leg.is_some_and(|leg| leg.seam.frames > 0);
        if committed || !self.late.insert(clip) {
            return false;
        }
        self.cue(Told::Avoid(clip));
        true
    }

    /// Tells the walk something from the first frame that is not handed out.
    fn cue(&mut self, told: Told) {
        let at = self.at.saturating_add_signed(self.ahead);
        match self.stream.tell(Cue { at, told }) {
            Ok(true) => {
                self.leg = self.stream.next();
                self.lay();
            }
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "the walk did not take a cue"),
        }
    }

    /// Leaves out a bridge that is missing, where what comes after it is there.
    fn cut_through(&mut self, stock: &mut dyn Stock) -> Option<Row> {
        if self.cuts.front() != Some(&Cut::Bridge) {
            return None;
        }
        let leg = self.leg?;
        let next = self.stream.ahead().next()?;
        self.first_run(&next, stock)?;
        self.cuts.pop_front();
        self.ahead += i64::from(leg.seam.frames);
        self.steps.push(Step::Cut(next.visit.clip));
        self.turn();
        self.try_next(stock).ok()
    }

    /// Goes on with a clip that is there, the one not shown for longest.
    fn jump(&mut self, stock: &mut dyn Stock) -> Option<Row> {
        let clips = self.ground.clips.len() as u32;
        let shown = |clip: &u32| {
            let part = self.ground.part(*clip);
            self.past.iter().rposition(|(other, _)| *other == part)
        };
        let avoided = |clip: &u32| {
            self.told
                .contains(&Standing::Avoid(self.ground.part(*clip)))
        };
        let mut others: Vec<u32> = (0..clips).collect();
        others.sort_by_key(|clip| (avoided(clip), shown(clip)));
        for clip in others {
            let whole = self.cutters.first()?.len(clip);
            let bounds = self.cutters.first()?.bounds(clip, 0, whole);
            let Some(pieces) = self.run(clip, 0, bounds[1], stock) else {
                continue;
            };
            let before = shown_in(self.ground, &self.past);
            let visit = Shown {
                clip,
                enter: 0,
                until: bounds[1],
            };
            let place = Place {
                visit,
                start: self.at,
            };
            let cues = standing(self.ground, &self.told, &self.closed, self.at);
            self.stream = self.ground.planner.resume(&before, place, &cues).ok()?;
            self.late.clear();
            self.ahead = 0;
            self.leg = self.stream.next();
            self.lay();
            self.steps.push(Step::Jump(clip));
            self.cuts.pop_front();
            return Some(self.hand_out(bounds[1], (clip, 0, false), pieces));
        }
        None
    }

    /// The last piece once more: the floor, which needs nothing.
    fn again(&mut self) -> Row {
        self.steps.push(Step::Again);
        let Some(last) = self.last.clone() else {
            // Nothing was ever shown.
            return self.hand_out(0, (0, 0, true), Vec::new());
        };
        self.ahead -= i64::from(last.frames);
        let place = (last.clip, last.from, last.bridge);
        self.hand_out(last.frames, place, last.pieces)
    }

    /// `clip` may be shown from now on.
    pub fn open(&mut self, clip: u32) {
        if self.closed.remove(&clip) && !self.is_avoided(clip) {
            self.cue(Told::Allow(clip));
        }
    }

    /// `clip` may not be shown any more: something of it is gone or broken.
    pub fn close(&mut self, clip: u32) {
        if self.closed.insert(clip) {
            self.cue(Told::Avoid(clip));
        }
    }

    fn is_avoided(&self, clip: u32) -> bool {
        self.told.contains(&Standing::Avoid(self.ground.part(clip)))
    }

    /// Something is told. The first output frame that can show it.
    ///
    /// # Errors
    /// When it names what is not there.
    pub fn tell(&mut self, told: Told) -> Result<u64, cues::Error> {
        if let Told::Allow(clip) | Told::Play(clip) = told
            && self.closed.contains(&clip)
        {
            return Err(cues::Error::Clip { cue: 1, clip });
        }
        self.remember(told);
        self.cue(told);
        let wanted = |leg: &Leg| match told {
            Told::Play(clip) => leg.visit.clip == clip,
            Told::State(Some(state)) => {
                let name = self.ground.states.get(state as usize).map(String::as_str);
                self.ground.state_of(leg.visit.clip) == name
            }
            _ => true,
        };
        let first = self.stream.ahead().take(16).find(wanted);
        let first = first.or_else(|| self.stream.ahead().next());
        let frame = first.map_or(self.at, |leg| self.on_output(leg).visit.start);
        Ok(frame.max(self.at))
    }

    fn remember(&mut self, told: Told) {
        match told {
            Told::State(state) => {
                self.told.retain(|one| !matches!(one, Standing::State(_)));
                let name = state.and_then(|state| self.ground.states.get(state as usize));
                self.told.extend(name.cloned().map(Standing::State));
            }
            Told::Signal(signal) => {
                self.told.retain(|one| !matches!(one, Standing::Signal(_)));
                self.told.push(Standing::Signal(signal));
            }
            Told::Avoid(clip) => {
                let one = Standing::Avoid(self.ground.part(clip));
                if !self.told.contains(&one) {
                    self.told.push(one);
                }
            }
            Told::Allow(clip) | Told::Play(clip) => {
                let part = self.ground.part(clip);
                self.told.retain(|one| *one != Standing::Avoid(part));
            }
        }
    }

    /// What was told and still holds.
    pub fn told(&self) -> &[Standing] {
        &self.told
    }

    /// The pieces that the next `legs` visits need, the soonest first, at every rung that is on.
    pub fn wanted(&mut self, legs: usize) -> Vec<Item> {
        let Some(leg) = self.leg else {
            return Vec::new();
        };
        let ahead: Vec<Leg> = self.stream.ahead().take(legs).collect();
        let place = self.place(&leg);
        let on = self.rungs.on();
        let cutters = &mut self.cutters[..on];
        let mut rows: Vec<Item> = Vec::new();
        let mut add = |cutter: &Cutter, numbers: Vec<u32>| {
            let items = numbers.into_iter();
            rows.extend(items.map(|number| cutter.segments()[number as usize].clone()));
        };
        if place < leg.visit.leave {
            for cutter in cutters.iter_mut() {
                let numbers = cutter.visit(leg.visit.clip, place, leg.visit.leave);
                add(cutter, numbers);
            }
        }
        let mut before = leg;
        for next in ahead {
            let from = (before.visit.clip, before.visit.leave);
            let Visit {
                clip, enter, leave, ..
            } = next.visit;
            for cutter in cutters.iter_mut() {
                let seam = cutter.seam(from, (clip, enter), &before.seam);
                let visit = cutter.visit(clip, enter, leave);
                add(cutter, seam.into_iter().chain(visit).collect());
            }
            before = next;
        }
        rows
    }

    /// What the walk over another ground has to know.
    pub fn carry(&self) -> Carried {
        let under_way = self.leg.map(|leg| {
            let part = self.ground.part(leg.visit.clip);
            let until = self.place(&leg).min(leg.visit.leave);
            let shown = Shown {
                clip: leg.visit.clip,
                enter: leg.visit.enter,
                until,
            };
            (
                part,
                shown,
                leg.visit.start.saturating_add_signed(-self.ahead),
            )
        });
        Carried {
            at: self.at,
            past: self.past.clone(),
            under_way,
            told: self.told.clone(),
        }
    }

    /// A walk over another ground can take over now: no bridge has been handed out whose clip has
    /// not come.
    pub fn can_hand_over(&self) -> bool {
        !(self.cuts.is_empty() && self.leg.is_some_and(|leg| leg.seam.frames > 0))
    }
}

/// A place to begin at: the start of a clip that is ready and was not shown for longest.
fn opening(
    ground: &Ground,
    closed: &BTreeSet<u32>,
    before: &[Shown],
    at: u64,
) -> Result<Place, Error> {
    if before.is_empty() && closed.is_empty() {
        let first = ground.planner.stream().next();
        if let Some(leg) = first {
            let visit = Shown {
                clip: leg.visit.clip,
                enter: leg.visit.enter,
                until: leg.visit.enter,
            };
            return Ok(Place { visit, start: at });
        }
    }
    let shown = |clip: &u32| before.iter().rposition(|shown| shown.clip == *clip);
    let clips = 0..ground.clips.len() as u32;
    let usable = clips.filter(|clip| ground.planner.shows(*clip));
    let clip = usable
        .min_by_key(|clip| (closed.contains(clip), shown(clip)))
        .ok_or_else(|| Error::Usage("there is no clip to show".to_owned()))?;
    let visit = Shown {
        clip,
        enter: 0,
        until: 0,
    };
    Ok(Place { visit, start: at })
}

/// The visits of `past` whose clips `ground` has.
fn shown_in(ground: &Ground, past: &VecDeque<(Part, Shown)>) -> Vec<Shown> {
    let known = |(part, shown): &(Part, Shown)| {
        let clip = ground.clip_of(part)?;
        Some(Shown { clip, ..*shown })
    };
    past.iter().filter_map(known).collect()
}

/// What holds, as cues for `ground`.
fn standing(ground: &Ground, told: &[Standing], closed: &BTreeSet<u32>, at: u64) -> Vec<Cue> {
    let told = told.iter().filter_map(|one| match one {
        Standing::State(name) => {
            let state = ground.states.iter().position(|other| other == name)?;
            Some(Told::State(Some(state as u32)))
        }
        Standing::Signal(signal) => Some(Told::Signal(*signal)),
        Standing::Avoid(part) => ground.clip_of(part).map(Told::Avoid),
    });
    let closed = closed.iter().map(|clip| Told::Avoid(*clip));
    let shows = |told: &Told| match told {
        Told::Avoid(clip) => ground.planner.shows(*clip),
        _ => true,
    };
    told.chain(closed)
        .filter(shows)
        .map(|told| Cue { at, told })
        .collect()
}

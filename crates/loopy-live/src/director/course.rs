//! The walk as a row of pieces that are ready, one after the other, without an end.
//!
//! Only what was handed out is settled. What comes after it can be taken back: when something is
//! told, and when a piece is not there in time. Then the walk goes another way; if there is none, it
//! cuts where a bridge is missing, then jumps to a clip that is there, then shows its last piece
//! again. The picture never stops. Pure: time and pieces are passed in.

mod carry;
mod detour;
#[cfg(test)]
mod tests;
mod told;

use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
};

use loopy_core::{
    Rate,
    plan::{Seam, Visit},
    walk::{Leg, Place, Shown, Stream, cues::Told},
};
use loopy_engine::{
    Error,
    realize::{Cutter, Item},
};

pub use self::{carry::Carried, told::Standing};
use self::{
    carry::{opening, shown_in},
    told::standing,
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
}

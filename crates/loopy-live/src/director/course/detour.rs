//! What is done where a piece is not there in time: another way, a cut, a jump, the last piece again.

use loopy_core::walk::{Place, Shown, cues::Told};

use super::{
    Course, Cut, Row, Step,
    carry::shown_in,
    told::{Standing, standing},
};
use crate::director::stock::Stock;

impl Course<'_> {
    /// Goes another way than to `clip`, if there is one.
    pub(super) fn around(&mut self, clip: u32) -> bool {
        // After a bridge its clip follows.
        if !self.can_hand_over() || !self.late.insert(clip) {
            return false;
        }
        self.cue(Told::Avoid(clip));
        true
    }

    /// Leaves out a bridge that is missing, where what comes after it is there.
    pub(super) fn cut_through(&mut self, stock: &mut dyn Stock) -> Option<Row> {
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
    pub(super) fn jump(&mut self, stock: &mut dyn Stock) -> Option<Row> {
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
    pub(super) fn again(&mut self) -> Row {
        self.steps.push(Step::Again);
        let Some(last) = self.last.clone() else {
            // Nothing was ever shown.
            return self.hand_out(0, (0, 0, true), Vec::new());
        };
        self.ahead -= i64::from(last.frames);
        let place = (last.clip, last.from, last.bridge);
        self.hand_out(last.frames, place, last.pieces)
    }
}

//! The rows of a sheet fitted to clips, ports and joints: a plan again.

use std::collections::HashMap;

use super::{
    Error, Row, Sheet,
    joint::{Edges, Side, scene_change},
    label,
    names::Names,
};
use crate::{
    Clip, Grade, Graph, Plan, Rate,
    certificate::{Certificate, certify},
    clock::{ClipClock, Mode},
    graph::Score,
    plan::{self, PlannedClip, SCHEMA, Seam, Visit},
    walk,
};

/// What a sheet does not hold itself: clips that it did not come with, joints that it does not know.
pub struct Library<'a> {
    /// Clips, ports and edges.
    pub graph: &'a Graph,
    /// The grade of each clip of the graph, in its order.
    pub grades: &'a [Grade],
    /// Output rate of a sheet that tells none.
    pub fps: Rate,
    /// Joints of a lower score count as changes of scene.
    pub seam_threshold: Score,
    /// Seed to write into the plan of a sheet that tells none.
    pub seed: u64,
}

/// Both are the same frames of the same file.
pub(super) fn same(a: &Clip, b: &Clip) -> bool {
    a.hash == b.hash && (a.first, a.until) == (b.first, b.until) && a.shot == b.shot
}

impl Sheet {
    /// There is something that only the library can tell: the facts, a clip or a joint.
    pub fn needs_library(&self) -> bool {
        let Some(facts) = &self.facts else {
            return true;
        };
        let Ok(fitted) = Fitted::new(self, facts, self.clips.clone()) else {
            return true;
        };
        fitted
            .joints()
            .any(|(from, to)| fitted.told(from, to).is_none())
    }

    /// The plan of the sheet. A joint that the sheet does not describe is what the library's graph
    /// has there, else a change of scene; the plan's notes count both.
    ///
    /// # Errors
    /// [`Error`] with row and column.
    pub fn plan(&self, library: Option<&Library>) -> Result<Plan, Error> {
        let facts = match (&self.facts, library) {
            (Some(facts), _) => facts.clone(),
            (None, Some(library)) => bare(library),
            (None, None) => {
                return Err(Error::whole("the sheet does not tell its rate and clips")
                    .hinting("give the clips, or keep the lines that begin with # when you edit"));
            }
        };
        let fitted = Fitted::new(self, &facts, self.stock(library))?;
        let options = walk::Options {
            fps: facts.fps,
            rate_mode: facts.rate_mode,
            seam_threshold: library.map_or(Score(0), |library| library.seam_threshold),
            ..walk::Options::default()
        };
        let edges = library.map(|library| Edges::new(library, &fitted.stock, options));
        let (mut taken, mut changes) = (0_usize, 0_usize);
        let seams = fitted.joints().map(|(from, to)| {
            if let Some(seam) = fitted.told(from, to) {
                return seam;
            }
            let found = edges.as_ref().and_then(|edges| {
                let (from, to) = (fitted.places[from], fitted.places[to]);
                let (left, entered) = ((from.0, from.2), (to.0, to.1));
                edges.seam(left, entered, &fitted.stock, &fitted.clocks)
            });
            taken += usize::from(found.is_some());
            changes += usize::from(found.is_none());
            found.unwrap_or_else(scene_change)
        });
        let seams: Vec<Seam> = seams.collect();
        let compared = facts.certificate.clone();
        let mut plan = fitted.write(facts, seams);
        plan.check().map_err(|error| match error {
            plan::Error::Visit { visit, what } => match self.rows.get(visit) {
                Some(row) => Error::row(row.line, what),
                None => Error::whole(what),
            },
            other => Error::whole(other.to_string()),
        })?;
        if self.hash == Some(plan.hash()) {
            // What the walk was set against needs the graph, and has not changed.
            plan.certificate = Certificate {
                entropy_bound: compared.entropy_bound,
                uniform_chain: compared.uniform_chain,
                shuffle_bag: compared.shuffle_bag,
                capacity: compared.capacity,
                ..plan.certificate
            };
        } else {
            plan.notes = vec![edited(taken, changes)];
        }
        Ok(plan)
    }

    /// The clips that came with the sheet, then those of the library that did not.
    fn stock(&self, library: Option<&Library>) -> Vec<PlannedClip> {
        let mut stock = self.clips.clone();
        let Some(library) = library else {
            return stock;
        };
        let ports = library.graph.clips.iter().zip(&library.graph.ports);
        for (index, (clip, ports)) in ports.enumerate() {
            let known = self.clips.iter().any(|planned| same(&planned.clip, clip));
            if !known && plan::whole(clip) {
                stock.push(PlannedClip {
                    clip: clip.clone(),
                    ports: ports.0.clone(),
                    grade: library.grades.get(index).copied().unwrap_or_default(),
                });
            }
        }
        stock
    }
}

fn edited(taken: usize, changes: usize) -> String {
    match taken + changes {
        0 => "edited by hand".to_owned(),
        new => format!(
            "edited by hand: {new} new joint{}, {taken} as the library has them, {changes} as \
             scene changes",
            if new == 1 { "" } else { "s" }
        ),
    }
}

/// The facts of a sheet that tells none.
fn bare(library: &Library) -> Plan {
    Plan {
        schema: SCHEMA,
        fps: library.fps,
        rate_mode: Mode::default(),
        seed: library.seed,
        frames: 0,
        looped: false,
        created: None,
        clips: Vec::new(),
        visits: Vec::new(),
        seams: Vec::new(),
        certificate: Certificate::default(),
        notes: Vec::new(),
        reactions: Vec::new(),
        asked: Vec::new(),
    }
}

/// Rows whose clips and places are known to be there.
struct Fitted<'a> {
    sheet: &'a Sheet,
    stock: Vec<PlannedClip>,
    /// Output clocks of the clips in use.
    clocks: Vec<Option<ClipClock>>,
    /// For each row its clip in the stock, first frame, and one past the last.
    places: Vec<(usize, u32, u32)>,
    /// What any row tells of the joint between two sides.
    known: HashMap<(Side, Side), Seam>,
    looped: bool,
}

impl<'a> Fitted<'a> {
    fn new(sheet: &'a Sheet, facts: &Plan, stock: Vec<PlannedClip>) -> Result<Self, Error> {
        let names = Names::new(&stock, sheet.clips.len());
        let mut fitted = Self {
            sheet,
            clocks: vec![None; stock.len()],
            places: Vec::with_capacity(sheet.rows.len()),
            known: HashMap::new(),
            looped: facts.looped,
            stock: Vec::new(),
        };
        for (index, row) in sheet.rows.iter().enumerate() {
            let clip = names.find(&row.clip, row.line)?;
            let planned = &stock[clip];
            let clock = fitted.clocks[clip]
                .get_or_insert_with(|| ClipClock::new(&planned.clip, facts.fps, facts.rate_mode));
            let ports = planned.positions(clock);
            fits(row, clock.len(), &ports, index + 1 == sheet.rows.len())?;
            fitted.places.push((clip, row.enter, row.leave));
        }
        for (row, place) in sheet.rows.iter().zip(&fitted.places) {
            if let Some(joint) = &row.joint
                && let Ok(next) = names.find(&joint.clip, row.line)
            {
                let sides = ((place.0, place.2), (next, joint.enter));
                fitted.known.entry(sides).or_insert(joint.seam);
            }
        }
        fitted.stock = stock;
        Ok(fitted)
    }

    /// Numbers of the rows on both sides of each joint, in order.
    fn joints(&self) -> impl Iterator<Item = (usize, usize)> {
        let rows = self.places.len();
        let joints = rows - 1 + usize::from(self.looped);
        (0..joints).map(move |row| (row, (row + 1) % rows))
    }

    /// The joint between two rows as the first of them tells it, or else any other.
    fn told(&self, from: usize, to: usize) -> Option<Seam> {
        let (left, entered) = (self.places[from], self.places[to]);
        let sides = ((left.0, left.2), (entered.0, entered.1));
        let any = self.known.get(&sides)?;
        let own = self.sheet.rows[from].joint.as_ref().filter(|joint| {
            // The same clip may have two names; then any row's word for the joint will do.
            joint.enter == entered.1 && joint.clip == label(&self.stock[entered.0].clip)
        });
        Some(own.map_or(*any, |joint| joint.seam))
    }

    fn write(&self, facts: Plan, mut seams: Vec<Seam>) -> Plan {
        let mut numbers = vec![None; self.stock.len()];
        for (clip, ..) in &self.places {
            numbers[*clip] = Some(0);
        }
        let mut clips = Vec::new();
        for (number, planned) in numbers.iter_mut().zip(&self.stock) {
            if let Some(number) = number {
                *number = clips.len() as u32;
                clips.push(planned.clone());
            }
        }
        let mut at = 0;
        let mut visits = Vec::with_capacity(self.places.len());
        for (index, (clip, enter, leave)) in self.places.iter().copied().enumerate() {
            let tap = |frame| {
                self.clocks[clip]
                    .as_ref()
                    .map_or(0, |clock| clock.tap(frame).frame)
            };
            visits.push(Visit {
                clip: numbers[clip].unwrap_or_default(),
                enter,
                leave,
                first: tap(enter),
                last: tap(leave - 1),
                start: at,
            });
            at += u64::from(leave - enter);
            if let Some(seam) = seams.get_mut(index) {
                seam.start = at;
                at += u64::from(seam.frames);
            }
        }
        let changes = seams.iter().filter(|seam| seam.changes_scene()).count();
        let certificate = certify(visits.iter().map(|visit| visit.clip), changes as u64);
        Plan {
            frames: at,
            clips,
            visits,
            seams,
            certificate,
            ..facts
        }
    }
}

/// The row's range lies in its clip, and between ports.
fn fits(row: &Row, length: u32, ports: &[u32], last: bool) -> Result<(), Error> {
    let cell = |column, what: String| Err(Error::cell(row.line, column, what));
    let inside = || format!("clip {} has output frames 0 to {length}", row.clip);
    for (column, place) in [("in", row.enter), ("out", row.leave)] {
        if place > length {
            return cell(column, format!("{place} lies outside the clip"))
                .map_err(|error| error.hinting(inside()));
        }
    }
    if row.enter >= row.leave {
        return cell(
            "out",
            format!("{} does not lie after `in`, {}", row.leave, row.enter),
        )
        .map_err(|error| error.hinting(inside()));
    }
    // The film may end wherever its length wants.
    for (column, place, free) in [("in", row.enter, false), ("out", row.leave, last)] {
        if !free && ports.binary_search(&place).is_err() {
            return cell(column, format!("{place} is no port of {}", row.clip))
                .map_err(|error| error.hinting(nearest(ports, place)));
        }
    }
    Ok(())
}

fn nearest(ports: &[u32], place: u32) -> String {
    let mut near = ports.to_vec();
    near.sort_by_key(|port| (port.abs_diff(place), *port));
    near.truncate(4);
    near.sort_unstable();
    let near: Vec<String> = near.iter().map(u32::to_string).collect();
    format!("nearest ports: {}", near.join(", "))
}

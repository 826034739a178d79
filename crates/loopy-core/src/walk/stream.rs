//! The walk without an end: the same visits as those of a film, one by one, in memory that does
//! not grow.

use std::sync::OnceLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Error, Options,
    cues::{self, Cue, Told},
    map::Map,
    route,
    script::{Guide, Script},
    tour::{Tour, tour},
    trail::Trail,
    walker::{Start, Walker},
    write,
};
use crate::{
    graph::Graph,
    plan::{Seam, Visit},
};

/// A graph laid out for walks.
pub struct Planner {
    map: Map,
    options: Options,
    tour: Option<Tour>,
    guide: Option<Guide>,
    gap: OnceLock<u32>,
}

/// A visit and the joint that ends it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Leg {
    /// The visit; its clip is an index into [`Graph::clips`].
    pub visit: Visit,
    /// The joint to the next visit.
    pub seam: Seam,
}

impl Planner {
    /// Lays out `graph`. The number of frames does not matter to a stream.
    ///
    /// # Errors
    /// [`Error`] when nothing can be shown or the graph or an option contradicts itself.
    pub fn new(graph: &Graph, options: &Options) -> Result<Self, Error> {
        if options.bridge_budget.is_nan() || options.bridge_budget < 0.0 {
            return Err(Error::Budget);
        }
        let map = Map::new(graph, options)?;
        if let Some(start) = options.start
            && map.usable.binary_search(&start).is_err()
        {
            return Err(Error::Start(start));
        }
        let options = options.clone();
        let tour = if options.certified {
            let wanted = route::wanted(&map, &options);
            tour(&map, options.seed, wanted, options.start)
        } else {
            None
        };
        check(&map, &options)?;
        let guide = options
            .states
            .as_deref()
            .map(|states| Guide::new(&map, states));
        Ok(Self {
            map,
            options,
            tour,
            guide,
            gap: OnceLock::new(),
        })
    }

    pub(super) fn map(&self) -> &Map {
        &self.map
    }

    pub(super) fn options(&self) -> &Options {
        &self.options
    }

    pub(super) fn known_gap(&self) -> &OnceLock<u32> {
        &self.gap
    }

    /// `clip` can be shown.
    pub fn shows(&self, clip: u32) -> bool {
        self.map.usable.binary_search(&clip).is_ok()
    }

    /// States that there are.
    pub(super) fn states(&self) -> usize {
        let guide = self.guide.as_ref();
        guide.map_or(0, |guide| guide.states.names().len())
    }

    /// The script of the options, for a walk that begins at `node`.
    pub(super) fn script(&self, node: u32) -> Script<'_> {
        self.script_of(self.map.nodes[node as usize].clip, &self.options.cues)
    }

    /// The script of `cues`, for a walk that begins with `clip`.
    pub(super) fn script_of(&self, clip: u32, cues: &[Cue]) -> Script<'_> {
        let (guide, options) = (self.guide.as_ref(), &self.options);
        Script::new(guide, cues, options.fps, options.seed, clip)
    }

    /// How long it takes at most from any moment of one state until another is shown, for every
    /// pair of states.
    pub fn reactions(&self) -> Vec<Reaction> {
        let Some(guide) = &self.guide else {
            return Vec::new();
        };
        let names = guide.states.names();
        let pairs = names.iter().enumerate().flat_map(|(from, name)| {
            let others = names.iter().enumerate().filter(move |(to, _)| *to != from);
            others.map(move |(to, other)| Reaction {
                from: name.clone(),
                to: other.clone(),
                frames: guide.slowest[from][to],
            })
        });
        pairs.collect()
    }

    pub(super) fn tour(&self) -> Option<&Tour> {
        self.tour.as_ref()
    }

    /// An endless walk.
    pub fn stream(&self) -> Stream<'_> {
        let (map, options) = (&self.map, &self.options);
        let mut dice = route::dice(options);
        let start = Start {
            node: route::opening(map, options.start, &mut dice),
            seed: options.seed,
            gap: route::wanted(map, options),
            frames: u64::MAX,
        };
        let walker = match &self.tour {
            Some(tour) => Walker::touring(map, start, tour),
            None => Walker::told(map, start, self.script(start.node)),
        };
        Stream::new(walker, self.states())
    }
}

/// How fast the walk can get from one state to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reaction {
    /// State that is left.
    pub from: String,
    /// State that is entered.
    pub to: String,
    /// Most output frames from any moment of the one until a visit to the other begins; `None`
    /// where no joints lead there.
    pub frames: Option<u32>,
}

/// Cues and states fit the library.
fn check(map: &Map, options: &Options) -> Result<(), Error> {
    let states = options.states.as_deref();
    if let Some(states) = states {
        if states.clips() != map.clips() {
            return Err(Error::States(states.clips(), map.clips()));
        }
        let shown = |state: u32| {
            map.usable
                .iter()
                .any(|clip| states.of(*clip) == Some(state))
        };
        if let Some((_, name)) = (0..).zip(states.names()).find(|(state, _)| !shown(*state)) {
            return Err(Error::State(super::states::Error::Empty(name.clone())));
        }
    }
    if options.certified && (states.is_some() || !options.cues.is_empty()) {
        return Err(Error::Certified);
    }
    let count = states.map_or(0, |states| states.names().len());
    for (cue, given) in (1..).zip(&options.cues) {
        told(map, count, cue, given.told)?;
    }
    Ok(())
}

/// Cue number `cue` can be followed.
pub(super) fn told(map: &Map, states: usize, cue: usize, told: Told) -> Result<(), cues::Error> {
    match told {
        Told::State(Some(state)) if state as usize >= states => {
            Err(cues::Error::State { cue, state, states })
        }
        Told::Signal(signal) if !(-256..=256).contains(&signal) => Err(cues::Error::Signal { cue }),
        Told::Play(clip) | Told::Avoid(clip) | Told::Allow(clip)
            if map.usable.binary_search(&clip).is_err() =>
        {
            Err(cues::Error::Clip { cue, clip })
        }
        _ => Ok(()),
    }
}

/// An endless walk; see [`Planner::stream`]. It yields what is settled: the past cannot be changed
/// any more, and memory is kept for the graph and not for the visits. A copy goes its own way
/// from there on.
#[derive(Clone)]
pub struct Stream<'a> {
    walker: Walker<'a>,
    states: usize,
}

impl<'a> Stream<'a> {
    pub(super) fn new(walker: Walker<'a>, states: usize) -> Self {
        Self { walker, states }
    }

    /// What comes next if nothing more is told: at most the visits that the walk is ahead.
    pub fn ahead(&mut self) -> impl Iterator<Item = Leg> + use<'_, 'a> {
        self.walker.look();
        let (trail, first) = (self.walker.trail(), self.walker.settled());
        (first..trail.count()).map_while(|index| leg(trail, index))
    }

    /// Tells the walk something from frame `cue.at` on. What it had in mind for later is dropped.
    /// When the visit that was yielded last is still under way at that frame, it is yielded again,
    /// with another way out where that gets sooner to what is told; true then.
    ///
    /// # Errors
    /// [`cues::Error`] when the frame lies before that visit, or the cue names what is not there.
    pub fn tell(&mut self, cue: Cue) -> Result<bool, cues::Error> {
        told(self.walker.trail().map(), self.states, 1, cue.told)?;
        let before = self.walker.settled();
        match self.walker.tell(cue) {
            Ok(open) => Ok(open < before),
            Err(settled) => Err(cues::Error::Past {
                at: cue.at,
                settled,
            }),
        }
    }
}

impl Iterator for Stream<'_> {
    type Item = Leg;

    fn next(&mut self) -> Option<Leg> {
        self.walker.settle();
        let leg = leg(self.walker.trail(), self.walker.settled() - 1)?;
        self.walker.forget();
        Some(leg)
    }
}

/// Visit number `index` of `trail` and its way out.
fn leg(trail: &Trail, index: usize) -> Option<Leg> {
    let stop = trail.stop(index)?;
    let step = stop.out?;
    let map = trail.map();
    let node = &map.nodes[stop.node as usize];
    let visit = write::visit(map, stop, step.leave, node.clip);
    let seam = write::seam(map, &step, stop.start + u64::from(visit.frames()));
    Some(Leg { visit, seam })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        plan::Plan,
        walk::{plan, sample::library},
    };

    /// Visits and seams of `plan` that the stream of the same options yields, too.
    fn agreeing(graph: &Graph, options: &Options, plan: &Plan) -> usize {
        let planner = Planner::new(graph, options).unwrap();
        let clips: Vec<u32> = (plan.clips.iter())
            .map(|planned| {
                let same = |clip: &crate::Clip| clip.hash == planned.clip.hash;
                graph.clips.iter().position(same).unwrap() as u32
            })
            .collect();
        let legs = planner.stream().zip(plan.visits.iter().zip(&plan.seams));
        legs.take_while(|(leg, (visit, seam))| {
            let visit = Visit {
                clip: clips[visit.clip as usize],
                ..**visit
            };
            leg.visit == visit && leg.seam == **seam
        })
        .count()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn a_film_is_the_beginning_of_the_stream(
            seed in any::<u64>(),
            count in 1_u32..14,
            inside in 0_u32..5,
            exits in 0_u32..6,
            frames in 3_000_u64..40_000,
        ) {
            let graph = library(seed, count, 120, inside, exits);
            let options = Options { frames, seed, ..Options::default() };
            let film = plan(&graph, &options).unwrap();
            let same = agreeing(&graph, &options, &film);
            // All but the last stretch, in which the length is made to fit.
            let until = film.visits.get(same).map_or(film.frames, |visit| visit.start);
            prop_assert!(until + 20 * 30 + 31 * 180 >= film.frames, "{same} of {}", film.visits.len());
        }
    }

    #[test]
    fn the_stream_holds_no_more_after_days_than_after_minutes() {
        let graph = library(3, 12, 150, 3, 6);
        let planner = Planner::new(&graph, &Options::default()).unwrap();
        let mut stream = planner.stream();
        let mut held = 0;
        for _ in 0..20_000 {
            stream.next();
            held = held.max(stream.walker.trail().stops().len());
        }
        assert!(held < 400, "{held} visits are held");
    }

    #[test]
    fn the_gap_holds_for_days() {
        let graph = library(12, 20, 150, 2, 16);
        let planner = Planner::new(&graph, &Options::default()).unwrap();
        let mut last = [None; 20];
        let mut least = usize::MAX;
        for (index, leg) in planner.stream().take(50_000).enumerate() {
            if let Some(before) = last[leg.visit.clip as usize].replace(index) {
                least = least.min(index - before);
            }
        }
        assert!(least >= 11, "{least}");
    }
}

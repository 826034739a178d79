//! A walk that goes on where another one was: the library has changed, or another seed is wished for,
//! while its film is being shown.

use super::{
    Planner,
    cues::{self, Cue},
    map::Map,
    route,
    stream::{Stream, told},
    trail::{Step, Trail},
    walker::{Start, Walker},
};

/// Visits that a walk remembers of the one before it, at most.
const MEMORY: usize = 512;

/// A visit that was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Its clip, as an index into [`crate::Graph::clips`].
    pub clip: u32,
    /// First frame on the clip's output clock.
    pub enter: u32,
    /// One past the last; for the visit under way, the first frame that may be left out.
    pub until: u32,
}

/// Where a walk goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The visit under way.
    pub visit: Shown,
    /// Output frame at which that visit began.
    pub start: u64,
}

impl Planner {
    /// An endless walk that goes on from `place` and remembers the visits `before` it, oldest first;
    /// `cues` hold from now on. The visit under way is yielded first, left at its `until` or later.
    ///
    /// # Errors
    /// [`cues::Error`] when a cue or the visit under way names what is not there.
    pub fn resume(
        &self,
        before: &[Shown],
        place: Place,
        cues: &[Cue],
    ) -> Result<Stream<'_>, cues::Error> {
        let (map, options) = (self.map(), self.options());
        let states = self.states();
        let known = |shown: &Shown| map.usable.binary_search(&shown.clip).is_ok();
        if !known(&place.visit) {
            let clip = place.visit.clip;
            return Err(cues::Error::Clip { cue: 0, clip });
        }
        for (number, cue) in (1..).zip(cues) {
            told(map, states, number, cue.told)?;
        }
        let before = &before[before.len().saturating_sub(MEMORY)..];
        let before: Vec<Shown> = before.iter().copied().filter(known).collect();
        let trail = recall(map, &before, place);
        let node = before.first().map_or(place.visit, |first| *first);
        let start = Start {
            node: node_at(map, node.clip, node.enter),
            seed: options.seed,
            gap: self.gap(),
            frames: u64::MAX,
        };
        let script = self.script_of(place.visit.clip, cues);
        let held = (trail.count() - 1, place.visit.until);
        Ok(Stream::new(
            Walker::resumed(trail, start, held, script),
            states,
        ))
    }

    /// The return gap that a walk over this graph keeps; found out once, which may take a while.
    pub fn gap(&self) -> u32 {
        let (map, options) = (self.map(), self.options());
        *self.known_gap().get_or_init(|| {
            let mut dice = route::dice(options);
            let start = Start {
                node: route::opening(map, options.start, &mut dice),
                seed: options.seed,
                gap: route::wanted(map, options),
                frames: u64::MAX,
            };
            Walker::spacing(map, start)
        })
    }
}

/// The last place of `clip` where visits begin that is no later than `at`.
fn node_at(map: &Map, clip: u32, at: u32) -> u32 {
    let range = map.node_range(clip);
    let later = map.nodes[range.clone()].partition_point(|node| node.at <= at);
    (range.start + later.saturating_sub(1)) as u32
}

/// The trail that shows what was shown, as far as this map knows of it.
fn recall<'a>(map: &'a Map, before: &[Shown], place: Place) -> Trail<'a> {
    let visits: Vec<Shown> = before.iter().copied().chain([place.visit]).collect();
    let node = |shown: &Shown| node_at(map, shown.clip, shown.enter);
    let mut trail = Trail::new(map, node(&visits[0]));
    for pair in visits.windows(2) {
        let to = node(&pair[1]);
        let leave = pair[0].until.max(trail.here().at + 1);
        let links = map.link_range(pair[0].clip);
        let link = links.map(|index| index as u32).find(|index| {
            let link = &map.links[*index as usize];
            link.leave == pair[0].until && link.to == to
        });
        let (bridge, refused) = link.map_or((0, false), |link| trail.bridge(link));
        trail.push(Step {
            leave,
            to,
            link,
            bridge,
            refused,
        });
    }
    let ahead = u64::from(place.visit.enter - trail.here().at.min(place.visit.enter));
    trail.set_now(place.start.saturating_sub(ahead));
    trail
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::walk::{Leg, Options, cues::Told, sample::library};

    fn shown(leg: &Leg) -> Shown {
        Shown {
            clip: leg.visit.clip,
            enter: leg.visit.enter,
            until: leg.visit.leave,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn a_walk_goes_on_without_a_gap_and_keeps_the_return_gap(
            seed in any::<u64>(),
            count in 6_u32..20,
            inside in 0_u32..5,
            exits in 3_u32..8,
            legs in 1_usize..60,
        ) {
            let graph = library(seed, count, 150, inside, exits);
            let planner = Planner::new(&graph, &Options { seed, ..Options::default() }).unwrap();
            let past: Vec<Leg> = planner.stream().take(legs).collect();
            let (last, before) = past.split_last().unwrap();
            let visit = last.visit;
            let until = visit.enter + visit.frames() / 2;
            let place = Place {
                visit: Shown { clip: visit.clip, enter: visit.enter, until },
                start: visit.start,
            };
            let other = Planner::new(&graph, &Options { seed: seed ^ 1, ..Options::default() }).unwrap();
            let before: Vec<Shown> = before.iter().map(shown).collect();
            let on: Vec<Leg> = other.resume(&before, place, &[]).unwrap().take(40).collect();
            let first = on[0].visit;
            prop_assert_eq!((first.clip, first.enter, first.start), (visit.clip, visit.enter, visit.start));
            prop_assert!(first.leave >= until);
            for pair in on.windows(2) {
                prop_assert_eq!(pair[0].seam.start, pair[0].visit.start + u64::from(pair[0].visit.frames()));
                prop_assert_eq!(pair[1].visit.start, pair[0].seam.start + u64::from(pair[0].seam.frames));
            }
            // Clips of both walks together: none comes back at once.
            let clips: Vec<u32> = (before.iter().map(|shown| shown.clip))
                .chain(on.iter().map(|leg| leg.visit.clip))
                .collect();
            let again = clips.windows(2).filter(|pair| pair[0] == pair[1]).count();
            prop_assert_eq!(again, 0);
        }
    }

    #[test]
    fn a_walk_goes_on_from_a_place_that_is_no_port() {
        let graph = library(5, 8, 150, 3, 6);
        let planner = Planner::new(&graph, &Options::default()).unwrap();
        let visit = Shown {
            clip: 3,
            enter: 17,
            until: 90,
        };
        let place = Place {
            visit,
            start: 10_000,
        };
        let on: Vec<Leg> = planner.resume(&[], place, &[]).unwrap().take(3).collect();
        let first = on[0].visit;
        assert_eq!(first.clip, 3);
        // Wherever the map says that it began, its pictures lie where they lay.
        assert_eq!(first.start + u64::from(17 - first.enter), 10_000);
        assert!(first.leave >= 90);
    }

    #[test]
    fn what_was_told_still_holds() {
        let graph = library(5, 8, 150, 3, 6);
        let planner = Planner::new(&graph, &Options::default()).unwrap();
        let visit = Shown {
            clip: 0,
            enter: 0,
            until: 30,
        };
        let place = Place { visit, start: 500 };
        let avoid: Vec<Cue> = [2, 4]
            .map(|clip| Cue {
                at: 500,
                told: Told::Avoid(clip),
            })
            .into();
        let mut stream = planner.resume(&[], place, &avoid).unwrap();
        let clips: Vec<u32> = stream.by_ref().take(40).map(|leg| leg.visit.clip).collect();
        assert!(!clips.contains(&2) && !clips.contains(&4), "{clips:?}");
        let at = stream.ahead().next().unwrap().visit.start;
        stream
            .tell(Cue {
                at,
                told: Told::Allow(4),
            })
            .unwrap();
        let clips: Vec<u32> = stream.take(60).map(|leg| leg.visit.clip).collect();
        assert!(!clips.contains(&2) && clips.contains(&4), "{clips:?}");
        let unknown = Place {
            visit: Shown { clip: 80, ..visit },
            start: 0,
        };
        assert!(planner.resume(&[], unknown, &[]).is_err());
    }

    #[test]
    fn what_lies_ahead_comes_if_nothing_is_told() {
        let graph = library(9, 8, 150, 3, 6);
        let planner = Planner::new(&graph, &Options::default()).unwrap();
        let mut stream = planner.stream();
        for _ in 0..30 {
            let ahead: Vec<Leg> = stream.ahead().take(4).collect();
            assert_eq!(ahead.len(), 4);
            assert_eq!(stream.next(), Some(ahead[0]));
        }
    }
}

//! What the walk is told on the way, and states that follow each other.

use std::sync::Arc;

use proptest::prelude::*;

use super::{options, shown, sound};
use crate::{
    Graph, Plan,
    walk::{
        Error, Options, Planner, Wish,
        cues::{self, Cue, Told},
        plan,
        sample::library,
        states::{State, States},
    },
};

/// States `idle`, `talk` and `wave`; clips in turn, and the last of four in none.
fn states(clips: u32, alone: bool) -> Arc<States> {
    let state = |name: &str, number: u32| State {
        name: name.to_owned(),
        clips: (0..clips).filter(|clip| clip % 4 == number).collect(),
        follow: (number == 2).then(|| vec!["idle".to_owned()]),
        dwell: Some((20.0, 30.0)),
        weight: 1.0,
    };
    let all = [state("idle", 0), state("talk", 1), state("wave", 2)];
    Arc::new(States::new(&all, &[], clips as usize, 0, alone).unwrap())
}

fn cue(at: u64, told: Told) -> Cue {
    Cue { at, told }
}

/// First output frame from `at` on at which a clip that `wanted` names begins to be shown.
fn reached(plan: &Plan, graph: &Graph, at: u64, wanted: impl Fn(u32) -> bool) -> Option<u64> {
    let clips = shown(plan, graph);
    let visits = plan.visits.iter().zip(clips);
    let mut later = visits.filter(|(visit, clip)| visit.start >= at && wanted(*clip));
    later.next().map(|(visit, _)| visit.start)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn a_state_is_reached_within_its_bound_and_kept(
        seed in any::<u64>(),
        at in 0_u64..6000,
        later in 900_u64..3000,
        exits in 2_u32..8,
    ) {
        let graph = library(seed, 16, 150, 4, exits);
        let told = states(16, false);
        let wish = Options {
            states: Some(Arc::clone(&told)),
            cues: vec![
                cue(at + later, Told::State(Some(0))),
                cue(at, Told::State(Some(1))),
            ],
            ..options(14_000, seed)
        };
        let made = plan(&graph, &wish).unwrap();
        made.check().unwrap();
        prop_assert_eq!(made.frames, 14_000);
        prop_assert!(made.visits == plan(&graph, &wish).unwrap().visits);
        let reactions = Planner::new(&graph, &wish).unwrap().reactions();
        let bound = |from: &str, to: &str| {
            let found = reactions.iter().find(|pair| pair.from == from && pair.to == to);
            found.and_then(|pair| pair.frames)
        };
        let of = |state: u32| { let told = &told; move |clip: u32| told.of(clip) == Some(state) };
        // From talking to idle: the walk talks when the second cue comes.
        if let (Some(bound), Some(talked)) = (bound("talk", "idle"), reached(&made, &graph, at, of(1)))
            && talked < at + later
        {
            let idle = reached(&made, &graph, at + later, of(0)).unwrap();
            prop_assert!(idle - (at + later) <= u64::from(bound), "{} over {bound}", idle - at - later);
            // In between it talks, or shows clips of no state, from which the way back may lead
            // past another.
            let clips = shown(&made, &graph);
            let between = made.visits.iter().zip(clips);
            let between = between
                .filter(|(visit, _)| visit.start > talked && visit.start < at + later);
            let states: Vec<Option<u32>> = between.map(|(_, clip)| told.of(clip)).collect();
            let strange = states.iter().filter(|state| state.is_some_and(|state| state != 1));
            prop_assert!(strange.count() * 4 <= states.len(), "{states:?}");
        }
    }

    #[test]
    fn what_a_stream_is_told_changes_nothing_that_was_shown(
        seed in any::<u64>(),
        at in 300_u64..4000,
        what in 0_u32..4,
    ) {
        let graph = library(seed, 16, 150, 4, 6);
        let told = match what {
            0 => Told::State(Some(1)),
            1 => Told::Play(5),
            2 => Told::Avoid(6),
            _ => Told::Signal(200),
        };
        let silent = Options { states: Some(states(16, false)), ..options(9000, seed) };
        let planner = Planner::new(&graph, &silent).unwrap();
        let mut stream = planner.stream();
        let mut legs = Vec::new();
        for leg in stream.by_ref() {
            let over = leg.seam.start + u64::from(leg.seam.frames) > at;
            legs.push(leg);
            if over {
                break;
            }
        }
        // What was told about a visit that is under way replaces it.
        if stream.tell(cue(at, told)).unwrap() {
            legs.pop();
        }
        legs.extend(stream.by_ref().take(12));
        let starts: Vec<u64> = legs.iter().map(|leg| leg.visit.start).collect();
        prop_assert!(starts.windows(2).all(|pair| pair[0] < pair[1]), "{starts:?}");
        for pair in legs.windows(2) {
            prop_assert_eq!(pair[0].seam.start + u64::from(pair[0].seam.frames), pair[1].visit.start);
        }
        // The past stays.
        let before = planner.stream().zip(&legs).take_while(|(old, new)| old == *new).count();
        prop_assert!(legs[before..].iter().all(|leg| leg.seam.start >= at));
        let late = stream.tell(cue(0, told));
        let past = matches!(late, Err(cues::Error::Past { at: 0, .. }));
        prop_assert!(past);
    }
}

#[test]
fn a_clip_is_played_next_and_another_not_again() {
    for seed in 0..20 {
        let graph = library(seed, 12, 150, 4, 6);
        let wish = Options {
            cues: vec![cue(1000, Told::Play(7)), cue(3000, Told::Avoid(3))],
            ..options(12_000, seed)
        };
        let made = plan(&graph, &wish).unwrap();
        sound(&made, &graph, &wish);
        let soon = reached(&made, &graph, 1000, |clip| clip == 7).unwrap();
        assert!(soon < 1000 + 600, "seed {seed}: {soon}");
        // The visit under way may be of the clip that is to be avoided.
        let again = reached(&made, &graph, 3000, |clip| clip == 3);
        assert_eq!(again, None, "seed {seed}");
    }
}

#[test]
fn a_signal_makes_relevant_clips_likelier() {
    let graph = library(5, 16, 150, 3, 12);
    let wishes: Vec<Wish> = (0..16)
        .map(|clip| {
            let relevance = if clip < 8 { 1.0 } else { -1.0 };
            Wish::default().with_relevance(relevance).unwrap()
        })
        .collect();
    let share = |signal: i32| {
        let wish = Options {
            wishes: wishes.clone(),
            cues: vec![cue(0, Told::Signal(signal))],
            min_gap: Some(3),
            ..options(30 * 1200, 5)
        };
        let clips = shown(&plan(&graph, &wish).unwrap(), &graph);
        let relevant = clips.iter().filter(|clip| **clip < 8).count();
        relevant as f64 / clips.len() as f64
    };
    assert!(share(256) > 0.6, "{}", share(256));
    assert!(share(-256) < 0.4, "{}", share(-256));
    assert!((0.4..0.6).contains(&share(0)), "{}", share(0));
}

#[test]
fn states_follow_each_other_by_themselves_as_they_may() {
    let graph = library(8, 24, 150, 4, 8);
    let told = states(24, true);
    let wish = Options {
        states: Some(Arc::clone(&told)),
        ..options(30 * 1800, 8)
    };
    let made = plan(&graph, &wish).unwrap();
    made.check().unwrap();
    let clips = shown(&made, &graph);
    let visits = made.visits.iter().zip(clips);
    let row: Vec<(u64, u32)> = visits
        .filter_map(|(visit, clip)| Some((visit.start, told.of(clip)?)))
        .collect();
    let stays: Vec<&[(u64, u32)]> = row.chunk_by(|a, b| a.1 == b.1).collect();
    assert!(stays.len() > 30, "{}", stays.len());
    let mut passed = 0;
    for pair in stays.windows(2) {
        let (from, to) = (pair[0][0].1, pair[1][0].1);
        assert!(from != 2 || to == 0, "only idle may follow waving");
        let stay = pair[1][0].0 - pair[0][0].0;
        // From 20 s to as long as it takes to get away after 30, and to get there.
        let slow = made.reactions.iter().filter_map(|pair| pair.frames).max();
        let longest = 30 * 30 + 2 * u64::from(slow.unwrap());
        assert!(stay <= longest, "{stay} of {longest}");
        passed += usize::from(stay < 19 * 30);
    }
    // States that lie on the way to others are passed.
    assert!(passed * 5 <= stays.len(), "{passed} of {}", stays.len());
    assert_eq!(made.reactions.len(), 6);
}

#[test]
fn cues_that_cannot_be_followed_are_refused() {
    let graph = library(1, 8, 150, 2, 6);
    let told = |cue: Cue| {
        let wish = Options {
            states: Some(states(8, false)),
            cues: vec![cue],
            ..options(1000, 1)
        };
        plan(&graph, &wish).map(|_| ())
    };
    let state = cues::Error::State {
        cue: 1,
        state: 3,
        states: 3,
    };
    assert_eq!(told(cue(5, Told::State(Some(3)))), Err(Error::Cue(state)));
    let clip = cues::Error::Clip { cue: 1, clip: 8 };
    assert_eq!(told(cue(5, Told::Play(8))), Err(Error::Cue(clip)));
    let signal = cues::Error::Signal { cue: 1 };
    assert_eq!(told(cue(5, Told::Signal(300))), Err(Error::Cue(signal)));
    let after = cues::Error::After {
        cue: 1,
        at: 1000,
        last: 999,
    };
    assert_eq!(told(cue(1000, Told::Signal(3))), Err(Error::Cue(after)));
    let certified = Options {
        certified: true,
        cues: vec![cue(5, Told::Signal(1))],
        ..options(1000, 1)
    };
    assert_eq!(plan(&graph, &certified), Err(Error::Certified));
    let other = Options {
        states: Some(states(9, false)),
        ..options(1000, 1)
    };
    assert_eq!(plan(&graph, &other), Err(Error::States(9, 8)));
}

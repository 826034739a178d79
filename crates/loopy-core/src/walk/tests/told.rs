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
        sample::{edge, graph, library},
        states::{Program, State, States},
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
    #![proptest_config(ProptestConfig::with_cases(80))]

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
        let visits: Vec<(u64, Option<u32>)> = made
            .visits
            .iter()
            .zip(shown(&made, &graph))
            .map(|(visit, clip)| (visit.start, told.of(clip)))
            .collect();
        let first = |from: u64, state: u32| {
            let mut later = visits.iter().filter(|visit| visit.0 >= from && visit.1 == Some(state));
            later.next().map(|visit| visit.0)
        };
        let names = ["idle", "talk", "wave"];
        for (cue, wanted) in [(at, 1), (at + later, 0)] {
            // What is under way when it is told, and not there yet.
            let under = visits[visits.partition_point(|visit| visit.0 <= cue) - 1];
            let Some(state) = under.1.filter(|state| *state != wanted) else {
                continue;
            };
            let Some(bound) = bound(names[state as usize], names[wanted as usize]) else {
                continue;
            };
            let reached = first(cue, wanted);
            prop_assert!(reached.is_some(), "{} is never shown", names[wanted as usize]);
            let late = reached.unwrap_or(cue) - cue;
            prop_assert!(late <= u64::from(bound), "{late} over {bound}, told at {cue}");
        }
        // Once it talks it does, or shows clips of no state, from which the way back may lead past
        // another: none is gone to from a clip that talks.
        if let Some(talked) = first(at, 1) {
            let between = visits.iter().filter(|visit| visit.0 >= talked && visit.0 < at + later);
            let states: Vec<Option<u32>> = between.map(|visit| visit.1).collect();
            let left = states.windows(2).filter(|pair| {
                pair[0] == Some(1) && pair[1].is_some_and(|state| state != 1)
            });
            prop_assert_eq!(left.count(), 0, "{:?}", states);
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

/// Clip 0 idles, the others talk; the way from idle to clip 1 is the soonest, that to clip 2 a
/// little later, and past both it takes long to get to clip 1 again.
fn some_that_talk(second: u32) -> Vec<u32> {
    let talking = (60, vec![]);
    let mut graph = graph(&[
        (200, vec![20, second]),
        talking.clone(),
        talking.clone(),
        talking.clone(),
        talking,
    ]);
    for (from, to) in [((0, 20), (1, 0)), ((0, second), (2, 0)), ((0, 200), (1, 0))] {
        graph.edges.push(edge(from, to, 0.9, 1.0));
    }
    for from in 1..5 {
        for to in (0..5).filter(|to| *to != from) {
            graph.edges.push(edge((from, 60), (to, 0), 0.9, 1.0));
        }
    }
    graph.sort();
    let state = |name: &str, clips: &[u32]| State {
        name: name.to_owned(),
        clips: clips.to_vec(),
        weight: 1.0,
        ..State::default()
    };
    let all = [state("idle", &[0]), state("talk", &[1, 2, 3, 4])];
    let wish = Options {
        states: Some(Arc::new(States::new(&all, &[], 5, 0, false).unwrap())),
        cues: vec![cue(0, Told::State(Some(0))), cue(65, Told::State(Some(1)))],
        start: Some(1),
        min_gap: Some(3),
        ..options(30_000, 3)
    };
    let made = plan(&graph, &wish).unwrap();
    let bound = made.reactions.iter().find(|pair| pair.from == "idle");
    let bound = u64::from(bound.unwrap().frames.unwrap());
    let talks = reached(&made, &graph, 65, |clip| clip > 0).unwrap();
    assert!(talks - 65 <= bound, "{talks} over {bound}");
    shown(&made, &graph)
}

#[test]
fn the_way_to_a_state_keeps_the_return_gap_where_the_reaction_allows_it() {
    // Clip 1 was shown two visits before: clip 2 is worth ten frames more.
    assert_eq!(some_that_talk(30)[..3], [1, 0, 2]);
    // So it is where nothing but the longest reaction allows it, but no longer than that.
    assert_eq!(some_that_talk(100)[..3], [1, 0, 2]);
    assert_eq!(some_that_talk(110)[..3], [1, 0, 1]);
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
    let row: Vec<(u64, Option<u32>)> = made
        .visits
        .iter()
        .zip(shown(&made, &graph))
        .map(|(visit, clip)| (visit.start, told.of(clip)))
        .collect();
    let slow = |from: u32, to: u32| {
        let mut pairs = made.reactions.iter();
        let [from, to] = [from, to].map(|state| &told.names()[state as usize]);
        let pair = pairs.find(|pair| pair.from == *from && pair.to == *to);
        pair.and_then(|pair| pair.frames).unwrap()
    };
    // What is due when, frame by frame, and in stretches.
    let mut program = Program::new(&told, 8, row[0].1.unwrap_or(0));
    let due = (0..wish.frames).map(|frame| {
        let millis = (wish.fps.micros(frame) / 1000) as u64;
        let late = |from: u32, to: u32| {
            let frames = if from == to { 0 } else { slow(from, to) };
            u64::from(frames) * 1000 / 30
        };
        (frame, program.at(&told, millis, late))
    });
    let due: Vec<(u64, u32)> = due.collect();
    let stretches: Vec<&[(u64, u32)]> = due.chunk_by(|a, b| a.1 == b.1).collect();
    assert!(stretches.len() > 40, "{}", stretches.len());
    let (mut prompt, mut whole) = (0, 0);
    for pair in stretches.windows(2) {
        let ((before, wanted), start) = ((pair[0][0].1, pair[1][0].1), pair[1][0].0);
        assert!(before != 2 || wanted == 0, "only idle may follow waving");
        let end = start + pair[1].len() as u64;
        let under = row[row.partition_point(|visit| visit.0 <= start) - 1].1;
        let mut later = row.iter().filter(|visit| visit.0 >= start);
        let reached = later
            .find(|visit| visit.1 == Some(wanted))
            .map(|visit| visit.0);
        // The last stretch may be cut off by the end of the film.
        let Some(reached) = reached.filter(|reached| *reached < end && end < wish.frames) else {
            assert!(
                end + u64::from(slow(before, wanted)) >= wish.frames,
                "{start} to {end}"
            );
            continue;
        };
        let between = row
            .windows(2)
            .filter(|pair| pair[0].0 >= reached && pair[1].0 < end);
        let mut gone = between.filter(|pair| {
            pair[0].1 == Some(wanted) && pair[1].1.is_some_and(|state| state != wanted)
        });
        assert_eq!(gone.next(), None, "it stays while it is due");
        if under != Some(before) {
            continue;
        }
        let late = reached - start;
        assert!(late <= u64::from(slow(before, wanted)), "{late} frames");
        prompt += 1;
        // From 20 to 30 seconds, and what the way there was quicker than it might have been.
        let stay = end - reached;
        let most = 900 + u64::from(slow(before, wanted)) - late;
        assert!((599..=most + 1).contains(&stay), "{stay} of {most}");
        whole += usize::from(stay <= 900 + 30);
    }
    assert!(
        prompt * 2 > stretches.len(),
        "{prompt} of {}",
        stretches.len()
    );
    assert!(whole * 4 > prompt * 3, "{whole} of {prompt}");
    assert_eq!(made.reactions.len(), 6);
}

#[test]
fn a_state_of_one_clip_is_left_for_a_visit_rather_than_by_a_change_of_scene() {
    let mut graph = graph(&[const { (90, Vec::new()) }; 3]);
    for from in 0..3 {
        for to in (0..3).filter(|to| *to != from) {
            graph.edges.push(edge((from, 90), (to, 0), 0.8, 1.0));
        }
    }
    graph.sort();
    let state = |name: &str, clips: Vec<u32>| State {
        name: name.to_owned(),
        clips,
        follow: None,
        dwell: Some((20.0, 30.0)),
        weight: 1.0,
    };
    let all = [state("calm", vec![0, 1]), state("lively", vec![2])];
    let states = Arc::new(States::new(&all, &[], 3, 0, true).unwrap());
    let wish = Options {
        states: Some(states),
        ..options(30 * 180, 1)
    };
    let made = plan(&graph, &wish).unwrap();
    sound(&made, &graph, &wish);
    assert_eq!(made.certificate.scene_changes, 0, "{:?}", made.notes);
    let clips = shown(&made, &graph);
    // Lively is every second visit while it is due.
    let pairs = clips
        .windows(3)
        .filter(|three| three[0] == 2 && three[2] == 2);
    assert!(pairs.count() > 5, "{clips:?}");
}

#[test]
fn what_nothing_leads_to_is_shown_by_a_change_of_scene_at_the_next_port() {
    let clip = || (240, vec![60, 120, 180]);
    let mut graph = graph(&[clip(), clip(), clip(), clip(), clip(), clip()]);
    for (from, to) in (0..6).flat_map(|from| (0..6).map(move |to| (from, to))) {
        if from != to && from / 3 == to / 3 {
            for leave in [60, 120, 180, 240] {
                graph.edges.push(edge((from, leave), (to, 0), 0.8, 1.0));
            }
        }
    }
    graph.sort();
    for told in [Told::Play(4), Told::State(Some(0))] {
        let lively = State {
            name: "lively".to_owned(),
            clips: vec![4],
            follow: None,
            dwell: None,
            weight: 1.0,
        };
        let wish = Options {
            start: Some(0),
            states: Some(Arc::new(States::new(&[lively], &[], 6, 0, false).unwrap())),
            cues: vec![cue(500, told)],
            ..options(3000, 7)
        };
        let made = plan(&graph, &wish).unwrap();
        made.check().unwrap();
        let before = shown(&made, &graph)[0];
        assert!(before < 3);
        let frame = reached(&made, &graph, 500, |clip| clip == 4).unwrap();
        // At most from one port to the next, after the least that a visit lasts.
        assert!(frame <= 500 + 120, "{told:?}: {frame}");
    }
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

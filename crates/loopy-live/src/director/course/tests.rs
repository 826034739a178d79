//! The course over drawn graphs and pieces that are there or not.

use std::{collections::BTreeMap, path::Path};

use loopy_core::{
    Clip, ClipPath, Graph, Hash, Size,
    clip::Facts,
    graph::{Bridge, Edge, PortRef, Ports, Score},
    normalise::{Fit, Normalise, Rgb, Scaler},
    tags::Tags,
    walk::Options,
};
use loopy_media::segment::Sample;
use proptest::prelude::*;

use super::*;
use crate::director::rungs::Rung;

const FRAMES: u32 = 150;
const PORTS: [u32; 5] = [0, 40, 80, 110, 150];

fn clip(number: u32, state: &str) -> Clip {
    let name = format!("{state}_{number:03}.mp4");
    Clip {
        path: ClipPath::from(Path::new(&name)),
        hash: Hash::of(name.as_bytes()),
        facts: Facts::ordinary(Size::new(64, 36)),
        first: 0,
        until: FRAMES,
        times: (0..i64::from(FRAMES))
            .map(|frame| frame * 1_000_000 / 30)
            .collect(),
        end: i64::from(FRAMES) * 1_000_000 / 30,
        shot: 0,
        sound_offset: 0,
        tags: Tags::default(),
        scene: 0,
    }
}

/// Clips that all lead to each other, over bridges of motion or cuts.
fn graph(count: u32) -> Graph {
    let state = |number: u32| {
        if number.is_multiple_of(3) {
            "talk"
        } else {
            "idle"
        }
    };
    let mut edges = Vec::new();
    for from in 0..count {
        for to in (0..count).filter(|to| *to != from) {
            for (leave, enter) in [(40, 0), (80, 40), (110, 0), (150, 40)] {
                let bridged = (from + to + leave) % 2 == 0;
                edges.push(Edge {
                    from: PortRef {
                        clip: from,
                        boundary: leave,
                    },
                    to: PortRef {
                        clip: to,
                        boundary: enter,
                    },
                    score: Score::percent(80),
                    step: 1.0,
                    rsv: None,
                    declared: false,
                    bridge: if bridged {
                        Bridge::Motion {
                            frames: 4,
                            holds: 0,
                        }
                    } else {
                        Bridge::None
                    },
                });
            }
        }
    }
    Graph {
        clips: (0..count)
            .map(|number| clip(number, state(number)))
            .collect(),
        ports: (0..count).map(|_| Ports(PORTS.to_vec())).collect(),
        edges,
        scenes: 1,
    }
}

fn ground(count: u32, seed: u64) -> Ground {
    let graph = graph(count);
    let grades = vec![loopy_core::Grade::default(); count as usize];
    let options = Options {
        seed,
        fps: Rate::new(30, 1).unwrap(),
        ..Options::default()
    };
    Ground::of(&graph, &grades, options, true).unwrap()
}

fn rungs(count: usize) -> Rungs {
    let normalise = Normalise {
        size: Size::new(64, 36),
        fit: Fit::Pad,
        pad: Rgb::default(),
        scaler: Scaler::Lanczos,
    };
    let sizes = [(64, 36), (32, 18)];
    let all = sizes.iter().take(count);
    let rungs = Rungs::new(
        all.map(|(width, height)| Rung::new(Size::new(*width, *height), 100_000, normalise))
            .collect(),
    );
    (1..count).for_each(|_| rungs.switch_on());
    rungs
}

/// Has the pieces that `there` says it has.
struct Drawn<F>(F);

impl<F: FnMut(&Item) -> bool> Stock for Drawn<F> {
    fn piece(&mut self, item: &Item) -> Option<Arc<Piece>> {
        let frames = item.recipe.frames();
        (self.0)(item).then(|| {
            let sample = |order| Sample {
                bytes: 1,
                order,
                key: order == 0,
            };
            Arc::new(Piece {
                record: item.key.to_string().into_bytes().into(),
                samples: (0..frames).map(sample).collect(),
                data: vec![0; frames as usize].into(),
            })
        })
    }
}

fn all() -> Drawn<fn(&Item) -> bool> {
    Drawn(|_| true)
}

fn begin<'g>(ground: &'g Ground, rungs: &'g Rungs) -> Course<'g> {
    Course::new(ground, rungs, Carried::default(), |_| true).unwrap()
}

/// The row follows the one before it, and every rung has all its frames.
fn check(row: &Row, at: &mut u64, on: usize) {
    assert_eq!(row.start, *at);
    assert!(row.frames > 0);
    assert_eq!(row.pieces.len(), on);
    for piece in &row.pieces {
        assert_eq!(piece.samples.len(), row.frames as usize);
    }
    *at += u64::from(row.frames);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_picture_goes_on_whatever_is_missing(
        seed in any::<u64>(),
        count in 2_u32..9,
        on in 1_usize..3,
        chance in 0_u32..100,
    ) {
        let (ground, rungs) = (ground(count, seed), rungs(on));
        let mut course = begin(&ground, &rungs);
        let mut at = 0;
        // The first row is there: nothing can be shown before it.
        check(&course.advance(&mut all()), &mut at, on);
        let mut dice = seed | 1;
        let mut stock = Drawn(|_: &Item| {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (dice >> 33) % 100 >= u64::from(chance)
        });
        for _ in 0..200 {
            let row = course.advance(&mut stock);
            check(&row, &mut at, on);
        }
        let steps = course.steps();
        prop_assert_eq!(steps.is_empty(), chance == 0, "{:?}", steps.first());
        // Once everything is there again, nothing more is missed.
        for _ in 0..50 {
            check(&course.advance(&mut all()), &mut at, on);
        }
        prop_assert!(course.steps().is_empty());
    }

    #[test]
    fn what_is_told_is_kept_though_bridges_take_time(
        seed in any::<u64>(),
        rows in 1_usize..30,
        lead in 1_u64..32,
        told in 0_u32..9,
    ) {
        let (ground, rungs) = (ground(9, seed), rungs(2));
        let mut course = begin(&ground, &rungs);
        let mut asked: BTreeMap<Hash, u64> = BTreeMap::new();
        let mut advance = |course: &mut Course| {
            let at = course.at();
            for item in course.wanted(8) {
                asked.entry(item.key).or_insert(at);
            }
            let is_there = |item: &Item| {
                item.to.is_none() || asked.get(&item.key).is_some_and(|asked| asked + lead <= at)
            };
            let row = course.advance(&mut Drawn(is_there));
            (row, asked.clone())
        };
        let mut known = BTreeMap::new();
        for _ in 0..rows {
            (_, known) = advance(&mut course);
        }
        prop_assert!(course.steps().is_empty());
        let at = course.at();
        let is_there = |item: &Item| known.get(&item.key).is_some_and(|asked| asked + lead <= at);
        let frame = course.tell(Told::Play(told), lead, &mut Drawn(is_there)).unwrap();
        prop_assert!(frame <= at + lead + u64::from(2 * FRAMES));
        loop {
            let (row, _) = advance(&mut course);
            if row.start >= frame {
                prop_assert_eq!((row.start, row.clip), (frame, told));
                break;
            }
        }
        prop_assert!(course.steps().is_empty());
    }

    #[test]
    fn clips_that_are_not_ready_are_not_shown_until_they_are(
        seed in any::<u64>(),
        ready in 2_u32..5,
    ) {
        let (ground, rungs) = (ground(8, seed), rungs(1));
        let is_ready = |part: &Part| ground.clip_of(part).is_some_and(|clip| clip < ready);
        let mut course = Course::new(&ground, &rungs, Carried::default(), is_ready).unwrap();
        let mut shown = BTreeSet::new();
        for _ in 0..60 {
            shown.insert(course.advance(&mut all()).clip);
        }
        prop_assert!(shown.iter().all(|clip| *clip < ready), "{:?}", shown);
        course.open(6);
        for _ in 0..200 {
            shown.insert(course.advance(&mut all()).clip);
        }
        prop_assert!(shown.contains(&6) && !shown.contains(&7), "{:?}", shown);
        prop_assert!(course.steps().is_empty());
    }

    #[test]
    fn another_library_takes_over_where_the_walk_is(
        seed in any::<u64>(),
        rows in 1_usize..40,
        more in 0_u32..6,
    ) {
        let rungs = rungs(1);
        let (few, many) = (ground(4, seed), ground(4 + more, seed ^ 1));
        let mut course = begin(&few, &rungs);
        let mut at = 0;
        for _ in 0..rows {
            check(&course.advance(&mut all()), &mut at, 1);
        }
        if !course.can_hand_over() {
            check(&course.advance(&mut all()), &mut at, 1);
        }
        let before = course.leg().unwrap().visit;
        let mut course = Course::new(&many, &rungs, course.carry(), |_| true).unwrap();
        let after = course.leg().unwrap().visit;
        prop_assert_eq!(few.part(before.clip), many.part(after.clip));
        prop_assert_eq!(before.start + u64::from(after.enter), after.start + u64::from(before.enter));
        for _ in 0..60 {
            check(&course.advance(&mut all()), &mut at, 1);
        }
    }
}

#[test]
fn what_is_told_is_shown_at_the_next_port_and_stays_told() {
    let (ground, rungs) = (ground(9, 3), rungs(1));
    let mut course = begin(&ground, &rungs);
    for _ in 0..7 {
        course.advance(&mut all());
    }
    let frame = course.tell(Told::Play(6), 0, &mut all()).unwrap();
    assert!(frame - course.at() <= u64::from(FRAMES) + 4);
    loop {
        let row = course.advance(&mut all());
        if row.clip == 6 && !row.bridge {
            assert_eq!(row.start, frame);
            break;
        }
        assert!(row.start < frame);
    }
    course.tell(Told::Avoid(2), 0, &mut all()).unwrap();
    course.tell(Told::Signal(-128), 0, &mut all()).unwrap();
    let over = course.carry();
    let mut course = Course::new(&ground, &rungs, over, |_| true).unwrap();
    let shown: BTreeSet<u32> = (0..120).map(|_| course.advance(&mut all()).clip).collect();
    assert!(!shown.contains(&2), "{shown:?}");
    assert!(course.told().contains(&Standing::Signal(-128)));
}

#[test]
fn a_clip_that_is_gone_from_the_library_is_left_by_a_jump() {
    let rungs = rungs(1);
    let many = ground(5, 1);
    let mut course = begin(&many, &rungs);
    let mut at = 0;
    while course.leg().unwrap().visit.clip != 4 {
        check(&course.advance(&mut all()), &mut at, 1);
    }
    let few = ground(4, 1);
    let mut course = Course::new(&few, &rungs, course.carry(), |_| true).unwrap();
    for _ in 0..20 {
        check(&course.advance(&mut all()), &mut at, 1);
    }
}

#[test]
fn what_lies_ahead_is_asked_for_before_it_is_shown() {
    let (ground, rungs) = (ground(6, 5), rungs(2));
    let mut course = begin(&ground, &rungs);
    let mut asked: BTreeSet<Hash> = BTreeSet::new();
    for _ in 0..60 {
        asked.extend(course.wanted(4).into_iter().map(|item| item.key));
        let row = course.advance(&mut all());
        for piece in &row.pieces {
            let key = String::from_utf8(piece.record.to_vec()).unwrap();
            assert!(asked.iter().any(|known| known.to_string() == key));
        }
    }
}

#[test]
fn frames_go_on_after_sixty_days() {
    let (ground, rungs) = (ground(6, 5), rungs(1));
    let days = 60 * 86_400 * 30;
    let carried = Carried {
        at: days,
        ..Carried::default()
    };
    let mut course = Course::new(&ground, &rungs, carried, |_| true).unwrap();
    let mut at = days;
    for _ in 0..200 {
        let row = course.advance(&mut all());
        check(&row, &mut at, 1);
        let pts = crate::publisher::due(ground.fps, row.start);
        let exact = u128::from(row.start) * 1_000_000 / 30;
        assert!(u128::from(pts).abs_diff(exact) <= 1);
    }
}

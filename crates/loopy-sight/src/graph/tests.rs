//! What every graph keeps, whatever the clips.

use loopy_core::graph::PortRef;
use proptest::prelude::*;

use super::{sample::clip, *};
use crate::synthetic;

/// Clips of 25 frames a second.
fn library(features: &[Features]) -> Vec<Clip> {
    (0..)
        .zip(features)
        .map(|(index, features)| clip(index, features.len() as u32, 25))
        .collect()
}

fn graph(features: &[Features]) -> Graph {
    build(
        library(features),
        &features.iter().collect::<Vec<_>>(),
        &Options::default(),
        &BTreeMap::new(),
    )
    .unwrap()
}

/// Takes of one scene, begun at different moments.
fn takes(count: u32, frames: u32) -> Vec<Features> {
    (0..count)
        .map(|take| synthetic::moving_from(frames, 1, 1.0, take * 37 % 100))
        .collect()
}

/// Every clip that a walk can come to after it has entered at `port`.
fn reachable(graph: &Graph, port: PortRef) -> BTreeSet<u32> {
    let mut seen = BTreeSet::from([port]);
    let mut open = vec![port];
    while let Some(port) = open.pop() {
        let ports = graph.ports[port.clip as usize].0.iter();
        let onward = ports.filter(|next| **next > port.boundary);
        for boundary in onward {
            let out = PortRef {
                clip: port.clip,
                boundary: *boundary,
            };
            for edge in graph.leaving(out) {
                if seen.insert(edge.to) {
                    open.push(edge.to);
                }
            }
        }
    }
    seen.into_iter().map(|port| port.clip).collect()
}

fn check(graph: &Graph, options: &Options) {
    let clips = graph.clips.len();
    assert_eq!(graph.ports.len(), clips);
    for (clip, Ports(ports)) in graph.clips.iter().zip(&graph.ports) {
        assert!(ports.is_sorted_by(|a, b| a < b), "{ports:?}");
        assert_eq!(
            (ports.first(), ports.last()),
            (Some(&clip.first), Some(&clip.until))
        );
        assert!(ports.len() <= options.max_ports);
        let seconds = clip.micros() as f64 / 1e6;
        assert!(
            (ports.len() - 2) as f64 <= seconds * options.ports_a_second,
            "{ports:?}"
        );
        if ports.len() > 2 {
            for (at, pair) in ports.windows(2).enumerate() {
                let least = if at == 0 || at + 2 == ports.len() {
                    199_999
                } else {
                    499_999
                };
                assert!(
                    clip.time(pair[1]) - clip.time(pair[0]) >= least,
                    "{ports:?}"
                );
            }
        }
    }
    let used: BTreeSet<PortRef> = graph
        .edges
        .iter()
        .flat_map(|edge| [edge.from, edge.to])
        .collect();
    for (index, (clip, Ports(ports))) in graph.clips.iter().zip(&graph.ports).enumerate() {
        for boundary in ports
            .iter()
            .filter(|port| **port != clip.first && **port != clip.until)
        {
            assert!(used.contains(&PortRef {
                clip: index as u32,
                boundary: *boundary
            }));
        }
    }
    let mut sorted = graph.clone();
    sorted.sort();
    assert_eq!(&sorted, graph);
    for edge in &graph.edges {
        let (from, to) = (
            &graph.clips[edge.from.clip as usize],
            &graph.clips[edge.to.clip as usize],
        );
        assert!(
            graph.ports[edge.from.clip as usize]
                .0
                .contains(&edge.from.boundary)
        );
        assert!(
            graph.ports[edge.to.clip as usize]
                .0
                .contains(&edge.to.boundary)
        );
        assert!(
            edge.from.boundary > from.first && edge.to.boundary < to.until,
            "{edge:?}"
        );
        assert!(edge.from.clip != edge.to.clip || edge.to.boundary < edge.from.boundary);
        assert_eq!(edge.declared, from.scene != to.scene);
        assert!(edge.step.is_finite());
    }
    let all: BTreeSet<u32> = (0..clips as u32).collect();
    for (index, clip) in graph.clips.iter().enumerate() {
        let start = PortRef {
            clip: index as u32,
            boundary: clip.first,
        };
        let mut found = reachable(graph, start);
        found.insert(index as u32);
        assert_eq!(found, all, "from {start:?}");
    }
    let ways = 2.min(clips - 1);
    for index in 0..clips as u32 {
        let joined = |pick: fn(&loopy_core::graph::Edge) -> (u32, u32)| {
            let others = graph.edges.iter().map(pick);
            others
                .filter(|(a, b)| *a == index && *b != index)
                .map(|(_, b)| b)
                .collect::<BTreeSet<_>>()
        };
        assert!(
            joined(|edge| (edge.from.clip, edge.to.clip)).len() >= ways,
            "out of {index}"
        );
        assert!(
            joined(|edge| (edge.to.clip, edge.from.clip)).len() >= ways,
            "into {index}"
        );
    }
    let scenes: BTreeSet<u32> = graph.clips.iter().map(|clip| clip.scene).collect();
    assert_eq!(scenes, (0..graph.scenes).collect());
}

#[test]
fn ports_are_found_where_takes_of_one_motion_meet() {
    let graph = graph(&takes(5, 130));
    check(&graph, &Options::default());
    assert_eq!(graph.scenes, 1);
    let inside = graph.edges.iter().filter(|edge| {
        let from = &graph.clips[edge.from.clip as usize];
        edge.from.boundary != from.until || edge.to.boundary != 0
    });
    let good = inside.filter(|edge| edge.score.as_f64() > 0.85);
    assert!(good.count() >= 10, "{:?}", graph.ports);
    // Frames of equal phase: the disc stands where it would have stood.
    let phase = |port: PortRef| (port.boundary + port.clip * 37) % 100;
    let best = graph.edges.iter().filter(|edge| edge.score.as_f64() > 0.85);
    for edge in best {
        let turn = (100 + phase(edge.to) - phase(edge.from)) % 100;
        assert!(turn <= 3 || turn >= 97, "{edge:?} {turn}");
    }
}

#[test]
fn one_clip_loops_and_two_alternate() {
    let one = graph(&takes(1, 250));
    check(&one, &Options::default());
    let whole =
        |edge: &&loopy_core::graph::Edge| edge.from.boundary == 250 && edge.to.boundary == 0;
    assert_eq!(one.edges.iter().filter(whole).count(), 1);
    assert!(
        one.ports[0].0.len() > 2,
        "a round takes 100 of 250 frames: {:?}",
        one.ports
    );
    let best = one
        .edges
        .iter()
        .map(|edge| edge.score.as_f64())
        .fold(0.0, f64::max);
    assert!(best > 0.8, "{:?}", one.edges);

    for count in [2, 3] {
        check(&graph(&takes(count, 60)), &Options::default());
    }
    let strangers = [synthetic::moving(60, 1, 1.0), synthetic::moving(60, 2, 1.0)];
    let two = graph(&strangers);
    check(&two, &Options::default());
    assert_eq!(two.scenes, 2);
    assert_eq!(two.edges.iter().filter(|edge| edge.declared).count(), 2);
}

#[test]
fn scenes_are_joined_by_few_declared_changes() {
    let mut features = takes(4, 80);
    features.extend((0..3).map(|take| synthetic::moving_from(80, 2, 1.0, take * 31)));
    features.push(synthetic::moving(80, 3, 1.0));
    let graph = graph(&features);
    check(&graph, &Options::default());
    assert_eq!(graph.scenes, 3);
    let declared = graph.edges.iter().filter(|edge| edge.declared);
    assert_eq!(
        declared.count(),
        6,
        "each of three scenes to and from both others"
    );
}

#[test]
fn known_ports_stay_and_a_new_clip_only_adds() {
    let mut features = takes(4, 200);
    let old = graph(&features);
    let ports = old.ports.iter().map(|ports| ports.0.clone());
    let mut known: BTreeMap<usize, Vec<u32>> = ports.enumerate().collect();
    known.insert(0, vec![0, 7, 200, 999]);
    features.push(synthetic::moving_from(150, 1, 1.0, 11));
    let clips = library(&features);
    let references: Vec<&Features> = features.iter().collect();
    let new = build(clips, &references, &Options::default(), &known).unwrap();
    assert!(new.ports[0].0.contains(&7), "{:?}", new.ports);
    assert!(!new.ports[0].0.contains(&999), "outside of the clip");
    let used = |port| {
        new.edges
            .iter()
            .any(|edge| edge.from == port || edge.to == port)
    };
    let kept = PortRef {
        clip: 1,
        boundary: old.ports[1].0[1],
    };
    assert!(used(kept), "a known port is used again: {kept:?}");
    for (old, new) in old.ports.iter().zip(&new.ports).skip(1) {
        assert!(
            old.0.iter().all(|port| new.0.contains(port)),
            "{old:?} {new:?}"
        );
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let features: Vec<Features> = takes(6, 120)
        .into_iter()
        .chain((2..5).map(|scene| synthetic::moving(90, scene, 0.7)))
        .collect();
    let build = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| graph(&features))
    };
    let one = build(1);
    assert_eq!(one, build(2));
    assert_eq!(one, build(7));
}

#[test]
fn features_that_do_not_fit_their_clips_are_refused() {
    let features = synthetic::moving(30, 1, 1.0);
    let options = Options::default();
    let known = BTreeMap::new();
    let count = build(vec![clip(0, 30, 25)], &[], &options, &known);
    assert_eq!(
        count,
        Err(Error::Count {
            clips: 1,
            features: 0
        })
    );
    let range = build(vec![clip(0, 31, 25)], &[&features], &options, &known);
    assert!(matches!(
        range,
        Err(Error::Range {
            frames: 30,
            until: 31,
            ..
        })
    ));
    let empty = build(Vec::new(), &[], &options, &known).unwrap();
    assert_eq!((empty.scenes, empty.edges.len()), (0, 0));
}

fn any_clip() -> impl Strategy<Value = (Features, i64)> {
    (
        1_u32..70,
        0_u32..4,
        prop::sample::select(vec![0.0_f32, 0.5, 1.0, 2.5]),
        0_u32..100,
        prop::sample::select(vec![10, 25, 30]),
    )
        .prop_map(|(frames, scene, speed, from, fps)| {
            (synthetic::moving_from(frames, scene, speed, from), fps)
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_library_makes_a_graph_that_holds_together(
        library in prop::collection::vec(any_clip(), 1..9),
        max_ports in 2_usize..9,
        edges_per_port in 1_usize..6,
    ) {
        let options = Options { max_ports, edges_per_port, ..Options::default() };
        let clips: Vec<Clip> = (0..)
            .zip(&library)
            .map(|(index, (features, fps))| clip(index, features.len() as u32, *fps))
            .collect();
        let features: Vec<&Features> = library.iter().map(|(features, _)| features).collect();
        let graph = build(clips, &features, &options, &BTreeMap::new()).unwrap();
        check(&graph, &options);
    }
}

/// Keeps matches in memory and counts what is asked.
#[derive(Default)]
struct Memory {
    kept: std::sync::Mutex<BTreeMap<(Hash, Hash), Vec<u8>>>,
    searched: std::sync::atomic::AtomicUsize,
}

impl PairCache for Memory {
    fn get(&self, a: &Hash, b: &Hash) -> Option<PairMatches> {
        let bytes = self.kept.lock().unwrap().get(&(*a, *b)).cloned()?;
        PairMatches::from_bytes(&bytes).ok()
    }

    fn put(&self, a: &Hash, b: &Hash, matches: &PairMatches) {
        self.searched
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        self.kept
            .lock()
            .unwrap()
            .insert((*a, *b), matches.to_bytes());
    }
}

fn built(features: &[Features], cache: &dyn PairCache) -> Built {
    let references: Vec<&Features> = features.iter().collect();
    let options = Options::default();
    build_with(
        library(features),
        &references,
        &options,
        &BTreeMap::new(),
        cache,
    )
    .unwrap()
}

#[test]
fn a_clip_that_comes_to_a_library_is_only_compared_with_the_others() {
    let mut features = takes(5, 80);
    let cache = Memory::default();
    let searched = || cache.searched.load(std::sync::atomic::Ordering::Relaxed);
    built(&features, &cache);
    assert_eq!(searched(), 20);
    features.push(synthetic::moving_from(80, 1, 1.0, 17));
    let with = built(&features, &cache);
    assert_eq!(searched(), 20 + 10);
    assert_eq!(with, built(&features, &NoCache));
}

#[test]
fn a_clip_that_fits_nowhere_says_what_would_attach_it() {
    let mut features = takes(3, 80);
    features.push(synthetic::moving(80, 2, 1.0));
    let Built { graph, missing } = built(&features, &NoCache);
    assert_eq!(missing.len(), 2, "{missing:?}");
    assert!(missing.iter().all(|missing| missing.clip == 3));
    let names = [0, 1, 2, 3].map(|clip| format!("clip_{clip}.mp4"));
    let words = missing[0].words(&graph.clips, &names);
    assert!(
        words.starts_with("clip_3.mp4 fits no other clip; nearest is leaving clip_3.mp4 at "),
        "{words}"
    );
    assert!(
        words.contains("a clip that begins as it ends and ends as clip_"),
        "{words}"
    );
    assert!(built(&takes(1, 80), &NoCache).missing.is_empty());
}

#[test]
fn odd_clips_make_graphs_that_hold_together() {
    let mut state = 5_u32;
    let noise = synthetic::features((0..60).map(|_| {
        let mut picture = synthetic::picture(1, 0.0, 0);
        for sample in &mut *picture.planes_mut()[0] {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *sample = 30 + (state >> 25) as u8;
        }
        picture
    }));
    let strobe = synthetic::features((0..60_u32).map(|frame| {
        synthetic::picture(1, frame as f32 * 0.06, if frame % 2 == 0 { 0 } else { 20 })
    }));
    let held = synthetic::features((0..60_u32).map(|frame| synthetic::drifting(1, frame / 2 * 4)));
    let still = synthetic::moving(60, 1, 0.0);
    let twice = synthetic::drift(60, 5, 0);
    let features = [noise, strobe, held, still, twice.clone(), twice];
    let graph = graph(&features);
    check(&graph, &Options::default());
    assert_eq!(
        graph.clips[4].scene, graph.clips[5].scene,
        "the same clip twice"
    );
    let ports = &graph.ports[2].0;
    assert!(
        ports.iter().all(|port| port % 2 == 0),
        "inside a held picture: {ports:?}"
    );
}

use loopy_core::graph::{Bridge, Ports};
use proptest::prelude::*;

use super::*;
use crate::{graph::sample::clip, ports::far};

/// Clips of 10 s at 30 fps with edges (from, boundary, to, boundary, score in percent).
fn graph(clips: u32, edges: &[(u32, u32, u32, u32, u32)]) -> Graph {
    let clips: Vec<_> = (0..clips).map(|index| clip(index, 300, 30)).collect();
    let port = |clip, boundary| PortRef { clip, boundary };
    let edges: Vec<Edge> = edges
        .iter()
        .map(|(from, leave, to, enter, score)| Edge {
            from: port(*from, *leave),
            to: port(*to, *enter),
            score: Score::from_f64(f64::from(*score) / 100.0),
            step: 2.0,
            declared: false,
            bridge: Bridge::None,
            rsv: None,
        })
        .collect();
    let ports = (0..clips.len() as u32).map(|own| {
        let ends = edges.iter().flat_map(|edge| [edge.from, edge.to]);
        let inside = ends
            .filter(|port| port.clip == own)
            .map(|port| port.boundary);
        let all: BTreeSet<u32> = inside.chain([0, 300]).collect();
        Ports(all.into_iter().collect())
    });
    let mut graph = Graph {
        ports: ports.collect(),
        clips,
        edges,
        scenes: 1,
    };
    graph.sort();
    graph
}

fn joints(graph: &Graph) -> Vec<(u32, u32)> {
    let edges = graph.edges.iter();
    edges
        .map(|edge| (edge.from.boundary, edge.to.boundary))
        .collect()
}

#[test]
fn of_joints_too_near_each_other_the_better_stays() {
    let all = graph(
        2,
        &[
            (0, 200, 1, 50, 60),
            (0, 210, 1, 55, 80),
            (0, 150, 1, 120, 70),
        ],
    );
    let thinned = thin(all, &Options::default(), &BTreeMap::new());
    assert_eq!(joints(&thinned), [(150, 120), (210, 55)]);
    assert_eq!(thinned.ports[0].0, [0, 150, 210, 300]);
}

#[test]
fn what_most_would_notice_opens_no_port_unless_nothing_else_leads_on() {
    let all = graph(
        3,
        &[
            (0, 200, 1, 50, 90),
            (0, 100, 2, 90, 20),
            (0, 150, 1, 90, 20),
            (1, 250, 0, 40, 20),
        ],
    );
    let thinned = thin(all, &Options::default(), &BTreeMap::new());
    // The second is the only way into a clip, the last the only way out of one.
    assert_eq!(joints(&thinned), [(100, 90), (200, 50), (250, 40)]);
}

#[test]
fn ports_that_are_known_stay_and_serve_whatever_ends_there() {
    let all = graph(2, &[(0, 200, 1, 50, 10), (0, 210, 1, 80, 80)]);
    let known = BTreeMap::from([(0, vec![0, 200, 300]), (1, vec![0, 50, 300])]);
    let thinned = thin(all, &Options::default(), &known);
    assert_eq!(thinned.ports[0].0, [0, 200, 300]);
    assert_eq!(joints(&thinned), [(200, 50)]);
}

#[test]
fn a_clip_that_has_ports_gets_none_for_a_joint_that_is_seen() {
    let all = graph(2, &[(0, 200, 1, 50, 30)]);
    let known = BTreeMap::from([(0, vec![0, 300]), (1, vec![0, 300])]);
    let thinned = thin(all.clone(), &Options::default(), &known);
    assert!(thinned.edges.is_empty());
    let fresh = thin(all, &Options::default(), &BTreeMap::new());
    assert_eq!(joints(&fresh), [(200, 50)]);
}

proptest! {
    #[test]
    fn ports_are_few_and_far_apart_and_edges_end_at_them(
        edges in prop::collection::vec((0_u32..4, 1_u32..300, 0_u32..4, 1_u32..300, 0_u32..100), 0..80),
        max_ports in 2_usize..8,
        ports_a_second in 0.1_f64..1.0,
    ) {
        let options = Options { max_ports, ports_a_second, ..Options::default() };
        let all = graph(4, &edges);
        let thinned = thin(all.clone(), &options, &BTreeMap::new());
        prop_assert_eq!(&thinned, &thin(all.clone(), &options, &BTreeMap::new()));
        for (ports, clip) in thinned.ports.iter().zip(&thinned.clips) {
            let inside = ports.0.len() - 2;
            prop_assert!(inside + 2 <= max_ports && inside as f64 <= 10.0 * ports_a_second);
            prop_assert!(ports.0.windows(2).all(|pair| far(clip, pair[0], pair[1], &options)));
            prop_assert!(ports.0.starts_with(&[0]) && ports.0.ends_with(&[300]));
        }
        let has = |port: PortRef| thinned.ports[port.clip as usize].0.contains(&port.boundary);
        for edge in &thinned.edges {
            prop_assert!(has(edge.from) && has(edge.to));
            prop_assert!(all.edges.contains(edge));
        }
    }
}

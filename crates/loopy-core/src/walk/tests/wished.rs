//! What is wished of clips and of the chain is seen in the walk.

use std::{collections::BTreeMap, sync::Arc};

use super::{options, shown, sound};
use crate::{
    Graph,
    graph::Score,
    walk::{
        Error, Matrix, Mode, Options, Wish, matrix, plan,
        sample::{edge, graph, library},
        wish,
    },
};

/// `count` clips of `length` frames that are joined from each end to each beginning.
fn dense(count: u32, length: u32) -> Graph {
    let mut all = graph(&vec![(length, Vec::new()); count as usize]);
    for from in 0..count {
        for to in (0..count).filter(|to| *to != from) {
            let score = 0.4 + f64::from((from * 7 + to * 3) % 6) / 10.0;
            all.edges.push(edge((from, length), (to, 0), score, 1.0));
        }
    }
    all.sort();
    all
}

/// Showings of every clip in half an hour.
fn counts(graph: &Graph, wish: &Options) -> Vec<usize> {
    let made = plan(graph, wish).unwrap();
    sound_but_gap(&made, graph, wish);
    let clips = shown(&made, graph);
    (0..graph.clips.len() as u32)
        .map(|clip| clips.iter().filter(|other| **other == clip).count())
        .collect()
}

fn sound_but_gap(made: &crate::Plan, graph: &Graph, wish: &Options) {
    if wish
        .wishes
        .iter()
        .all(|wish| *wish != Wish::default().with_weight(0.0).unwrap())
    {
        sound(made, graph, wish);
    }
}

fn wished(wishes: &[(usize, Wish)], count: usize) -> Options {
    let mut all = vec![Wish::default(); count];
    for (clip, wish) in wishes {
        all[*clip] = *wish;
    }
    Options {
        wishes: all,
        min_gap: Some(3),
        ..options(30 * 1800, 3)
    }
}

#[test]
fn weights_and_shares_are_seen_in_the_showings() {
    let graph = dense(12, 150);
    let free = Wish::default();
    let twice = counts(&graph, &wished(&[(4, free.with_weight(2.0).unwrap())], 12));
    let others = (twice.iter().sum::<usize>() - twice[4]) as f64 / 11.0;
    let ratio = twice[4] as f64 / others;
    assert!((1.6..2.4).contains(&ratio), "{twice:?}");

    let seldom = counts(
        &graph,
        &wished(&[(5, free.with_shares(0.0, 0.02).unwrap())], 12),
    );
    assert!((1..=10).contains(&seldom[5]), "{seldom:?}");

    let often = counts(
        &graph,
        &wished(&[(6, free.with_shares(0.2, 1.0).unwrap())], 12),
    );
    assert!(
        often[6] * 100 >= often.iter().sum::<usize>() * 18,
        "{often:?}"
    );

    let sticks = counts(
        &graph,
        &wished(&[(7, free.with_salience(1.0).unwrap())], 12),
    );
    let others = (sticks.iter().sum::<usize>() - sticks[7]) as f64 / 11.0;
    assert!((sticks[7] as f64) < 0.75 * others, "{sticks:?}");
    assert!(sticks[7] > 0);

    let never = counts(&graph, &wished(&[(8, free.with_weight(0.0).unwrap())], 12));
    assert_eq!(never[8], 0);
}

#[test]
fn wishes_that_contradict_each_other_are_refused() {
    let graph = dense(3, 150);
    let half = Wish::default().with_shares(0.5, 1.0).unwrap();
    let wish = Options {
        wishes: vec![half; 3],
        ..options(900, 1)
    };
    assert_eq!(
        plan(&graph, &wish),
        Err(Error::Wish(wish::Error::Minima(150)))
    );
    let few = Options {
        wishes: vec![half; 2],
        ..options(900, 1)
    };
    let error = wish::Error::Clips { found: 2, clips: 3 };
    assert_eq!(plan(&graph, &few), Err(Error::Wish(error)));
}

#[test]
fn a_matrix_says_which_clip_follows_which() {
    let graph = dense(10, 150);
    // Every clip is followed by one of the next three.
    let rows: Vec<Vec<f64>> = (0..10)
        .map(|from: usize| {
            (0..10)
                .map(|to: usize| f64::from(u8::from((1..=3).contains(&((to + 10 - from) % 10)))))
                .collect()
        })
        .collect();
    let wish = Options {
        mode: Mode::Pairs(Arc::new(Matrix::new(&rows, 10).unwrap())),
        repetition_penalty: 0,
        min_gap: Some(2),
        ..options(30 * 1800, 2)
    };
    let clips = shown(&plan(&graph, &wish).unwrap(), &graph);
    let wanted = clips
        .windows(2)
        .filter(|pair| (1..=3).contains(&((pair[1] + 10 - pair[0]) % 10)))
        .count();
    assert!(
        wanted * 100 >= (clips.len() - 1) * 98,
        "{wanted} of {}",
        clips.len()
    );
    let small = Matrix::new(&[vec![0.0, 1.0], vec![1.0, 0.0]], 2).unwrap();
    let other = Options {
        mode: Mode::Pairs(Arc::new(small)),
        ..wish
    };
    let error = matrix::Error::Rows {
        found: 2,
        clips: 10,
    };
    assert_eq!(plan(&graph, &other), Err(Error::Matrix(error)));
}

#[test]
fn scores_do_not_matter_to_a_uniform_chain_and_cold_walks_mind_them_more() {
    let graph = dense(12, 150);
    let mean = |mode: Mode, temperature: u32| {
        let wish = Options {
            mode,
            temperature,
            repetition_penalty: 0,
            min_gap: Some(2),
            ..options(30 * 3600, 6)
        };
        let made = plan(&graph, &wish).unwrap();
        let scores = made.seams.iter().map(|seam| seam.score.as_f64());
        scores.sum::<f64>() / made.seams.len() as f64
    };
    let all = graph.edges.iter().map(|edge| edge.score.as_f64());
    let all = all.sum::<f64>() / graph.edges.len() as f64;
    let uniform = mean(Mode::Uniform, 256);
    assert!((uniform - all).abs() < 0.02, "{uniform} of {all}");
    let (cold, usual, hot) = (
        mean(Mode::VisualSimilarity, 64),
        mean(Mode::VisualSimilarity, 256),
        mean(Mode::VisualSimilarity, 2560),
    );
    assert!(cold > usual && usual > hot, "{cold}, {usual}, {hot}");
    assert!(usual > uniform + 0.05, "{usual}, {uniform}");
}

#[test]
fn clips_are_shown_in_more_ways_when_they_vary() {
    let graph = library(40, 10, 300, 6, 20);
    let ways = |vary: bool| {
        let wish = Options {
            vary,
            ..options(30 * 1800, 4)
        };
        let made = plan(&graph, &wish).unwrap();
        // Showings that are those of the clip before, frame by frame.
        let mut last = BTreeMap::new();
        let again = made.visits.iter().filter(|visit| {
            let way = (visit.enter, visit.leave);
            last.insert(visit.clip, way) == Some(way)
        });
        again.count()
    };
    let (varied, best) = (ways(true), ways(false));
    assert!(varied * 2 < best, "{varied} and {best}");
}

#[test]
fn a_library_of_which_every_joint_is_bad_is_walked_and_says_so() {
    let mut graph = dense(6, 150);
    for edge in &mut graph.edges {
        edge.score = Score::from_f64(0.05);
    }
    let wish = Options {
        seam_threshold: Score::from_f64(0.9),
        ..options(9000, 1)
    };
    let made = plan(&graph, &wish).unwrap();
    sound(&made, &graph, &wish);
    assert_eq!(made.certificate.clips, 6);
    let said = |note: &String| note.contains("under the seam threshold");
    assert!(made.notes.iter().any(said), "{:?}", made.notes);
}

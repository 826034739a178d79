use loopy_core::report::Report;

use super::*;
use crate::{
    Film, Looks, Picks, Strips, Takes,
    model::Model,
    score,
    synthetic::{looks, report, walk},
};

fn scored(name: &str, told: &Report, film: &Film, pictures: &Looks) -> Evidence {
    let picks = Picks::draw(film, 1);
    let model = Model::built_in().unwrap();
    score::run(name, told, film, &picks, pictures, model, 1)
}

/// What is found in a film of visits to these generated clips.
fn evidence(name: &str, visits: &[u32]) -> Evidence {
    let told = report(visits);
    let film = Film::of(&told, &Takes::default()).unwrap();
    scored(name, &told, &film, &looks(&film))
}

#[test]
fn hard_cuts_of_generated_clips_are_found_and_controls_hold() {
    let told = report(&walk(4, 16));
    let film = Film::of(&told, &Takes::default()).unwrap();
    let films = [scored("o.mp4", &told, &film, &looks(&film))];
    let outcome = pool(&films, 1);
    assert!(outcome.all.seams.auc.unwrap() > 0.95, "{outcome:?}");
    assert!(outcome.doubts.is_empty(), "{:?}", outcome.doubts);
    assert_eq!(outcome.judged_as_unknown, outcome.all.seams.positives);
    assert_eq!(outcome.worst.len(), WORST.min(outcome.all.seams.positives));
    assert!(outcome.worst.is_sorted_by(|a, b| a.detected >= b.detected));
    assert_eq!(outcome.worst, outcome.seams[..outcome.worst.len()]);
    assert_eq!(outcome.seams.len(), outcome.all.seams.positives);
    let mut strips = Strips::default();
    strips.keep(&films, &film, &looks(&film));
    let picture = strips.picture(false).unwrap();
    assert!(picture.size().width > 16 * 100);
}

#[test]
fn the_same_take_in_two_files_is_no_seam() {
    // Clip 1 shows from its first frame what clip 0 shows from its second run on, which the
    // film shows when it leaves clip 0 only at its end.
    let mut told = report(&[0, 1, 0, 1]);
    let run_frames = told.segments[0].frames;
    told.visits[0].segments.truncate(1);
    told.visits[0].last = run_frames - 1;
    told.visits[0].frames = run_frames;
    told.seams[0].from.frame = run_frames - 1;
    for seam in &mut told.seams {
        seam.start -= u64::from(run_frames);
    }
    told.frames -= u64::from(run_frames);
    // The whole visit of clip 0 comes first, so that its next picture is known.
    told.visits.rotate_left(2);
    told.seams.rotate_left(2);
    told.seams.swap(0, 1);
    let mut start = 0;
    let ends: Vec<u64> = told
        .visits
        .iter()
        .map(|v| {
            start += u64::from(v.frames);
            start
        })
        .collect();
    for (seam, (end, pair)) in told
        .seams
        .iter_mut()
        .zip(ends.iter().zip(told.visits.windows(2)))
    {
        seam.start = *end;
        (seam.from.clip, seam.from.frame) = (pair[0].clip.clone(), pair[0].last);
        (seam.to.clip, seam.to.frame) = (pair[1].clip.clone(), pair[1].first);
    }
    let film = Film::of(&told, &Takes::default()).unwrap();
    let mut pictures = looks(&film);
    for frame in 0..run_frames {
        let same = pictures[&(1, frame)].clone();
        pictures.insert((2, frame), same);
    }
    let outcome = pool(&[scored("o.mp4", &told, &film, &pictures)], 1);
    assert_eq!(outcome.excluded.continuing, 1);
    let again = pool(&[scored("o.mp4", &told, &film, &pictures)], 1);
    assert_eq!(again, outcome, "the same draws, the same figures");
    assert_eq!(outcome.all.seams.positives, 2);
    assert!(
        outcome.all.seams.auc.is_none() && !outcome.doubts.is_empty(),
        "too few"
    );
}

#[test]
fn an_edge_of_several_films_counts_once_with_what_belongs_to_it() {
    let first = evidence("a.mp4", &walk(4, 16));
    let alone = pool(std::slice::from_ref(&first), 1);
    let mut twice = pool(&[first.clone(), first.clone()], 1);
    let again = alone.all.seams.positives;
    assert_eq!(
        twice.excluded.repeats,
        2 * alone.excluded.repeats + again,
        "what the first film had"
    );
    assert_eq!(
        twice.excluded.at_the_ends,
        2 * alone.excluded.at_the_ends,
        "{:?}",
        alone.excluded
    );
    twice.excluded = alone.excluded;
    assert_eq!(twice, alone);
    // Its own edges count: those that lead to the fifth clip and away from it.
    let second = evidence("b.mp4", &[0, 1, 4, 0, 1, 4, 2, 3]);
    let known: BTreeSet<Key> = first.edges.iter().map(|edge| edge.key).collect();
    let new = second.edges.iter().filter(|e| !known.contains(&e.key));
    let new = new.count();
    assert!(new > 0 && new < second.edges.len());
    let both = pool(&[first, second], 1);
    assert_eq!(both.all.seams.positives, again + new);
    assert_eq!(both.all.clips, 5);
    assert!(both.scenes.is_empty(), "the same scene by its name");
    let of_second = both.seams.iter().filter(|found| found.film == "b.mp4");
    assert_eq!(of_second.count(), new);
}

#[test]
fn films_of_other_clips_add_up_and_scenes_stand_apart() {
    let films = [
        evidence("a.mp4", &walk(4, 16)),
        evidence(
            "b.mp4",
            &walk(4, 16).iter().map(|clip| clip + 10).collect::<Vec<_>>(),
        ),
    ];
    let outcome = pool(&films, 1);
    let alone: Vec<Outcome> = films
        .iter()
        .map(|f| pool(std::slice::from_ref(f), 1))
        .collect();
    let sum = |of: fn(&Scene) -> usize| alone.iter().map(|one| of(&one.all)).sum::<usize>();
    assert_eq!(outcome.all.seams.positives, sum(|s| s.seams.positives));
    assert_eq!(outcome.all.seams.negatives, sum(|s| s.seams.negatives));
    assert_eq!(outcome.all.clips, 8);
    let names: Vec<&str> = outcome.scenes.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["c0.mp4", "c10.mp4"]);
    for (scene, alone) in outcome.scenes.iter().zip(&alone) {
        assert_eq!(
            (&scene.seams, &scene.controls),
            (&alone.all.seams, &alone.all.controls)
        );
    }
}

#[test]
fn rows_of_pictures_are_those_of_the_plainest_of_all_films() {
    let mut strips = Strips::default();
    let mut films = Vec::new();
    for (name, visits) in [("a.mp4", [0, 1, 2, 0]), ("b.mp4", [3, 0, 1, 3])] {
        let told = report(&visits);
        let film = Film::of(&told, &Takes::default()).unwrap();
        films.push(scored(name, &told, &film, &looks(&film)));
        strips.keep(&films, &film, &looks(&film));
    }
    // 0-1 is known when the second film shows it.
    assert_eq!(pool(&films, 1).seams.len(), 5);
    let five = strips.picture(true).unwrap();
    films.pop();
    let told = report(&[0, 1, 2, 0]);
    let film = Film::of(&told, &Takes::default()).unwrap();
    strips.keep(&films, &film, &looks(&film));
    let three = strips.picture(true).unwrap();
    assert!(five.size().height > three.size().height);
}

//! `loopy loop`: files that play on repeat without a joint, and clips that have no loop.

use crate::house::{
    House, SIZE, ffmpeg_complaints, pictures, text, truth_clip, write_clip, write_coded,
};
use loopy_core::{Frame, Rate, Size, plan::SeamKind};
use loopy_demo::Painter;

/// Mean difference of two lumas in code values.
fn apart(a: &Frame, b: &Frame) -> f64 {
    let [a, b] = [a.planes()[0], b.planes()[0]];
    let sum: u64 = a
        .iter()
        .zip(b)
        .map(|(a, b)| u64::from(a.abs_diff(*b)))
        .sum();
    sum as f64 / a.len() as f64
}

/// The joint from the last frame to the first, in ordinary steps of the film.
fn joint(film: &[Frame]) -> f64 {
    let steps: Vec<f64> = film
        .windows(2)
        .map(|pair| apart(&pair[0], &pair[1]))
        .collect();
    let mean = steps.iter().sum::<f64>() / steps.len() as f64;
    apart(&film[film.len() - 1], &film[0]) / mean
}

#[test]
fn a_clip_with_an_exact_loop_is_trimmed_to_it_and_closed_by_a_cut() {
    let house = House::new();
    // The world comes round in 3 s; the pose is neutral on both sides.
    let spec = loopy_demo::library().swap_remove(0);
    let spec = spec.with_size(Size::new(320, 180));
    let mut painter = Painter::new(&spec);
    let frames = (0..spec.frames).map(|index| painter.frame(index));
    let drawn: Vec<Frame> = frames.collect();
    let file = house.path("clip.mp4");
    // Coded finely: a key picture must not differ from the others.
    write_coded(
        &file,
        spec.rate,
        spec.size,
        spec.frames,
        drawn.into_iter(),
        3,
    );
    let args = [
        "loop",
        "clip.mp4",
        "-o",
        "o.mp4",
        "--report",
        "r.json",
        "--json",
        "--quality",
        "3",
    ];
    let said = text(&house.run(&args, 0).stdout);
    let line = said.lines().last().unwrap();
    let told: serde_json::Value = serde_json::from_str(line).unwrap();
    assert_eq!(told["type"], "looped");
    let report = house.report("r.json");
    let [visit] = &report.visits[..] else {
        panic!("one visit: {:?}", report.visits)
    };
    let length = visit.last + 1 - visit.first;
    assert!((89..=91).contains(&length), "{visit:?}");
    assert!(report.looped && report.seams.len() == 1);
    assert!(report.seams[0].score > 0.6, "{:?}", report.seams);
    assert_eq!(told["frames"].as_u64(), Some(report.frames));

    let film = pictures(&house.path("o.mp4"));
    assert_eq!(film.len() as u64, report.frames);
    assert_eq!(ffmpeg_complaints(&house.path("o.mp4")), "");
    let joint = joint(&film);
    assert!((0.3..1.8).contains(&joint), "{joint}");
    house.run(&["verify", "o.mp4", "--report", "r.json"], 0);

    // Shorter than a round there is nothing as good.
    let args = [
        "loop", "clip.mp4", "-o", "s.mp4", "--max", "2.5", "--report", "s.json",
    ];
    if house.loopy(&args).output().unwrap().status.success() {
        let short = house.report("s.json");
        assert!(
            short.seams[0].score < report.seams[0].score,
            "{:?}",
            short.seams
        );
    }
}

/// A texture that never repeats, moved to the left by 3 pixels a frame.
fn pan(index: u32) -> Frame {
    let mut frame = Frame::black(SIZE);
    let stride = frame.stride();
    for (at, sample) in frame.planes_mut()[0].iter_mut().enumerate() {
        let (x, y) = (
            (at % stride) as f64 + 3.0 * f64::from(index),
            (at / stride) as f64,
        );
        let waves = (x * 0.113).sin()
            + (y * 0.171 + x * 0.023).sin()
            + (x * 0.0371 + y * 0.05).cos()
            + (x * 0.0171).sin();
        *sample = (125.0 + 25.0 * waves) as u8;
    }
    frame
}

#[test]
fn a_clip_without_a_loop_says_why_and_writes_nothing_unless_told_how() {
    let house = House::new();
    let rate = Rate::new(25, 1).unwrap();
    write_clip(&house.path("pan.mp4"), rate, SIZE, 100, (0..100).map(pan));
    let refused = house.run(&["loop", "pan.mp4", "-o", "o.mp4"], 1);
    let said = text(&refused.stderr);
    assert!(
        said.contains("no loop; it drifts one way") && said.contains("to the left"),
        "{said}"
    );
    assert!(said.contains("hint: keep the camera still"), "{said}");
    assert!(!house.path("o.mp4").exists());

    let args = [
        "loop",
        "pan.mp4",
        "-o",
        "o.mp4",
        "--seams",
        "dissolve",
        "--bridge-frames",
        "10",
        "--report",
        "r.json",
    ];
    house.run(&args, 0);
    let report = house.report("r.json");
    assert_eq!(
        (report.seams[0].kind, report.seams[0].frames),
        (SeamKind::Dissolve, 10)
    );
    let film = pictures(&house.path("o.mp4"));
    assert_eq!(film.len() as u64, report.frames);
    // The ends melt: no step is much larger than the others.
    assert!(joint(&film) < 2.5, "{}", joint(&film));

    let short = house.run(&["loop", "pan.mp4", "-o", "n.mp4", "--min", "5s"], 1);
    assert!(text(&short.stderr).contains("too short: 4.00 s of it can be used"));
}

#[test]
fn a_bridge_of_motion_closes_a_loop_when_it_is_asked_for() {
    let house = House::new();
    let rate = Rate::new(25, 1).unwrap();
    truth_clip(&house.path("clip.mp4"), 3, rate, 140, SIZE);
    let args = [
        "loop",
        "clip.mp4",
        "-o",
        "o.mp4",
        "--seams",
        "motion",
        "--bridge-frames",
        "3",
        "--report",
        "r.json",
    ];
    house.run(&args, 0);
    let report = house.report("r.json");
    assert_eq!(
        (report.seams[0].kind, report.seams[0].frames),
        (SeamKind::Motion, 3)
    );
    assert_eq!(pictures(&house.path("o.mp4")).len() as u64, report.frames);
}

#[test]
fn a_folder_and_nonsense_lengths_are_refused() {
    let house = House::new();
    house.truth_clips(Rate::new(25, 1).unwrap(), &[50]);
    let folder = house.run(&["loop", "clips", "-o", "o.mp4"], 2);
    assert!(text(&folder.stderr).contains("a loop is made of one clip"));
    let file = "clips/truth_00.mp4";
    house.run(
        &["loop", file, "-o", "o.mp4", "--min", "5s", "--max", "4s"],
        2,
    );
    house.run(&["loop", file, "-o", "o.mp4", "--min", "0.1s"], 2);
    house.run(&["loop", "no.mp4", "-o", "o.mp4"], 4);
}

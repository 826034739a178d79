//! Light and colour: clips of a scene that were exposed differently agree in the film, and the
//! film of clips that agree is the same with and without.

use std::f64::consts::TAU;

use crate::house::{House, SIZE, pictures, text, write_clip};
use loopy_core::{Frame, Rate, report::Report};

const FRAMES: u32 = 75;

/// A soft pattern that sways once in a clip, in each a little further, so that every end goes on
/// in every start.
fn swaying(clip: u32, index: u32, light: [i32; 3]) -> Frame {
    let mut frame = Frame::black(SIZE);
    let wide = SIZE.width as usize;
    let sway = f64::from(6 + clip) * (TAU * f64::from(index) / f64::from(FRAMES)).sin();
    let value = |x: usize, y: usize, middle: f64, swing: f64, light: i32| {
        let across = ((x as f64 + sway) / 160.0 * TAU * 3.0).sin();
        let down = ((y as f64 + sway / 2.0) / 90.0 * TAU * 2.0).cos();
        (middle + swing * (across + down) / 2.0).round() as i32 + light
    };
    for (plane, samples) in frame.planes_mut().into_iter().enumerate() {
        let share = if plane == 0 { 1 } else { 2 };
        let (middle, swing) = if plane == 0 {
            (120.0, 60.0)
        } else {
            (128.0, 20.0)
        };
        for (at, sample) in samples.iter_mut().enumerate() {
            let (x, y) = (at % (wide / share) * share, at / (wide / share) * share);
            *sample = value(x, y, middle, swing, light[plane]) as u8;
        }
    }
    frame
}

fn house(lights: &[[i32; 3]]) -> House {
    let house = House::new();
    std::fs::create_dir(house.path("clips")).unwrap();
    for (clip, light) in (0..).zip(lights) {
        let frames = (0..FRAMES).map(|index| swaying(clip, index, *light));
        let file = house.path(&format!("clips/sway_{clip}.mp4"));
        write_clip(&file, Rate::new(25, 1).unwrap(), SIZE, FRAMES, frames);
    }
    house
}

fn render(house: &House, more: &[&str]) -> (Report, Vec<Frame>) {
    let args = [
        "render",
        "clips",
        "-o",
        "o.mp4",
        "--frames",
        "500",
        "--seams",
        "cut",
        "--audio",
        "none",
        "--report",
        "r.json",
        "--seam-threshold",
        "0",
    ];
    house.run(&[&args, more].concat(), 0);
    (house.report("r.json"), pictures(&house.path("o.mp4")))
}

fn means(frame: &Frame) -> [f64; 3] {
    frame.planes().map(|plane| {
        let sum: u64 = plane.iter().map(|value| u64::from(*value)).sum();
        sum as f64 / plane.len() as f64
    })
}

/// Largest step of light or colour at a joint, in code values.
fn largest_step(report: &Report, pictures: &[Frame]) -> f64 {
    let steps = report.seams.iter().map(|seam| {
        let [before, after] = [seam.start - 1, seam.start].map(|at| means(&pictures[at as usize]));
        let channels = before.into_iter().zip(after);
        channels.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
    });
    steps.fold(0.0, f64::max)
}

#[test]
fn clips_of_another_light_agree_with_the_others_unless_told_not_to() {
    let house = house(&[[0; 3], [7, 3, -3], [0; 3]]);
    let (report, shown) = render(&house, &[]);
    let with = largest_step(&report, &shown);
    let names: Vec<String> = report
        .graded
        .iter()
        .map(|clip| clip.clip.display())
        .collect();
    assert_eq!(names, ["clips/sway_1.mp4"], "the odd one changes, alone");
    let inside = means(&shown[10])[0];
    assert!(
        shown
            .iter()
            .all(|frame| (means(frame)[0] - inside).abs() < 2.5)
    );

    let (report, shown) = render(&house, &["--no-match"]);
    let without = largest_step(&report, &shown);
    println!("light step {without:.2} without, {with:.2} with");
    assert!(report.graded.is_empty());
    assert!(without > 5.0 && with < without / 4.0, "{without} {with}");

    let said = text(&house.run(&["analyze", "clips"], 0).stderr);
    let corrected: Vec<&str> = said
        .lines()
        .filter(|line| line.contains("corrected"))
        .collect();
    assert!(
        corrected.len() == 1 && corrected[0].contains("sway_1"),
        "{said}"
    );
    let said = text(&house.run(&["analyze", "clips", "--no-match"], 0).stderr);
    assert!(!said.contains("corrected"), "{said}");
}

#[test]
fn a_plan_keeps_its_corrections() {
    let house = house(&[[0; 3], [6, 0, 0], [0; 3]]);
    house.run(&["plan", "clips", "-o", "p.json", "--frames", "500"], 0);
    let args = [
        "render", "clips", "--plan", "p.json", "-o", "p.mp4", "--report", "p.r.json", "--audio",
        "none",
    ];
    house.run(&args, 0);
    let graded = house.report("p.r.json").graded;
    let said = text(&house.run(&["analyze", "clips"], 0).stderr);
    assert_eq!(graded.len(), 1, "{said}");
    house.run(&[&args[..], &["--no-match"]].concat(), 2);
}

#[test]
fn clips_that_agree_are_not_touched() {
    let house = house(&[[0; 3]; 3]);
    let (report, matched) = render(&house, &[]);
    assert!(report.graded.is_empty());
    let (again, unmatched) = render(&house, &["--no-match"]);
    assert_eq!(again.totals.encoded_frames, 0, "the same segments");
    assert!(matched == unmatched);
}

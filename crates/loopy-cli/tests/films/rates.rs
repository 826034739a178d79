//! `--rate motion`: what lies between two frames is drawn as it was.

use crate::house::{House, pictures, write_coded};
use loopy_core::{Frame, Rate, Size};
use loopy_demo::{Painter, Spec};

const SIZE: Size = Size {
    width: 320,
    height: 180,
};

fn rate(number: u32) -> Rate {
    Rate::new(number, 1).unwrap()
}

/// A drawn clip at some rate: the same at all rates, moment by moment.
fn spec(which: usize, fps: u32) -> Spec {
    loopy_demo::library()
        .swap_remove(which)
        .with_size(SIZE)
        .with_rate(rate(fps))
}

fn write(house: &House, which: usize, fps: u32) {
    std::fs::create_dir_all(house.path("clips")).unwrap();
    let spec = spec(which, fps);
    let mut painter = Painter::new(&spec);
    let drawn: Vec<Frame> = (0..spec.frames).map(|index| painter.frame(index)).collect();
    let file = house.path(&format!("clips/{}.mp4", spec.name));
    write_coded(&file, spec.rate, SIZE, spec.frames, drawn.into_iter(), 3);
}

fn apart(a: &Frame, b: &Frame) -> f64 {
    let pairs = a.planes()[0].iter().zip(b.planes()[0]);
    let sum: f64 = pairs.map(|(a, b)| f64::from(a.abs_diff(*b)).powi(2)).sum();
    sum / a.planes()[0].len() as f64
}

fn render(house: &House, mode: &str, out: &str, workers: &str) -> Vec<u8> {
    let report = format!("{out}.json");
    let args = [
        "render",
        "clips",
        "-o",
        out,
        "--frames",
        "80",
        "--fps",
        "30",
        "--rate",
        mode,
        "--seams",
        "cut",
        "--audio",
        "none",
        "--report",
        &report,
        "--quality",
        "2",
        "--cache",
        out.trim_end_matches(".mp4"),
        "--workers",
        workers,
    ];
    house.run(&args, 0);
    std::fs::read(house.path(out)).unwrap()
}

#[test]
fn pictures_between_frames_are_nearer_the_truth_than_a_mix_and_frames_stay_exact() {
    let house = House::new();
    // It begins on a beat at both rates.
    write(&house, 1, 15);
    let truth = spec(1, 30);
    let mut painter = Painter::new(&truth);
    let truth: Vec<Frame> = (0..truth.frames)
        .map(|index| painter.frame(index))
        .collect();
    let errors = |mode: &str| {
        let out = format!("{mode}.mp4");
        render(&house, mode, &out, "1");
        let report = house.report(&format!("{out}.json"));
        let film = pictures(&house.path(&out));
        let (mut whole, mut between) = (Vec::new(), Vec::new());
        for visit in &report.visits {
            for at in 0..visit.frames {
                let (shown, meant) = (visit.start + u64::from(at), 2 * visit.first + at);
                // The last frame of the clip has none after it.
                if meant as usize + 1 >= truth.len() {
                    continue;
                }
                let error = apart(&film[shown as usize], &truth[meant as usize]);
                if at % 2 == 0 {
                    whole.push(error);
                } else {
                    between.push(error);
                }
            }
        }
        let mean = |errors: &[f64]| errors.iter().sum::<f64>() / errors.len() as f64;
        (mean(&whole), mean(&between))
    };
    let [motion, blend] = ["motion", "blend"].map(errors);
    println!("mean squared error at frames and between: motion {motion:.2?}, blend {blend:.2?}");
    assert!(motion.0 < 1.0 && blend.0 < 1.0, "frames stay what they are");
    assert!(motion.1 * 1.5 < blend.1, "{motion:?} {blend:?}");
}

#[test]
fn pictures_between_frames_are_the_same_for_any_number_of_workers() {
    let house = House::new();
    write(&house, 4, 12);
    write(&house, 6, 15);
    let one = render(&house, "motion", "one.mp4", "1");
    assert!(one == render(&house, "motion", "two.mp4", "2"));
}

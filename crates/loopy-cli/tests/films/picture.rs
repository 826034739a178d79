//! Size, shape, colour and rate: what comes out is what was asked for, and stays what it was.

use crate::house::{self, House, SIZE, ffmpeg_complaints, pictures, write_clip};
use loopy_core::{Frame, Rate, Size, limits::Limits};
use loopy_demo::mark::{self, Area};
use loopy_media::probe;

fn rate(num: u32, den: u32) -> Rate {
    Rate::new(num, den).unwrap()
}

/// Patches of even colour that slide by a pixel a frame, so that nothing is frozen.
fn patches(index: u32, size: Size) -> Frame {
    const COLOURS: [[u8; 3]; 8] = [
        [60, 110, 190],
        [90, 150, 100],
        [120, 100, 120],
        [150, 128, 128],
        [180, 140, 90],
        [200, 110, 140],
        [100, 170, 150],
        [40, 128, 128],
    ];
    let mut frame = Frame::black(size);
    let [y, u, v] = frame.planes_mut();
    let wide = size.width as usize;
    for (at, luma) in y.iter_mut().enumerate() {
        *luma = COLOURS[(at % wide + index as usize * 2) / 20 % 8][0];
    }
    for (at, (u, v)) in u.iter_mut().zip(v).enumerate() {
        let colour = COLOURS[(at % (wide / 2) * 2 + index as usize * 2) / 20 % 8];
        (*u, *v) = (colour[1], colour[2]);
    }
    frame
}

fn means(frames: &[Frame]) -> [f64; 3] {
    let mut sums = [0.0; 3];
    for frame in frames {
        for (sum, plane) in sums.iter_mut().zip(frame.planes()) {
            let total: u64 = plane.iter().map(|value| u64::from(*value)).sum();
            *sum += total as f64 / plane.len() as f64;
        }
    }
    sums.map(|sum| sum / frames.len() as f64)
}

#[test]
fn five_generations_of_render_of_a_render_do_not_drift_in_brightness_or_hue() {
    let house = House::new();
    std::fs::create_dir(house.path("clips")).unwrap();
    let file = house.path("clips/g0.mp4");
    write_clip(
        &file,
        rate(25, 1),
        SIZE,
        75,
        (0..75).map(|index| patches(index, SIZE)),
    );
    let first = means(&pictures(&file));
    let mut from = "clips/g0.mp4".to_owned();
    for generation in 1..=5 {
        let to = format!("g{generation}.mp4");
        let args = [
            "render", &from, "-o", &to, "--frames", "75", "--audio", "none", "--seams", "cut",
        ];
        house.run(&args, 0);
        from = to;
    }
    let last = means(&pictures(&house.path(&from)));
    for (before, after) in first.iter().zip(last) {
        assert!((before - after).abs() < 0.5, "{first:?} became {last:?}");
    }
}

#[test]
fn every_output_is_tagged_bt709_limited_and_square() {
    let house = House::new();
    house.truth_clips(rate(30, 1), &[60, 70]);
    for name in ["o.mp4", "o.mkv"] {
        house.run(
            &[
                "render", "clips", "-o", name, "--frames", "100", "--audio", "none",
            ],
            0,
        );
        let facts = probe::probe(&house.path(name), &Limits::default()).unwrap();
        assert_eq!(facts.color, loopy_core::color::Color::SDR);
        assert_eq!(facts.shown, facts.coded);
        assert_eq!(facts.stated_rate, Some(rate(30, 1)));
    }
}

#[test]
fn clips_are_padded_cropped_or_stretched_to_the_size() {
    let house = House::new();
    let source = Size::new(320, 180);
    let target = Size::new(240, 240);
    std::fs::create_dir(house.path("clips")).unwrap();
    for clip in 0..2 {
        let file = house.path(&format!("clips/truth_{clip:02}.mp4"));
        house::truth_clip(&file, clip, rate(30, 1), 60, source);
    }
    for fit in ["pad", "crop", "stretch"] {
        let out = format!("{fit}.mp4");
        let args = [
            "render",
            "clips",
            "-o",
            &out,
            "--frames",
            "70",
            "--size",
            "240x240",
            "--fit",
            fit,
            "--pad-color",
            "#204060",
            "--audio",
            "none",
            "--seams",
            "cut",
            "--quality",
            "10",
        ];
        house.run(&args, 0);
        let pictures = pictures(&house.path(&out));
        assert!(pictures.iter().all(|picture| picture.size() == target));
        let corner = pictures[5].planes()[0][0];
        match fit {
            "pad" => {
                let read = mark::read_in(&pictures[5], source, Area::padded(source, target));
                assert!(read.is_some());
                // #204060 in BT.709 limited range.
                assert!(corner.abs_diff(68) <= 2, "{corner}");
            }
            "stretch" => {
                let read = mark::read_in(&pictures[5], source, Area::whole(target));
                assert!(read.is_some());
            }
            _ => assert!(
                corner.abs_diff(68) > 2 || pictures[5].planes()[0][239 * 240].abs_diff(68) > 2
            ),
        }
    }
}

#[test]
fn clips_of_other_rates_are_fitted_without_a_frame_too_many() {
    let house = House::new();
    std::fs::create_dir(house.path("clips")).unwrap();
    for (clip, rate) in [
        rate(24000, 1001),
        rate(25, 1),
        rate(30, 1),
        rate(50, 1),
        rate(15, 1),
    ]
    .into_iter()
    .enumerate()
    {
        let file = house.path(&format!("clips/truth_{clip:02}.mp4"));
        house::truth_clip(&file, clip as u16, rate, (rate.as_f64() * 2.5) as u32, SIZE);
    }
    for mode in ["duplicate", "blend"] {
        let args = [
            "render", "clips", "-o", "o.mp4", "--frames", "500", "--fps", "30", "--rate", mode,
            "--report", "r.json", "--audio", "none", "--seams", "cut",
        ];
        house.run(&args, 0);
        let report = house.report("r.json");
        let pictures = pictures(&house.path("o.mp4"));
        assert_eq!(pictures.len(), 500);
        assert_eq!(ffmpeg_complaints(&house.path("o.mp4")), "");
        if mode == "duplicate" {
            for visit in &report.visits {
                let mut last = None;
                for frame in 0..u64::from(visit.frames) {
                    let (_, number) =
                        mark::read(&pictures[(visit.start + frame) as usize]).unwrap();
                    assert!((visit.first..=visit.last).contains(&number));
                    // 15 fps shows every frame twice, 50 fps leaves out at most one between.
                    assert!(last.is_none_or(|last| number >= last && number <= last + 2));
                    last = Some(number);
                }
            }
        }
    }
}

#[test]
fn a_preview_is_small_short_and_marks_its_seams() {
    let house = House::new();
    std::fs::create_dir(house.path("clips")).unwrap();
    let source = Size::new(1280, 720);
    for clip in 0..2 {
        let file = house.path(&format!("clips/truth_{clip:02}.mp4"));
        house::truth_clip(&file, clip, rate(10, 1), 30, source);
    }
    let args = [
        "render",
        "clips",
        "-o",
        "o.mp4",
        "--preview",
        "--duration",
        "10m",
        "--report",
        "r.json",
    ];
    house.run(&args, 0);
    let report = house.report("r.json");
    assert_eq!(report.size, Size::new(640, 360));
    assert_eq!(report.frames, 600);
    let pictures = pictures(&house.path("o.mp4"));
    // Magenta is far from grey in both chroma planes; the clips themselves are grey at the edge.
    let marked = |at: u64| pictures[at as usize].planes()[2][0].abs_diff(128) > 40;
    let seam = report.seams[1].start;
    assert!(marked(seam) && marked(seam - 1));
    let visit = &report.visits[1];
    assert!(!marked(visit.start + u64::from(visit.frames) / 2));
}

#[test]
fn thumbnails_and_a_contact_sheet_are_pictures() {
    let house = House::new();
    house.truth_clips(rate(30, 1), &[60, 70, 80]);
    let args = [
        "render",
        "clips",
        "-o",
        "o.mp4",
        "--frames",
        "4000",
        "--thumbnails",
        "thumbs",
        "--contact-sheet",
        "sheet.png",
        "--audio",
        "none",
    ];
    house.run(&args, 0);
    let sheet = std::fs::read(house.path("sheet.png")).unwrap();
    assert_eq!(&sheet[1..4], b"PNG");
    for clip in 0..3 {
        let name = format!("thumbs/truth_{clip:02}.mp4.png");
        assert_eq!(&std::fs::read(house.path(&name)).unwrap()[1..4], b"PNG");
    }
}

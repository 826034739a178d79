//! What becomes of files: each shot is a clip, the same footage is one.

use std::collections::BTreeSet;

use crate::house::{House, SIZE, pictures, shared, text, truth_clip, write_clip, write_coded};
use loopy_core::{Frame, Rate, Size, report::Report};
use loopy_demo::truth;

/// Where the second shot of [`two_shots`] begins, and where it ends.
const CUT: u32 = 50;
const END: u32 = 110;

fn rate() -> Rate {
    Rate::new(25, 1).unwrap()
}

/// Soft waves that move slowly, at a place of their own in every frame.
fn waves(size: Size, index: u32) -> Frame {
    let mut frame = Frame::black(size);
    let stride = frame.stride();
    let scale = 160.0 / f64::from(size.width);
    let time = f64::from(index);
    for (at, sample) in frame.planes_mut()[0].iter_mut().enumerate() {
        let (x, y) = ((at % stride) as f64 * scale, (at / stride) as f64 * scale);
        let value = (x * 0.09 + time * 0.05).sin() + (y * 0.11 + (time * 0.031).sin() * 3.0).cos();
        *sample = (110.0 + 40.0 * value) as u8;
    }
    frame
}

/// A disc on black that goes its way: a scene unlike [`waves`].
fn disc(index: u32) -> Frame {
    let mut frame = Frame::black(SIZE);
    let stride = frame.stride();
    let middle = (40.0 + 0.7 * f64::from(index % 110), 45.0);
    for (at, sample) in frame.planes_mut()[0].iter_mut().enumerate() {
        let (x, y) = ((at % stride) as f64, (at / stride) as f64);
        let away = (x - middle.0).hypot(y - middle.1);
        *sample = (235.0 - 3.0 * away).clamp(20.0, 235.0) as u8;
    }
    let [_, u, v] = frame.planes_mut();
    u.fill(90);
    v.fill(170);
    frame
}

/// Frame `index` of [`two_shots`].
fn of_two(index: u32) -> Frame {
    if index < CUT {
        waves(SIZE, index)
    } else {
        disc(index)
    }
}

/// A file of two shots.
fn two_shots(house: &House) {
    let file = house.path("clips/two.mp4");
    write_clip(&file, rate(), SIZE, END, (0..END).map(of_two));
}

/// Mean difference of two lumas in code values.
fn apart(a: &Frame, b: &Frame) -> f64 {
    let [a, b] = [a.planes()[0], b.planes()[0]];
    let pairs = a.iter().zip(b);
    let sum: u64 = pairs.map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    sum as f64 / a.len() as f64
}

fn clips(house: &House, more: &[&str]) -> Vec<(String, u64, u64, u64)> {
    let args = [&["analyze", "clips", "--json"], more].concat();
    let said = text(&house.run(&args, 0).stdout);
    let lines = said
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    lines
        .filter(|line| line["type"] == "clip")
        .map(|line| {
            let number = |name: &str| line[name].as_u64().unwrap();
            let file = line["file"].as_str().unwrap().to_owned();
            (file, number("shot"), number("first"), number("until"))
        })
        .collect()
}

fn ranges(report: &Report) -> BTreeSet<(String, u32)> {
    let visits = report.visits.iter();
    visits
        .map(|visit| {
            assert!(
                visit.last < CUT || visit.first >= CUT || !visit.clip.display().contains("two")
            );
            (visit.clip.display(), u32::from(visit.first >= CUT))
        })
        .collect()
}

#[test]
fn every_shot_of_a_file_is_a_clip_of_its_own() {
    let house = House::new();
    house.truth_clips(rate(), &[60]);
    two_shots(&house);
    let two = |shot, first, until| ("clips/two.mp4".to_owned(), shot, first, until);
    let one = ("clips/truth_00.mp4".to_owned(), 0, 0, 60);
    let (cut, end) = (u64::from(CUT), u64::from(END));
    assert_eq!(
        clips(&house, &["--html", "r.html"]),
        [one.clone(), two(1, 0, cut), two(2, cut, end)]
    );
    let html = std::fs::read_to_string(house.path("r.html")).unwrap();
    assert!(html.contains("two.mp4#2") || html.contains("two.<wbr>mp4#2"));

    let render = |more: &[&str], out: &str| {
        let args = [
            "render", "clips", "-o", out, "--frames", "600", "--audio", "none", "--report",
            "r.json",
        ];
        house.run(&[&args, more].concat(), 0);
        house.report("r.json")
    };
    let report = render(&[], "o.mp4");
    assert_eq!(
        ranges(&report).len(),
        3,
        "both shots and the other clip are shown"
    );
    let shown = pictures(&house.path("o.mp4"));
    for visit in report
        .visits
        .iter()
        .filter(|visit| visit.clip.display().contains("two"))
    {
        for frame in 0..visit.frames {
            let picture = &shown[(visit.start + u64::from(frame)) as usize];
            let source = visit.first + frame;
            let own = apart(picture, &of_two(source));
            assert!(own < 2.0, "frame {source}: {own}");
        }
    }
    let said: Vec<&str> = report
        .remarks
        .iter()
        .map(|note| note.reason.as_str())
        .collect();
    assert!(
        said.iter()
            .any(|said| said.starts_with("shot 2 of 2: used from 2.00 s")),
        "{said:?}"
    );

    // A plan names them and finds them again.
    house.run(&["plan", "clips", "-o", "p.json", "--frames", "600"], 0);
    let args = [
        "render", "clips", "--plan", "p.json", "-o", "p.mp4", "--audio", "none", "--report",
        "p.r.json",
    ];
    house.run(&args, 0);
    assert_eq!(house.report("p.r.json").visits, report.visits);
}

#[test]
fn a_shot_can_be_left_out_or_trimmed_by_its_number() {
    let house = House::new();
    house.truth_clips(rate(), &[60]);
    two_shots(&house);
    let names = |more: &[&str]| -> Vec<(u64, u64, u64)> {
        let all = clips(&house, more).into_iter();
        let two = all.filter(|(file, ..)| file.contains("two"));
        two.map(|(_, shot, first, until)| (shot, first, until))
            .collect()
    };
    assert_eq!(names(&["--exclude", "two.mp4#1"]), [(2, 50, 110)]);
    assert_eq!(names(&["--exclude", "two#*"]), []);
    assert_eq!(
        names(&["--trim", "two.mp4#2=2.4:"]),
        [(1, 0, 50), (2, 60, 110)]
    );
    // Of the file: its first shot ends before.
    assert_eq!(names(&["--trim", "two.mp4=2.4:4"]), [(2, 60, 100)]);
    assert_eq!(names(&["--max-clips", "2"]), [(1, 0, 50)]);
    house.run(&["analyze", "clips", "--trim", "two.mp4#3=1:"], 2);
}

/// Frames of one take of waves.
fn take(size: Size, from: u32) -> impl Iterator<Item = Frame> {
    (0..75).map(move |index| waves(size, from + index))
}

#[test]
fn the_same_footage_coded_twice_is_one_clip_and_another_take_is_not() {
    let house = House::new();
    std::fs::create_dir(house.path("clips")).unwrap();
    let clip = |name: &str| house.path(&format!("clips/{name}.mp4"));
    let small = Size::new(120, 68);
    write_coded(&clip("a_poor"), rate(), SIZE, 75, take(SIZE, 0), 32);
    write_coded(&clip("b_good"), rate(), SIZE, 75, take(SIZE, 0), 14);
    write_coded(&clip("c_small"), rate(), small, 75, take(small, 0), 8);
    write_coded(&clip("d_take"), rate(), SIZE, 75, take(SIZE, 40), 20);
    std::fs::copy(clip("d_take"), clip("e_copy")).unwrap();
    let args = [
        "render", "clips", "-o", "o.mp4", "--frames", "200", "--audio", "none", "--report",
        "r.json",
    ];
    house.run(&args, 0);
    let report = house.report("r.json");
    let out: Vec<(String, &str)> = report
        .left_out
        .iter()
        .map(|out| (out.file.display(), out.reason.as_str()))
        .collect();
    let reason = |name: &str| {
        let found = out.iter().find(|(file, _)| file.contains(name));
        found.map(|(_, reason)| *reason).unwrap_or_default()
    };
    assert_eq!(out.len(), 3, "{out:?}");
    let kept = "it shows the same footage as clips/b_good.mp4, which is kept: it ";
    assert!(
        reason("a_poor").starts_with(&format!("{kept}has more bits")),
        "{out:?}"
    );
    assert_eq!(
        reason("c_small"),
        format!("{kept}is larger, 160x90 to 120x68")
    );
    assert_eq!(
        reason("e_copy"),
        "it has the same content as clips/d_take.mp4"
    );

    // A plan that shows a clip is realized with it, whatever came later.
    let plan = [
        "plan",
        "clips/a_poor.mp4",
        "-o",
        "p.json",
        "--frames",
        "100",
    ];
    house.run(&plan, 0);
    let args = [
        "render", "clips", "--plan", "p.json", "-o", "p.mp4", "--audio", "none",
    ];
    house.run(&args, 0);
}

#[test]
fn real_footage_in_two_codecs_is_one_clip() {
    let Some(shared) = shared() else { return };
    let house = House::new();
    let folder = shared.join("clips");
    let files: Vec<String> = ["nature_flower_", "nature_stream_", "table_monster_"]
        .iter()
        .flat_map(|stem| [format!("{stem}001.mp4"), format!("{stem}002.webm")])
        .map(|name| folder.join(name).display().to_string())
        .collect();
    let mut args = vec!["analyze", "--json"];
    args.extend(files.iter().map(String::as_str));
    let said = text(&house.run(&args, 0).stdout);
    let out: Vec<&str> = said
        .lines()
        .filter(|line| line.contains("\"left_out\""))
        .collect();
    assert_eq!(out.len(), 3, "{said}");
    assert!(
        out.iter()
            .all(|line| line.contains("shows the same footage as")),
        "{out:?}"
    );
}

#[test]
fn clips_of_wholly_different_scenes_say_what_would_join_them() {
    let house = House::new();
    std::fs::create_dir(house.path("clips")).unwrap();
    truth_clip(&house.path("clips/stripes.mp4"), 1, rate(), 60, SIZE);
    let frames = (0..60).map(disc);
    write_clip(&house.path("clips/disc.mp4"), rate(), SIZE, 60, frames);
    let said = text(&house.run(&["analyze", "clips", "--json"], 0).stdout);
    let missing: Vec<&str> = said
        .lines()
        .filter(|line| line.contains("\"missing\""))
        .collect();
    assert_eq!(missing.len(), 4, "a way out of and into each: {said}");
    assert!(
        missing
            .iter()
            .any(|line| line.contains("a clip that begins as it ends and ends as")),
        "{missing:?}"
    );
    house.run(&["analyze", "clips", "--html", "r.html"], 0);
    let html = std::fs::read_to_string(house.path("r.html")).unwrap();
    assert!(html.contains("fits no other clip; nearest is leaving"));

    let args = [
        "render", "clips", "-o", "o.mp4", "--frames", "300", "--audio", "none", "--report",
        "r.json",
    ];
    let output = house.run(&args, 0);
    assert!(text(&output.stderr).contains("2 clips fit no other; `loopy analyze` says"));
    let report = house.report("r.json");
    assert!(
        report
            .seams
            .iter()
            .all(|seam| seam.kind == loopy_core::plan::SeamKind::SceneChange)
    );
}

#[test]
fn a_single_long_take_is_a_graph_of_its_own() {
    let house = House::new();
    std::fs::create_dir(house.path("clips")).unwrap();
    // Without marks, which do not come round.
    let frames = (0..700).map(|index| truth::stripes(1, index, SIZE));
    write_clip(&house.path("clips/long.mp4"), rate(), SIZE, 700, frames);
    let args = [
        "render", "clips", "-o", "o.mp4", "--frames", "1500", "--audio", "none", "--report",
        "r.json",
    ];
    house.run(&args, 0);
    let report = house.report("r.json");
    assert!(report.visits.len() > 2, "it comes back into itself");
    // The stripes come round every 128 frames.
    for seam in &report.seams {
        assert_eq!((seam.from.frame + 1) % 128, seam.to.frame % 128, "{seam:?}");
        assert!(!seam.changes_scene(), "{seam:?}");
    }
}

#[test]
fn places_where_no_joint_is_made_are_one_line_and_a_list_where_it_is_asked_for() {
    let house = House::new();
    std::fs::create_dir(house.path("clips")).unwrap();
    for clip in 0..2 {
        // Frame 30 is shown twice.
        let frames = (0..75).map(|index| truth::plain(clip, index - u32::from(index > 30), SIZE));
        let file = house.path(&format!("clips/{clip}.mp4"));
        write_clip(&file, rate(), SIZE, 75, frames);
    }
    let args = [
        "render", "clips", "-o", "o.mp4", "--frames", "200", "--audio", "none",
    ];
    let said = text(&house.run(&args, 0).stderr);
    assert!(!said.contains("no joint near"), "{said}");
    let lines = said
        .lines()
        .filter(|line| line.contains("2 files have places where no joint"));
    assert_eq!(lines.count(), 1, "{said}");
    let listed = text(&house.run(&["analyze", "clips"], 0).stderr);
    assert_eq!(
        listed
            .matches("no joint near a repeated frame: 1 place")
            .count(),
        2,
        "{listed}"
    );
}

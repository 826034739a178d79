//! The spine: the decoded picture is, frame by frame, what the report's visits say.

use crate::house::{self, House, ffmpeg_complaints, pictures};
use loopy_core::{
    Plan, Rate,
    plan::SeamKind,
    report::{Report, Seam},
};
use loopy_demo::mark;
use std::path::Path;

/// Reads clip and frame number out of every picture and compares with `visits[]`.
fn assert_true(video: &Path, report: &Report) {
    let pictures = pictures(video);
    assert_eq!(pictures.len() as u64, report.frames);
    let mut at = 0;
    for (index, visit) in report.visits.iter().enumerate() {
        assert_eq!(visit.start, at);
        assert_eq!(
            visit.last - visit.first + 1,
            visit.frames,
            "same rate: no frame twice"
        );
        let name = visit.clip.display();
        let clip: u16 = name
            .rsplit('_')
            .next()
            .unwrap()
            .trim_end_matches(".mp4")
            .parse()
            .unwrap();
        for frame in 0..visit.frames {
            let read = mark::read(&pictures[(at + u64::from(frame)) as usize]);
            assert_eq!(
                read,
                Some((clip, visit.first + frame)),
                "visit {index} frame {frame}"
            );
        }
        at += u64::from(visit.frames);
        if let Some(seam) = report.seams.get(index) {
            assert_eq!(seam.start, at);
            let bridged = matches!(seam.kind, SeamKind::Dissolve | SeamKind::Motion);
            assert_eq!(seam.frames > 0, bridged);
            at += u64::from(seam.frames);
        }
    }
    assert_eq!(at, report.frames);
}

fn walks(rate: Rate, seeds: std::ops::Range<u32>) {
    let house = House::new();
    house.truth_clips(rate, &[50, 61, 75, 90, 101, 120]);
    for seed in seeds {
        let ending = ["mp4", "mkv", "mp4"][seed as usize % 3];
        let out = format!("out{seed}.{ending}");
        let frames = (150 + seed * 7).to_string();
        let seed_text = seed.to_string();
        let mut args = vec![
            "render", "clips", "-o", &out, "--frames", &frames, "--seed", &seed_text, "--report",
            "r.json", "--seams", "cut", "--audio", "none",
        ];
        if seed % 3 == 2 {
            args.push("--fragmented");
        }
        house.run(&args, 0);
        let report = house.report("r.json");
        assert_eq!(report.fps, rate);
        assert_eq!(report.frames, u64::from(150 + seed * 7));
        assert_true(&house.path(&out), &report);
        assert_eq!(ffmpeg_complaints(&house.path(&out)), "");
        house.run(&["verify", &out, "--report", "r.json"], 0);
    }
}

#[test]
fn seventeen_random_walks_at_25_are_frame_by_frame_what_the_visits_say() {
    walks(Rate::new(25, 1).unwrap(), 0..17);
}

#[test]
fn seventeen_random_walks_at_29_97_are_frame_by_frame_what_the_visits_say() {
    walks(Rate::new(30000, 1001).unwrap(), 17..34);
}

#[test]
fn seventeen_random_walks_at_30_are_frame_by_frame_what_the_visits_say() {
    walks(Rate::new(30, 1).unwrap(), 34..51);
}

#[test]
fn a_frame_that_is_not_the_reports_is_found() {
    let house = House::new();
    house.truth_clips(Rate::new(30, 1).unwrap(), &[60, 70, 80, 90]);
    let render = |out, seed, report| {
        let args = [
            "render", "clips", "-o", out, "--frames", "300", "--seed", seed, "--report", report,
            "--audio", "none",
        ];
        house.run(&args, 0);
    };
    render("a.mp4", "1", "a.json");
    render("b.mp4", "2", "b.json");
    assert_ne!(house.report("a.json").plan, house.report("b.json").plan);
    let output = house.run(&["verify", "a.mp4", "--report", "b.json"], 1);
    assert!(house::text(&output.stderr).contains("problem"));
}

#[test]
fn a_second_render_with_another_seed_encodes_nothing_but_its_end() {
    let house = House::new();
    house.truth_clips(Rate::new(30, 1).unwrap(), &[60, 70, 80]);
    let render = |seed| {
        let args = [
            "render", "clips", "-o", "o.mp4", "--frames", "900", "--seed", seed, "--report",
            "r.json", "--seams", "cut", "--audio", "none",
        ];
        house.run(&args, 0);
        house.report("r.json")
    };
    let first = render("1");
    assert!(first.totals.encoded_frames <= 60 + 70 + 80 + 90);
    let second = render("2");
    assert!(
        second.totals.encoded_frames <= 90,
        "{}",
        second.totals.encoded_frames
    );
    assert_eq!(
        second.totals.copied_frames + second.totals.encoded_frames,
        900
    );
}

#[test]
fn dissolves_lie_between_untouched_frames_and_the_length_is_exact() {
    let house = House::new();
    house.truth_clips(Rate::new(30, 1).unwrap(), &[150, 150, 150, 150]);
    let args = ["plan", "clips", "-o", "plan.json", "--frames", "1000"];
    house.run(&args, 0);
    let text = std::fs::read(house.path("plan.json")).unwrap();
    let mut plan: Plan = serde_json::from_slice(&text).unwrap();
    // Every visit lies far enough inside its clip that both sides of every joint have handles.
    let mut at = 0;
    for (index, visit) in plan.visits.iter_mut().enumerate() {
        (visit.enter, visit.leave) = (10, 60 + index as u32);
        (visit.first, visit.last) = (visit.enter, visit.leave - 1);
        visit.start = at;
        at += u64::from(visit.frames());
        if let Some(seam) = plan.seams.get_mut(index) {
            (seam.start, seam.frames, seam.steps) = (at, 4, 0);
            seam.kind = SeamKind::Dissolve;
            at += 4;
        }
    }
    plan.frames = at;
    std::fs::write(house.path("plan.json"), serde_json::to_vec(&plan).unwrap()).unwrap();
    let args = [
        "render",
        "clips",
        "-o",
        "o.mp4",
        "--plan",
        "plan.json",
        "--report",
        "r.json",
        "--audio",
        "none",
    ];
    house.run(&args, 0);
    let report = house.report("r.json");
    assert_eq!(report.frames, at);
    let dissolves = |seam: &Seam| seam.kind == SeamKind::Dissolve;
    assert!(report.seams.len() >= 3 && report.seams.iter().all(dissolves));
    assert_true(&house.path("o.mp4"), &report);
    assert_eq!(ffmpeg_complaints(&house.path("o.mp4")), "");
    house.run(&["verify", "o.mp4", "--report", "r.json"], 0);
}

#[test]
fn motion_lies_between_untouched_frames_and_the_length_is_exact() {
    let house = House::new();
    house.truth_clips(Rate::new(30, 1).unwrap(), &[150, 150, 150, 150]);
    let args = [
        "render",
        "clips",
        "-o",
        "o.mp4",
        "--frames",
        "1000",
        "--report",
        "r.json",
        "--seams",
        "motion",
        "--bridge-frames",
        "4",
        "--audio",
        "none",
    ];
    house.run(&args, 0);
    let report = house.report("r.json");
    assert!(
        report
            .seams
            .iter()
            .any(|seam| seam.kind == SeamKind::Motion && seam.frames == 4)
    );
    assert_true(&house.path("o.mp4"), &report);
    assert_eq!(ffmpeg_complaints(&house.path("o.mp4")), "");
    house.run(&["verify", "o.mp4", "--report", "r.json"], 0);
}

#[test]
fn one_clip_loops_and_two_alternate() {
    for (lengths, frames) in [(&[90][..], "400"), (&[60, 70][..], "400")] {
        let house = House::new();
        house.truth_clips(Rate::new(25, 1).unwrap(), lengths);
        let args = [
            "render", "clips", "-o", "o.mp4", "--frames", frames, "--report", "r.json", "--audio",
            "none", "--seams", "cut",
        ];
        house.run(&args, 0);
        let report = house.report("r.json");
        assert_true(&house.path("o.mp4"), &report);
        if lengths.len() == 2 {
            assert!(
                report
                    .visits
                    .windows(2)
                    .all(|pair| pair[0].clip != pair[1].clip)
            );
        }
    }
}

#[test]
fn a_looped_video_has_a_seam_from_its_end_to_its_beginning_and_the_exact_length() {
    let house = House::new();
    house.truth_clips(Rate::new(30, 1).unwrap(), &[90, 100, 120, 150]);
    let args = [
        "render", "clips", "-o", "o.mp4", "--frames", "600", "--loop", "--report", "r.json",
        "--audio", "none",
    ];
    house.run(&args, 0);
    let report = house.report("r.json");
    assert!(report.looped);
    assert_eq!(report.seams.len(), report.visits.len());
    assert_eq!(report.frames, 600);
    let last = report.seams.last().unwrap();
    assert_eq!(last.to.clip, report.visits[0].clip);
    assert_eq!(last.to.frame, report.visits[0].first);
    assert_true(&house.path("o.mp4"), &report);
}

#[test]
fn the_same_command_gives_the_same_bytes_with_any_number_of_workers_and_any_memory() {
    let mut files = Vec::new();
    // glibc fills fresh and freed memory with the second value: what reads memory that nobody
    // wrote gives other bytes.
    for (workers, perturb) in [("1", "0"), ("3", "85"), ("2", "170")] {
        let house = House::new();
        house.truth_clips(Rate::new(30, 1).unwrap(), &[60, 70, 80, 90, 100]);
        let args = [
            "render",
            "clips",
            "-o",
            "o.mp4",
            "--frames",
            "700",
            "--workers",
            workers,
            "--audio",
            "none",
            "--seams",
            "dissolve",
            "--size",
            "176x144",
            "--fps",
            "25",
        ];
        let output = house
            .loopy(&args)
            .env("MALLOC_PERTURB_", perturb)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", house::text(&output.stderr));
        files.push(std::fs::read(house.path("o.mp4")).unwrap());
    }
    assert!(files[0] == files[1] && files[1] == files[2]);
}

#[test]
fn a_plan_made_apart_gives_the_same_video() {
    let house = House::new();
    house.truth_clips(Rate::new(30, 1).unwrap(), &[60, 70, 80]);
    house.run(&["plan", "clips", "--frames", "300", "-o", "plan.json"], 0);
    house.run(&["verify", "plan.json"], 0);
    house.run(
        &[
            "render",
            "clips",
            "--plan",
            "plan.json",
            "-o",
            "a.mp4",
            "--audio",
            "none",
        ],
        0,
    );
    house.run(
        &[
            "render", "clips", "--frames", "300", "-o", "b.mp4", "--audio", "none",
        ],
        0,
    );
    assert!(
        std::fs::read(house.path("a.mp4")).unwrap() == std::fs::read(house.path("b.mp4")).unwrap()
    );
}

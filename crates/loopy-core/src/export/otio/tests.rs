use std::path::Path;

use super::*;
use crate::walk::{self, sample::library};

fn written(looped: bool, seams: walk::Seams) -> (Plan, Value) {
    let options = walk::Options {
        frames: 2000,
        looped,
        seams,
        ..walk::Options::default()
    };
    let plan = walk::plan(&library(6, 6, 120, 3, 6), &options).unwrap();
    let places = Places {
        root: Path::new("/films"),
        folder: None,
    };
    let value = write(&plan, places);
    (plan, value)
}

fn children(timeline: &Value) -> &[Value] {
    timeline["tracks"]["children"][0]["children"]
        .as_array()
        .unwrap()
}

fn schema(item: &Value) -> &str {
    item["OTIO_SCHEMA"].as_str().unwrap()
}

/// Length of an item on the track as the format counts it.
fn length(item: &Value) -> u64 {
    if schema(item) == "Transition.1" {
        return 0;
    }
    let duration = &item["source_range"]["duration"];
    assert_eq!(duration["rate"].as_f64(), Some(30.0));
    duration["value"].as_f64().unwrap() as u64
}

#[test]
fn the_track_is_as_long_as_the_film_whatever_fills_its_joints() {
    for looped in [false, true] {
        for seams in [walk::Seams::Auto, walk::Seams::Dissolve, walk::Seams::Cut] {
            let (plan, timeline) = written(looped, seams);
            let total: u64 = children(&timeline).iter().map(length).sum();
            assert_eq!(total, plan.frames, "{looped} {seams:?}");
        }
    }
}

#[test]
fn a_dissolve_lies_over_the_handles_of_its_neighbours_and_motion_is_a_gap() {
    let (plan, timeline) = written(false, walk::Seams::Auto);
    let items = children(&timeline);
    let (mut dissolves, mut gaps) = (0, 0);
    let mut film = 0;
    for (index, item) in items.iter().enumerate() {
        let ours = &item["metadata"]["loopycomfy"];
        match schema(item) {
            "Clip.2" => {
                // The frames of the visit itself begin where the plan says.
                let head = ours["handle_before"].as_u64().unwrap();
                assert_eq!(ours["start"].as_u64(), Some(film + head));
                let start = item["source_range"]["start_time"]["value"]
                    .as_f64()
                    .unwrap();
                let first = ours["first"].as_u64().unwrap();
                assert_eq!(start as u64 + head, first);
            }
            "Transition.1" => {
                dissolves += 1;
                let offset = |key: &str| item[key]["value"].as_f64().unwrap() as u64;
                let (before, after) = (&items[index - 1], &items[index + 1]);
                let ours =
                    |item: &Value, key: &str| item["metadata"]["loopycomfy"][key].as_u64().unwrap();
                assert_eq!(ours(before, "handle_after"), offset("in_offset"));
                assert_eq!(ours(after, "handle_before"), offset("out_offset"));
                let seam =
                    &plan.seams[item["metadata"]["loopycomfy"]["seam"].as_u64().unwrap() as usize];
                assert_eq!(
                    offset("in_offset") + offset("out_offset"),
                    u64::from(seam.frames)
                );
                assert_eq!(film - offset("in_offset"), seam.start);
            }
            other => {
                assert_eq!(other, "Gap.1");
                assert_eq!(ours["bridge"]["kind"], "motion");
                assert_eq!(ours["bridge"]["start"].as_u64(), Some(film));
                gaps += 1;
            }
        }
        film += length(item);
    }
    assert!(
        dissolves > 0 && gaps > 0,
        "{dissolves} dissolves, {gaps} gaps"
    );
}

#[test]
fn a_clip_names_its_file_and_its_length_in_its_own_frames() {
    let (plan, timeline) = written(false, walk::Seams::Cut);
    assert_eq!(schema(&timeline), "Timeline.1");
    assert_eq!(schema(&timeline["tracks"]), "Stack.1");
    assert_eq!(schema(&timeline["tracks"]["children"][0]), "Track.1");
    let visit = &plan.visits[0];
    let clip = &plan.clip(visit).clip;
    let media = &children(&timeline)[0]["media_references"]["DEFAULT_MEDIA"];
    assert_eq!(schema(media), "ExternalReference.1");
    let name = clip.short_name();
    assert_eq!(media["target_url"], format!("file:///films/{name}"));
    assert_eq!(
        media["available_range"],
        json!({
            "OTIO_SCHEMA": "TimeRange.1",
            "start_time": {"OTIO_SCHEMA": "RationalTime.1", "rate": 30.0, "value": 0.0},
            "duration": {
                "OTIO_SCHEMA": "RationalTime.1",
                "rate": 30.0,
                "value": clip.times.len() as f64,
            },
        })
    );
}

#[test]
fn a_clip_without_a_constant_rate_is_measured_in_microseconds() {
    let uneven = crate::walk::sample::timed("a", vec![0, 33_000, 233_000, 266_000], 900_000);
    assert_eq!(constant(&uneven), None);
    let at = |frame| place(&uneven, constant(&uneven), frame);
    assert_eq!(at(2)["value"].as_f64(), Some(233_000.0));
    assert_eq!(at(2)["rate"].as_f64(), Some(1e6));
    assert_eq!(at(4)["value"].as_f64(), Some(900_000.0));
}

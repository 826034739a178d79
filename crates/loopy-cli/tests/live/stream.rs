//! What a viewer sees, and what is told.

use std::{collections::BTreeSet, time::Duration};

use rustix::process::Signal;

use crate::{
    Served, TOKEN, alone, check, house,
    viewer::{self, Viewer, post},
};

#[test]
fn a_viewer_sees_every_frame_of_the_walk_in_its_time() {
    let house = house(&[60, 66, 72, 78]);
    let served = Served::new(&house, &[]);
    let mut viewer = Viewer::connect(served.port, TOKEN);
    // The first pictures are made before the viewer counts its seconds.
    viewer.until_ready(2);
    let shown = viewer.watch(Duration::from_secs(6));
    assert!(shown.len() > 120, "{} pictures", shown.len());
    check(&shown);
    let clips: BTreeSet<u16> = shown.iter().filter_map(|one| Some(one.truth?.0)).collect();
    assert!(clips.len() > 1, "{clips:?}");
}

#[test]
fn what_is_told_is_shown_at_the_frame_that_was_said() {
    let _alone = alone();
    let house = house(&[90, 96, 99, 102, 105]);
    let served = Served::new(&house, &[]);
    let mut viewer = Viewer::connect(served.port, TOKEN);
    // All clips are ready before one is asked for.
    viewer.until_ready(5);
    let mut told = Vec::new();
    let mut shown = Vec::new();
    for clip in [3_u16, 1] {
        let body = format!("{{\"clip\":\"truth_{clip:02}\"}}");
        let taken = post(served.port, "/api/next", TOKEN, &body);
        let frame = taken["frame"].as_u64().unwrap();
        told.push((clip, frame));
        // The clip under way is left at its end at the latest.
        let due = Duration::from_millis(taken["due_ms"].as_u64().unwrap());
        assert!(due < Duration::from_secs(5), "{due:?}");
        shown.extend(viewer.watch(due + Duration::from_millis(2200)));
    }
    check(&shown);
    for (clip, frame) in told {
        let pts = frame * 1_000_000 / 30;
        let first = shown.iter().find(|one| one.pts_us >= pts).unwrap();
        assert_eq!(
            first.truth.map(|truth| truth.0),
            Some(clip),
            "frame {frame}: {:?}",
            viewer::get(served.port, "/api/status", TOKEN).1
        );
    }
    let wrong = post(served.port, "/api/next", TOKEN, "{\"clip\":\"truht_01\"}");
    assert_eq!(wrong["error"]["code"], "unknown_clip", "{wrong}");
}

#[test]
fn viewers_are_told_when_the_stream_ends() {
    let house = house(&[60, 66]);
    let mut served = Served::new(&house, &[]);
    let mut viewer = Viewer::connect(served.port, TOKEN);
    viewer.watch(Duration::from_millis(500));
    served.signal(Signal::TERM);
    let (code, text) = viewer.closed();
    assert_eq!(code, 1001);
    assert!(text.contains("retry_after_ms"), "{text}");
    assert_eq!(served.ended(), Some(0));
    assert!(viewer::children(served.child.id()).is_empty());
}

#[test]
fn a_port_that_is_taken_and_a_token_that_everybody_knows_are_refused() {
    let house = house(&[60, 66]);
    let served = Served::new(&house, &[]);
    let port = served.port.to_string();
    let output = house
        .loopy(&["serve", "clips", "--port", &port])
        .env("LOOPYCOMFY_TOKEN", TOKEN)
        .output()
        .unwrap();
    let words = house::text(&output.stderr);
    assert!(!output.status.success() && words.contains(&port), "{words}");
    let output = house
        .loopy(&["serve", "clips", "--port", "0"])
        .env("LOOPYCOMFY_TOKEN", "generate_random_token_here")
        .output()
        .unwrap();
    let words = house::text(&output.stderr);
    assert!(
        !output.status.success() && words.contains("everybody knows"),
        "{words}"
    );
}

//! The demo from its first picture to its video. It takes longer than most and is begun first, by its name:
//! at the end nothing else would run beside it.

use crate::house::{House, ffmpeg_complaints};

#[test]
fn the_demo_draws_its_clips_and_renders_them() {
    let house = House::new();
    let args = [
        "demo",
        "d",
        "--size",
        "160x90",
        "--duration",
        "10s",
        "--fps",
        "25",
    ];
    house.run(&args, 0);
    let report = house.report("d/demo.json");
    assert_eq!(report.frames, 250);
    assert!(report.audio.is_some());
    assert_eq!(ffmpeg_complaints(&house.path("d/demo.mp4")), "");
    house.run(&["verify", "d/demo.mp4", "--report", "d/demo.json"], 0);
}

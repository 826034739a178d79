//! The clips of the demo, as the program writes them. Their film takes a minute of analysis and is made by
//! `make demo`.

use std::fs;

use crate::house::{House, ffmpeg_complaints};

#[test]
fn the_demo_draws_clips_that_play_and_each_of_them_once() {
    let house = House::new();
    let draw = [
        "demo",
        "d",
        "--clips-only",
        "--size",
        "160x90",
        "--fps",
        "25",
    ];
    house.run(&draw, 0);
    let clips = || {
        let files = fs::read_dir(house.path("d/clips")).unwrap();
        let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
        files.sort();
        files
    };
    let drawn = clips();
    assert!(drawn.len() >= 12, "{drawn:?}");
    for clip in &drawn {
        assert_eq!(ffmpeg_complaints(clip), "", "{}", clip.display());
    }
    assert!(!house.path("d/demo.mp4").exists());
    let before: Vec<_> = drawn.iter().map(|clip| fs::read(clip).unwrap()).collect();
    house.run(&draw, 0);
    assert_eq!(clips(), drawn);
    let again: Vec<_> = drawn.iter().map(|clip| fs::read(clip).unwrap()).collect();
    assert!(again == before, "drawn again, the clips are others");
}

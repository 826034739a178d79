//! Middle frames of real clips, held out and made again, where the machine has clips and the
//! `ffmpeg` program.

use std::{path::Path, process::Command};

use loopy_core::{Frame, Size};
use loopy_pixels::{blend, flow::Effort, interpolate::Between, measure::psnr_luma};

/// Frames are read at this size: what flow does is no different, and a test is soon done.
const SIZE: Size = Size {
    width: 320,
    height: 320,
};
const GAP: usize = 2;

fn read(clip: &Path) -> Vec<Frame> {
    let scale = format!("scale={}:{}", SIZE.width, SIZE.height);
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-i"])
        .arg(clip)
        .args(["-vf", &scale, "-frames:v", "26", "-pix_fmt", "yuv420p"])
        .args(["-f", "rawvideo", "-"])
        .output();
    let raw = output.map(|output| output.stdout).unwrap_or_default();
    raw.chunks_exact(SIZE.pixels() as usize * 3 / 2)
        .filter_map(|raw| Frame::from_planes(SIZE, raw.to_vec()))
        .collect()
}

#[test]
fn frames_held_out_are_made_better_than_by_blending() {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let root = std::env::var_os("LOOPY_SHARED").map_or(beside, Into::into);
    let names = [
        "avatar_talking_selfie_001.mp4",
        "street_pedestrians_001.avi",
        "nature_flower_001.mp4",
        "table_frog_001.mp4",
    ];
    let (mut gains, mut clips) = (0.0, 0.0);
    for name in names {
        let frames = read(&root.join("clips").join(name));
        if frames.len() < 3 * GAP {
            println!("skipped: no `{name}` (LOOPY_SHARED)");
            continue;
        }
        let (mut gain, mut count) = (0.0, 0.0);
        for triple in frames.windows(2 * GAP + 1).step_by(7) {
            let (a, truth, b) = (&triple[0], &triple[GAP], &triple[2 * GAP]);
            let made = Between::new(a, b, Effort::Medium).unwrap().at(0.5);
            let mut plain = Frame::black(SIZE);
            blend::mix(a, b, blend::WHOLE / 2, &mut plain);
            gain += psnr_luma(&made, truth).min(60.0) - psnr_luma(&plain, truth).min(60.0);
            count += 1.0;
        }
        println!("{name}: {:+.2} dB over a blend", gain / count);
        gains += gain / count;
        clips += 1.0;
    }
    if clips > 0.0 {
        assert!(gains / clips > 0.5, "{:+.2} dB", gains / clips);
    }
}

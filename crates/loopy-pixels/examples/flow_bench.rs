//! How good and how fast flow and interpolation are, on known motion and on clips.
//!
//! ```text
//! cargo run --release -p loopy-pixels --example flow_bench -- [--speed] [--dump DIR] [--png DIR] clip.mp4...
//! ```
//!
//! Prints end-point error on drawn pictures, then for each clip the warping error and the PSNR of
//! held-out middle frames (interpolated, and plainly blended), and CPU milliseconds. `--speed`
//! only times bridges between pictures of the clips. `--dump` writes every pair of pictures as
//! PGM with the truth beside it, for `benches/flow_opencv.py`; `--png` writes bridges as strips to look at. Needs the `ffmpeg` program for clips.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench for people"
)]

use std::{f64::consts::TAU, path::PathBuf, process::Command};

use loopy_core::{Frame, Size};
use loopy_pixels::{
    blend,
    flow::{self, Effort, Field, Gray},
    interpolate::{Between, Passage},
    measure::psnr_luma,
};

const EFFORTS: [Effort; 3] = [Effort::Fast, Effort::Medium, Effort::Fine];
/// Triples taken from a clip, and frames between them.
const TRIPLES: usize = 6;
const APART: usize = 5;

fn main() {
    let (mut dump, mut strips, mut clips) = (None, None, Vec::new());
    let mut only_speed = false;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--dump" => dump = arguments.next().map(PathBuf::from),
            "--speed" => only_speed = true,
            "--png" => strips = arguments.next().map(PathBuf::from),
            _ => clips.push(argument),
        }
    }
    for folder in [&dump, &strips].into_iter().flatten() {
        std::fs::create_dir_all(folder).unwrap();
    }
    if !only_speed {
        drawn(dump.as_ref());
        speed();
    }
    for clip in &clips {
        let frames = read(clip, Some(Size::new(1280, 720)));
        if let [before, a, .., b, after] = &frames[..frames.len().min(20)] {
            let name = clip.rsplit('/').next().unwrap_or_default();
            bridge(name, [before, a, b, after], Effort::Medium);
        }
    }
    if only_speed {
        return;
    }
    for clip in &clips {
        held_out(clip, dump.as_ref(), strips.as_ref());
    }
}

/// CPU seconds of this process so far.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanoseconds: f64 = stat
        .split(' ')
        .next()
        .and_then(|first| first.parse().ok())
        .unwrap_or_default();
    nanoseconds * 1e-9
}

/// A smooth random texture: waves between 4 and 120 pixels long.
fn texture(seed: u64) -> impl Fn(f64, f64) -> f64 {
    let mut state = seed.wrapping_mul(2) + 1;
    let mut random = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / f64::from(1_u32 << 31)
    };
    let waves: Vec<[f64; 4]> = (0..40)
        .map(|_| {
            let (angle, length) = (random() * TAU, 4.0 * 30.0_f64.powf(random()));
            let number = TAU / length;
            [
                angle.cos() * number,
                angle.sin() * number,
                random() * TAU,
                length.sqrt(),
            ]
        })
        .collect();
    let power: f64 = waves.iter().map(|wave| wave[3] * wave[3] / 2.0).sum();
    let gain = 35.0 / power.sqrt();
    move |x, y| {
        let sum: f64 = waves
            .iter()
            .map(|[kx, ky, phase, height]| (kx * x + ky * y + phase).sin() * height)
            .sum();
        128.0 + sum * gain
    }
}

/// A pair of 320x180 pictures and what is true of them.
struct Drawn {
    name: &'static str,
    a: Gray,
    b: Gray,
    truth: Field,
}

const WIDTH: usize = 320;
const HEIGHT: usize = 180;

fn picture(value: impl Fn(f64, f64) -> f64) -> Gray {
    let mut state = 1_u64;
    let data = (0..WIDTH * HEIGHT)
        .map(|at| {
            // Grain of about one code value.
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(99);
            let grain = (state >> 33) as f64 / f64::from(1_u32 << 31) * 3.4 - 1.7;
            let sample = value((at % WIDTH) as f64, (at / WIDTH) as f64);
            (sample + grain).round().clamp(0.0, 255.0) as u8
        })
        .collect();
    Gray::new(WIDTH as u32, HEIGHT as u32, data).unwrap()
}

/// Name, linear part and shift of the ground, then the shift of a disc in front of it, if any.
type Case = (&'static str, [f64; 4], (f64, f64), Option<(f64, f64)>);

fn scenes() -> Vec<Drawn> {
    let (back, front) = (texture(7), texture(8));
    let centre = (160.0, 90.0);
    let still = [1.0, 0.0, 0.0, 1.0];
    let cases: [Case; 5] = [
        ("shift", still, (5.3, -3.6), None),
        ("far_shift", still, (-24.5, 13.25), None),
        ("turn", [0.9962, -0.0872, 0.0872, 0.9962], (0.0, 0.0), None),
        ("zoom", [1.06, 0.0, 0.0, 1.06], (1.0, 0.5), None),
        ("disc", still, (-2.5, 0.5), Some((9.0, 3.0))),
    ];
    cases
        .into_iter()
        .map(|(name, [xx, xy, yx, yy], (sx, sy), disc)| {
            let inside = |x: f64, y: f64| disc.is_some() && (x - 140.0).hypot(y - 85.0) < 45.0;
            let det = xx * yy - xy * yx;
            let (dx, dy) = disc.unwrap_or_default();
            let a = picture(|x, y| {
                if inside(x, y) {
                    front(x, y)
                } else {
                    back(x, y)
                }
            });
            let b = picture(|x, y| {
                if inside(x - dx, y - dy) {
                    return front(x - dx, y - dy);
                }
                let (x, y) = (x - centre.0 - sx, y - centre.1 - sy);
                back(
                    (yy * x - xy * y) / det + centre.0,
                    (xx * y - yx * x) / det + centre.1,
                )
            });
            let (u, v) = (0..WIDTH * HEIGHT)
                .map(|at| {
                    let (x, y) = ((at % WIDTH) as f64, (at / WIDTH) as f64);
                    if inside(x, y) {
                        return (dx as f32, dy as f32);
                    }
                    let (cx, cy) = (x - centre.0, y - centre.1);
                    (
                        (xx * cx + xy * cy + sx - cx) as f32,
                        (yx * cx + yy * cy + sy - cy) as f32,
                    )
                })
                .unzip();
            let truth = Field {
                width: WIDTH,
                height: HEIGHT,
                u,
                v,
            };
            Drawn { name, a, b, truth }
        })
        .collect()
}

fn drawn(dump: Option<&PathBuf>) {
    println!("320x180 drawn      end-point error px      CPU ms of one direction");
    for scene in scenes() {
        print!("{:16}", scene.name);
        for effort in EFFORTS {
            let begun = cpu();
            let rounds = 5;
            let mut field = flow::dense(&scene.a, &scene.b, effort).unwrap();
            for _ in 1..rounds {
                field = flow::dense(&scene.a, &scene.b, effort).unwrap();
            }
            let spent = (cpu() - begun) * 1e3 / f64::from(rounds);
            let error = error(&field, &scene.truth);
            print!("  {effort:?} {error:.3} ({spent:.1} ms)");
        }
        println!();
        if let Some(folder) = dump {
            pgm(folder, &format!("{}_a", scene.name), &scene.a);
            pgm(folder, &format!("{}_b", scene.name), &scene.b);
            let truth = scene.truth.u.iter().chain(&scene.truth.v);
            let bytes: Vec<u8> = truth.flat_map(|value| value.to_le_bytes()).collect();
            std::fs::write(folder.join(format!("{}_truth.f32", scene.name)), bytes).unwrap();
        }
    }
}

/// Mean end-point error where the truth stays inside.
fn error(field: &Field, truth: &Field) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0);
    for (at, (u, v)) in truth.u.iter().zip(&truth.v).enumerate() {
        let (x, y) = ((at % WIDTH) as f32 + u, (at / WIDTH) as f32 + v);
        if x >= 0.0 && y >= 0.0 && x <= (WIDTH - 1) as f32 && y <= (HEIGHT - 1) as f32 {
            sum += f64::from((field.u[at] - u).hypot(field.v[at] - v));
            count += 1.0;
        }
    }
    sum / count
}

fn pgm(folder: &std::path::Path, name: &str, gray: &Gray) {
    let mut bytes = format!("P5\n{} {}\n255\n", gray.width(), gray.height()).into_bytes();
    bytes.extend_from_slice(gray.data());
    std::fs::write(folder.join(format!("{name}.pgm")), bytes).unwrap();
}

/// Rounds of which the cheapest counts: other work on the machine only adds.
const ROUNDS: usize = 10;

/// What a bridge of six frames costs at the size of the frames, with its context.
fn bridge(name: &str, [before, a, b, after]: [&Frame; 4], effort: Effort) {
    let (mut flow, mut frames) = (f64::MAX, f64::MAX);
    for _ in 0..ROUNDS {
        let begun = cpu();
        let rows = [[before, a], [b, after]].map(|row| row.map(Frame::clone));
        let passage = Passage::new(&rows[0], &rows[1], effort).unwrap();
        let found = cpu();
        passage.pictures(6, 0);
        flow = flow.min((found - begun) * 1e3);
        frames = frames.min((cpu() - found) * 1e3);
    }
    println!(
        "{name} {effort:?} bridge of 6 at {}: preparing {flow:.1} ms, a frame {:.1} ms, in all {:.1} ms a frame",
        a.size(),
        frames / 6.0,
        (flow + frames) / 6.0
    );
}

/// What flow and a bridge cost at 1280x720.
fn speed() {
    let scene = texture(5);
    let frame = |shift: f64| {
        let mut frame = Frame::black(Size::new(1280, 720));
        for (at, sample) in frame.planes_mut()[0].iter_mut().enumerate() {
            let (x, y) = ((at % 1280) as f64, (at / 1280) as f64);
            let zoom = 1.0 + shift * 0.002;
            *sample = scene((x * zoom + shift) * 0.5, y * zoom * 0.5) as u8;
        }
        frame
    };
    let (a, b) = (frame(0.0), frame(9.0));
    for effort in EFFORTS {
        for factor in [1, 4] {
            let (a, b) = (Gray::of(&a, factor), Gray::of(&b, factor));
            let begun = cpu();
            let rounds = if factor == 1 { 1 } else { 10 };
            for _ in 0..rounds {
                flow::dense(&a, &b, effort).unwrap();
            }
            let spent = (cpu() - begun) / f64::from(rounds);
            println!(
                "{effort:?} {}x{}: {:.1} ms, {:.0} a second",
                a.width(),
                a.height(),
                spent * 1e3,
                1.0 / spent
            );
        }
        bridge("drawn", [&frame(-1.5), &a, &b, &frame(10.5)], effort);
    }
}

/// Interpolates middle frames that were there.
fn held_out(clip: &str, dump: Option<&PathBuf>, strips: Option<&PathBuf>) {
    let frames = read(clip, None);
    let name = clip.rsplit('/').next().unwrap_or_default();
    let stem = name.split('.').next().unwrap_or_default();
    for gap in [1, 3] {
        let mut sums = [[0.0; 4]; 3];
        let mut count = 0.0;
        for start in (0..frames.len().saturating_sub(2 * gap))
            .step_by(APART)
            .take(TRIPLES)
        {
            let (a, truth, b) = (
                &frames[start],
                &frames[start + gap],
                &frames[start + 2 * gap],
            );
            let mut plain = Frame::black(a.size());
            blend::mix(a, b, blend::WHOLE / 2, &mut plain);
            if let Some(folder) = dump {
                for (part, frame) in [("a", a), ("m", truth), ("b", b)] {
                    let name = format!("{stem}-{gap}-{start}_{part}");
                    pgm(folder, &name, &Gray::of(frame, 1));
                }
            }
            count += 1.0;
            for (effort, sums) in EFFORTS.into_iter().zip(&mut sums) {
                let begun = cpu();
                let between = Between::new(a, b, effort).unwrap();
                let middle = between.at(0.5);
                sums[3] += (cpu() - begun) * 1e3;
                sums[0] += psnr_luma(&middle, truth).min(60.0);
                sums[1] += psnr_luma(&plain, truth).min(60.0);
                sums[2] += f64::from(between.motion().residual);
            }
        }
        for (effort, sums) in EFFORTS.into_iter().zip(sums) {
            let [psnr, plain, residual, spent] = sums.map(|sum| sum / count);
            println!(
                "{name:34} gap {gap} {effort:?}: {psnr:.2} dB, blend {plain:.2} dB, residual {residual:.2}, {spent:.1} ms"
            );
        }
    }
    if let Some(folder) = strips {
        let last = frames.len() / 2;
        for (kind, to) in [
            ("near", last + 6),
            ("jump", (last + 40).min(frames.len() - 1)),
        ] {
            let (a, b) = (&frames[last], &frames[to.min(frames.len() - 1)]);
            let between = Between::new(a, b, Effort::Fine).unwrap();
            println!("{stem} {kind}: {:?}", between.motion());
            for (index, t) in [0.0, 0.25, 0.5, 0.75, 1.0].into_iter().enumerate() {
                let path = folder.join(format!("{stem}-{kind}-{index}.png"));
                png(&between.at(t), &path);
            }
            let mut plain = Frame::black(a.size());
            blend::mix(a, b, blend::WHOLE / 2, &mut plain);
            png(&plain, &folder.join(format!("{stem}-{kind}-blend.png")));
        }
    }
}

fn png(frame: &Frame, path: &std::path::Path) {
    use std::io::Write as _;
    let size = frame.size().to_string();
    let mut child = Command::new("ffmpeg")
        .args([
            "-v", "error", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", &size,
        ])
        .args(["-i", "-", "-y"])
        .arg(path)
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(frame.data()).unwrap();
    child.wait().unwrap();
}

/// The first 80 frames of a clip, at `size` or its own made even.
fn read(clip: &str, size: Option<Size>) -> Vec<Frame> {
    let probe = Command::new("ffprobe")
        .args(["-v", "error", "-select_streams", "v:0", "-of", "csv=p=0"])
        .args(["-show_entries", "stream=width,height", clip])
        .output()
        .unwrap();
    let words = String::from_utf8(probe.stdout).unwrap();
    let mut sides = words.trim().split(',').map(|side| side.parse().unwrap());
    let own = Size::new(sides.next().unwrap(), sides.next().unwrap()).even();
    let size = size.unwrap_or(own);
    let raw = Command::new("ffmpeg")
        .args([
            "-v",
            "error",
            "-i",
            clip,
            "-frames:v",
            "80",
            "-f",
            "rawvideo",
        ])
        .args(["-pix_fmt", "yuv420p", "-s", &size.to_string(), "-"])
        .output()
        .unwrap();
    raw.stdout
        .chunks_exact(size.pixels() as usize * 3 / 2)
        .map(|raw| Frame::from_planes(size, raw.to_vec()).unwrap())
        .collect()
}

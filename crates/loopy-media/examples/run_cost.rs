//! What splicing costs: encodes clips as separate runs and compares them with one continuous encode.
//!
//! ```text
//! cargo run --release -p loopy-media --example run_cost -- clip.mp4...
//! ```
//!
//! For each clip it prints the size of its runs (a port about every 1.75 s) over the size of one
//! `ffmpeg -c:v libx264 -preset medium -g 250` at equal SSIM of the luma, and how much the luma
//! PSNR steps at the ports when nothing is cut there (mean of the four frames after, less the four
//! before, less the same step of the continuous encode). A port may lie where the clip itself was cut
//! into groups, where one of those steps says nothing, so each clip is divided three times, at ports
//! a third of their distance further on each time. Then the means of each scene, which is what
//! a clip's name says before its number. A scene that costs more than 1.35, or steps by more than
//! 0.5 dB in the mean, is named and fails the command. Needs the `ffmpeg` and `ffprobe` programs.

#![allow(
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench for people"
)]

use std::{
    collections::BTreeMap,
    io::Write as _,
    process::{Command, ExitCode, Stdio},
    time::Instant,
};

use loopy_core::{Frame, Rate, Size, encode::Settings};
use loopy_media::encode::{Encoder, Frames};

/// Frames measured of a clip.
const MOST: usize = 144;
/// Seconds between ports.
const APART: f64 = 1.75;
/// How often a clip is divided, each time elsewhere.
const GRIDS: usize = 3;
/// Frames on each side of a port.
const SIDE: usize = 4;
/// Most that a scene may cost in size, and step in quality.
const SIZE_GATE: f64 = 1.35;
const STEP_GATE: f64 = 0.5;

/// What was measured of the clips of one scene.
#[derive(Default)]
struct Scene {
    ratios: Vec<f64>,
    steps: Vec<f64>,
    sizes: Vec<f64>,
}

fn main() -> ExitCode {
    let mut scenes: BTreeMap<String, Scene> = BTreeMap::new();
    println!("clip                             frames ports  size   step dB  |step|  seconds");
    for path in std::env::args().skip(1) {
        let clip = Clip::read(&path);
        let curve: Vec<Point> = [17, 20, 23, 26].map(|crf| clip.continuous(crf)).into();
        let (mut step, mut ratios, mut seconds) = (Vec::new(), Vec::new(), 0.0);
        for ports in (0..GRIDS).filter_map(|grid| clip.ports(grid)) {
            let (runs, took) = clip.runs(&ports);
            ratios.push(runs.bytes / size_at(&curve, runs.quality));
            let usual = steps(&ports, &curve[1].psnr);
            let pairs = steps(&ports, &runs.psnr).into_iter().zip(usual);
            step.extend(pairs.map(|(step, usual)| step - usual));
            seconds += took;
        }
        let ratio = mean(&ratios);
        let (signed, size) = (
            mean(&step),
            mean(&step.iter().map(|s| s.abs()).collect::<Vec<_>>()),
        );
        let name = path.rsplit('/').next().unwrap_or_default();
        println!(
            "{name:32} {:6} {:5} {ratio:5.2} {signed:+9.2} {size:7.2} {seconds:8.2}",
            clip.frames.len(),
            step.len(),
        );
        let scene = name.rsplit_once('_').map_or(name, |(scene, _)| scene);
        let scene = scenes.entry(scene.to_owned()).or_default();
        scene.ratios.push(ratio);
        scene.sizes.extend(step.iter().map(|s| s.abs()));
        scene.steps.extend(step);
    }
    let mut failed = false;
    println!("scene                             ports         size   step dB  |step|");
    for (name, scene) in &scenes {
        let (ratio, step) = (mean(&scene.ratios), mean(&scene.steps));
        let missed = ratio > SIZE_GATE || step.abs() > STEP_GATE;
        failed |= missed;
        println!(
            "{name:32} {:6} {:11.2} {step:+9.2} {:7.2}{}",
            scene.steps.len(),
            ratio,
            mean(&scene.sizes),
            if missed { "  MISSED" } else { "" },
        );
    }
    if failed {
        eprintln!("a scene costs more than {SIZE_GATE} or steps by more than {STEP_GATE} dB");
    }
    ExitCode::from(u8::from(failed))
}

struct Clip {
    size: Size,
    rate: Rate,
    frames: Vec<Frame>,
}

/// One encode: bytes, mean SSIM in dB, and the luma PSNR of each frame.
struct Point {
    bytes: f64,
    quality: f64,
    psnr: Vec<f64>,
}

impl Clip {
    fn read(path: &str) -> Self {
        let facts = Command::new("ffprobe")
            .args(["-v", "error", "-select_streams", "v:0", "-of", "csv=p=0"])
            .args(["-show_entries", "stream=width,height,r_frame_rate", path])
            .output()
            .unwrap();
        let facts = String::from_utf8(facts.stdout).unwrap();
        let [width, height, rate] = facts.trim().split(',').collect::<Vec<_>>()[..] else {
            unreachable!("ffprobe names three facts")
        };
        let size = Size::new(width.parse().unwrap(), height.parse().unwrap());
        let raw = Command::new("ffmpeg")
            .args([
                "-v", "error", "-i", path, "-vsync", "0", "-pix_fmt", "yuv420p",
            ])
            .args(["-frames:v", &MOST.to_string(), "-f", "rawvideo", "-"])
            .output()
            .unwrap()
            .stdout;
        Self {
            size,
            rate: rate.parse().unwrap(),
            frames: frames(size, &raw),
        }
    }

    /// Where the clip is divided for the `grid`-th time; `None` where it is too short for that.
    fn ports(&self, grid: usize) -> Option<Vec<usize>> {
        let frames = self.frames.len();
        let apart = APART * self.rate.as_f64();
        let first = apart * (grid + 2) as f64 / GRIDS as f64;
        let inner = (0..)
            .map(|port| (first + f64::from(port) * apart).round() as usize)
            .take_while(|at| *at as f64 + apart / 2.0 <= frames as f64);
        let ports: Vec<usize> = [0].into_iter().chain(inner).chain([frames]).collect();
        (ports.len() > 2).then_some(ports)
    }

    fn continuous(&self, crf: u8) -> Point {
        let (size, rate) = (self.size.to_string(), self.rate.to_string());
        let input = [
            "-v",
            "error",
            "-f",
            "rawvideo",
            "-s",
            &size,
            "-framerate",
            &rate,
            "-i",
            "-",
        ];
        let mut raw = Vec::new();
        for frame in &self.frames {
            raw.extend(frame.data());
        }
        let crf = crf.to_string();
        let stream = pipe(
            &[
                &input[..],
                &["-c:v", "libx264", "-preset", "medium", "-crf", &crf],
                &["-g", "250", "-f", "h264", "-"],
            ]
            .concat(),
            raw,
        );
        let bytes = stream.len() as f64;
        let decoded = pipe(
            &[
                "-v", "error", "-f", "h264", "-i", "-", "-vsync", "0", "-f", "rawvideo", "-",
            ],
            stream,
        );
        self.point(bytes, &frames(self.size, &decoded))
    }

    fn runs(&self, ports: &[usize]) -> (Point, f64) {
        let mut settings = Settings::file(loopy_core::encode::Quality::Good);
        settings.key_seconds = 30;
        let (mut bytes, mut decoded) = (0, Vec::new());
        let mut seconds = 0.0;
        for run in ports.windows(2) {
            let frames = &self.frames[run[0]..run[1]];
            let start = Instant::now();
            let mut encoder =
                Encoder::new(&settings, self.size, self.rate, frames.len() as u32).unwrap();
            for frame in frames {
                encoder.push(frame).unwrap();
            }
            let segment = encoder.finish().unwrap();
            seconds += start.elapsed().as_secs_f64();
            bytes += segment.data.len();
            decoded.extend(Frames::new(&segment).unwrap().map(Result::unwrap));
        }
        (self.point(bytes as f64, &decoded), seconds)
    }

    fn point(&self, bytes: f64, decoded: &[Frame]) -> Point {
        assert_eq!(decoded.len(), self.frames.len());
        let pairs = || self.frames.iter().zip(decoded);
        let ssim: Vec<f64> = pairs().map(|(a, b)| ssim(a, b)).collect();
        let psnr = pairs().map(|(a, b)| psnr(a, b)).collect();
        Point {
            bytes,
            quality: -10.0 * (1.0 - mean(&ssim)).log10(),
            psnr,
        }
    }
}

fn steps(ports: &[usize], psnr: &[f64]) -> Vec<f64> {
    ports[1..ports.len() - 1]
        .iter()
        .map(|at| mean(&psnr[*at..at + SIDE]) - mean(&psnr[at - SIDE..*at]))
        .collect()
}

/// Size on the curve at `quality`, linear between quality and the logarithm of size.
fn size_at(curve: &[Point], quality: f64) -> f64 {
    let above = curve.windows(2).position(|pair| quality >= pair[1].quality);
    let pair = &curve[above.unwrap_or(curve.len() - 2)..][..2];
    let share = (quality - pair[0].quality) / (pair[1].quality - pair[0].quality);
    (pair[0].bytes.ln() + share * (pair[1].bytes / pair[0].bytes).ln()).exp()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn psnr(a: &Frame, b: &Frame) -> f64 {
    let ([a, ..], [b, ..]) = (a.planes(), b.planes());
    let squares: u64 = a
        .iter()
        .zip(b)
        .map(|(a, b)| u64::from(a.abs_diff(*b)).pow(2))
        .sum();
    let error = squares as f64 / a.len() as f64;
    10.0 * (255.0 * 255.0 / error.max(0.01)).log10()
}

/// Mean SSIM of the luma in 8x8 windows, 4 apart.
fn ssim(a: &Frame, b: &Frame) -> f64 {
    let (stride, height) = (a.stride(), a.size().height as usize);
    let ([a, ..], [b, ..]) = (a.planes(), b.planes());
    let (mut total, mut count) = (0.0, 0.0);
    for y in (0..height - 7).step_by(4) {
        for x in (0..stride - 7).step_by(4) {
            let (mut sa, mut sb, mut squares, mut cross) = (0_u32, 0_u32, 0_u32, 0_u32);
            for row in y..y + 8 {
                let range = row * stride + x..row * stride + x + 8;
                for (a, b) in a[range.clone()].iter().zip(&b[range]) {
                    let (a, b) = (u32::from(*a), u32::from(*b));
                    (sa, sb) = (sa + a, sb + b);
                    (squares, cross) = (squares + a * a + b * b, cross + a * b);
                }
            }
            let (sa, sb) = (f64::from(sa), f64::from(sb));
            let variances = f64::from(squares) * 64.0 - sa * sa - sb * sb;
            let covariance = f64::from(cross) * 64.0 - sa * sb;
            let (c1, c2) = (
                0.01 * 0.01 * 255.0 * 255.0 * 4096.0,
                0.03 * 0.03 * 255.0 * 255.0 * 4096.0,
            );
            total += (2.0 * sa * sb + c1) * (2.0 * covariance + c2)
                / ((sa * sa + sb * sb + c1) * (variances + c2));
            count += 1.0;
        }
    }
    total / count
}

fn frames(size: Size, raw: &[u8]) -> Vec<Frame> {
    let bytes = size.pixels() as usize * 3 / 2;
    raw.chunks_exact(bytes)
        .map(|raw| Frame::from_planes(size, raw.to_vec()).unwrap())
        .collect()
}

/// What `ffmpeg` makes of `input`.
fn pipe(arguments: &[&str], input: Vec<u8>) -> Vec<u8> {
    let mut child = Command::new("ffmpeg")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap().stdout;
    writer.join().unwrap().unwrap();
    output
}

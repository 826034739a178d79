//! Checks a plan for holding together, and a video for being what its report says, packet by
//! packet, without the store.

use std::path::Path;

use loopy_core::{clip::show, report::Report};
use loopy_media::{
    demux::{Kind, Packets},
    segment::Digest,
};
use serde::Serialize;

use crate::{Error, documents};

/// What was checked, and every finding.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Findings {
    /// Frames looked at.
    pub frames: u64,
    /// Distinct segments compared.
    pub segments: u32,
    /// What is wrong, in order; empty when all is well.
    pub problems: Vec<String>,
}

/// Findings beyond this number say nothing new.
const MOST: usize = 20;

impl Findings {
    fn add(&mut self, problem: String) {
        if self.problems.len() < MOST {
            self.problems.push(problem);
        }
    }
}

/// Reads a report file.
///
/// # Errors
/// [`Error::Document`].
pub fn read_report(path: &Path) -> Result<Report, Error> {
    documents::json(path)
}

/// Compares the video's packets with the report's segments, in the report's order, and its
/// timestamps with the constant step that a video of ours has.
///
/// # Errors
/// When the video cannot be read at all. What is wrong inside it is a finding.
pub fn video(path: &Path, report: &Report) -> Result<Findings, Error> {
    let mut findings = Findings::default();
    let mut packets = match Packets::open(path) {
        Ok(packets) => packets,
        // Coded by another program: its picture can still be looked at.
        Err(error @ loopy_media::Error::NoVideo { .. }) => {
            findings.add(error.to_string());
            return Ok(findings);
        }
        Err(error) => return Err(error.into()),
    };
    let info = packets.video().clone();
    if info.size != report.size {
        findings.add(format!(
            "it is {}, the report says {}",
            info.size, report.size
        ));
    }
    let rows = rows(report, &mut findings);
    let mut order = rows.iter().copied();
    let mut current: Option<Open> = None;
    let mut clock = Clock::new(report, info.time_base);
    let mut compared = vec![false; report.segments.len()];
    let mut sound_end = 0.0_f64;
    while let Some(packet) = packets.next()? {
        if packet.kind == Kind::Audio {
            if let Some(audio) = packets.audio() {
                let (num, den) = audio.time_base;
                let end = (packet.pts + packet.duration) as f64 * f64::from(num) / f64::from(den);
                sound_end = sound_end.max(end);
            }
            continue;
        }
        clock.see(packet.pts, packet.dts, &mut findings);
        findings.frames += 1;
        if current.is_none() {
            current = order.next().map(|segment| Open::new(segment, report));
        }
        let Some(open) = &mut current else {
            findings.add(format!("there is more after frame {}", findings.frames - 1));
            break;
        };
        open.take(&packet.data);
        if open.left == 0 {
            compared[open.segment as usize] = true;
            open.compare(report, findings.frames, &mut findings);
            current = None;
        }
    }
    if findings.frames != report.frames {
        let frames = findings.frames;
        findings.add(format!(
            "it has {frames} frames, the report says {}",
            report.frames
        ));
    }
    clock.finish(&mut findings);
    if report.audio.is_some() {
        let picture = report.frames as f64 / report.fps.as_f64();
        // One AAC frame at 48 kHz; Opus frames are shorter.
        if (sound_end - picture).abs() > 1024.0 / 48000.0 + 0.001 {
            findings.add(format!(
                "sound ends at {sound_end:.3} s, the picture at {picture:.3} s"
            ));
        }
    }
    findings.segments = compared.iter().filter(|seen| **seen).count() as u32;
    Ok(findings)
}

/// The segments in the order of the film; contradictions inside the report are findings.
fn rows(report: &Report, findings: &mut Findings) -> Vec<u32> {
    let mut rows = Vec::new();
    for (index, visit) in report.visits.iter().enumerate() {
        rows.extend(&visit.segments);
        rows.extend(report.seams.get(index).and_then(|seam| seam.segment));
    }
    let known = report.segments.len() as u32;
    if rows.iter().any(|segment| *segment >= known) {
        findings.add("the report names a segment that it does not describe".to_owned());
        rows.retain(|segment| *segment < known);
    }
    rows
}

/// A segment whose packets are passing by.
struct Open {
    segment: u32,
    left: u32,
    digest: Digest,
}

impl Open {
    fn new(segment: u32, report: &Report) -> Self {
        let left = report.segments[segment as usize].frames.max(1);
        Self {
            segment,
            left,
            digest: Digest::default(),
        }
    }

    fn take(&mut self, unit: &[u8]) {
        self.digest.unit(unit);
        self.left -= 1;
    }

    fn compare(&self, report: &Report, frames: u64, findings: &mut Findings) {
        let digest = self.digest.finish();
        let told = &report.segments[self.segment as usize];
        if digest != told.digest {
            findings.add(format!(
                "frames {}..{frames} are not segment {} of the report",
                frames - u64::from(told.frames),
                self.segment
            ));
        }
    }
}

/// Watches timestamps: each decode time one step after the last, and every display time once.
struct Clock {
    /// Ticks per frame as an exact fraction.
    step: (u128, u128),
    /// The container rounds times, by up to one tick.
    slack: u128,
    first: Option<i64>,
    last: Option<i64>,
    frames: u128,
    sum: i128,
    lowest: i64,
    highest: i64,
    uneven: bool,
}

impl Clock {
    fn new(report: &Report, (num, den): (u32, u32)) -> Self {
        let up = u128::from(report.fps.den()) * u128::from(den);
        let down = u128::from(report.fps.num()) * u128::from(num);
        Self {
            step: (up, down),
            slack: u128::from(up % down != 0),
            first: None,
            last: None,
            frames: 0,
            sum: 0,
            lowest: i64::MAX,
            highest: i64::MIN,
            uneven: false,
        }
    }

    fn see(&mut self, pts: i64, dts: i64, findings: &mut Findings) {
        let first = *self.first.get_or_insert(dts);
        let due = (self.frames * self.step.0 + self.step.1 / 2) / self.step.1;
        let off = i128::from(dts - first) - due as i128;
        if off.unsigned_abs() > self.slack && !self.uneven {
            self.uneven = true;
            findings.add(format!(
                "frame {} is {off} ticks away from its time",
                self.frames
            ));
        }
        if self.last.is_some_and(|last| dts <= last) {
            findings.add(format!("decode times do not rise at frame {}", self.frames));
        }
        self.last = Some(dts);
        self.frames += 1;
        self.sum += i128::from(pts);
        self.lowest = self.lowest.min(pts);
        self.highest = self.highest.max(pts);
    }

    /// Display times are the decode times in another order, shifted: their span and their sum
    /// must be those of an unbroken row.
    fn finish(&self, findings: &mut Findings) {
        if self.frames == 0 {
            return;
        }
        let span = (i128::from(self.highest) - i128::from(self.lowest)).unsigned_abs();
        let due = (self.frames - 1) * self.step.0 / self.step.1;
        if span.abs_diff(due) > self.slack + 1 {
            findings.add(format!("display times span {span} ticks instead of {due}"));
        }
        let middle = self.frames as i128 * (i128::from(self.lowest) + i128::from(self.highest));
        let slack = self.frames as i128 * 2 * (self.slack as i128 + i128::from(self.slack > 0));
        if (2 * self.sum - middle).abs() > slack {
            findings.add("display times are not an unbroken row".to_owned());
        }
    }
}

/// A report's file and a video's, as a person would name them in one line.
pub fn summary(path: &Path, findings: &Findings) -> String {
    if findings.problems.is_empty() {
        format!(
            "{}: all {} frames are what the report says",
            show(path),
            findings.frames
        )
    } else {
        format!("{}: {} problems", show(path), findings.problems.len())
    }
}

//! The planner's figures: `cargo run --release -p loopy-core --example walk_figures`.
//!
//! Every goal that is missed is named, and then the command fails. Graphs are drawn from a fixed
//! seed: clips of five seconds at 30 frames a second, scores from 0.3 to 1.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program for the terminal"
)]

use std::{path::Path, process::ExitCode, time::Instant};

use loopy_core::{
    Clip, ClipPath, Graph, Hash, Plan, Rate, Size,
    clip::Facts,
    graph::{Bridge, Edge, PortRef, Ports, Score},
    tags::Tags,
    walk::{self, Options, Planner},
};

const FRAMES: u32 = 150;

fn clip(index: u32, fps: Rate) -> Clip {
    let name = format!("{index}.mp4");
    let size = Size::new(1280, 720);
    Clip {
        path: ClipPath::from(Path::new(&name)),
        hash: Hash::of(name.as_bytes()),
        facts: Facts::ordinary(size),
        first: 0,
        until: FRAMES,
        times: (0..u64::from(FRAMES))
            .map(|frame| fps.micros(frame))
            .collect(),
        end: fps.micros(u64::from(FRAMES)),
        shot: 0,
        sound_offset: 0,
        tags: Tags::default(),
        scene: 0,
    }
}

struct Noise(u64);

impl Noise {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = (self.0)
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % u64::from(bound)) as u32
    }
}

/// `count` clips of `ports` ports each, `exits` edges to other clips out of each port that can be
/// left (all other clips where that is as many).
fn graph(count: u32, ports: u32, exits: u32) -> Graph {
    let fps = Rate::new(30, 1).unwrap();
    let mut noise = Noise(2026);
    let places: Vec<u32> = (0..ports).map(|port| FRAMES * port / (ports - 1)).collect();
    let mut edges = Vec::new();
    for from in 0..count {
        for boundary in &places[1..] {
            let all: Vec<u32> = (0..count).filter(|to| *to != from).collect();
            let targets: Vec<u32> = if exits >= count - 1 {
                all
            } else {
                (0..exits)
                    .map(|_| all[noise.below(count - 1) as usize])
                    .collect()
            };
            for to in targets {
                let enter = places[noise.below(ports.div_ceil(2)) as usize];
                let end = |clip, boundary| PortRef { clip, boundary };
                edges.push(Edge {
                    from: end(from, *boundary),
                    to: end(to, if ports == 2 { 0 } else { enter }),
                    score: Score::from_f64(0.3 + f64::from(noise.below(700)) / 1000.0),
                    step: 1.0,
                    declared: false,
                    bridge: Bridge::None,
                    rsv: None,
                });
            }
        }
    }
    let mut graph = Graph {
        clips: (0..count).map(|index| clip(index, fps)).collect(),
        ports: vec![Ports(places); count as usize],
        edges,
        scenes: 1,
    };
    graph.sort();
    graph
}

#[derive(Default)]
struct Goals(Vec<String>);

impl Goals {
    fn meet(&mut self, met: bool, what: &str) {
        println!("  {} {what}", if met { "met   " } else { "MISSED" });
        if !met {
            self.0.push(what.to_owned());
        }
    }
}

fn film(graph: &Graph, seconds: u64, seed: u64) -> (Plan, f64) {
    let options = Options {
        frames: seconds * 30,
        seed,
        ..Options::default()
    };
    let clock = Instant::now();
    let started = cpu(clock);
    let plan = walk::plan(graph, &options).unwrap();
    (plan, cpu(clock) - started)
}

fn tell(plan: &Plan, cpu: f64) {
    let found = &plan.certificate;
    println!(
        "  {} visits; gap {}, 5 % {}, median {}; repeated pairs {:.2} %, triples {:.2} %; longest \
         repeat {}; evenness {:.2}; planned in {:.1} CPU ms",
        found.visits,
        found.return_gap_min.unwrap_or(0),
        found.return_gap_p5.unwrap_or(0),
        found.return_gap_median.unwrap_or(0),
        found.repeated_pairs * 100.0,
        found.repeated_triples * 100.0,
        found.longest_repeat,
        found.usage_evenness,
        cpu * 1000.0,
    );
}

fn dense(goals: &mut Goals) {
    println!("dense 20 clips, 30 min of 5 s visits, 8 seeds");
    let small = graph(20, 2, 99);
    for seed in 1..=8 {
        let (plan, cpu) = film(&small, 1800, seed);
        tell(&plan, cpu);
        let found = &plan.certificate;
        goals.meet(found.return_gap_min >= Some(12), "gap of 12");
        goals.meet(found.repeated_pairs <= 0.01, "at most 1 % repeated pairs");
        goals.meet(found.repeated_triples <= 0.0, "no repeated triple");
    }
    println!("dense 100 clips, 6 h of 5 s visits, 3 seeds");
    let large = graph(100, 2, 99);
    for seed in 1..=3 {
        let (plan, cpu) = film(&large, 6 * 3600, seed);
        tell(&plan, cpu);
        let found = &plan.certificate;
        goals.meet(found.return_gap_min >= Some(60), "gap of 60");
        goals.meet(found.repeated_pairs <= 0.0, "no repeated pair");
    }
}

fn certified(goals: &mut Goals) {
    println!("certified, dense 100 clips, 9,900 pairs of 5 s visits, 13.75 h, 3 seeds");
    let graph = graph(100, 2, 99);
    for seed in 1..=3 {
        certified_with(&graph, seed, goals);
    }
    triples(goals);
}

/// All triples of a small library, after all its pairs.
fn triples(goals: &mut Goals) {
    println!(
        "certified, dense 20 clips, 380 pairs, then 6,840 triples of 5 s visits, 9.5 h, 3 seeds"
    );
    let graph = graph(20, 2, 19);
    for seed in 1..=3 {
        let options = Options {
            frames: 6842 * 150,
            seed,
            certified: true,
            ..Options::default()
        };
        let clock = Instant::now();
        let started = cpu(clock);
        let plan = walk::plan(&graph, &options).unwrap();
        tell(&plan, cpu(clock) - started);
        println!("  {}", plan.notes.join("\n  "));
        goals.meet(plan.visits.len() == 6842, "6,840 triples in a row");
        let found = plan.certificate.repeated_triples;
        goals.meet(found <= 0.0, "all of them distinct");
    }
}

fn certified_with(graph: &Graph, seed: u64, goals: &mut Goals) {
    let options = Options {
        frames: 9901 * 150,
        seed,
        certified: true,
        ..Options::default()
    };
    let clock = Instant::now();
    let started = cpu(clock);
    let plan = walk::plan(graph, &options).unwrap();
    tell(&plan, cpu(clock) - started);
    println!("  {}", plan.notes.join("\n  "));
    let found = &plan.certificate;
    goals.meet(found.visits == 9901, "9,900 pairs in a row");
    goals.meet(found.repeated_pairs <= 0.0, "all of them distinct");
    goals.meet(found.return_gap_min >= Some(20), "gap of 20");
    let bound = found
        .capacity
        .as_ref()
        .map(|capacity| capacity.visits_to_pair);
    goals.meet(bound == Some(9901), "as many as the published bound");
}

fn sparse() {
    println!("100 clips with 10 exits each, 30 min; 20 clips with 6 exits each, 30 min (no goals)");
    for (count, exits) in [(100, 10), (20, 6)] {
        let (plan, cpu) = film(&graph(count, 2, exits), 1800, 1);
        tell(&plan, cpu);
        println!("  {:?}", plan.notes);
    }
}

/// CPU seconds of this thread so far, where the system tells; the clock's otherwise.
fn cpu(started: Instant) -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = told.and_then(|text| text.split_whitespace().next()?.parse::<f64>().ok());
    nanos.map_or_else(|| started.elapsed().as_secs_f64(), |nanos| nanos / 1e9)
}

/// Steps a CPU second of the endless walk.
fn speed(count: u32, ports: u32, exits: u32, steps: usize) -> f64 {
    let graph = graph(count, ports, exits);
    let clock = Instant::now();
    let begun = cpu(clock);
    let planner = Planner::new(&graph, &Options::default()).unwrap();
    let laid = cpu(clock) - begun;
    let mut stream = planner.stream();
    stream.next();
    let ready = cpu(clock) - begun;
    let started = cpu(clock);
    let frames: u64 = (&mut stream)
        .take(steps)
        .map(|leg| u64::from(leg.visit.frames()))
        .sum();
    let rate = steps as f64 / (cpu(clock) - started);
    println!(
        "{count} clips x {ports} ports x {exits} edges: laid out in {:.0} ms, first visit after \
         {:.0} ms; {rate:.0} steps a CPU second ({:.1} s a visit)",
        laid * 1000.0,
        ready * 1000.0,
        frames as f64 / 30.0 / steps as f64,
    );
    rate
}

fn peak_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    let kilobytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes / 1024.0)
}

fn speeds(goals: &mut Goals) {
    let rate = speed(100, 8, 16, 400_000);
    goals.meet(rate >= 100_000.0, "100,000 steps a second");
    let rate = speed(1000, 8, 50, 60_000);
    goals.meet(rate >= 10_000.0, "10,000 steps a second");
    if let Some(peak) = peak_mb() {
        println!("  peak memory {peak:.0} MB");
        goals.meet(peak < 1000.0, "under 1 GB");
    }
    let (plan, cpu) = film(&graph(60, 8, 16), 1800, 1);
    println!("30 min over 60 clips x 8 ports x 16 edges");
    tell(&plan, cpu);
}

fn main() -> ExitCode {
    let mut goals = Goals::default();
    let wish = std::env::args().nth(1);
    let asked = |name: &str| wish.as_deref().is_none_or(|wish| wish == name);
    if asked("dense") {
        dense(&mut goals);
    }
    if asked("certified") {
        certified(&mut goals);
    }
    if asked("sparse") {
        sparse();
    }
    if asked("speed") {
        speeds(&mut goals);
    }
    println!("{} goals missed", goals.0.len());
    ExitCode::from(u8::from(!goals.0.is_empty()))
}

//! What watching the machine costs: samples for some seconds, then says how much CPU that took.
//!
//!     cargo run --release -p loopy-monitor --example monitor_cost -- [SECONDS [INTERVAL]]
//!
//! Fails when it is more than 0.5 % of a core. `--samples` prints what was seen, as JSON.

#![allow(clippy::print_stdout, reason = "it is a program")]

use std::{process::ExitCode, time::Instant};

use loopy_core::config::AdvancedFeaturesConfig;
use loopy_monitor::{ResourceMonitor, Stop};
use rustix::time::{ClockId, clock_gettime};

/// Most of a core, in percent.
const MOST: f64 = 0.5;

fn main() -> ExitCode {
    let (numbers, words): (Vec<_>, Vec<_>) = std::env::args()
        .skip(1)
        .partition(|word| word.parse::<f64>().is_ok());
    let number = |at: usize, or: f64| {
        let word = numbers.get(at).and_then(|word| word.parse().ok());
        word.unwrap_or(or)
    };
    let (seconds, interval) = (number(0, 30.0), number(1, 1.0));
    let mut config = AdvancedFeaturesConfig::default();
    config.monitor.interval = interval;
    let mut monitor = ResourceMonitor::new(&config, ".");
    let talks = words.iter().any(|word| word == "--samples");
    let tell = |what: &str, value: Result<String, _>| {
        if let (true, Ok(text)) = (talks, value) {
            println!("{what}: {text}");
        }
    };
    tell("info", serde_json::to_string(&monitor.get_system_info()));
    tell(
        "quality",
        serde_json::to_string(&monitor.get_recommended_quality()),
    );

    let stop = Stop::default();
    let mut samples = monitor.monitor_resources(stop.clone());
    // The first look also loads the driver's library, if there is one.
    samples.next();
    let (wall, cpu) = (Instant::now(), spent());
    let mut count = 0;
    while wall.elapsed().as_secs_f64() < seconds {
        let Some(sample) = samples.next() else { break };
        count += 1;
        tell("sample", serde_json::to_string(&sample));
    }
    let (wall, cpu) = (wall.elapsed().as_secs_f64(), spent() - cpu);
    let percent = cpu / wall * 100.0;
    println!(
        "{count} samples in {wall:.1} s: {:.2} ms CPU each, {percent:.3} % of a core",
        cpu / f64::from(count) * 1000.0
    );
    ExitCode::from(u8::from(percent > MOST))
}

/// CPU seconds of this process.
fn spent() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

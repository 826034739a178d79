//! What work costs: CPU seconds and peak memory of this process and of its workers.

use std::time::Instant;

use loopy_core::report;
use rustix::time::{ClockId, clock_gettime};

use crate::{
    Error,
    events::{Event, Stage},
    executor::Usage,
    render::Room,
};

/// Adds up stages as they run.
pub struct Meter<'a> {
    workers: &'a (dyn Fn() -> Usage + Sync),
    stages: Vec<report::Stage>,
}

impl<'a> Meter<'a> {
    /// Nothing measured yet.
    pub fn start(workers: &'a (dyn Fn() -> Usage + Sync)) -> Self {
        Self {
            workers,
            stages: Vec::new(),
        }
    }

    /// Runs one stage, measured and announced.
    pub fn stage<T>(
        &mut self,
        stage: Stage,
        room: &Room,
        work: impl FnOnce() -> Result<T, Error>,
    ) -> Result<T, Error> {
        let (wall, cpu) = (Instant::now(), cpu_seconds() + (self.workers)().cpu_seconds);
        let result = work()?;
        let wall = wall.elapsed().as_secs_f64();
        let cpu = cpu_seconds() + (self.workers)().cpu_seconds - cpu;
        (room.sink)(Event::StageFinished { stage, wall, cpu });
        self.stages.push(report::Stage {
            name: stage.name().to_owned(),
            wall,
            cpu,
        });
        Ok(result)
    }

    /// Every stage so far.
    pub fn stages(&self) -> Vec<report::Stage> {
        self.stages.clone()
    }

    /// Largest peak of a worker, if there were workers.
    pub fn worker_peak(&self) -> Option<u64> {
        Some((self.workers)().peak_bytes).filter(|bytes| *bytes > 0)
    }
}

/// CPU seconds of this process, all threads.
pub fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// Peak resident memory of this process in bytes, where /proc tells.
pub fn peak_memory() -> Option<u64> {
    status("VmHWM:")
}

/// Resident memory of this process in bytes, where /proc tells.
pub fn resident() -> Option<u64> {
    status("VmRSS:")
}

/// Lets the peak begin anew from what is resident now, where the system can.
pub(crate) fn forget_peak() {
    if let Err(error) = std::fs::write("/proc/self/clear_refs", "5") {
        tracing::trace!(%error, "the peak of memory stays");
    }
}

/// A size that /proc states in kB, in bytes.
fn status(name: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim()
        .strip_suffix("kB")?
        .trim()
        .parse::<u64>()
        .ok()
        .map(|kib| kib * 1024)
}

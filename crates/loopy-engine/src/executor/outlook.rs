//! The machine as the governor asks about it: the newest sample of a watch.

use std::{path::Path, time::Duration};

use loopy_core::config::AdvancedFeaturesConfig;
use loopy_monitor::{Machine, NoGpus, ResourceMonitor, Sample, SystemInfo, Watch};

use super::{Load, Outlook};

/// A watch, and how many cores of the machine we may use.
pub(crate) struct Lookout {
    watch: Watch,
    usable: f64,
}

impl Lookout {
    /// Begins to watch; what the machine has is told beside it.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn start(
        config: &AdvancedFeaturesConfig,
        store: &Path,
    ) -> std::io::Result<(Self, SystemInfo)> {
        // No worker uses a GPU: its driver is not asked each second.
        let gpus = Box::new(NoGpus("not asked".to_owned()));
        let mut monitor = ResourceMonitor::of(config, Machine::default(), store, gpus);
        let info = monitor.get_system_info();
        let lookout = Self {
            watch: Watch::start(monitor)?,
            usable: f64::from(info.usable_cores()),
        };
        Ok((lookout, info))
    }
}

impl Outlook for Lookout {
    fn now(&self) -> Duration {
        self.watch.now()
    }

    fn load(&self) -> Option<(Duration, Load)> {
        let sample = self.watch.latest()?;
        Some((sample.at, load(&sample, self.usable)))
    }

    fn own(&self) -> u64 {
        crate::usage::resident().unwrap_or(0)
    }

    fn workers(&self) -> u64 {
        let sample = self.watch.latest();
        sample
            .and_then(|sample| Some(sample.tree.known()?.workers))
            .unwrap_or(0)
    }

    fn free(&self) -> Option<u64> {
        left(&self.watch.latest()?).map(|(free, _)| free)
    }
}

/// What a sample says of the load.
fn load(sample: &Sample, usable: f64) -> Load {
    let cpu = sample.cpu.known();
    let ours = sample.tree.known().and_then(|tree| tree.busy.known());
    Load {
        cores: cpu.map_or(usable, |cpu| f64::from(cpu.cores)),
        usable,
        others: cpu.zip(ours).map(|(cpu, ours)| (cpu.busy - ours).max(0.0)),
        memory: left(sample).map(|(free, all)| free as f64 / all as f64),
        stalled: sample
            .memory_pressure
            .known()
            .and_then(|pressure| Some(pressure.full?.avg10)),
    }
}

/// Bytes that the machine or the container has left, of how many: where the share is less.
fn left(sample: &Sample) -> Option<(u64, u64)> {
    let machine = sample.memory.known().map(|all| (all.available, all.total));
    let limit = sample.limit.known().and_then(|memory| {
        let limit = memory.limit.filter(|limit| *limit > 0)?;
        Some((limit.saturating_sub(memory.used), limit))
    });
    let share = |(free, all): &(u64, u64)| *free as f64 / *all as f64;
    let both = [machine, limit].into_iter().flatten();
    both.min_by(|a, b| share(a).total_cmp(&share(b)))
}

#[cfg(test)]
mod tests {
    use loopy_monitor::{Cpu, Memory, MemoryLimit, Pressure, Reading, Stall, Tree};

    use super::*;

    fn sample() -> Sample {
        let calm = Stall {
            avg10: 3.0,
            avg60: 0.0,
            avg300: 0.0,
        };
        let no = || Reading::unknown("not asked");
        Sample {
            at: Duration::ZERO,
            cpu: Reading::Known(Cpu {
                busy: 3.0,
                cores: 4,
            }),
            tree: Reading::Known(Tree {
                busy: Reading::Known(1.75),
                own: 1,
                workers: 2,
                count: 1,
            }),
            memory: Reading::Known(Memory {
                total: 1000,
                available: 800,
            }),
            limit: Reading::unknown("no limit"),
            disk: Reading::unknown("not asked"),
            gpus: Reading::unknown("not asked"),
            cpu_pressure: no(),
            memory_pressure: Reading::Known(Pressure {
                some: calm,
                full: Some(calm),
            }),
            io_pressure: no(),
        }
    }

    #[test]
    fn others_use_what_we_do_not() {
        let load = load(&sample(), 2.0);
        assert_eq!((load.cores, load.usable), (4.0, 2.0));
        assert_eq!(load.others, Some(1.25));
        assert_eq!((load.memory, load.stalled), (Some(0.8), Some(3.0)));
    }

    #[test]
    fn the_container_counts_where_it_has_less() {
        let mut sample = sample();
        sample.limit = Reading::Known(MemoryLimit {
            limit: Some(100),
            used: 70,
        });
        assert_eq!(left(&sample), Some((30, 100)));
        sample.limit = Reading::Known(MemoryLimit {
            limit: Some(100),
            used: 0,
        });
        assert_eq!(left(&sample), Some((800, 1000)));
    }

    #[test]
    fn what_is_not_known_stays_so() {
        let mut sample = sample();
        sample.tree = Reading::unknown("no /proc");
        sample.memory = Reading::unknown("no /proc");
        sample.memory_pressure = Reading::unknown("no /proc");
        let load = load(&sample, 2.0);
        assert_eq!((load.others, load.memory, load.stalled), (None, None, None));
    }
}

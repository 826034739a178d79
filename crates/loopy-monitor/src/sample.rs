//! One look at the machine. What counts up becomes a rate against the look before.

mod tree;

use std::{path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    Disk, Gpu, Gpus, Machine, Memory, MemoryLimit, Pressure, Reading,
    read::{self, cgroup, cpu::Ticks, process::Stat},
};

/// The machine at one time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// When, since the first of its row.
    pub at: Duration,
    /// The CPU of the machine.
    pub cpu: Reading<Cpu>,
    /// This process and those below it.
    pub tree: Reading<Tree>,
    /// Memory of the machine.
    pub memory: Reading<Memory>,
    /// What the container may take of it.
    pub limit: Reading<MemoryLimit>,
    /// The disk of the store.
    pub disk: Reading<Disk>,
    /// Every GPU.
    pub gpus: Reading<Vec<Gpu>>,
    /// How much work waits for a core.
    pub cpu_pressure: Reading<Pressure>,
    /// How much work waits for memory.
    pub memory_pressure: Reading<Pressure>,
    /// How much work waits for a disk.
    pub io_pressure: Reading<Pressure>,
}

/// The CPU of the machine since the look before.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cpu {
    /// Cores that were busy, of all processes together.
    pub busy: f64,
    /// Cores of the machine.
    pub cores: u32,
}

/// This process and those below it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tree {
    /// Cores that they kept busy since the look before.
    pub busy: Reading<f64>,
    /// Resident bytes of this process.
    pub own: u64,
    /// Resident bytes of those below it. What several share counts for each.
    pub workers: u64,
    /// How many there are below it.
    pub count: u32,
}

/// Looks at the machine again and again. What time it is, is told by whoever asks.
pub struct Sampler {
    machine: Machine,
    store: PathBuf,
    gpus: Box<dyn Gpus>,
    tick: f64,
    page: u64,
    finder: tree::Finder,
    before: Option<Before>,
}

/// What counted so far.
struct Before {
    at: Duration,
    cpu: Option<Ticks>,
    tree: Option<u64>,
}

impl Sampler {
    /// A sampler of `machine`, of the disk of the folder `store`, and of these GPUs.
    pub fn new(machine: Machine, store: impl Into<PathBuf>, gpus: Box<dyn Gpus>) -> Self {
        Self {
            machine,
            store: store.into(),
            gpus,
            tick: rustix::param::clock_ticks_per_second() as f64,
            page: rustix::param::page_size() as u64,
            finder: tree::Finder::default(),
            before: None,
        }
    }

    /// The machine that it looks at.
    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    /// The folder whose disk it looks at.
    pub fn store(&self) -> &std::path::Path {
        &self.store
    }

    /// Every GPU, and nothing else.
    pub fn gpus(&mut self) -> Reading<Vec<Gpu>> {
        self.gpus.read()
    }

    /// The machine at `now`, a time since whatever beginning, which never goes back. The first
    /// look knows no rates.
    pub fn sample(&mut self, now: Duration) -> Sample {
        let ticks = self
            .machine
            .proc("stat")
            .and_then(|text| read::cpu::ticks(&text));
        let tree = self.finder.find(&self.machine);
        let spent = tree
            .as_ref()
            .map(|tree| {
                tree.iter()
                    .map(|one| one.ticks)
                    .fold(0, u64::saturating_add)
            })
            .ok();
        let before = self.before.replace(Before {
            at: now,
            cpu: ticks.as_ref().ok().copied(),
            tree: spent,
        });
        let before = before.as_ref();
        let pressure = |what: &str| {
            let text = self.machine.proc(&format!("pressure/{what}"));
            text.and_then(|text| read::pressure::parse(&text)).into()
        };
        let meminfo = self.machine.proc("meminfo");
        Sample {
            at: now,
            cpu: rate(ticks, before).into(),
            tree: tree
                .map(|tree| self.together(&tree, now, spent, before))
                .into(),
            memory: meminfo.and_then(|text| read::memory::parse(&text)).into(),
            limit: cgroup::memory(&self.machine),
            disk: read::disk::of(&self.store),
            cpu_pressure: pressure("cpu"),
            memory_pressure: pressure("memory"),
            io_pressure: pressure("io"),
            gpus: self.gpus.read(),
        }
    }

    fn together(
        &self,
        tree: &[Stat],
        now: Duration,
        spent: Option<u64>,
        before: Option<&Before>,
    ) -> Tree {
        let bytes = |stats: &[Stat]| {
            let pages = stats.iter().map(|one| one.pages);
            pages
                .fold(0_u64, u64::saturating_add)
                .saturating_mul(self.page)
        };
        let (own, workers) = tree.split_at(tree.len().min(1));
        let busy = before
            .and_then(|before| {
                let elapsed = now.checked_sub(before.at)?.as_secs_f64();
                // A process that ended before its parent looked takes its ticks along.
                let ticks = spent?.saturating_sub(before.tree?);
                (elapsed > 0.0).then(|| ticks as f64 / self.tick / elapsed)
            })
            .ok_or("a rate takes two looks");
        Tree {
            busy: busy.into(),
            own: bytes(own),
            workers: bytes(workers),
            count: u32::try_from(workers.len()).unwrap_or(u32::MAX),
        }
    }
}

/// Cores that were busy between two looks.
fn rate(ticks: Result<Ticks, String>, before: Option<&Before>) -> Result<Cpu, String> {
    let now = ticks?;
    let before = before
        .and_then(|before| before.cpu)
        .ok_or("a rate takes two looks")?;
    // Counts of waiting for disks may go back, and a look may come too soon for a tick.
    let all = now.all.saturating_sub(before.all);
    if all == 0 {
        return Err("no time has passed since the look before".to_owned());
    }
    let busy = now.busy.saturating_sub(before.busy).min(all);
    Ok(Cpu {
        busy: busy as f64 / all as f64 * f64::from(now.cores),
        cores: now.cores,
    })
}

#[cfg(test)]
mod tests;

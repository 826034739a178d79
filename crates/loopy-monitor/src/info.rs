//! What the machine has, apart from how busy it is.

use serde::{Deserialize, Serialize};

use crate::{CpuQuota, Disk, Gpu, Machine, Memory, MemoryLimit, Reading, Sampler, read};

/// What the machine has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SystemInfo {
    /// Name of the processor.
    pub processor: Reading<String>,
    /// Cores of the machine.
    pub cores: Reading<u32>,
    /// Cores that this process may run on.
    pub allowed_cores: Reading<u32>,
    /// Cores' time that the container may take.
    pub quota: Reading<CpuQuota>,
    /// Memory of the machine.
    pub memory: Reading<Memory>,
    /// What the container may take of it.
    pub limit: Reading<MemoryLimit>,
    /// The disk of the store.
    pub disk: Reading<Disk>,
    /// Every GPU.
    pub gpus: Reading<Vec<Gpu>>,
}

impl SystemInfo {
    /// Workers that can run at the same time: cores that we may run on, as far as the container's
    /// quota goes; one where nothing is known.
    pub fn usable_cores(&self) -> u32 {
        let cores = [&self.allowed_cores, &self.cores];
        let cores = cores.into_iter().find_map(Reading::known).copied();
        let quota = self.quota.known().and_then(|quota| quota.cores);
        let quota = quota.map(|cores| cores.ceil().clamp(1.0, f64::from(u32::MAX)) as u32);
        let least = [cores, quota].into_iter().flatten().min();
        least.unwrap_or(1).max(1)
    }

    /// Memory that the machine or the container has, in bytes, the lesser of the two.
    pub fn usable_memory(&self) -> Reading<u64> {
        let limit = self.limit.known().and_then(|memory| memory.limit);
        match (&self.memory, limit) {
            (Reading::Known(memory), limit) => {
                Reading::Known(limit.map_or(memory.total, |limit| limit.min(memory.total)))
            }
            (Reading::Unknown { .. }, Some(limit)) => Reading::Known(limit),
            (Reading::Unknown { why }, None) => Reading::unknown(why.clone()),
        }
    }
}

/// What the machine has, as it is now.
pub fn system_info(sampler: &mut Sampler) -> SystemInfo {
    let gpus = sampler.gpus();
    let machine = sampler.machine();
    SystemInfo {
        processor: processor(machine).into(),
        cores: machine
            .proc("stat")
            .and_then(|text| read::cpu::ticks(&text))
            .map(|ticks| ticks.cores)
            .into(),
        allowed_cores: machine
            .own("status")
            .and_then(|text| read::cpu::allowed(&text))
            .into(),
        quota: read::cgroup::cpu(machine),
        memory: machine
            .proc("meminfo")
            .and_then(|text| read::memory::parse(&text))
            .into(),
        limit: read::cgroup::memory(machine),
        disk: read::disk::of(sampler.store()),
        gpus,
    }
}

fn processor(machine: &Machine) -> Result<String, String> {
    let text = machine.proc("cpuinfo")?;
    text.lines()
        .find_map(|line| {
            let (name, value) = line.split_once(':')?;
            (name.trim() == "model name").then(|| value.trim().to_owned())
        })
        .filter(|name| !name.is_empty())
        .ok_or_else(|| "cpuinfo does not name the processor".to_owned())
}

#[cfg(test)]
mod tests;

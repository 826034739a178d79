//! What the machine has and how busy it is: CPU, memory, disk, GPUs, pressure.
//!
//! Everything may be missing: a container without limits, a system without `/proc`, a GPU without a
//! driver, a file that may not be read. What cannot be read is [`Reading::Unknown`] with its reason;
//! nothing here fails.

#[cfg(test)]
mod fake;
mod gpu;
mod history;
mod info;
mod machine;
mod monitor;
mod quality;
mod read;
mod reading;
mod sample;
mod watch;

pub use gpu::{Gpu, Gpus, NoGpus, Nvml};
pub use history::{HISTORY, History};
pub use info::{SystemInfo, system_info};
pub use machine::Machine;
pub use monitor::{ResourceMonitor, Samples, Stop};
pub use quality::{Quality, Recommended, StreamRung, Tier, WORKER_NEED, recommended_quality};
pub use read::{
    cgroup::{CpuQuota, MemoryLimit},
    disk::Disk,
    memory::Memory,
    pressure::{Pressure, Stall},
};
pub use reading::Reading;
pub use sample::{Cpu, Sample, Sampler, Tree};
pub use watch::Watch;

//! What the machine has.

use loopy_monitor::{Quality, Reading, SystemInfo};

use super::{super::places, Check};
use crate::{args::Global, words::size};

pub(super) fn gpu(info: &SystemInfo) -> Check {
    let id = "gpu";
    match &info.gpus {
        Reading::Known(gpus) if gpus.is_empty() => Check::note(id, "the driver shows none", ""),
        Reading::Known(gpus) => {
            let told: Vec<String> = gpus
                .iter()
                .map(|gpu| {
                    let name = gpu.name.known().map_or("a GPU", String::as_str);
                    match gpu.memory_total.known() {
                        Some(bytes) => format!("{name}, {}", size(*bytes)),
                        None => name.to_owned(),
                    }
                })
                .collect();
            let told = format!("{}; this version works on the CPU", told.join("; "));
            Check::good(id, told)
        }
        Reading::Unknown { why } => Check::note(
            id,
            format!("none: {why}"),
            "nothing has to be done: this version works on the CPU",
        ),
    }
}

pub(super) fn cpu(info: &SystemInfo) -> Check {
    let name = match &info.processor {
        Reading::Known(name) => name.clone(),
        Reading::Unknown { why } => why.clone(),
    };
    let cores = info.usable_cores();
    let features = places::cpu_features().join(" ");
    Check::good("cpu", format!("{name}, {cores} cores, {features}"))
}

pub(super) fn workers(global: &Global, quality: &Quality) -> Check {
    let (count, suits) = (u32::from(global.workers), &quality.workers);
    let says = format!("{count} of {} that suit ({})", suits.value, suits.reason);
    if count < suits.value {
        let fix = format!(
            "`--workers {}`, or features.parallel_processing.enabled: true",
            suits.value
        );
        return Check::note("workers", says, &fix);
    }
    Check::good("workers", says)
}

pub(super) fn memory(info: &SystemInfo) -> Check {
    match &info.memory {
        Reading::Known(memory) => Check::good(
            "memory",
            format!(
                "{} of {} available",
                size(memory.available),
                size(memory.total)
            ),
        ),
        Reading::Unknown { why } => Check::note("memory", why.clone(), ""),
    }
}

pub(super) fn limits(info: &SystemInfo) -> Check {
    let memory = match &info.limit {
        Reading::Known(limit) => match limit.limit {
            Some(bytes) => format!("memory: {} used of {}", size(limit.used), size(bytes)),
            None => "memory: none".to_owned(),
        },
        Reading::Unknown { why } => format!("memory: {why}"),
    };
    let cores = match &info.quota {
        Reading::Known(quota) => match quota.cores {
            Some(cores) => format!("CPU: {cores:.1} cores"),
            None => "CPU: none".to_owned(),
        },
        Reading::Unknown { why } => format!("CPU: {why}"),
    };
    Check::good("limits", format!("of the container: {memory}; {cores}"))
}

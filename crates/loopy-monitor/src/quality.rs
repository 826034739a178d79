//! What suits a machine: the tier of the learned model, workers, frames held at a time, and the
//! rungs of the stream; each with its reason. Pure: the same machine gives the same advice.

use loopy_core::Size;
use serde::{Deserialize, Serialize};

use crate::{Gpu, Reading, SystemInfo};

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// Memory that one worker is thought to need before its jobs say more: what encoding clips of
/// 1080p takes.
pub const WORKER_NEED: u64 = 512 * MIB;
/// Memory of the program itself.
const OWN_NEED: u64 = 256 * MIB;
/// One frame of 1080p with what is made of it.
const FRAME_NEED: u64 = 25 * MIB;
const MOST_FRAMES: u64 = 64;
/// Drivers keep a part of a GPU's memory to themselves: a card sold as 8 GB shows somewhat less.
const NEARLY: f64 = 0.9;
/// Core seconds that live encoding takes for a frame of 1280x720 (x264 superfast), in thousandths.
const FRAME_MS: f64 = 8.1;
const STREAM_FPS: f64 = 30.0;
/// Share of the cores that the stream may take.
const STREAM_SHARE: f64 = 0.5;
/// From small to large: the first is always there.
const RUNGS: [(&str, u32, u32); 4] = [
    ("360p", 640, 360),
    ("480p", 854, 480),
    ("720p", 1280, 720),
    ("1080p", 1920, 1080),
];

/// A value and why it is that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recommended<T> {
    /// What suits.
    pub value: T,
    /// Why, for people.
    pub reason: String,
}

/// What suits a machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quality {
    /// Tier of the learned model.
    pub ml: Recommended<Tier>,
    /// Workers at the same time.
    pub workers: Recommended<u32>,
    /// Frames that a worker holds at a time.
    pub batch: Recommended<u32>,
    /// Renditions that can be encoded live, the largest first.
    pub stream: Recommended<Vec<StreamRung>>,
}

/// Tier of the learned model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// For GPUs with 8 GB or more.
    Full,
    /// For GPUs with 4 to 8 GB.
    Lite,
    /// For machines without such a GPU.
    Cpu,
}

/// One rendition of the stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamRung {
    /// What it is called.
    pub name: String,
    /// Its size.
    pub size: Size,
}

/// What suits this machine.
pub fn recommended_quality(info: &SystemInfo) -> Quality {
    let workers = workers(info);
    Quality {
        ml: tier(&info.gpus),
        batch: batch(info, workers.value),
        stream: stream(info.usable_cores()),
        workers,
    }
}

fn tier(gpus: &Reading<Vec<Gpu>>) -> Recommended<Tier> {
    let cpu = |reason: String| Recommended {
        value: Tier::Cpu,
        reason,
    };
    let gpus = match gpus {
        Reading::Unknown { why } => return cpu(why.clone()),
        Reading::Known(gpus) => gpus,
    };
    let largest = gpus
        .iter()
        .filter_map(|gpu| Some((*gpu.memory_total.known()?, gpu)))
        // Of equal ones the first.
        .max_by_key(|(memory, gpu)| (*memory, std::cmp::Reverse(gpu.index)));
    let Some((memory, gpu)) = largest else {
        let why = gpus.iter().find_map(|gpu| gpu.memory_total.why());
        return cpu(why.map_or_else(
            || "the driver shows no GPU".to_owned(),
            |why| format!("no GPU tells its memory: {why}"),
        ));
    };
    let name = gpu.name.known().map_or("a GPU", String::as_str);
    let reason = |rule: &str| format!("{name} has {}: {rule}", size(memory));
    let at_least = |gib: u64| memory as f64 >= (gib * GIB) as f64 * NEARLY;
    if at_least(8) {
        Recommended {
            value: Tier::Full,
            reason: reason("8 GB or more"),
        }
    } else if at_least(4) {
        Recommended {
            value: Tier::Lite,
            reason: reason("4 GB or more, and less than 8"),
        }
    } else {
        cpu(reason("less than 4 GB"))
    }
}

fn workers(info: &SystemInfo) -> Recommended<u32> {
    let cores = info.usable_cores();
    let told = if info.allowed_cores.known().or(info.cores.known()).is_some() {
        format!("{cores} cores may be used")
    } else {
        "the cores are not known".to_owned()
    };
    match info.usable_memory() {
        Reading::Known(memory) => {
            let fit = (memory / 4 * 3).saturating_sub(OWN_NEED) / WORKER_NEED;
            let fit = u32::try_from(fit).unwrap_or(u32::MAX).max(1);
            let reason = if fit < cores {
                format!(
                    "three quarters of {} of memory hold {fit} at {} each ({told})",
                    size(memory),
                    size(WORKER_NEED)
                )
            } else {
                told
            };
            Recommended {
                value: cores.min(fit),
                reason,
            }
        }
        Reading::Unknown { why } => Recommended {
            value: 1,
            reason: format!("the memory is not known: {why}"),
        },
    }
}

fn batch(info: &SystemInfo, workers: u32) -> Recommended<u32> {
    match info.usable_memory() {
        Reading::Known(memory) => {
            // What a worker is thought to need holds a batch and as much beside it.
            let share = (memory / 4 * 3).saturating_sub(OWN_NEED) / u64::from(workers.max(1)) / 4;
            let frames = (share / FRAME_NEED).clamp(1, MOST_FRAMES);
            Recommended {
                value: frames as u32,
                reason: format!(
                    "a quarter of each worker's share of memory, {}, at {} for a frame of 1080p, \
                     and at most {MOST_FRAMES}",
                    size(share),
                    size(FRAME_NEED)
                ),
            }
        }
        Reading::Unknown { why } => Recommended {
            value: 1,
            reason: format!("the memory is not known: {why}"),
        },
    }
}

fn stream(cores: u32) -> Recommended<Vec<StreamRung>> {
    let room = f64::from(cores) * STREAM_SHARE;
    let mut spent = 0.0;
    let mut rungs = Vec::new();
    for (name, width, height) in RUNGS {
        let size = Size { width, height };
        let cost = FRAME_MS / 1000.0 * STREAM_FPS * size.pixels() as f64 / (1280.0 * 720.0);
        if !rungs.is_empty() && spent + cost > room {
            break;
        }
        spent += cost;
        rungs.push(StreamRung {
            name: name.to_owned(),
            size,
        });
    }
    rungs.reverse();
    Recommended {
        value: rungs,
        reason: format!(
            "encoded live at {STREAM_FPS} fps they take {spent:.2} of {cores} cores, and half may be taken"
        ),
    }
}

/// Bytes for people.
fn size(bytes: u64) -> String {
    if bytes >= 10 * GIB {
        format!("{} GiB", (bytes + GIB / 2) / GIB)
    } else if bytes >= GIB {
        format!("{:.1} GiB", bytes as f64 / GIB as f64)
    } else {
        format!("{} MiB", bytes / MIB)
    }
}

#[cfg(test)]
mod tests;

//! Limits of a container or service: control groups of version 1 and 2.
//!
//! A group's limit holds with those of all groups above it: the least counts.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::unclear;
use crate::{Machine, Reading};

/// What a group may take of memory, and takes, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemoryLimit {
    /// The least limit of the group and those above it; `None` where there is none.
    pub limit: Option<u64>,
    /// What the group with that limit (or our own) holds, without caches that can be dropped.
    pub used: u64,
}

/// How many cores' time a group may take; `None` where there is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CpuQuota {
    /// Cores' time.
    pub cores: Option<f64>,
}

/// A group's folder below `/sys`, and the folder where its hierarchy begins.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Group {
    mount: PathBuf,
    folder: PathBuf,
    unified: bool,
}

impl Group {
    /// The group and those above it.
    fn chain(&self) -> impl Iterator<Item = &Path> {
        self.folder
            .ancestors()
            .take_while(|folder| folder.starts_with(&self.mount))
    }
}

/// Limits beyond this are none: version 1 writes its largest number of pages.
const ENDLESS: u64 = 1 << 60;

/// The memory of this process's group.
pub(crate) fn memory(machine: &Machine) -> Reading<MemoryLimit> {
    let group = match find(machine, "memory", "memory.current") {
        Ok(group) => group,
        Err(why) => return Reading::unknown(why),
    };
    let (limit_name, used_name, cache) = if group.unified {
        ("memory.max", "memory.current", "inactive_file")
    } else {
        (
            "memory.limit_in_bytes",
            "memory.usage_in_bytes",
            "total_inactive_file",
        )
    };
    let mut least: Option<(u64, &Path)> = None;
    let mut read = false;
    for folder in group.chain() {
        // The outermost group of version 2 has no limit and no such file.
        let Ok(text) = machine.sys(&folder.join(limit_name)) else {
            continue;
        };
        read = true;
        match limit(&text) {
            Ok(Some(bytes)) if least.is_none_or(|(least, _)| bytes < least) => {
                least = Some((bytes, folder));
            }
            Ok(_) => {}
            Err(why) => return Reading::unknown(why),
        }
    }
    if !read {
        return Reading::unknown(format!(
            "there is no {limit_name} in {}",
            group.folder.display()
        ));
    }
    let folder = least.map_or(group.folder.as_path(), |(_, folder)| folder);
    let used = machine
        .sys(&folder.join(used_name))
        .and_then(|text| number(&text, used_name));
    let droppable = machine
        .sys(&folder.join("memory.stat"))
        .map_or(0, |text| field(&text, cache).unwrap_or(0));
    used.map(|used| MemoryLimit {
        limit: least.map(|(limit, _)| limit),
        used: used.saturating_sub(droppable),
    })
    .into()
}

/// The CPU time of this process's group.
pub(crate) fn cpu(machine: &Machine) -> Reading<CpuQuota> {
    let group = match find(machine, "cpu", "cpu.stat") {
        Ok(group) => group,
        Err(why) => return Reading::unknown(why),
    };
    let mut least: Option<f64> = None;
    let mut read = false;
    for folder in group.chain() {
        let quota = if group.unified {
            machine
                .sys(&folder.join("cpu.max"))
                .map(|text| quota(&text))
        } else {
            let part = |name: &str| machine.sys(&folder.join(name));
            part("cpu.cfs_quota_us").and_then(|quota_us| {
                let period = part("cpu.cfs_period_us")?;
                Ok(quota(&format!("{} {}", quota_us.trim(), period.trim())))
            })
        };
        match quota {
            Ok(Ok(quota)) => {
                read = true;
                least = [least, quota].into_iter().flatten().reduce(f64::min);
            }
            Ok(Err(why)) => return Reading::unknown(why),
            Err(_absent) => {}
        }
    }
    // A hierarchy of version 2 whose outermost group is ours says nothing: there is no limit.
    if !read && group.folder != group.mount {
        return Reading::unknown(format!(
            "there is no CPU quota in {}",
            group.folder.display()
        ));
    }
    Reading::Known(CpuQuota { cores: least })
}

/// This process's group for `controller`: of version 1 where that has it, else of version 2.
/// `probe` is a file of version 2 that tells where the controller is.
fn find(machine: &Machine, controller: &str, probe: &str) -> Result<Group, String> {
    let groups = machine.own("cgroup")?;
    let mounts = machine.own("mountinfo")?;
    if let Some(group) = group(&groups, &mounts, Some(controller)) {
        return Ok(group);
    }
    let unified = group(&groups, &mounts, None)
        .ok_or_else(|| format!("no control group has the {controller} controller"))?;
    let inside = unified.chain().any(|folder| {
        // The outermost group has fewer files than the others, and no limits.
        machine.sys(&folder.join(probe)).is_ok()
    });
    if inside || unified.folder == unified.mount {
        Ok(unified)
    } else {
        Err(format!(
            "there is no {probe} in {}",
            unified.folder.display()
        ))
    }
}

/// The folder of a controller's group (`None`: of version 2), from `/proc/self/cgroup` and
/// `/proc/self/mountinfo`.
fn group(groups: &str, mounts: &str, controller: Option<&str>) -> Option<Group> {
    let path = groups.lines().find_map(|line| {
        let mut parts = line.splitn(3, ':');
        let (number, names, path) = (parts.next()?, parts.next()?, parts.next()?);
        let ours = match controller {
            Some(controller) => names.split(',').any(|name| name == controller),
            None => number == "0" && names.is_empty(),
        };
        ours.then_some(path)
    })?;
    mounts.lines().find_map(|line| {
        let (fields, kind) = line.split_once(" - ")?;
        let mut kind = kind.split(' ');
        let (name, _source, options) = (kind.next()?, kind.next()?, kind.next()?);
        let ours = match controller {
            Some(controller) => {
                name == "cgroup" && options.split(',').any(|option| option == controller)
            }
            None => name == "cgroup2",
        };
        if !ours {
            return None;
        }
        let mut fields = fields.split(' ').skip(3);
        let (root, mount) = (fields.next()?, PathBuf::from(fields.next()?));
        // Inside a container the mount shows a part of the hierarchy, and the path may be the
        // host's; one that leads elsewhere is the mounted part itself.
        let below = Path::new(path)
            .strip_prefix(root)
            .ok()
            .filter(|below| below.components().all(|part| part.as_os_str() != ".."));
        let folder = below.map_or_else(|| mount.clone(), |below| mount.join(below));
        Some(Group {
            folder,
            mount,
            unified: controller.is_none(),
        })
    })
}

/// `max` or a number of bytes.
fn limit(text: &str) -> Result<Option<u64>, String> {
    if text.trim() == "max" {
        return Ok(None);
    }
    let bytes = number(text, "a memory limit")?;
    Ok((bytes < ENDLESS).then_some(bytes))
}

/// `max 100000`, `-1 100000` or `150000 100000`: microseconds of each period.
fn quota(text: &str) -> Result<Option<f64>, String> {
    let bad = || unclear("a CPU quota", text);
    let (quota, period) = text.trim().split_once(' ').ok_or_else(bad)?;
    if quota == "max" || quota == "-1" {
        return Ok(None);
    }
    let quota: u64 = quota.parse().map_err(|_bad| bad())?;
    let period: u64 = period.parse().map_err(|_bad| bad())?;
    if quota == 0 || period == 0 {
        return Err(bad());
    }
    Ok(Some(quota as f64 / period as f64))
}

fn number(text: &str, what: &str) -> Result<u64, String> {
    text.trim().parse().map_err(|_bad| unclear(what, text))
}

fn field(text: &str, name: &str) -> Option<u64> {
    text.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
        .and_then(|number| number.trim().parse().ok())
}

#[cfg(test)]
mod tests;

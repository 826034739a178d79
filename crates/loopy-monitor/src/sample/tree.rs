//! This process and those below it.
//!
//! Where the kernel lists children, only they are read. Elsewhere the processes of the machine are
//! listed by name each time, and a stranger is read once, when it is first seen.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use crate::{
    Machine,
    read::process::{self, Stat},
};

/// How the processes below ours are found.
#[derive(Debug, Default)]
pub(super) struct Finder {
    /// Processes that are not below ours.
    strangers: BTreeSet<u32>,
}

impl Finder {
    /// Our own process first, then all below it.
    pub(super) fn find(&mut self, machine: &Machine) -> Result<Vec<Stat>, String> {
        let own = process::stat(&machine.own("stat")?)?;
        let below = match listed(machine, own.pid) {
            Some(below) => below,
            None => self.searched(machine, own.pid)?,
        };
        Ok([own].into_iter().chain(below).collect())
    }

    /// Those below `root`, by looking at every process that is not known to be a stranger.
    fn searched(&mut self, machine: &Machine, root: u32) -> Result<Vec<Stat>, String> {
        let proc = machine.proc_dir();
        let names = fs::read_dir(proc)
            .map_err(|error| format!("{} cannot be listed: {error}", proc.display()))?;
        let pids: BTreeSet<u32> = names
            .filter_map(|name| name.ok()?.file_name().to_str()?.parse().ok())
            .collect();
        self.strangers.retain(|pid| pids.contains(pid));
        // One that ends meanwhile is no loss.
        let read: BTreeMap<u32, Stat> = pids
            .difference(&self.strangers)
            .filter_map(|pid| Some((*pid, one(machine, *pid)?)))
            .collect();
        let is_below = |stat: &Stat| {
            let mut parent = stat.parent;
            // Parents lead to the first process; a ring in a broken tree ends, too.
            for _ in 0..read.len() {
                if parent == root {
                    return true;
                }
                match read.get(&parent) {
                    Some(above) => parent = above.parent,
                    None => return false,
                }
            }
            false
        };
        let mut below = Vec::new();
        for (pid, stat) in &read {
            if *pid == root {
                continue;
            }
            if is_below(stat) {
                below.push(*stat);
            } else {
                self.strangers.insert(*pid);
            }
        }
        Ok(below)
    }
}

/// Those below `root` as the kernel lists them; `None` where it does not.
fn listed(machine: &Machine, root: u32) -> Option<Vec<Stat>> {
    let mut below = Vec::new();
    let mut seen = BTreeSet::from([root]);
    let mut open = children(machine, root)?;
    while let Some(pid) = open.pop() {
        if !seen.insert(pid) {
            continue;
        }
        if let Some(stat) = one(machine, pid) {
            below.push(stat);
            open.extend(children(machine, pid).unwrap_or_default());
        }
    }
    below.sort_by_key(|stat| stat.pid);
    Some(below)
}

/// Children of all threads of a process.
fn children(machine: &Machine, pid: u32) -> Option<Vec<u32>> {
    let threads = fs::read_dir(machine.proc_dir().join(format!("{pid}/task"))).ok()?;
    let mut all = Vec::new();
    let mut told = false;
    for thread in threads {
        let name = thread.ok()?.file_name();
        let name = name.to_str()?;
        // A thread may end meanwhile; a kernel that lists no children lists none of any thread.
        if let Ok(text) = machine.proc(&format!("{pid}/task/{name}/children")) {
            told = true;
            let pids = text.split_ascii_whitespace();
            all.extend(pids.filter_map(|pid| pid.parse::<u32>().ok()));
        }
    }
    told.then_some(all)
}

fn one(machine: &Machine, pid: u32) -> Option<Stat> {
    process::stat(&machine.proc(&format!("{pid}/stat")).ok()?).ok()
}

//! What a process uses, by what Linux says of it; elsewhere nothing is known.

use std::{fs, path::PathBuf};

/// A process.
pub(super) struct Process {
    folder: PathBuf,
}

impl Process {
    pub(super) fn of(id: u32) -> Self {
        let folder = PathBuf::from(format!("/proc/{id}"));
        Self { folder }
    }

    /// Seconds of processor time since it began.
    pub(super) fn cpu(&self) -> Option<f64> {
        let stat = fs::read_to_string(self.folder.join("stat")).ok()?;
        // The name of the program stands in brackets and may have any letters in it.
        let (_, rest) = stat.rsplit_once(')')?;
        let mut times = rest.split_whitespace().skip(11).take(2);
        let (user, system): (u64, u64) = (times.next()?.parse().ok()?, times.next()?.parse().ok()?);
        let ticks = rustix::param::clock_ticks_per_second();
        Some((user + system) as f64 / ticks as f64)
    }

    /// Bytes of memory that are its own alone.
    pub(super) fn memory(&self) -> Option<u64> {
        let status = fs::read_to_string(self.folder.join("status")).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("RssAnon:"))?;
        let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kilobytes * 1024)
    }

    /// Descriptors that are open.
    pub(super) fn descriptors(&self) -> Option<u64> {
        let open = fs::read_dir(self.folder.join("fd")).ok()?;
        Some(open.count() as u64)
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_process_uses_time_and_memory() {
        let own = Process::of(std::process::id());
        let before = own.cpu().unwrap();
        let mut sum = 0_u64;
        while own.cpu().unwrap() < before + 0.02 {
            sum = (0..100_000).fold(sum, |sum, number| std::hint::black_box(sum ^ number));
        }
        assert!(own.memory().unwrap() > 100_000);
        let few = own.descriptors().unwrap();
        let files = [(); 100].map(|()| fs::File::open("/dev/null").unwrap());
        assert!(own.descriptors().unwrap() > few);
        drop(files);
        assert_eq!(Process::of(u32::MAX).cpu(), None);
    }
}

//! `/proc/meminfo`.

use serde::{Deserialize, Serialize};

use super::unclear;

/// Memory of the machine, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// All of it.
    pub total: u64,
    /// What new work may take without swapping.
    pub available: u64,
}

/// Reads `/proc/meminfo`. Old kernels say nothing of what is available: free memory and caches
/// stand for it.
pub(crate) fn parse(text: &str) -> Result<Memory, String> {
    let field = |name: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
            .and_then(kib)
    };
    let total = field("MemTotal").filter(|total| *total > 0);
    let available = field("MemAvailable").or_else(|| {
        let caches = ["Buffers", "Cached"].into_iter().filter_map(field);
        Some(caches.fold(field("MemFree")?, u64::saturating_add))
    });
    match (total, available) {
        (Some(total), Some(available)) => Ok(Memory {
            total,
            available: available.min(total),
        }),
        _ => Err(unclear("meminfo", text)),
    }
}

/// `   24684092 kB` in bytes.
pub(crate) fn kib(text: &str) -> Option<u64> {
    let number: u64 = text.trim().strip_suffix("kB")?.trim().parse().ok()?;
    number.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_from_new_and_old_kernels() {
        let new = "MemTotal:       24684092 kB\nMemFree:         7104356 kB\n\
                   MemAvailable:   24067536 kB\nBuffers:          633080 kB\nCached: 16 kB\n";
        let memory = parse(new).unwrap();
        assert_eq!(memory.total, 24_684_092 << 10);
        assert_eq!(memory.available, 24_067_536 << 10);
        let old = "MemTotal: 1000 kB\nMemFree: 100 kB\nBuffers: 20 kB\nCached: 300 kB\n";
        assert_eq!(parse(old).unwrap().available, 420 << 10);
    }

    #[test]
    fn a_broken_text_is_named() {
        for bad in [
            "",
            "MemTotal: many kB\nMemAvailable: 1 kB",
            "MemTotal: 0 kB\nMemAvailable: 0 kB",
            "MemTotal: 99999999999999999999 kB\nMemAvailable: 1 kB",
            "MemTotal: 18446744073709551615 kB\nMemAvailable: 1 kB",
            "MemTotal: 7 MB\nMemAvailable: 1 kB",
            "MemTotal: 7 kB",
        ] {
            let why = parse(bad).unwrap_err();
            assert!(why.contains("meminfo"), "{why}");
        }
    }
}

//! Readers of what the system writes: each takes a text and gives a value or what is wrong with it.

pub(crate) mod cgroup;
pub(crate) mod cpu;
pub(crate) mod disk;
pub(crate) mod memory;
pub(crate) mod pressure;
pub(crate) mod process;

/// What is wrong with a text from which `what` should have been read.
pub(crate) fn unclear(what: &str, text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let start: String = line.chars().take(40).collect();
    format!("{what} is not understood: {start:?}")
}

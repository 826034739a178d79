//! What became of a worker, in words for people.

use std::os::unix::process::ExitStatusExt;

use super::{
    child::{End, Remains},
    workers::Limits,
};

const SIGABRT: i32 = 6;
const SIGKILL: i32 = 9;
/// Lines of the worker's error output that are repeated.
const LAST_WORDS: usize = 3;

/// Why a worker is no more, with its last words.
pub(super) fn of(end: &End, remains: &Remains, limits: &Limits) -> String {
    let tail = String::from_utf8_lossy(&remains.tail);
    let what = match end {
        End::Late(patience) => format!("took longer than {} s", patience.as_secs()),
        End::Babble(what) => format!("the worker gave no answer: {what}"),
        End::Pipe(error) => format!("the worker cannot be reached: {error}"),
        End::Died => death(remains, &tail, limits),
    };
    let lines: Vec<_> = tail
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let last = lines[lines.len().saturating_sub(LAST_WORDS)..].join(" | ");
    let last: String = last.chars().filter(|c| !c.is_control()).collect();
    if last.is_empty() {
        what
    } else {
        format!("{what} (last words: {last})")
    }
}

/// Whether a worker seems to have ended because there was no memory left.
pub(super) fn is_memory(end: &End, remains: &Remains) -> bool {
    let tail = String::from_utf8_lossy(&remains.tail);
    let signal = remains.status.and_then(|status| status.signal());
    matches!(end, End::Died)
        && (signal == Some(SIGKILL) || (signal == Some(SIGABRT) && speaks_of_memory(&tail)))
}

fn speaks_of_memory(tail: &str) -> bool {
    ["memory allocation of", "bad_alloc"]
        .iter()
        .any(|words| tail.contains(words))
}

fn death(remains: &Remains, tail: &str, limits: &Limits) -> String {
    let memory = speaks_of_memory(tail);
    match remains
        .status
        .map(|status| (status.signal(), status.code()))
    {
        Some((Some(SIGABRT), _)) if memory => {
            format!("ran out of memory ({} MiB allowed)", limits.worker_mib)
        }
        Some((Some(SIGKILL), _)) => {
            "killed by signal 9, perhaps because the machine ran out of memory".to_owned()
        }
        Some((Some(signal), _)) => format!("killed by signal {signal}"),
        Some((_, Some(code))) => format!("the worker ended with code {code}"),
        _ => "the worker ended".to_owned(),
    }
}

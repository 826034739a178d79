//! `/proc/PID/stat` and `/proc/PID/statm` of one process.

use super::unclear;

/// One process, from its `stat`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stat {
    pub(crate) pid: u32,
    pub(crate) parent: u32,
    /// Ticks of CPU, user and system, its own and of the children that it has waited for.
    pub(crate) ticks: u64,
    /// Resident pages.
    pub(crate) pages: u64,
}

/// Reads `/proc/PID/stat`.
pub(crate) fn stat(text: &str) -> Result<Stat, String> {
    parse(text).ok_or_else(|| unclear("a process's stat", text))
}

fn parse(text: &str) -> Option<Stat> {
    let (pid, _) = text.split_once(' ')?;
    // The name, in brackets, may hold anything.
    let (_, rest) = text.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    let number = |at: usize| fields.get(at)?.parse::<u64>().ok();
    // state ppid ... utime(11) stime cutime cstime ... rss(21)
    Some(Stat {
        pid: pid.parse().ok()?,
        parent: fields.get(1)?.parse().ok()?,
        ticks: (11..=14).try_fold(0_u64, |sum, at| Some(sum.saturating_add(number(at)?)))?,
        pages: number(21)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "11847 (head) R 11832 11832 9926 0 -1 4194304 102 0 0 0 5 6 7 8 20 0 1 0 3561956 \
                        2998272 413 18446744073709551615 94626652286976 94626652311081 0 0 0 0\n";

    #[test]
    fn a_process_is_read() {
        let read = stat(HEAD).unwrap();
        let expected = Stat {
            pid: 11847,
            parent: 11832,
            ticks: 26,
            pages: 413,
        };
        assert_eq!(read, expected);
    }

    #[test]
    fn a_name_may_hold_brackets_and_spaces() {
        let odd = HEAD.replace("(head)", "(a) R 1 (b c))");
        assert_eq!(stat(&odd).unwrap(), stat(HEAD).unwrap());
    }

    #[test]
    fn what_is_cut_or_garbled_is_named() {
        for bad in ["", "11847", "11847 (x", "1 (x) R", "a (x) R 1", &HEAD[..60]] {
            assert!(stat(bad).is_err(), "{bad}");
        }
        assert!(stat(&HEAD.replace(" 413 ", " -1 ")).is_err());
    }
}

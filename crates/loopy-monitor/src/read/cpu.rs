//! `/proc/stat` and which cores this process may use.

use super::unclear;

/// Ticks since the machine started, all cores together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticks {
    pub(crate) busy: u64,
    pub(crate) all: u64,
    pub(crate) cores: u32,
}

/// Reads `/proc/stat`. Waiting for a disk is not being busy.
pub(crate) fn ticks(text: &str) -> Result<Ticks, String> {
    let bad = || unclear("stat", text);
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("cpu "))
        .ok_or_else(bad)?;
    let fields: Vec<u64> = line
        .split_ascii_whitespace()
        .map(str::parse)
        .collect::<Result<_, _>>()
        .map_err(|_bad| bad())?;
    // user nice system idle iowait irq softirq steal; guests are counted as users already.
    let counted = fields.get(..fields.len().min(8)).ok_or_else(bad)?;
    let idle = fields
        .get(3)
        .ok_or_else(bad)?
        .saturating_add(*fields.get(4).unwrap_or(&0));
    let all = counted.iter().copied().fold(0, u64::saturating_add);
    let cores = text.lines().filter(|line| is_core(line)).count();
    Ok(Ticks {
        busy: all - idle,
        all,
        cores: u32::try_from(cores.max(1)).map_err(|_many| bad())?,
    })
}

fn is_core(line: &str) -> bool {
    line.strip_prefix("cpu")
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// How many cores the mask in `/proc/self/status` allows.
pub(crate) fn allowed(status: &str) -> Result<u32, String> {
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("Cpus_allowed:"))
        .ok_or_else(|| "the mask of allowed cores is missing".to_owned())?;
    let mut cores = 0;
    for digit in mask.trim().chars().filter(|c| *c != ',') {
        let bits = digit
            .to_digit(16)
            .ok_or_else(|| unclear("the mask of allowed cores", mask))?;
        cores += bits.count_ones();
    }
    if cores == 0 {
        return Err(unclear("the mask of allowed cores", mask));
    }
    Ok(cores)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn busy_is_everything_but_idling_and_waiting_for_disks() {
        let text = "cpu  4106352 1701367 486571 793633 9209 0 1977 4741 11 12\n\
                    cpu0 2030440 824377 239490 451197 3428 0 165 2398 0 0\n\
                    cpu1 2075911 876990 247081 342436 5781 0 1812 2342 0 0\n\
                    intr 5\nctxt 7\n";
        let ticks = ticks(text).unwrap();
        assert_eq!(ticks.busy, 4_106_352 + 1_701_367 + 486_571 + 1977 + 4741);
        assert_eq!(ticks.all, ticks.busy + 793_633 + 9209);
        assert_eq!(ticks.cores, 2);
    }

    #[test]
    fn kernels_that_count_less_are_understood_and_nonsense_is_not() {
        let old = ticks("cpu  1 2 3 4\n").unwrap();
        assert_eq!((old.busy, old.all, old.cores), (6, 10, 1));
        for bad in [
            "",
            "cpu",
            "cpu  1 2 3\n",
            "cpu  1 2 x 4\n",
            "cpux 1 2 3 4\n",
        ] {
            assert!(ticks(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn allowed_cores_are_the_bits_of_the_mask() {
        let status =
            |mask: &str| format!("Name:\tx\nCpus_allowed:\t{mask}\nCpus_allowed_list:\t0\n");
        for (mask, cores) in [
            ("3", 2),
            ("f", 4),
            ("ffffffff,ffffffff", 64),
            ("00000000,00000101", 2),
        ] {
            assert_eq!(allowed(&status(mask)), Ok(cores), "{mask}");
        }
        assert!(allowed("Name: x").is_err());
        assert!(allowed(&status("0")).is_err());
        assert!(allowed(&status("zz")).is_err());
    }
}

//! Admission: the memory of this program and of all jobs that run stays under a limit.
//!
//! Pure. A job sets its need aside before it starts; what the program itself holds is measured.

use super::weight::Need;

/// Memory of the program itself that is counted at least: it grows while jobs run.
pub const OWN_LEAST: u64 = 128 << 20;

/// Whether a job may start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    /// It may, with so many bytes set aside.
    Start(u64),
    /// Not before others have ended.
    Wait,
    /// It would run alone and fits, but the machine has too little memory left just now.
    Pause(u64),
    /// Never: so many bytes are all there is for jobs.
    Never(u64),
}

/// What there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Budget {
    /// Bytes for the program and all its jobs together.
    pub(super) limit: u64,
    /// Bytes that the program itself holds.
    pub(super) own: u64,
}

impl Budget {
    /// Bytes for jobs.
    pub(super) fn room(self) -> u64 {
        self.limit.saturating_sub(self.own.max(OWN_LEAST))
    }

    /// Whether a job may start beside `running` others that hold `aside` bytes or have set them
    /// aside. `free` is what the machine still has.
    pub(super) fn admit(self, need: Need, aside: u64, running: usize, free: u64) -> Admission {
        let room = self.room();
        let bytes = need.bytes(room);
        if bytes > room {
            return if running == 0 {
                Admission::Never(room)
            } else {
                // What the program holds may be less by then.
                Admission::Wait
            };
        }
        if aside.saturating_add(bytes) > room && running > 0 {
            Admission::Wait
        } else if bytes <= free {
            Admission::Start(bytes)
        } else if running > 0 {
            Admission::Wait
        } else {
            Admission::Pause(bytes)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GIB: u64 = 1 << 30;
    const MIB: u64 = 1 << 20;

    #[test]
    fn jobs_start_while_their_needs_fit_beside_the_program() {
        let budget = Budget {
            limit: GIB,
            own: 200 * MIB,
        };
        let admit =
            |need, aside, running| budget.admit(Need::Bytes(need * MIB), aside * MIB, running, GIB);
        assert_eq!(admit(400, 0, 0), Admission::Start(400 * MIB));
        assert_eq!(admit(400, 400, 1), Admission::Start(400 * MIB));
        assert_eq!(admit(425, 400, 1), Admission::Wait);
        assert_eq!(admit(900, 0, 0), Admission::Never(824 * MIB));
        assert_eq!(admit(900, 1, 1), Admission::Wait);
    }

    #[test]
    fn a_need_that_nobody_knows_takes_what_there_is() {
        let budget = Budget { limit: GIB, own: 0 };
        let all = budget.room();
        let admit = |aside, running| budget.admit(Need::Usually(2 * GIB), aside, running, GIB);
        assert_eq!(admit(0, 0), Admission::Start(all));
        assert_eq!(admit(1, 1), Admission::Wait);
    }

    #[test]
    fn on_a_machine_that_is_full_jobs_wait_for_ours_and_then_for_others() {
        let budget = Budget {
            limit: 8 * GIB,
            own: 0,
        };
        let need = Need::Bytes(GIB);
        assert_eq!(budget.admit(need, GIB, 1, 512 * MIB), Admission::Wait);
        assert_eq!(budget.admit(need, 0, 0, 512 * MIB), Admission::Pause(GIB));
    }

    proptest! {
        /// Whatever jobs come and go: those that run never have more set aside than there is, and
        /// one that may ever start does when it is alone.
        #[test]
        fn the_sum_stays_under_the_limit(
            limit in 0..64 * GIB,
            own in 0..4 * GIB,
            free in 0..64 * GIB,
            jobs in prop::collection::vec((any::<bool>(), 0..16 * GIB, 0..4_usize), 1..60),
        ) {
            let budget = Budget { limit, own };
            let mut running: Vec<u64> = Vec::new();
            for (known, bytes, leave) in jobs {
                let need = if known { Need::Bytes(bytes) } else { Need::Usually(bytes) };
                match budget.admit(need, running.iter().sum(), running.len(), free) {
                    Admission::Start(bytes) | Admission::Pause(bytes) => running.push(bytes),
                    Admission::Wait => prop_assert!(!running.is_empty()),
                    Admission::Never(room) => {
                        prop_assert!(running.is_empty());
                        prop_assert!(known && bytes > room);
                    }
                }
                prop_assert!(running.iter().sum::<u64>() <= budget.room());
                prop_assert!(running.is_empty() || budget.room() + own <= limit.max(own));
                running.truncate(running.len().saturating_sub(leave));
            }
        }
    }
}

//! When a viewer gets another rung: down after drops, up after quiet, and more slowly up again where
//! up has failed before.

use std::collections::VecDeque;

/// A second on the clock.
const SECOND: u64 = 1_000_000;

/// So many drops within [`WITHIN`] mean a smaller rung.
const DROPS: usize = 3;

/// See [`DROPS`].
const WITHIN: u64 = 10 * SECOND;

/// So long without a drop means a larger rung.
const QUIET: u64 = 15 * SECOND;

/// A step up that is taken back within so long has failed.
const PROBATION: u64 = 30 * SECOND;

/// The longest quiet that is asked for.
const QUIET_MOST: u64 = 240 * SECOND;

/// Where to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// To a smaller rung, and why.
    Down(String),
    /// To a larger rung, and why.
    Up(String),
}

/// Decides on steps.
#[derive(Clone, Debug)]
pub struct Tier {
    drops: VecDeque<u64>,
    quiet_since: u64,
    quiet: u64,
    went_up: Option<u64>,
}

impl Tier {
    /// Begins at `now_us`.
    pub fn new(now_us: u64) -> Self {
        Self {
            drops: VecDeque::new(),
            quiet_since: now_us,
            quiet: QUIET,
            went_up: None,
        }
    }

    /// Something was left out at `now_us`.
    pub fn dropped(&mut self, now_us: u64) -> Option<Step> {
        self.quiet_since = now_us;
        self.drops.push_back(now_us);
        while self.drops.front().is_some_and(|&at| at + WITHIN < now_us) {
            self.drops.pop_front();
        }
        if self.drops.len() < DROPS {
            return None;
        }
        self.drops.clear();
        if self
            .went_up
            .take()
            .is_some_and(|at| now_us < at + PROBATION)
        {
            self.quiet = (self.quiet * 2).min(QUIET_MOST);
        }
        let seconds = WITHIN / SECOND;
        Some(Step::Down(format!(
            "{DROPS} groups were dropped within {seconds} s"
        )))
    }

    /// Time passes.
    pub fn tick(&mut self, now_us: u64) -> Option<Step> {
        if self.went_up.is_some_and(|at| now_us >= at + PROBATION) {
            self.went_up = None;
            self.quiet = QUIET;
        }
        if now_us < self.quiet_since + self.quiet {
            return None;
        }
        let seconds = self.quiet / SECOND;
        self.quiet_since = now_us;
        Some(Step::Up(format!("nothing was dropped for {seconds} s")))
    }

    /// A step up was taken.
    pub fn went_up(&mut self, now_us: u64) {
        self.went_up = Some(now_us);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_drops_within_ten_seconds_are_too_many() {
        let mut tier = Tier::new(0);
        assert_eq!(tier.dropped(SECOND), None);
        assert_eq!(tier.dropped(7 * SECOND), None);
        assert_eq!(
            tier.dropped(12 * SECOND),
            None,
            "the first is too old to count"
        );
        assert!(matches!(tier.dropped(13 * SECOND), Some(Step::Down(_))));
        assert_eq!(tier.dropped(13 * SECOND), None, "the count begins again");
    }

    #[test]
    fn up_after_quiet_and_later_where_up_has_failed() {
        let mut tier = Tier::new(0);
        assert_eq!(tier.tick(14 * SECOND), None);
        let mut quiet = Vec::new();
        let mut now = 0;
        for _ in 0..6 {
            let since = now;
            while tier.tick(now).is_none() {
                now += SECOND;
            }
            quiet.push((now - since) / SECOND);
            tier.went_up(now);
            for _ in 0..DROPS {
                assert!(tier.dropped(now + SECOND).is_none() || quiet.len() < 7);
            }
            now += SECOND;
        }
        assert_eq!(quiet, [15, 30, 60, 120, 240, 240]);
    }

    #[test]
    fn a_step_up_that_holds_is_forgiven() {
        let mut tier = Tier::new(0);
        tier.quiet = QUIET_MOST;
        tier.went_up(0);
        tier.quiet_since = 0;
        assert_eq!(tier.tick(29 * SECOND), None);
        assert!(tier.tick(31 * SECOND).is_some());
    }
}

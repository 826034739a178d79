//! How fast packets may go out, so that no two seconds hold much more than the rung's rate.

use std::{collections::VecDeque, time::Duration};

/// The window in microseconds.
const WINDOW_US: u64 = 2_000_000;
/// Percent of the rung's rate that a window may hold. The promise is 120; containers and chunks take
/// the rest.
const MOST: u64 = 115;

/// What has been sent in the last window.
#[derive(Debug)]
pub struct Pace {
    most: u64,
    sent: VecDeque<(u64, u64)>,
    bytes: u64,
}

impl Pace {
    /// For a rung of `bitrate` bits a second.
    pub fn new(bitrate: u32) -> Self {
        Self {
            most: u64::from(bitrate) * WINDOW_US / 1_000_000 * MOST / 100 / 8,
            sent: VecDeque::new(),
            bytes: 0,
        }
    }

    /// How long `bytes` have to wait at `now`, in microseconds of any clock that goes on.
    pub fn wait(&mut self, now: u64, bytes: u64) -> Duration {
        while let Some((at, old)) = self.sent.front().copied() {
            if at + WINDOW_US > now {
                break;
            }
            self.sent.pop_front();
            self.bytes -= old;
        }
        // A packet that is larger than a whole window's bytes goes alone.
        let mut over = (self.bytes + bytes).saturating_sub(self.most);
        let mut until = now;
        for (at, old) in &self.sent {
            if over == 0 {
                break;
            }
            over = over.saturating_sub(*old);
            until = at + WINDOW_US;
        }
        Duration::from_micros(until.saturating_sub(now))
    }

    /// `bytes` were sent at `now`.
    pub fn sent(&mut self, now: u64, bytes: u64) {
        self.sent.push_back((now, bytes));
        self.bytes += bytes;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_window_holds_more_than_it_may(
            packets in prop::collection::vec((0_u64..200_000, 1_u64..60_000), 1..300),
        ) {
            let bitrate = 400_000;
            let most = 400_000 * 2 / 8 * 115 / 100;
            let mut pace = Pace::new(bitrate);
            let (mut now, mut log) = (0, Vec::new());
            for (pause, bytes) in packets {
                now += pause;
                let wait = pace.wait(now, bytes);
                now += wait.as_micros() as u64;
                prop_assert_eq!(pace.wait(now, bytes), Duration::ZERO);
                pace.sent(now, bytes);
                log.push((now, bytes));
            }
            for (at, _) in &log {
                let window = log.iter().filter(|(time, _)| (*at..at + WINDOW_US).contains(time));
                prop_assert!(window.map(|(_, bytes)| bytes).sum::<u64>() <= most);
            }
        }
    }

    #[test]
    fn packets_at_the_rate_never_wait() {
        let mut pace = Pace::new(800_000);
        for number in 0..1000 {
            let now = number * 40_000;
            assert_eq!(pace.wait(now, 4000), Duration::ZERO);
            pace.sent(now, 4000);
        }
    }

    #[test]
    fn a_packet_larger_than_a_window_goes_alone() {
        let mut pace = Pace::new(8000);
        assert_eq!(pace.wait(0, 1_000_000), Duration::ZERO);
        pace.sent(0, 1_000_000);
        assert_eq!(pace.wait(5, 1), Duration::from_micros(WINDOW_US - 5));
        assert_eq!(pace.wait(WINDOW_US, 1), Duration::ZERO);
    }
}

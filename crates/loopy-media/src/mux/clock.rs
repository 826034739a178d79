//! Ticks and dates: how a frame count becomes times in a file.

use loopy_core::Rate;

use crate::Error;

/// The picture's clock: whole ticks per frame at a whole number of ticks per second.
#[derive(Clone, Copy)]
pub(super) struct Clock {
    /// Ticks per second.
    pub(super) scale: i32,
    /// Ticks per frame.
    pub(super) step: i64,
}

impl Clock {
    pub(super) fn new(fps: Rate) -> Result<Self, Error> {
        // Fine enough for players that round to the nearest tick.
        let mut finer = 1;
        while u64::from(fps.num()) * finer < 10_000 {
            finer *= 2;
        }
        let scale = i32::try_from(u64::from(fps.num()) * finer).map_err(|_large| {
            Error::Segment(format!("a frame rate of {fps} does not fit a container"))
        })?;
        Ok(Self {
            scale,
            step: i64::from(fps.den()) * finer as i64,
        })
    }
}

/// The greatest common divisor.
pub(super) fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// `seconds` since 1970 as an ISO 8601 date and time in UTC.
pub fn date(seconds: i64) -> String {
    let (days, clock) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Years that start in March put the leap day last; 400 of them always have as many days.
    let from_march = days + 719_468;
    let (era, day) = (
        from_march.div_euclid(146_097),
        from_march.rem_euclid(146_097),
    );
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, year) = if month < 10 {
        (month + 3, year)
    } else {
        (month - 9, year + 1)
    };
    let (hour, minute, second) = (clock / 3600, clock / 60 % 60, clock % 60);
    format!(
        "{:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z",
        era * 400 + year
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(date(0), "1970-01-01T00:00:00Z");
        assert_eq!(date(951_782_399), "2000-02-28T23:59:59Z");
        assert_eq!(date(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(date(951_868_800), "2000-03-01T00:00:00Z");
        assert_eq!(date(-1), "1969-12-31T23:59:59Z");
        assert_eq!(date(4_107_542_400), "2100-03-01T00:00:00Z");
    }

    #[test]
    fn every_rate_has_whole_ticks_per_frame() {
        for (num, den) in [
            (25, 1),
            (30_000, 1001),
            (24_000, 1001),
            (1, 1),
            (240, 1),
            (1499, 50),
        ] {
            let fps = Rate::new(num, den).unwrap();
            let clock = Clock::new(fps).unwrap();
            assert!(clock.scale >= 10_000);
            assert_eq!(
                i64::from(clock.scale) * i64::from(den),
                clock.step * i64::from(num)
            );
        }
    }
}

//! Times and scales as people read them.

use loopy_core::Rate;

/// Lengths of a row of the timeline, in seconds.
const LENGTHS: [u64; 22] = [
    5, 10, 15, 20, 30, 60, 90, 120, 180, 300, 600, 900, 1200, 1800, 3600, 5400, 7200, 10_800,
    14_400, 21_600, 43_200, 86_400,
];

/// `0:07.4`, `12:30.0` or `1:02:30.0`: the time of output frame `frame`.
pub(super) fn time(frame: u64, fps: Rate) -> String {
    let tenths = (fps.micros(frame) + 50_000) / 100_000;
    let (seconds, tenths) = (tenths / 10, tenths % 10);
    let (minutes, seconds) = (seconds / 60, seconds % 60);
    let (hours, minutes) = (minutes / 60, minutes % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}.{tenths}")
    } else {
        format!("{minutes}:{seconds:02}.{tenths}")
    }
}

/// The shortest usual length of at least `seconds`.
pub(super) fn usual(seconds: u64) -> u64 {
    let longer = LENGTHS.into_iter().find(|length| *length >= seconds);
    longer.unwrap_or_else(|| seconds.div_ceil(86_400) * 86_400)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_hours_only_where_they_need_them() {
        let fps = Rate::new(30_000, 1001).unwrap();
        assert_eq!(time(0, fps), "0:00.0");
        assert_eq!(time(299, fps), "0:10.0");
        assert_eq!(time(30 * 3600 * 2, fps), "2:00:07.2");
        assert_eq!((usual(1), usual(61), usual(90_000)), (5, 90, 172_800));
    }
}

//! Decode times for a file that stores only display times.

use std::{cmp::Reverse, collections::BinaryHeap};

use ffmpeg_sys_the_third as av;

/// Works out decode times: with a reorder delay of `delay` frames, a frame is decoded when the one
/// `delay` places before it in display order is shown.
pub(super) struct DecodeTimes {
    delay: i64,
    /// Ticks per frame, as a fraction.
    step: (i64, i64),
    seen: i64,
    first: i64,
    waiting: BinaryHeap<Reverse<i64>>,
}

impl DecodeTimes {
    /// # Safety
    ///
    /// `stream` is a stream of an open context.
    pub(super) unsafe fn new(stream: *const av::AVStream) -> Self {
        // SAFETY: as promised by the caller.
        let (delay, base, fps) = unsafe {
            let par = (*stream).codecpar;
            (
                (*par).video_delay,
                (*stream).time_base,
                (*stream).avg_frame_rate,
            )
        };
        let up = i64::from(fps.den) * i64::from(base.den);
        let down = i64::from(fps.num) * i64::from(base.num);
        Self {
            delay: i64::from(delay.clamp(0, 16)),
            step: if down > 0 { (up, down) } else { (0, 1) },
            seen: 0,
            first: 0,
            waiting: BinaryHeap::new(),
        }
    }

    /// The decode time of the next packet, which is shown at `pts`.
    pub(super) fn next(&mut self, pts: i64) -> i64 {
        if self.seen == 0 {
            self.first = pts;
        }
        self.waiting.push(Reverse(pts));
        let ahead = self.delay - self.seen;
        self.seen += 1;
        if ahead > 0 {
            let (up, down) = self.step;
            return self
                .first
                .saturating_sub((ahead.saturating_mul(up) + down / 2) / down);
        }
        self.waiting.pop().map_or(pts, |Reverse(time)| time)
    }
}

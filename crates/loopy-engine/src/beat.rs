//! The beat of a bridge of motion: which of its frames repeat the one before.

use loopy_core::{
    Rate,
    plan::{LONGEST_BRIDGE, Seam},
};

/// Bits of the frames of `seam` that repeat the one before, after them that of the first frame of the
/// clip that is entered: frames at which the output clock shows a picture of a slower source again,
/// as it would if the clip of `rate` that is left at `leave` went on, and those at which the clips
/// hold theirs.
pub(crate) fn of(seam: &Seam, leave: u32, rate: Option<Rate>, fps: Rate) -> u64 {
    let slower = rate.filter(|_| seam.steps < seam.frames);
    let (mut holds, mut step) = (0, 0);
    for frame in 0..=seam.frames.min(LONGEST_BRIDGE) {
        let last = frame == seam.frames;
        let at = leave + frame;
        let moves = last || slower.is_none_or(|rate| due(at, rate, fps) > due(at - 1, rate, fps));
        let place = if last { seam.steps } else { step };
        let held = moves && place < u16::BITS && seam.holds >> place & 1 == 1;
        holds |= u64::from(!moves || held) << frame;
        step += u32::from(moves);
    }
    holds
}

/// The picture that a source of `rate` shows at a place on a clock of `fps`, whether or not it goes
/// on for so long; as [`loopy_core::clock::ClipClock`] has it, due up to an eighth of a frame early.
fn due(at: u32, rate: Rate, fps: Rate) -> u64 {
    let [source, clock] = [rate, fps].map(|rate| (u64::from(rate.num()), u64::from(rate.den())));
    (8 * u64::from(at) + 1) * source.0 * clock.1 / (8 * source.1 * clock.0)
}

#[cfg(test)]
mod tests {
    use loopy_core::{graph::Score, plan::SeamKind};

    use super::*;

    fn seam(frames: u32, steps: u32, holds: u16) -> Seam {
        Seam {
            start: 0,
            frames,
            kind: SeamKind::Motion,
            declared: false,
            steps,
            holds,
            score: Score::MAX,
            step: 1.0,
            rsv: None,
        }
    }

    fn drawn(seam: &Seam, leave: u32, source: u32) -> String {
        let rate = |fps| Rate::new(fps, 1).unwrap();
        let bits = of(seam, leave, Some(rate(source)), rate(30));
        let frame = |at| if bits >> at & 1 == 1 { '.' } else { 'x' };
        (0..=seam.frames).map(frame).collect()
    }

    #[test]
    fn a_slower_source_goes_on_in_its_place_on_the_clock() {
        // 24 pictures a second: 0 0 1 2 3 4 4 5 6 7 8 8 ...
        let film = seam(6, 5, 0);
        assert_eq!(drawn(&film, 2, 24), "xxxx.xx");
        assert_eq!(drawn(&film, 4, 24), "xx.xxxx");
        assert_eq!(drawn(&film, 6, 24), ".xxxx.x");
        // 15: every picture twice. What is entered begins with a picture of its own.
        assert_eq!(drawn(&seam(6, 3, 0), 20, 15), "x.x.x.x");
        assert_eq!(drawn(&seam(6, 3, 0), 21, 15), ".x.x.xx");
        assert_eq!(drawn(&seam(4, 4, 0), 7, 30), "xxxxx");
        assert_eq!(drawn(&seam(4, 4, 0), 7, 60), "xxxxx");
    }

    #[test]
    fn what_the_clips_hold_is_held_on_the_clock() {
        assert_eq!(drawn(&seam(4, 4, 0b1_0010), 7, 30), "x.xx.");
        // The second of three pictures, each shown twice, and the one that follows.
        assert_eq!(drawn(&seam(6, 3, 0b1010), 20, 15), "x...x..");
    }

    #[test]
    fn the_place_on_the_clock_is_that_of_clips() {
        let shown = |source: u32| -> Vec<u64> {
            let rate = |fps| Rate::new(fps, 1).unwrap();
            (0..11).map(|at| due(at, rate(source), rate(30))).collect()
        };
        assert_eq!(shown(24), [0, 0, 1, 2, 3, 4, 4, 5, 6, 7, 8]);
        assert_eq!(shown(15), [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5]);
        assert_eq!(shown(30), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    }
}

//! Cuts the sound into parts: those of the same numbers as the picture's, two seconds each.
//!
//! A part is listed when the picture's is there, so that players begin both at the same place. Where sound is
//! missing a part later still, silence takes its place: a list that does not go on would stop the picture.

use std::sync::atomic::Ordering;

use loopy_media::audio::encode::RATE;

use super::{Hls, Part, WINDOW_US};
use crate::{fmp4, outputs::ear::Ear, sound::micros};

/// Samples of a part's window.
const WINDOW: u64 = RATE as u64 * WINDOW_US / 1_000_000;

pub(super) struct SoundCutter {
    ear: Ear,
    next: Option<u64>,
}

impl SoundCutter {
    pub(super) fn new(ear: Ear) -> Self {
        Self { ear, next: None }
    }

    /// Takes what has come and adds the parts that are whole.
    pub(super) fn work(&mut self, hls: &Hls, wall: &dyn Fn(u64) -> u64) {
        self.ear.listen();
        let Some((oldest, newest)) = hls.numbers() else {
            return;
        };
        let Some(begin) = self.ear.begin() else {
            if newest > oldest + 1 {
                // It does not come: the picture is not kept back for it.
                hls.hears.store(false, Ordering::Release);
            }
            return;
        };
        let first = oldest.max(begin / WINDOW);
        let mut number = self.next.unwrap_or(first).max(oldest);
        while number <= newest {
            let (start, end) = (number * WINDOW, (number + 1) * WINDOW);
            if self.ear.end() < Some(end) {
                if number == newest {
                    break;
                }
                self.ear.fill(start, end);
            }
            if self.next.is_none() {
                self.ear.precede(start);
            }
            self.cut(hls, number, wall);
            self.ear.forget(end);
            number += 1;
            self.next = Some(number);
        }
    }

    fn cut(&self, hls: &Hls, number: u64, wall: &dyn Fn(u64) -> u64) {
        let window = number * WINDOW..(number + 1) * WINDOW;
        let inside = self.ear.units().filter(|unit| window.contains(&unit.at));
        let units: Vec<(u64, &[u8])> = inside.map(|unit| (unit.at, &*unit.data)).collect();
        let reel = self.ear.reel();
        let Some(((first, _), init)) = units.first().zip(fmp4::init_sound(&reel.rung)) else {
            return;
        };
        let step = self.ear.step();
        let end = units.last().map_or(*first, |(at, _)| at + step);
        let part = Part {
            number,
            seconds: (end - first) as f64 / f64::from(RATE),
            wall_us: wall(micros(*first)),
            media: fmp4::sounds((number as u32).wrapping_add(1), &units, step as u32),
        };
        hls.add(reel, init, part);
    }
}

//! Syllables of Lumi's babble, shared by the mouth and the voice so that lips and sound agree.

use crate::noise::{signed, unit};

/// One syllable.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Syllable {
    /// Seconds from the beginning of the gesture.
    pub(crate) start: f32,
    /// Seconds.
    pub(crate) length: f32,
    /// Pitch in Hz.
    pub(crate) pitch: f32,
    /// How far the mouth opens, 0 to 1.
    pub(crate) open: f32,
    /// Mouth from round (-1) to wide (1).
    pub(crate) wide: f32,
}

impl Syllable {
    /// Loudness and openness over time: 0 outside, 1 in the middle.
    pub(crate) fn swell(&self, now: f32) -> f32 {
        let x = (now - self.start) / self.length;
        if (0.0..=1.0).contains(&x) {
            (x * std::f32::consts::PI).sin().powi(2)
        } else {
            0.0
        }
    }
}

/// Phrases of three to six syllables with pauses, over `length` seconds.
pub(crate) fn talk(seed: u32, length: f32) -> Vec<Syllable> {
    let mut syllables = Vec::new();
    let (mut now, mut n) = (0.15, 0);
    while now < length - 0.45 {
        let count = 3 + (unit(seed, n) * 4.0) as u32;
        for place in 0..count {
            n += 8;
            let syllable = Syllable {
                start: now,
                length: 0.15 + 0.1 * unit(seed, n + 1),
                // A phrase falls, and its last syllable rises now and then, as a question does.
                pitch: 430.0 - 22.0 * place as f32
                    + 70.0 * signed(seed, n + 2)
                    + if place + 1 == count {
                        60.0 * signed(seed, n + 3)
                    } else {
                        0.0
                    },
                open: 0.45 + 0.55 * unit(seed, n + 4),
                wide: signed(seed, n + 5),
            };
            if syllable.start + syllable.length > length - 0.1 {
                return syllables;
            }
            now += syllable.length * 0.86;
            syllables.push(syllable);
        }
        now += 0.2 + 0.2 * unit(seed, n + 6);
    }
    syllables
}

/// Peals of laughter over `length` seconds: even, falling in pitch.
pub(crate) fn laugh(length: f32) -> Vec<Syllable> {
    const STEP: f32 = 0.21;
    let count = ((length - 0.5) / STEP) as u32;
    (0..count)
        .map(|n| Syllable {
            start: 0.25 + n as f32 * STEP,
            length: STEP * 0.9,
            pitch: 560.0 - 26.0 * (n % 6) as f32,
            open: 1.0 - 0.09 * (n % 6) as f32,
            wide: 0.6,
        })
        .collect()
}

//! How loud clips are, and the factors that even them.

use ebur128::{EbuR128, Mode};
use serde::{Deserialize, Serialize};

use super::{CHANNELS, Error, RATE, Source, source::read_around};

/// Loudness of what is left as it is: silence, room noise, a stray click.
pub const SILENT_LUFS: f64 = -60.0;

/// Most decibels by which a clip is raised or lowered towards the others.
pub const MOST_DB: f64 = 12.0;

/// Highest true peak that evening leaves, in dBFS.
pub const PEAK_DBFS: f64 = -1.0;

/// What a meter says of a sound.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// Integrated loudness by EBU R 128 in whole hundredths, which every JSON reader gives back
    /// to the bit; none for silence and for less than 0.4 s.
    pub lufs: Option<f64>,
    /// True peak of the louder channel, 1 for full scale; it can be above 1.
    pub peak: f32,
}

/// Measures interleaved stereo samples at [`RATE`].
pub fn measure(samples: &[f32]) -> Result<Measure, Error> {
    let mut meter = meter()?;
    let whole = samples.len() - samples.len() % CHANNELS;
    meter.add_frames_f32(&samples[..whole])?;
    result(&meter)
}

/// Measures a source second by second, so that its length costs no memory.
pub fn measure_source(source: &mut dyn Source) -> Result<Measure, Error> {
    let mut meter = meter()?;
    let mut buffer = Vec::new();
    let mut at = 0;
    while at < source.len() {
        let frames = (source.len() - at).min(u64::from(RATE));
        buffer.resize(frames as usize * CHANNELS, 0.0);
        read_around(source, at as i64, &mut buffer)?;
        meter.add_frames_f32(&buffer)?;
        at += frames;
    }
    result(&meter)
}

fn meter() -> Result<EbuR128, Error> {
    Ok(EbuR128::new(
        CHANNELS as u32,
        RATE,
        Mode::I | Mode::TRUE_PEAK,
    )?)
}

fn result(meter: &EbuR128) -> Result<Measure, Error> {
    let lufs = meter.loudness_global()?;
    let mut peak = 0.0_f64;
    for channel in 0..CHANNELS as u32 {
        peak = peak.max(meter.true_peak(channel)?);
    }
    Ok(Measure {
        lufs: lufs.is_finite().then_some((lufs * 100.0).round() / 100.0),
        peak: peak as f32,
    })
}

/// One factor per clip that brings it to the median loudness of all.
///
/// Within [`MOST_DB`] either way, and never so that its peak passes [`PEAK_DBFS`]: a clip whose
/// own peak does is lowered to it. Clips without a measure, without loudness or below
/// [`SILENT_LUFS`] get 1 and do not count towards the median.
pub fn gains(measures: &[Option<Measure>]) -> Vec<f32> {
    let audible = |measure: &Option<Measure>| {
        let measure = (*measure)?;
        let lufs = measure.lufs.filter(|lufs| *lufs >= SILENT_LUFS)?;
        Some((lufs, measure.peak))
    };
    let mut levels: Vec<f64> = measures
        .iter()
        .filter_map(audible)
        .map(|(lufs, _)| lufs)
        .collect();
    levels.sort_by(f64::total_cmp);
    let Some(median) = median(&levels) else {
        return vec![1.0; measures.len()];
    };
    measures
        .iter()
        .map(|measure| {
            audible(measure).map_or(1.0, |(lufs, peak)| {
                let wish = factor((median - lufs).clamp(-MOST_DB, MOST_DB));
                let most = factor(PEAK_DBFS) / f64::from(peak).max(f64::MIN_POSITIVE);
                wish.min(most) as f32
            })
        })
        .collect()
}

/// The middle of rising values; the mean of both where there are two.
fn median(rising: &[f64]) -> Option<f64> {
    let upper = *rising.get(rising.len() / 2)?;
    let lower = rising[(rising.len() - 1) / 2];
    Some(f64::midpoint(lower, upper))
}

fn factor(decibels: f64) -> f64 {
    10.0_f64.powf(decibels / 20.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sound::Memory;

    fn tone(amplitude: f64, seconds: f64) -> Vec<f32> {
        (0..(seconds * f64::from(RATE)) as u32)
            .flat_map(|n| {
                let angle = f64::from(n) * 997.0 / f64::from(RATE) * std::f64::consts::TAU;
                [(angle.sin() * amplitude) as f32; 2]
            })
            .collect()
    }

    fn at(lufs: f64, peak: f32) -> Measure {
        Measure {
            lufs: Some(lufs),
            peak,
        }
    }

    fn decibels(gain: f32) -> f64 {
        20.0 * f64::from(gain).log10()
    }

    #[test]
    fn a_stereo_reference_tone_reads_its_level() {
        // EBU Tech 3341, case 1: a stereo sine of about 1 kHz at -23 dBFS is -23 LUFS.
        let samples = tone(factor(-23.0), 3.0);
        let measured = measure(&samples).unwrap();
        assert!((measured.lufs.unwrap() + 23.0).abs() < 0.1, "{measured:?}");
        assert!((decibels(measured.peak) + 23.0).abs() < 0.1, "{measured:?}");
        let read = measure_source(&mut Memory::new(samples)).unwrap();
        assert_eq!(read, measured);
    }

    #[test]
    fn a_measure_survives_json_to_the_bit() {
        for step in 0..200_u32 {
            let level = 0.5 / f64::from(step + 1);
            let measured = measure(&tone(level, 0.5)).unwrap();
            let json = serde_json::to_string(&measured).unwrap();
            assert_eq!(serde_json::from_str::<Measure>(&json).unwrap(), measured);
        }
    }

    #[test]
    fn silence_and_scraps_have_no_loudness() {
        for samples in [vec![0.0; 96_000], tone(0.5, 0.2), vec![]] {
            assert_eq!(measure(&samples).unwrap().lufs, None);
        }
    }

    #[test]
    fn evened_tones_measure_alike() {
        let tones: Vec<Vec<f32>> = [-30.0, -24.0, -18.0]
            .map(|level| tone(factor(level), 2.0))
            .to_vec();
        let measures: Vec<_> = tones
            .iter()
            .map(|tone| Some(measure(tone).unwrap()))
            .collect();
        for (tone, gain) in tones.iter().zip(gains(&measures)) {
            let evened: Vec<f32> = tone.iter().map(|sample| sample * gain).collect();
            let lufs = measure(&evened).unwrap().lufs.unwrap();
            assert!((lufs + 24.0).abs() < 0.1, "{lufs}");
        }
    }

    #[test]
    fn gains_stay_within_their_bounds() {
        let gains = gains(&[
            Some(at(-20.0, 0.3)),
            Some(at(-50.0, 0.01)),
            Some(at(-2.0, 0.5)),
            Some(at(-24.0, 0.8)),
            Some(at(-20.0, 1.4)),
            Some(at(-70.0, 0.9)),
            None,
            Some(Measure {
                lufs: None,
                peak: 0.0,
            }),
        ]);
        let rounded: Vec<f64> = gains
            .iter()
            .map(|gain| (decibels(*gain) * 10.0).round() / 10.0)
            .collect();
        // Raised by 4 dB, 0.8 would peak above -1 dBFS; 1.4 has to come down to it.
        assert_eq!(rounded, [0.0, 12.0, -12.0, 0.9, -3.9, 0.0, 0.0, 0.0]);
    }

    #[test]
    fn an_even_number_of_clips_meets_in_the_middle() {
        let gains = gains(&[-30.0, -20.0].map(|lufs| Some(at(lufs, 0.01))));
        assert!((decibels(gains[0]) - 5.0).abs() < 1e-4);
        assert!((decibels(gains[1]) + 5.0).abs() < 1e-4);
    }
}

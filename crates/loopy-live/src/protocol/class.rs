//! What kind of network a viewer is on, by what was measured: round trip, how much it varies, and
//! whether media is taken as fast as it comes.

use std::collections::VecDeque;

/// Class of a network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// As good as a wire.
    #[default]
    Ethernet,
    /// As WiFi.
    Wifi,
    /// As a mobile network.
    Mobile,
}

impl Class {
    /// Its name in the protocol.
    pub fn name(self) -> &'static str {
        match self {
            Class::Ethernet => "ethernet",
            Class::Wifi => "wifi",
            Class::Mobile => "mobile",
        }
    }

    /// The latency that a player should aim at.
    pub fn target_ms(self) -> u32 {
        match self {
            Class::Ethernet => 50,
            Class::Wifi => 100,
            Class::Mobile => 200,
        }
    }

    fn worse(self) -> Self {
        match self {
            Class::Ethernet => Class::Wifi,
            Class::Wifi | Class::Mobile => Class::Mobile,
        }
    }
}

/// So many round trips are looked at.
const WINDOW: usize = 12;

/// A class is left for a better one after so many seconds in which the better one fits.
const CALM: u32 = 10;

/// A class is left for a worse one after so many seconds.
const ALARM: u32 = 2;

/// Round trip and jitter of a class at most, in milliseconds.
const ETHERNET: (f64, f64) = (8.0, 4.0);
const WIFI: (f64, f64) = (40.0, 20.0);

/// Measures a viewer's network.
#[derive(Clone, Debug, Default)]
pub struct Meter {
    trips: VecDeque<f64>,
    class: Class,
    better: u32,
    worse: u32,
}

impl Meter {
    /// A round trip in milliseconds.
    pub fn trip(&mut self, ms: f64) {
        if !ms.is_finite() || ms < 0.0 {
            return;
        }
        if self.trips.len() == WINDOW {
            self.trips.pop_front();
        }
        self.trips.push_back(ms);
    }

    /// Half of the round trips are shorter.
    pub fn rtt_ms(&self) -> Option<f64> {
        let mut sorted: Vec<f64> = self.trips.iter().copied().collect();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied()
    }

    /// Mean difference of a round trip from the one before it.
    pub fn jitter_ms(&self) -> Option<f64> {
        let count = self.trips.len().checked_sub(1).filter(|&count| count > 0)?;
        let steps = self.trips.iter().zip(self.trips.iter().skip(1));
        Some(steps.map(|(a, b)| (a - b).abs()).sum::<f64>() / count as f64)
    }

    /// The class as it is now.
    pub fn class(&self) -> Class {
        self.class
    }

    /// Once a second, with the part of it in which media waited for the viewer; the new class where
    /// it is another.
    pub fn tick(&mut self, waited: f64) -> Option<Class> {
        let fits = self.fits(waited)?;
        self.better = if fits < self.class {
            self.better + 1
        } else {
            0
        };
        self.worse = if fits > self.class { self.worse + 1 } else { 0 };
        if self.better < CALM && self.worse < ALARM {
            return None;
        }
        self.class = fits;
        (self.better, self.worse) = (0, 0);
        Some(fits)
    }

    fn fits(&self, waited: f64) -> Option<Class> {
        let rtt = self.rtt_ms()?;
        let jitter = self.jitter_ms().unwrap_or_default();
        let within = |(most_rtt, most_jitter)| rtt <= most_rtt && jitter <= most_jitter;
        let class = match () {
            () if within(ETHERNET) => Class::Ethernet,
            () if within(WIFI) => Class::Wifi,
            () => Class::Mobile,
        };
        Some(if waited > 0.5 { class.worse() } else { class })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(meter: &mut Meter, trips: &[f64], seconds: usize, waited: f64) -> Vec<Class> {
        let trips = trips.iter().cycle();
        let seconds = trips.take(seconds);
        let tick = |&ms: &f64| {
            meter.trip(ms);
            meter.tick(waited)
        };
        seconds.filter_map(tick).collect()
    }

    #[test]
    fn round_trip_and_jitter_decide() {
        let class = |trips: &[f64]| {
            let mut meter = Meter::default();
            run(&mut meter, trips, 30, 0.0);
            meter.class()
        };
        assert_eq!(class(&[0.3, 0.5]), Class::Ethernet);
        assert_eq!(class(&[0.5, 14.0]), Class::Wifi);
        assert_eq!(class(&[12.0, 15.0]), Class::Wifi);
        assert_eq!(class(&[60.0, 70.0]), Class::Mobile);
        assert_eq!(class(&[20.0, 60.0]), Class::Mobile);
    }

    #[test]
    fn a_viewer_that_takes_media_late_is_a_class_worse() {
        let mut meter = Meter::default();
        run(&mut meter, &[0.4], 30, 0.9);
        assert_eq!(meter.class(), Class::Wifi);
    }

    #[test]
    fn worse_comes_quickly_and_better_slowly() {
        let mut meter = Meter::default();
        assert!(run(&mut meter, &[0.3], 20, 0.0).is_empty());
        assert_eq!(
            run(&mut meter, &[90.0], 12, 0.0).last(),
            Some(&Class::Mobile)
        );
        assert!(run(&mut meter, &[0.3], 9, 0.0).is_empty());
        assert!(!run(&mut meter, &[0.3], 30, 0.0).is_empty());
        assert_eq!(meter.class(), Class::Ethernet);
    }

    #[test]
    fn what_is_no_time_changes_nothing() {
        let mut meter = Meter::default();
        for ms in [f64::NAN, f64::INFINITY, -1.0] {
            meter.trip(ms);
        }
        assert_eq!((meter.rtt_ms(), meter.tick(0.0)), (None, None));
    }
}

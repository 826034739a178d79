//! `/proc/pressure/*`: how much of the time work waited for CPU, memory or disk.

use serde::{Deserialize, Serialize};

use super::unclear;

/// Share of the time that was lost to waiting, in percent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stall {
    /// Of the last 10 seconds.
    pub avg10: f64,
    /// Of the last minute.
    pub avg60: f64,
    /// Of the last five minutes.
    pub avg300: f64,
}

/// Waiting for one thing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pressure {
    /// When at least one task waited.
    pub some: Stall,
    /// When all tasks waited; older kernels do not say it of the CPU.
    pub full: Option<Stall>,
}

/// Reads one file of `/proc/pressure`.
pub(crate) fn parse(text: &str) -> Result<Pressure, String> {
    let line = |kind: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(kind))?;
        let field = |name: &str| {
            line.split_ascii_whitespace()
                .find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
                .and_then(|number| number.parse::<f64>().ok())
                .filter(|percent| (0.0..=100.0).contains(percent))
        };
        Some(Stall {
            avg10: field("avg10")?,
            avg60: field("avg60")?,
            avg300: field("avg300")?,
        })
    };
    Ok(Pressure {
        some: line("some ").ok_or_else(|| unclear("pressure", text))?,
        full: line("full "),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_lines_are_read() {
        let text = "some avg10=1.50 avg60=0.10 avg300=1.04 total=178250492\n\
                    full avg10=0.25 avg60=0.09 avg300=0.93 total=58745049\n";
        let pressure = parse(text).unwrap();
        assert_eq!(
            pressure.some,
            Stall {
                avg10: 1.5,
                avg60: 0.1,
                avg300: 1.04
            }
        );
        assert!((pressure.full.unwrap().avg10 - 0.25).abs() < 1e-9);
    }

    #[test]
    fn old_kernels_say_less_and_nonsense_is_named() {
        let old = parse("some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n").unwrap();
        assert_eq!(old.full, None);
        for bad in [
            "",
            "some avg10=x avg60=0 avg300=0",
            "some avg10=0 avg60=0",
            "some avg10=NaN avg60=0 avg300=0",
            "some avg10=-1 avg60=0 avg300=0",
            "some avg10=1000 avg60=0 avg300=0",
            "full avg10=0 avg60=0 avg300=0",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}

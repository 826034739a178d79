//! Order, filters and trims: what of the usable clips is used.

use std::{cmp::Reverse, fmt, path::Path, str::FromStr};

use loopy_core::{Clip, Size, span::Span};
use loopy_sight::verdict::Usable;

use super::Candidate;
use crate::job::Analysis;

/// Order of the library.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// By name, numbers by value: clip 2 before clip 10.
    #[default]
    Name,
    /// Oldest first.
    Date,
    /// Largest file first.
    Size,
    /// Longest first.
    Duration,
}

impl Sort {
    /// Sorts usable candidates; equal ones by name.
    pub fn apply(self, usable: &mut [(Candidate, Analysis)]) {
        usable.sort_by_cached_key(|(candidate, _)| natural(&candidate.path));
        match self {
            Self::Name => {}
            Self::Date => usable.sort_by_key(|(candidate, _)| candidate.modified),
            Self::Size => usable.sort_by_key(|(candidate, _)| Reverse(candidate.bytes)),
            Self::Duration => usable.sort_by_key(|(_, analysis)| {
                let time = |frame: u32| analysis.times.get(frame as usize).unwrap_or(&analysis.end);
                let length = |shot: &Usable| time(shot.until) - time(shot.first);
                Reverse(analysis.shots.iter().map(length).sum::<i64>())
            }),
        }
    }
}

/// A key that sorts as people do: byte by byte, but runs of digits by their value.
fn natural(path: &Path) -> Vec<(u8, u64, Vec<u8>)> {
    let mut key = Vec::new();
    let mut rest = path.as_os_str().as_encoded_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let digits = rest.iter().position(|byte| !byte.is_ascii_digit());
        let (number, after) = rest.split_at(digits.unwrap_or(rest.len()));
        if number.is_empty() {
            key.push((*first, 0, Vec::new()));
            rest = tail;
        } else {
            let value = number.iter().fold(0_u64, |value, digit| {
                value
                    .saturating_mul(10)
                    .saturating_add(u64::from(digit - b'0'))
            });
            key.push((b'0', value, number.to_vec()));
            rest = after;
        }
    }
    key
}

/// Sizes to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// At least 1080 on the shorter side.
    P1080,
    /// At least 720 on the shorter side.
    P720,
    /// At least 2160 on the shorter side.
    P2160,
    /// Higher than wide.
    Vertical,
    /// As high as wide, within 2 %.
    Square,
}

impl Filter {
    /// A clip of `size` stays.
    pub fn keeps(self, size: Size) -> bool {
        let short = size.width.min(size.height);
        match self {
            Self::P720 => short >= 720,
            Self::P1080 => short >= 1080,
            Self::P2160 => short >= 2160,
            Self::Vertical => size.height > size.width,
            Self::Square => size.width.abs_diff(size.height) * 50 <= size.width.max(size.height),
        }
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::P720 => "720p",
            Self::P1080 => "1080p",
            Self::P2160 => "4k",
            Self::Vertical => "vertical",
            Self::Square => "square",
        })
    }
}

/// A clip of which only the part from `from` to `to` is used: `CLIP=IN:OUT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trim {
    clip: String,
    from: Option<Span>,
    to: Option<Span>,
}

/// Why a text is not a trim.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a trim; examples: clip.mp4=1.5:4, clip.mp4=:3s, clip.mp4=2:")]
pub struct ParseTrimError(String);

impl FromStr for Trim {
    type Err = ParseTrimError;

    fn from_str(text: &str) -> Result<Self, ParseTrimError> {
        let error = || ParseTrimError(text.to_owned());
        let (clip, range) = text.rsplit_once('=').ok_or_else(error)?;
        // With more than one colon it is not clear which of them divides the two.
        let (from, to) = range
            .split_once(':')
            .filter(|(_, to)| !to.contains(':'))
            .ok_or_else(error)?;
        let side = |text: &str| match text.trim() {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_bad| error()),
        };
        let trim = Self {
            clip: clip.to_owned(),
            from: side(from)?,
            to: side(to)?,
        };
        let empty = clip.is_empty() || (trim.from.is_none() && trim.to.is_none());
        if empty { Err(error()) } else { Ok(trim) }
    }
}

impl Trim {
    /// The clip's name as given.
    pub fn clip(&self) -> &str {
        &self.clip
    }

    /// `shot` of `path` is meant: by path, file name or stem, with `#2` for the second shot alone.
    pub fn names(&self, path: &Path, shot: u32) -> bool {
        let is = |text: &str| {
            let names = [Some(path.as_os_str()), path.file_name(), path.file_stem()];
            let mut names = names.into_iter().flatten();
            names.any(|name| name.to_str() == Some(text))
        };
        let numbered = self.clip.rsplit_once('#');
        is(&self.clip)
            || numbered.is_some_and(|(name, number)| number.parse() == Ok(shot) && is(name))
    }

    /// Narrows the usable range; the error says why it cannot.
    pub fn apply(&self, clip: &mut Clip) -> Result<(), String> {
        let boundary = |span: Span| {
            let micros = i64::try_from(span.micros()).unwrap_or(i64::MAX);
            // A frame belongs to the part when it starts in it; times are rounded by containers.
            clip.times.partition_point(|time| *time + 1000 < micros) as u32
        };
        let first = self.from.map_or(clip.first, boundary).max(clip.first);
        let until = self.to.map_or(clip.until, boundary).min(clip.until);
        if first + 2 > until {
            return Err(format!(
                "--trim {}: nothing is left of it; its usable part is {:.2} to {:.2} s",
                self.clip,
                clip.time(clip.first) as f64 / 1e6,
                clip.time(clip.until) as f64 / 1e6
            ));
        }
        (clip.first, clip.until) = (first, until);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clip_2_sorts_before_clip_10() {
        let mut names = [
            "clip10.mp4",
            "clip2.mp4",
            "a1b.mp4",
            "clip1.mp4",
            "clip.mp4",
        ];
        names.sort_by_key(|name| natural(Path::new(name)));
        assert_eq!(
            names,
            [
                "a1b.mp4",
                "clip.mp4",
                "clip1.mp4",
                "clip2.mp4",
                "clip10.mp4"
            ]
        );
    }

    #[test]
    fn a_filter_is_a_least_size_or_a_shape() {
        let kept = |filter: Filter, sizes: &[(u32, u32)]| -> Vec<bool> {
            let sizes = sizes.iter();
            sizes
                .map(|(wide, high)| filter.keeps(Size::new(*wide, *high)))
                .collect()
        };
        for (filter, least) in [
            (Filter::P720, 720),
            (Filter::P1080, 1080),
            (Filter::P2160, 2160),
        ] {
            let sizes = [
                (4096, least),
                (least, 4096),
                (4096, least - 2),
                (least - 2, 4096),
            ];
            assert_eq!(kept(filter, &sizes), [true, true, false, false], "{filter}");
        }
        let sizes = [(1000, 1000), (1020, 1000), (1000, 1020), (1000, 1022)];
        assert_eq!(kept(Filter::Square, &sizes), [true, true, true, false]);
        assert_eq!(kept(Filter::Vertical, &sizes), [false, false, true, true]);
    }

    #[test]
    fn trims_take_either_side_and_refuse_nonsense() {
        let trim: Trim = "a=b.mp4=1.5:4s".parse().unwrap();
        assert_eq!(trim.clip(), "a=b.mp4");
        assert!("clip=:3s".parse::<Trim>().is_ok());
        assert!("clip=2:".parse::<Trim>().is_ok());
        for bad in [
            "clip",
            "clip=",
            "clip=:",
            "=1:2",
            "clip=x:2",
            "clip=3",
            "clip=1:00:1:30",
        ] {
            assert!(bad.parse::<Trim>().is_err(), "{bad}");
        }
        assert!(trim.names(Path::new("dir/a=b.mp4"), 0));
        assert!(!trim.names(Path::new("dir/b.mp4"), 0));
        let second: Trim = "b#2=1:".parse().unwrap();
        let path = Path::new("dir/b.mp4");
        assert!(second.names(path, 2) && !second.names(path, 1));
        assert!(
            second.names(Path::new("b#2.mp4"), 1),
            "a name may hold the sign"
        );
    }
}

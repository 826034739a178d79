//! Counts that fade, so that a walk of weeks remembers what is recent and needs no more memory.

/// One use, in the unit of [`Fade::at`].
pub(super) const USE: u32 = 1 << 16;

/// A count in 1/65536, halved after every half-life, and falling evenly in between.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Fade {
    value: u32,
    since: u32,
}

impl Fade {
    /// What is left at visit `now`.
    pub(super) fn at(self, now: u32, half_life: u32) -> u32 {
        let age = now.saturating_sub(self.since);
        if self.value == 0 || age == 0 {
            return self.value;
        }
        let halved = self.value.checked_shr(age / half_life).unwrap_or(0);
        let part = u64::from(halved) * u64::from(age % half_life) / u64::from(half_life);
        halved - (part / 2) as u32
    }

    /// One use more at visit `now`.
    pub(super) fn used(self, now: u32, half_life: u32) -> Self {
        Self {
            value: self.at(now, half_life).saturating_add(USE),
            since: now,
        }
    }

    /// Never used, not even long ago.
    pub(super) fn fresh(self) -> bool {
        self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_halves_after_its_half_life_and_never_rises_by_itself() {
        let once = Fade::default().used(10, 100);
        assert_eq!(once.at(10, 100), USE);
        assert_eq!(once.at(110, 100), USE / 2);
        assert_eq!(once.at(210, 100), USE / 4);
        assert_eq!(once.at(60, 100), USE * 3 / 4);
        assert!((10..5000).all(|now| once.at(now, 100) >= once.at(now + 1, 100)));
        assert_eq!(once.at(u32::MAX, 100), 0);
        assert!(Fade::default().fresh() && !once.fresh());
        assert_eq!(once.used(110, 100).at(110, 100), USE * 3 / 2);
    }
}

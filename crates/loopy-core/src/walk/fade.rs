//! Counts that fade, so that a walk of weeks remembers what is recent and needs no more memory.

/// One use, in the unit of [`Fade::at`].
pub(super) const USE: u32 = 1 << 16;

/// Visits after which a count has halved: a power of two.
#[derive(Clone, Copy, Debug)]
pub(super) struct HalfLife(u32);

impl HalfLife {
    /// At least `visits`, which is at most 2^30.
    pub(super) fn of(visits: u32) -> Self {
        Self(visits.clamp(1, 1 << 30).next_power_of_two().ilog2())
    }
}

/// A count in 1/65536, halved after every half-life, and falling evenly in between.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Fade {
    value: u32,
    since: u32,
}

impl Fade {
    /// What is left at visit `now`.
    pub(super) fn at(self, now: u32, half_life: HalfLife) -> u32 {
        let age = now.saturating_sub(self.since);
        let HalfLife(shift) = half_life;
        let halved = self.value.checked_shr(age >> shift).unwrap_or(0);
        let rest = u64::from(age) & ((1 << shift) - 1);
        halved - ((u64::from(halved) * rest) >> (shift + 1)) as u32
    }

    /// One use more at visit `now`.
    pub(super) fn used(self, now: u32, half_life: HalfLife) -> Self {
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
        let life = HalfLife::of(100);
        let once = Fade::default().used(10, life);
        assert_eq!(once.at(10, life), USE);
        assert_eq!(once.at(138, life), USE / 2);
        assert_eq!(once.at(266, life), USE / 4);
        assert_eq!(once.at(74, life), USE * 3 / 4);
        assert!((10..5000).all(|now| once.at(now, life) >= once.at(now + 1, life)));
        assert_eq!(once.at(u32::MAX, life), 0);
        assert!(Fade::default().fresh() && !once.fresh());
        assert_eq!(once.used(138, life).at(138, life), USE * 3 / 2);
    }
}

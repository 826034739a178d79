//! How many messages a client may send: a bucket that fills evenly.

/// As many as a second has may come at once.
#[derive(Clone, Copy, Debug)]
pub struct Bucket {
    every_us: u64,
    burst: u32,
    /// When the bucket is full again.
    full_us: u64,
}

impl Bucket {
    /// `per_second` messages, and as many at once.
    pub fn new(per_second: u32) -> Self {
        Self {
            every_us: 1_000_000 / u64::from(per_second.max(1)),
            burst: per_second.max(1),
            full_us: 0,
        }
    }

    /// Takes one at `now_us`; `false` where there is none.
    pub fn take(&mut self, now_us: u64) -> bool {
        let full = self.full_us.max(now_us) + self.every_us;
        let is_there = full - now_us <= self.every_us * u64::from(self.burst);
        if is_there {
            self.full_us = full;
        }
        is_there
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holds_as_many_as_it_may() {
        let mut bucket = Bucket::new(20);
        let taken = (0..40).filter(|_| bucket.take(1_000_000)).count();
        assert_eq!(taken, 20);
        assert!(!bucket.take(1_049_999));
        assert!(bucket.take(1_050_000));
        let taken = (0..1000)
            .filter(|step| bucket.take(2_000_000 + step * 10_000))
            .count();
        assert!((199..=220).contains(&taken), "{taken} in 10 s");
    }
}

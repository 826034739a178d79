//! What is wished of single clips: how often they are shown, and how much they stick in memory.

/// A share of 1.
const WHOLE: u32 = 1 << 16;
/// A weight of 1.
const EVEN: u32 = 1 << 8;
/// Largest weight of a clip against another's 1.
const HEAVIEST: f64 = 1000.0;

/// What is wished of one clip. [`Wish::default`] is nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    pub(super) weight: u32,
    pub(super) least: u32,
    pub(super) most: u32,
    pub(super) salience: u32,
    pub(super) relevance: i32,
}

impl Default for Wish {
    fn default() -> Self {
        Self {
            weight: EVEN,
            least: 0,
            most: WHOLE,
            salience: 0,
            relevance: 0,
        }
    }
}

/// Why wishes cannot be granted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A number that is none, or out of its range.
    #[error("{what} must be a number from {least} to {most}")]
    Number {
        /// Which number.
        what: &'static str,
        /// Its least.
        least: &'static str,
        /// Its most.
        most: &'static str,
    },
    /// A minimum over its maximum.
    #[error("clip {0}: its minimum share is larger than its maximum share")]
    Crossed(u32),
    /// A clip that shall never be shown, and shall.
    #[error("clip {0}: it has a weight of 0 and a minimum share")]
    Never(u32),
    /// Minima over the whole.
    #[error("the minimum shares of all clips sum to {0} %; they cannot sum to more than 100 %")]
    Minima(u32),
    /// Maxima under the whole.
    #[error("the maximum shares of all clips sum to {0} %; they must sum to 100 % or more")]
    Maxima(u32),
    /// Nobody is left.
    #[error("every clip has a weight of 0: there is nothing to show")]
    Nobody,
    /// Wishes for another library.
    #[error("there are wishes for {found} clips; the library has {clips}")]
    Clips {
        /// Wishes.
        found: usize,
        /// Clips of the library.
        clips: usize,
    },
}

impl Wish {
    /// In words, in the units that decide.
    pub(super) fn words(&self) -> String {
        format!(
            "weight {}/256, shares {} to {}/65536, salience {}/256, relevance {}/256",
            self.weight, self.least, self.most, self.salience, self.relevance
        )
    }

    /// The wish that [`Wish::words`] tells; `None` for other words.
    pub(crate) fn of_words(words: &str) -> Option<Self> {
        let rest = words.strip_prefix("weight ")?;
        let (weight, rest) = rest.split_once("/256, shares ")?;
        let (least, rest) = rest.split_once(" to ")?;
        let (most, rest) = rest.split_once("/65536, salience ")?;
        let (salience, rest) = rest.split_once("/256, relevance ")?;
        Some(Self {
            weight: weight.parse().ok()?,
            least: least.parse().ok()?,
            most: most.parse().ok()?,
            salience: salience.parse().ok()?,
            relevance: rest.strip_suffix("/256")?.parse().ok()?,
        })
    }

    /// How many times as often as a clip of weight 1 it is to be shown.
    pub fn weight(&self) -> f64 {
        f64::from(self.weight) / f64::from(EVEN)
    }

    /// Its share of all showings, at least and at most, 0 to 1.
    pub fn shares(&self) -> (f64, f64) {
        let share = |share: u32| f64::from(share) / f64::from(WHOLE);
        (share(self.least), share(self.most))
    }

    /// Shown so many times as often as a clip of weight 1; 0 for never, at most 1000.
    ///
    /// # Errors
    /// [`Error::Number`].
    pub fn with_weight(self, weight: f64) -> Result<Self, Error> {
        let weight = within("a weight", weight, 0.0, HEAVIEST, ("0", "1000"))?;
        let scaled = (weight * f64::from(EVEN)).round() as u32;
        Ok(Self {
            weight: if weight > 0.0 { scaled.max(1) } else { 0 },
            ..self
        })
    }

    /// Share of all showings, at least and at most, 0 to 1.
    ///
    /// # Errors
    /// [`Error::Number`].
    pub fn with_shares(self, least: f64, most: f64) -> Result<Self, Error> {
        let share = |what, value| {
            within(what, value, 0.0, 1.0, ("0", "1"))
                .map(|share| (share * f64::from(WHOLE)).round() as u32)
        };
        Ok(Self {
            least: share("a minimum share", least)?,
            most: share("a maximum share", most)?,
            ..self
        })
    }

    /// How much it sticks in memory, 0 to 1: the more, the later it returns.
    ///
    /// # Errors
    /// [`Error::Number`].
    pub fn with_salience(self, salience: f64) -> Result<Self, Error> {
        let salience = within("a salience", salience, 0.0, 1.0, ("0", "1"))?;
        Ok(Self {
            salience: (salience * 256.0).round() as u32,
            ..self
        })
    }

    /// What a signal of 1 makes of it, -1 (unlikely) to 1 (likely).
    ///
    /// # Errors
    /// [`Error::Number`].
    pub fn with_relevance(self, relevance: f64) -> Result<Self, Error> {
        let relevance = within("a relevance", relevance, -1.0, 1.0, ("-1", "1"))?;
        Ok(Self {
            relevance: (relevance * 256.0).round() as i32,
            ..self
        })
    }
}

fn within(
    what: &'static str,
    value: f64,
    low: f64,
    high: f64,
    (least, most): (&'static str, &'static str),
) -> Result<f64, Error> {
    (low..=high)
        .contains(&value)
        .then_some(value)
        .ok_or(Error::Number { what, least, most })
}

/// The wishes of `usable` clips among `clips`, one for each clip, if they can be granted together.
pub(super) fn agreed(wishes: &[Wish], usable: &[u32], clips: usize) -> Result<Vec<Wish>, Error> {
    if wishes.is_empty() {
        return Ok(vec![Wish::default(); clips]);
    }
    if wishes.len() != clips {
        let found = wishes.len();
        return Err(Error::Clips { found, clips });
    }
    for (index, wish) in (0..).zip(wishes) {
        if wish.least > wish.most {
            return Err(Error::Crossed(index));
        }
        if wish.weight == 0 && wish.least > 0 {
            return Err(Error::Never(index));
        }
    }
    let shown = || {
        let own = usable.iter().map(|clip| wishes[*clip as usize]);
        own.filter(|wish| wish.weight > 0)
    };
    if shown().next().is_none() {
        return Err(Error::Nobody);
    }
    let percent = |sum: u64| ((sum * 100 + u64::from(WHOLE / 2)) / u64::from(WHOLE)) as u32;
    let least: u64 = shown().map(|wish| u64::from(wish.least)).sum();
    // Rounded shares may sum to a little more or less than the whole.
    let slack = wishes.len() as u64;
    if least > u64::from(WHOLE) + slack {
        return Err(Error::Minima(percent(least)));
    }
    let most: u64 = shown().map(|wish| u64::from(wish.most)).sum();
    if most + slack < u64::from(WHOLE) {
        return Err(Error::Maxima(percent(most)));
    }
    Ok(wishes.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(least: f64, most: f64) -> Wish {
        Wish::default().with_shares(least, most).unwrap()
    }

    #[test]
    fn wishes_that_contradict_each_other_are_named() {
        let agree = |wishes: &[Wish]| agreed(wishes, &[0, 1, 2], 3);
        let free = Wish::default();
        assert_eq!(
            agree(&[shares(0.5, 0.3), free, free]),
            Err(Error::Crossed(0))
        );
        let never = Wish { weight: 0, ..free };
        assert_eq!(
            agree(&[
                free,
                Wish {
                    weight: 0,
                    ..shares(0.1, 1.0)
                },
                free
            ]),
            Err(Error::Never(1))
        );
        assert_eq!(agree(&[never; 3]), Err(Error::Nobody));
        assert_eq!(agree(&[shares(0.4, 1.0); 3]), Err(Error::Minima(120)));
        assert_eq!(agree(&[shares(0.0, 0.2); 3]), Err(Error::Maxima(60)));
        assert_eq!(agree(&[free]), Err(Error::Clips { found: 1, clips: 3 }));
        let third = shares(1.0 / 3.0, 1.0 / 3.0);
        assert!(agree(&[third; 3]).is_ok());
        assert_eq!(agree(&[]).unwrap(), [free; 3]);
    }

    #[test]
    fn words_of_a_wish_tell_all_of_it() {
        let wish = shares(0.125, 0.5).with_weight(2.5).unwrap();
        let wish = wish.with_salience(0.3).unwrap();
        let wish = wish.with_relevance(-0.7).unwrap();
        assert_eq!(Wish::of_words(&wish.words()), Some(wish));
        assert!((wish.weight() - 2.5).abs() < 1e-9);
        assert_eq!(wish.shares(), (0.125, 0.5));
        for other in ["", "weight 1/256", "weight x/256, shares 0 to 1/65536"] {
            assert_eq!(Wish::of_words(other), None);
        }
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        let free = Wish::default();
        assert!(free.with_weight(f64::NAN).is_err());
        assert!(free.with_weight(-1.0).is_err());
        assert!(free.with_shares(0.0, 1.1).is_err());
        assert!(free.with_salience(2.0).is_err());
        assert!(free.with_relevance(-1.01).is_err());
        assert_eq!(free.with_weight(1e-9).unwrap().weight, 1);
        assert_eq!(free.with_weight(0.0).unwrap().weight, 0);
    }
}

//! Which clips are cut from one take, as its owner tells: a joint where the take goes on as it was
//! filmed is no seam.

use std::collections::BTreeMap;

use crate::Error;

/// Known takes. The default knows none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Takes {
    clips: BTreeMap<String, (String, u32)>,
}

impl Takes {
    /// Reads lines `CLIP TAKE START`: file name of the clip, any name of the take, and the frame
    /// of the take with which the clip starts. Empty lines and lines that begin with `#` say
    /// nothing.
    ///
    /// # Errors
    /// [`Error::Takes`] with the number of the first line that is none of these.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut takes = Self::default();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            // The name may hold spaces, the others not.
            let mut words = line.rsplitn(3, char::is_whitespace);
            let row = (|| {
                let start: u32 = words.next()?.parse().ok()?;
                let take = words.next().filter(|take| !take.is_empty())?.to_owned();
                Some((words.next()?.trim().to_owned(), (take, start)))
            })();
            let (clip, place) = row.ok_or(Error::Takes { line: number })?;
            takes.clips.insert(clip, place);
        }
        Ok(takes)
    }

    /// Whether frame `next` of clip `to` follows frame `last` of clip `from` in one take.
    pub fn goes_on(&self, from: &str, last: u32, to: &str, next: u32) -> bool {
        match (self.clips.get(from), self.clips.get(to)) {
            (Some((a, first)), Some((b, second))) => {
                a == b
                    && u64::from(*first) + u64::from(last) + 1
                        == u64::from(*second) + u64::from(next)
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_take_goes_on_only_at_its_own_next_frame() {
        let takes =
            Takes::parse("# emma\na b.mp4 emma 0\n\nc.mp4\temma 125\nd.mp4 joi 125\n").unwrap();
        assert!(takes.goes_on("a b.mp4", 124, "c.mp4", 0));
        assert!(
            takes.goes_on("a b.mp4", 130, "c.mp4", 6),
            "overlapping clips"
        );
        assert!(!takes.goes_on("a b.mp4", 123, "c.mp4", 0));
        assert!(!takes.goes_on("a b.mp4", 124, "d.mp4", 0));
        assert!(!takes.goes_on("a b.mp4", 124, "e.mp4", 0));
        assert!(!Takes::default().goes_on("a", 1, "a", 2));
    }

    #[test]
    fn lines_that_say_nothing_usable_are_named() {
        for (text, line) in [("x.mp4 take", 1), ("# x\nx.mp4 take -1", 2), ("x.mp4", 1)] {
            assert_eq!(Takes::parse(text), Err(Error::Takes { line }));
        }
    }
}

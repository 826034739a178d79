//! Which clip a row means.

use std::collections::HashMap;

use super::{Error, label};
use crate::plan::PlannedClip;

/// Clips of the stock by what rows call them.
pub(super) struct Names<'a> {
    stock: &'a [PlannedClip],
    /// The first so many came with the sheet and go first.
    own: usize,
    full: HashMap<String, Vec<usize>>,
    short: HashMap<String, Vec<usize>>,
}

impl<'a> Names<'a> {
    /// Of `stock` the first `own` came with the sheet.
    pub(super) fn new(stock: &'a [PlannedClip], own: usize) -> Self {
        let (mut full, mut short) = (HashMap::new(), HashMap::new());
        for (index, planned) in stock.iter().enumerate() {
            let full: &mut Vec<_> = full.entry(label(&planned.clip)).or_default();
            full.push(index);
            let short: &mut Vec<_> = short.entry(planned.clip.short_name()).or_default();
            short.push(index);
        }
        Self {
            stock,
            own,
            full,
            short,
        }
    }

    /// The clip of that name, or of that file name where only one has it.
    pub(super) fn find(&self, name: &str, line: u64) -> Result<usize, Error> {
        for (names, what) in [(&self.full, "name"), (&self.short, "file name")] {
            let found = names.get(name).map_or(&[][..], Vec::as_slice);
            let own = &found[..found.partition_point(|index| *index < self.own)];
            match (own, found) {
                ([one], _) | ([], [one]) => return Ok(*one),
                ([], []) => {}
                _ => {
                    return Err(Error::cell(
                        line,
                        "clip",
                        format!("several clips have the {what} `{name}`"),
                    )
                    .hinting("give the path as it stands in the lines that begin with #clip"));
                }
            }
        }
        let known: Vec<String> = self
            .stock
            .iter()
            .map(|planned| label(&planned.clip))
            .collect();
        let shown = known.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
        let hint = match known.len() {
            0 => "give the clips on the command line".to_owned(),
            1..=5 => format!("known are {shown}"),
            more => format!("known are {shown} and {} more", more - 5),
        };
        Err(Error::cell(line, "clip", format!("there is no clip `{name}`")).hinting(hint))
    }
}

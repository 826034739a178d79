//! What decides whether rungs work.

use std::collections::BTreeMap;

/// What a ladder depends on, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// With one more thing in it.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// Only what has one of these names.
    #[must_use]
    pub fn only(&self, names: &[&str]) -> Self {
        let kept = self.0.iter().filter(|(name, _)| names.contains(&&***name));
        Self(
            kept.map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
        )
    }

    /// What differs from what was `before`, in words.
    pub(super) fn changes(&self, before: &Self) -> String {
        let names = self.0.keys().chain(before.0.keys());
        let mut changes: Vec<String> = names
            .filter_map(|name| {
                let [was, is] = [before, self].map(|environment| environment.0.get(name));
                let word =
                    |value: Option<&String>| value.map_or("absent", |value| value).to_owned();
                (was != is).then(|| format!("{name} changed from {} to {}", word(was), word(is)))
            })
            .collect();
        changes.sort();
        changes.dedup();
        changes.join("; ")
    }
}

//! What a file name says: `avatar_idle_003.mp4` is clip 3 of subject `avatar` in state `idle`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Words read from a file name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tags {
    /// Known state among the words, if there is one.
    pub state: Option<String>,
    /// All words in lower case, without the trailing number.
    pub words: Vec<String>,
    /// The trailing number, if there is one.
    pub number: Option<u32>,
}

/// States that need no declaration; a sidecar file can name others.
const STATES: [&str; 14] = [
    "idle",
    "talk",
    "talking",
    "listen",
    "listening",
    "think",
    "thinking",
    "laugh",
    "smile",
    "wave",
    "nod",
    "blink",
    "sleep",
    "walk",
];

impl Tags {
    /// Tags of the file stem `stem` (no folder, no extension).
    pub fn from_stem(stem: &str) -> Self {
        let mut words: Vec<String> = stem
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_lowercase)
            .collect();
        let number = words.last().and_then(|word| word.parse().ok());
        if number.is_some() {
            words.pop();
        }
        let state = words
            .iter()
            .find(|word| STATES.contains(&word.as_str()))
            .map(|word| match word.as_str() {
                "talk" => "talking".to_owned(),
                "listen" => "listening".to_owned(),
                "think" => "thinking".to_owned(),
                other => other.to_owned(),
            });
        Self {
            state,
            words,
            number,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_and_number_are_read_from_the_name() {
        let tags = Tags::from_stem("avatar_idle_emma_003");
        assert_eq!(tags.state.as_deref(), Some("idle"));
        assert_eq!(tags.number, Some(3));
        assert_eq!(tags.words, ["avatar", "idle", "emma"]);
        assert_eq!(Tags::from_stem("Talk-07").state.as_deref(), Some("talking"));
        assert_eq!(Tags::from_stem("IMG 1234").state, None);
        assert_eq!(Tags::from_stem(""), Tags::default());
    }
}

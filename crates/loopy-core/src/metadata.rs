//! Output names with fields, and the words written into a video.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Words of the user, written into the video.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Words {
    /// Title.
    pub title: Option<String>,
    /// Artist.
    pub artist: Option<String>,
    /// Comment.
    pub comment: Option<String>,
}

/// What the fields of an output name stand for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fields {
    /// `%timestamp%`: `YYYYMMDD-HHMMSS`, given by the caller.
    pub timestamp: String,
    /// `%preset%`: the encoder preset's name, or `default`.
    pub preset: String,
    /// `%seed%`.
    pub seed: u64,
}

/// Why an output name cannot be filled in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`%{0}%` is not a field of an output name; there are %timestamp%, %preset% and %seed%")]
pub struct UnknownField(String);

/// `name` with its fields filled in. A lone `%` stays as it is.
pub fn fill(name: &str, fields: &Fields) -> Result<String, UnknownField> {
    let mut filled = String::new();
    let mut rest = name;
    while let Some((before, after)) = rest.split_once('%') {
        filled.push_str(before);
        match after.split_once('%') {
            Some((field, tail))
                if !field.is_empty() && field.bytes().all(|b| b.is_ascii_lowercase()) =>
            {
                match field {
                    "timestamp" => filled.push_str(&fields.timestamp),
                    "preset" => filled.push_str(&fields.preset),
                    "seed" => filled.push_str(&fields.seed.to_string()),
                    _ => return Err(UnknownField(field.to_owned())),
                }
                rest = tail;
            }
            _ => {
                filled.push('%');
                rest = after;
            }
        }
    }
    filled.push_str(rest);
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_filled_and_typos_are_named() {
        let fields = Fields {
            timestamp: "20260102-030405".into(),
            preset: "web".into(),
            seed: 7,
        };
        let fill = |name| fill(name, &fields);
        assert_eq!(fill("a-%seed%-%preset%.mp4").unwrap(), "a-7-web.mp4");
        assert_eq!(fill("%timestamp%.mp4").unwrap(), "20260102-030405.mp4");
        assert_eq!(fill("100%.mp4").unwrap(), "100%.mp4");
        assert_eq!(fill("100% of 5%.mp4").unwrap(), "100% of 5%.mp4");
        assert_eq!(fill("%sed%.mp4"), Err(UnknownField("sed".into())));
    }
}

//! What is wrong with settings, and where.

use std::fmt;

/// Where a value comes from, or where something is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// Nobody said anything else.
    #[default]
    Default,
    /// A configuration file.
    File {
        /// Its name.
        name: String,
        /// Line, from 1; 0 when it is the file as a whole.
        line: u64,
        /// Column, from 1.
        column: u64,
    },
    /// A variable of the environment.
    Variable(String),
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("default"),
            Self::File { name, line: 0, .. } | Self::Variable(name) => formatter.write_str(name),
            Self::File { name, line, column } => write!(formatter, "{name}:{line}:{column}"),
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Where.
    pub place: Place,
    /// The key it is about, when it is about one.
    pub key: Option<String>,
    /// What is wrong.
    pub why: String,
    /// What would help.
    pub hint: Option<String>,
    /// The line, with a mark under the place.
    pub snippet: Option<String>,
}

impl Finding {
    /// About a file as a whole.
    pub fn of_file(name: impl Into<String>, why: impl Into<String>, hint: &str) -> Self {
        let place = Place::File {
            name: name.into(),
            line: 0,
            column: 0,
        };
        Self::new(place, None, why).hint(hint)
    }

    pub(super) fn new(place: Place, key: Option<&str>, why: impl Into<String>) -> Self {
        Self {
            place,
            key: key.map(str::to_owned),
            why: why.into(),
            hint: None,
            snippet: None,
        }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The line of `text` that the finding is about; none that may hold a secret.
    pub(super) fn show(mut self, text: &str) -> Self {
        let Place::File { line, column, .. } = &self.place else {
            return self;
        };
        let number = usize::try_from(*line).unwrap_or(usize::MAX);
        let column = usize::try_from(*column).unwrap_or(1).max(1);
        let shown = number
            .checked_sub(1)
            .and_then(|index| text.lines().nth(index))
            .filter(|shown| !shown.to_ascii_lowercase().contains("token"))
            .map(|shown| shown.trim_end_matches(['\r', ' ']));
        if let Some(shown) = shown {
            // A window around the place, so that a very long line stays a line.
            let from = column.saturating_sub(40);
            let window: String = shown.chars().skip(from).take(80).map(visible).collect();
            let before = " ".repeat(column - 1 - from.min(column - 1));
            let margin = " ".repeat(number.to_string().len());
            self.snippet = Some(format!("{number} | {window}\n{margin} | {before}^"));
        }
        self
    }
}

/// Tabs and controls as something that takes one place.
fn visible(letter: char) -> char {
    match letter {
        '\t' => '→',
        letter if letter.is_control() => '·',
        letter => letter,
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.place != Place::Default {
            write!(formatter, "{}: ", self.place)?;
        }
        if let Some(key) = &self.key {
            write!(formatter, "`{key}` ")?;
        }
        formatter.write_str(&self.why)?;
        if let Some(snippet) = &self.snippet {
            for line in snippet.lines() {
                write!(formatter, "\n  {line}")?;
            }
        }
        if let Some(hint) = &self.hint {
            write!(formatter, "\n  {hint}")?;
        }
        Ok(())
    }
}

/// Everything that is wrong, in the order of the file, then of the environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Findings(pub Vec<Finding>);

impl fmt::Display for Findings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, finding) in self.0.iter().enumerate() {
            if index > 0 {
                formatter.write_str("\n")?;
            }
            write!(formatter, "{finding}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Findings {}

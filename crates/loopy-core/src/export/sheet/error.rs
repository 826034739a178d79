//! What is wrong with a sheet, and where.

use std::fmt;

/// Why a sheet is no plan: what, in which row and column, and what helps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    line: Option<u64>,
    column: Option<&'static str>,
    what: String,
    hint: Option<String>,
}

impl Error {
    pub(super) fn whole(what: impl Into<String>) -> Self {
        Self {
            line: None,
            column: None,
            what: what.into(),
            hint: None,
        }
    }

    pub(super) fn row(line: u64, what: impl Into<String>) -> Self {
        Self {
            line: Some(line),
            ..Self::whole(what)
        }
    }

    pub(super) fn cell(line: u64, column: &'static str, what: impl Into<String>) -> Self {
        Self {
            column: Some(column),
            ..Self::row(line, what)
        }
    }

    pub(super) fn hinting(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }

    /// Line of the file, counted from 1, where it is one line's fault.
    pub fn line(&self) -> Option<u64> {
        self.line
    }

    /// What helps.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.column) {
            (Some(line), Some(column)) => write!(f, "row {line}, column `{column}`: ")?,
            (Some(line), None) => write!(f, "row {line}: ")?,
            _ => {}
        }
        f.write_str(&self.what)
    }
}

impl std::error::Error for Error {}

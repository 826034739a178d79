//! Plans in files: read from JSON or from a sheet, written in every format.

use std::path::{Path, PathBuf};

use loopy_core::{
    Plan,
    clip::ClipPath,
    export::{
        Format, Places, ffconcat, otio,
        sheet::{self, Library, Sheet},
    },
};

use crate::{Error, output, scan::plain};

/// A plan as a file has it.
#[derive(Debug)]
pub enum Given {
    /// A plan, checked.
    Plan(Box<Plan>),
    /// A sheet, which may need a library to become a plan.
    Sheet {
        /// The file.
        path: PathBuf,
        /// Its rows.
        sheet: Box<Sheet>,
    },
}

/// Reads what `path` holds, by its ending: `.csv` is a sheet, everything else is JSON.
///
/// # Errors
/// [`Error::Document`], [`Error::Sheet`] or [`Error::Plan`]; [`Error::Usage`] for formats that are
/// not read back.
pub fn open(path: &Path) -> Result<Given, Error> {
    match Format::of(path) {
        Some(Format::Csv) => Ok(Given::Sheet {
            path: path.to_owned(),
            sheet: Box::new(sheet::read(&bytes(path)?).map_err(|error| wrong(path, error))?),
        }),
        Some(Format::Ffconcat | Format::Otio) => Err(Error::Usage(format!(
            "{}: .ffconcat and .otio are not read back; edit a plan as .csv",
            loopy_core::clip::show(path)
        ))),
        Some(Format::Json) | None => {
            let plan: Plan = json(path)?;
            plan.check()?;
            Ok(Given::Plan(Box::new(plan)))
        }
    }
}

/// Reads a plan from a file that needs no library.
///
/// # Errors
/// As [`open`], and when a sheet does not tell everything itself.
pub fn plan(path: &Path) -> Result<Plan, Error> {
    open(path)?.alone()
}

/// Reads a document of ours.
pub(crate) fn json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, Error> {
    serde_json::from_slice(&bytes(path)?).map_err(|error| Error::Document {
        path: path.to_owned(),
        why: error.to_string(),
    })
}

fn bytes(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|error| Error::Document {
        path: path.to_owned(),
        why: plain(&error),
    })
}

fn wrong(path: &Path, error: sheet::Error) -> Error {
    Error::Sheet {
        path: path.to_owned(),
        error: Box::new(error),
    }
}

impl Given {
    /// Seed of the walk, if the file tells it.
    pub fn seed(&self) -> Option<u64> {
        match self {
            Self::Plan(plan) => Some(plan.seed),
            Self::Sheet { sheet, .. } => sheet.seed(),
        }
    }

    /// Files of the clips, as far as the file tells them.
    pub fn files(&self) -> Vec<PathBuf> {
        let clips = match self {
            Self::Plan(plan) => &plan.clips[..],
            Self::Sheet { sheet, .. } if sheet.clips().is_empty() => {
                let paths = sheet.names().into_iter().map(str::to_owned);
                let paths = paths.filter_map(|name| ClipPath::try_from(name).ok());
                return paths.map(|path| path.as_path().to_owned()).collect();
            }
            Self::Sheet { sheet, .. } => sheet.clips(),
        };
        let paths = clips.iter().map(|clip| clip.clip.path.as_path().to_owned());
        paths.collect()
    }

    /// Only the library can tell all of it.
    pub fn needs_library(&self) -> bool {
        match self {
            Self::Plan(_) => false,
            Self::Sheet { sheet, .. } => sheet.needs_library(),
        }
    }

    /// The plan, as far as the file tells it: a joint that it does not describe is a scene change.
    ///
    /// # Errors
    /// [`Error::Sheet`].
    pub fn alone(self) -> Result<Plan, Error> {
        self.settled(None)
    }

    /// The plan, with what the library knows.
    ///
    /// # Errors
    /// [`Error::Sheet`].
    pub fn with_library(self, library: &Library) -> Result<Plan, Error> {
        self.settled(Some(library))
    }

    fn settled(self, library: Option<&Library>) -> Result<Plan, Error> {
        match self {
            Self::Plan(plan) => Ok(*plan),
            Self::Sheet { path, sheet } => sheet.plan(library).map_err(|error| wrong(&path, error)),
        }
    }
}

/// Writes `plan` to `target`, whole or not at all.
///
/// # Errors
/// [`Error::Output`], or [`Error::Script`] for names that a format cannot hold.
pub fn write(target: &Path, plan: &Plan, format: Format) -> Result<(), Error> {
    match format {
        // Piece by piece: that of a long walk is long.
        Format::Json => output::write_json(target, plan),
        other => output::write(target, &bytes_of(plan, other, target.parent())?),
    }
}

/// `plan` in `format`, for a file that will lie in `folder`, or nowhere.
///
/// # Errors
/// As [`write`].
pub fn bytes_of(plan: &Plan, format: Format, folder: Option<&Path>) -> Result<Vec<u8>, Error> {
    let root = std::env::current_dir().map_err(|error| Error::Input {
        path: PathBuf::from("."),
        why: plain(&error),
    })?;
    let folder = folder.map(|folder| root.join(folder).components().collect::<PathBuf>());
    let places = Places {
        root: &root,
        folder: folder.as_deref(),
    };
    match format {
        Format::Json => pretty(plan),
        Format::Csv => Ok(sheet::write(plan)),
        Format::Ffconcat => Ok(ffconcat::write(plan, places)?),
        Format::Otio => pretty(&otio::write(plan, places)),
    }
}

fn pretty(document: &impl serde::Serialize) -> Result<Vec<u8>, Error> {
    serde_json::to_vec_pretty(document).map_err(|error| Error::Output {
        path: PathBuf::from("-"),
        why: error.to_string(),
    })
}

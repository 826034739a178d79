//! The bytes of a sheet, as people's programs write them, as rows.

use std::str::FromStr;

use csv::{ByteRecord, ReaderBuilder};
use serde::de::DeserializeOwned;

use super::{CLIP, COLUMNS, Error, HASH, Joint, KINDS, PLAN, Row, Sheet};
use crate::{
    Plan,
    graph::Score,
    plan::{self, PlannedClip, Seam},
    walk::UNKNOWN_STEP,
};

/// Columns without which a row is no visit.
const NEEDED: [&str; 3] = ["clip", "in", "out"];

/// Byte-order mark, which some programs put first.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads a sheet. Nothing is fitted to clips yet: [`Sheet::plan`] does that.
///
/// # Errors
/// [`Error`], with the row and the column where there is one.
pub fn read(bytes: &[u8]) -> Result<Sheet, Error> {
    let bytes = bytes.strip_prefix(MARK).unwrap_or(bytes);
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter(bytes))
        .from_reader(bytes);
    let mut sheet = Sheet {
        facts: None,
        hash: None,
        clips: Vec::new(),
        rows: Vec::new(),
    };
    let mut columns: Option<Columns> = None;
    let mut record = ByteRecord::new();
    while reader
        .read_byte_record(&mut record)
        .map_err(|error| Error::whole(error.to_string()))?
    {
        let line = record.position().map_or(0, csv::Position::line);
        let cells = cells(&record, line)?;
        let Some(first) = cells
            .first()
            .filter(|_| !cells.iter().all(|c| c.is_empty()))
        else {
            continue;
        };
        if first.starts_with('#') {
            sheet.note(first, &cells[1..], line)?;
        } else if let Some(columns) = &columns {
            let row = columns.row(&cells, line)?;
            sheet.rows.push(row);
        } else {
            columns = Some(Columns::of(&cells, line)?);
        }
    }
    if columns.is_none() {
        return Err(missing(1, &NEEDED));
    }
    if sheet.rows.is_empty() {
        return Err(Error::whole(
            "the sheet has no rows: a plan needs at least one visit",
        ));
    }
    Ok(sheet)
}

/// What stands between cells: programs of some countries write semicolons.
fn delimiter(bytes: &[u8]) -> u8 {
    let first = bytes
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    let found = first.iter().find(|byte| b",;\t".contains(byte));
    found.copied().unwrap_or(b',')
}

fn cells(record: &ByteRecord, line: u64) -> Result<Vec<&str>, Error> {
    let text = |cell| std::str::from_utf8(cell).map(str::trim);
    record
        .iter()
        .map(text)
        .collect::<Result<_, _>>()
        .map_err(|_bad| {
            Error::row(line, "it is not UTF-8 text").hinting("save the sheet as CSV in UTF-8")
        })
}

fn missing(line: u64, names: &[&str]) -> Error {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    Error::row(line, format!("there is no column {}", names.join(", ")))
        .hinting("the row of column names needs `clip`, `in` and `out`")
}

impl Sheet {
    /// Takes a record that begins with `#`. What is none of ours is somebody's remark.
    fn note(&mut self, mark: &str, cells: &[&str], line: u64) -> Result<(), Error> {
        match mark {
            PLAN => {
                let facts: Plan = parse(cells, line)?;
                if facts.schema > plan::SCHEMA {
                    let error = plan::Error::Schema(facts.schema);
                    return Err(Error::row(line, error.to_string()));
                }
                self.facts = Some(Plan {
                    clips: Vec::new(),
                    visits: Vec::new(),
                    seams: Vec::new(),
                    ..facts
                });
            }
            CLIP => {
                let planned: PlannedClip = parse(cells, line)?;
                if !plan::whole(&planned.clip) {
                    let name = planned.clip.path.display();
                    return Err(
                        Error::row(line, format!("clip {name} has no usable range")).hinting(KEEP)
                    );
                }
                self.clips.push(planned);
            }
            HASH => self.hash = cells.first().and_then(|cell| cell.parse().ok()),
            _ => {}
        }
        Ok(())
    }
}

const KEEP: &str = "leave the lines above the column names as they were exported";

/// JSON that was written over several cells.
fn parse<T: DeserializeOwned>(cells: &[&str], line: u64) -> Result<T, Error> {
    serde_json::from_str(&cells.concat())
        .map_err(|error| Error::row(line, format!("it cannot be read: {error}")).hinting(KEEP))
}

/// Where each of [`COLUMNS`] is.
struct Columns([Option<usize>; COLUMNS.len()]);

impl Columns {
    fn of(cells: &[&str], line: u64) -> Result<Self, Error> {
        let place = |name: &str| {
            cells
                .iter()
                .position(|cell| cell.eq_ignore_ascii_case(name))
        };
        let absent: Vec<&str> = NEEDED
            .into_iter()
            .filter(|name| place(name).is_none())
            .collect();
        if absent.is_empty() {
            Ok(Self(COLUMNS.map(place)))
        } else {
            Err(missing(line, &absent))
        }
    }

    fn row(&self, cells: &[&str], line: u64) -> Result<Row, Error> {
        let record = Record {
            columns: self,
            cells,
            line,
        };
        let clip = record.text("clip");
        if clip.is_empty() {
            return Err(Error::cell(line, "clip", "it is empty"));
        }
        Ok(Row {
            line,
            clip: clip.to_owned(),
            enter: record.number("in")?,
            leave: record.number("out")?,
            joint: record.joint()?,
        })
    }
}

/// One row, by column.
struct Record<'a> {
    columns: &'a Columns,
    cells: &'a [&'a str],
    line: u64,
}

impl<'a> Record<'a> {
    /// The text of a cell; empty where the sheet has no such cell.
    fn text(&self, column: &str) -> &'a str {
        let index = COLUMNS.iter().position(|name| *name == column);
        let place = index.and_then(|index| self.columns.0[index]);
        place
            .and_then(|place| self.cells.get(place))
            .copied()
            .unwrap_or_default()
    }

    fn number(&self, column: &'static str) -> Result<u32, Error> {
        let text = self.text(column);
        text.parse().map_err(|_bad| {
            Error::cell(
                self.line,
                column,
                format!("`{text}` is not a number of frames"),
            )
            .hinting("give a whole number of output frames, counted from the clip's start")
        })
    }

    /// A number with a point, or with a comma where that is the custom.
    fn float<T>(&self, column: &'static str) -> Result<Option<T>, Error>
    where
        T: FromStr + Into<f64> + Copy,
    {
        let text = self.text(column);
        if text.is_empty() {
            return Ok(None);
        }
        let number = text.replace(',', ".").parse().ok();
        number
            .filter(|number: &T| {
                let number: f64 = (*number).into();
                number.is_finite() && number >= 0.0
            })
            .map(Some)
            .ok_or_else(|| {
                Error::cell(self.line, column, format!("`{text}` is not a number"))
                    .hinting("leave the column as it was exported")
            })
    }

    /// The joint after the row's visit; `None` where the row tells no joint.
    fn joint(&self) -> Result<Option<Joint>, Error> {
        let (clip, kind) = (self.text("next_clip"), self.text("seam"));
        if clip.is_empty() || kind.is_empty() {
            return Ok(None);
        }
        let found = KINDS
            .into_iter()
            .find(|known| known.1.eq_ignore_ascii_case(kind));
        let Some((kind, _)) = found else {
            let names = KINDS.map(|known| known.1).join(", ");
            return Err(
                Error::cell(self.line, "seam", format!("there is no seam `{kind}`"))
                    .hinting(format!("one of {names}")),
            );
        };
        let optional = |column| {
            if self.text(column).is_empty() {
                Ok(0)
            } else {
                self.number(column)
            }
        };
        let declared = match self.text("declared").to_ascii_lowercase().as_str() {
            "yes" | "true" | "1" => true,
            "no" | "false" | "0" | "" => false,
            other => {
                return Err(
                    Error::cell(self.line, "declared", format!("`{other}` is no answer"))
                        .hinting("yes or no"),
                );
            }
        };
        let holds = optional("seam_holds")?;
        let holds = u16::try_from(holds)
            .map_err(|error| Error::cell(self.line, "seam_holds", format!("{holds}: {error}")))?;
        Ok(Some(Joint {
            clip: clip.to_owned(),
            enter: self.number("next_in")?,
            seam: Seam {
                start: 0,
                frames: optional("seam_frames")?,
                kind,
                declared,
                steps: optional("seam_steps")?,
                holds,
                score: Score::from_f64(self.float("score")?.unwrap_or_default()),
                step: self.float("step")?.unwrap_or(UNKNOWN_STEP),
                rsv: self.float("rsv")?,
            },
        }))
    }
}

//! A matrix of weights from a JSON, CSV or NPY file.

use std::{
    fs::File,
    io::{BufReader, Read},
    path::Path,
};

use loopy_core::{Clip, walk::Matrix};
use npyz::{NpyFile, Order};

use super::{document, json};
use crate::{Error, scan::plain};

/// Rows of an NPY file at most: more than any library has clips.
const MOST: u64 = 100_000;

/// The matrix in `file`, one row and column a clip in the order of the library.
pub(super) fn matrix(file: &Path, clips: &[Clip]) -> Result<Matrix, Error> {
    let ending = file
        .extension()
        .map(|ending| ending.to_string_lossy().to_ascii_lowercase());
    let rows = match ending.as_deref() {
        Some("json") => json(file)?,
        Some("csv") => csv_rows(file, open(file)?)?,
        Some("npy") => npy_rows(open(file)?).map_err(|why| document(file, why))?,
        _ => {
            let why = "a matrix is read from .json, .csv or .npy";
            return Err(document(file, why));
        }
    };
    Matrix::new(&rows, clips.len()).map_err(|error| document(file, error))
}

/// Bytes of a header at most, those before its text, and digits of a size in it.
const HEADER: u64 = 1 << 16;
/// Most opening brackets in a header.
const BRACKETS: usize = 8;
const VERSION: usize = 6;
const LENGTH: usize = 12;
const DIGITS: usize = 6;

fn open(file: &Path) -> Result<BufReader<File>, Error> {
    let opened = File::open(file).map_err(|error| document(file, plain(&error)))?;
    Ok(BufReader::new(opened))
}

fn csv_rows(file: &Path, reader: impl Read) -> Result<Vec<Vec<f64>>, Error> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(reader);
    let mut rows = Vec::new();
    for (row, record) in (1..).zip(reader.records()) {
        let record = record.map_err(|error| document(file, error))?;
        let number = |(column, field): (usize, &str)| {
            let bad = || {
                document(
                    file,
                    format!("row {row}, column {column}: `{field}` is no number"),
                )
            };
            field.parse::<f64>().map_err(|_bad| bad())
        };
        rows.push(
            (1..)
                .zip(record.iter())
                .map(number)
                .collect::<Result<_, _>>()?,
        );
    }
    Ok(rows)
}

fn npy_rows(mut reader: impl Read) -> Result<Vec<Vec<f64>>, String> {
    let mut start = Vec::new();
    let read = reader.by_ref().take(HEADER).read_to_end(&mut start);
    read.map_err(|error| plain(&error))?;
    // The format's reader multiplies the sizes that the header states: what overflows is refused here.
    // From its second version on, the format has room for headers of gigabytes.
    if let Some([version, _, length @ ..]) = start.get(VERSION..LENGTH)
        && *version > 1
        && length
            .iter()
            .rev()
            .fold(0, |sum, byte| sum << 8 | u64::from(*byte))
            > HEADER
    {
        return Err("its header is longer than any library needs".to_owned());
    }
    let text = start.get(LENGTH..).unwrap_or(&[]);
    let header = text.split(|byte| *byte == b'\n').next().unwrap_or(&[]);
    let sizes = header.split(|byte| !byte.is_ascii_digit());
    if sizes.into_iter().any(|digits| digits.len() > DIGITS) {
        return Err("it states more numbers than any library has".to_owned());
    }
    // Its time doubles with every bracket that is open: a matrix has one pair of each kind.
    let opening = header.iter().filter(|byte| b"([{".contains(byte));
    if opening.count() > BRACKETS {
        return Err("its header is no matrix's: too many brackets".to_owned());
    }
    let file = NpyFile::new(start.chain(reader)).map_err(|error| error.to_string())?;
    let [rows, columns] = *file.shape() else {
        let found = file.shape().len();
        return Err(format!("it has {found} dimensions instead of 2"));
    };
    if rows > MOST || columns > MOST {
        return Err(format!(
            "{rows} rows of {columns} numbers are more than any library has"
        ));
    }
    let order = file.order();
    let numbers = numbers(file)?;
    let (rows, columns) = (rows as usize, columns as usize);
    let at = |row: usize, column: usize| match order {
        Order::C => row * columns + column,
        Order::Fortran => column * rows + row,
    };
    let row = |row| {
        (0..columns)
            .map(|column| numbers[at(row, column)])
            .collect()
    };
    if numbers.len() != rows * columns {
        return Err("it ends too early".to_owned());
    }
    Ok((0..rows).map(row).collect())
}

fn numbers<R: Read>(file: NpyFile<R>) -> Result<Vec<f64>, String> {
    let all = |error: std::io::Error| error.to_string();
    let file = match file.try_data::<f64>() {
        Ok(data) => return data.collect::<Result<_, _>>().map_err(all),
        Err(file) => file,
    };
    match file.try_data::<f32>() {
        Ok(data) => {
            let wide = data.map(|number| number.map(f64::from));
            wide.collect::<Result<_, _>>().map_err(all)
        }
        Err(_other) => Err("its numbers are neither float64 nor float32".to_owned()),
    }
}

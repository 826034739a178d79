//! What goes over the pipes: one JSON text a line.
//!
//! The worker first says `{"ready":1}`. Then `{"id":n,"job":...}` goes down, and up comes
//! `{"id":n,"ok":...}` or `{"id":n,"error":"..."}`, each with what the job cost.

use std::io::{self, BufRead, Read};

use serde::{Deserialize, Deserializer, Serialize};

/// Version of this protocol.
pub(super) const PROTOCOL: u32 = 1;

/// Longest line either way, in bytes without its end.
pub(super) const LINE: usize = 1 << 20;

/// A worker's first line.
#[derive(Serialize, Deserialize)]
pub(super) struct Ready {
    pub(super) ready: u32,
}

/// A job on its way to a worker.
#[derive(Serialize, Deserialize)]
pub(super) struct Request<J> {
    pub(super) id: u64,
    pub(super) job: J,
}

/// A worker's answer: either `ok` or `error` is there.
#[derive(Serialize, Deserialize)]
#[serde(bound(deserialize = "R: Deserialize<'de>"))]
pub(super) struct Answer<R> {
    pub(super) id: u64,
    #[serde(
        skip_serializing_if = "Option::is_none",
        default = "Option::default",
        deserialize_with = "present"
    )]
    pub(super) ok: Option<R>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) error: Option<String>,
    /// CPU seconds of the worker since its last answer.
    pub(super) cpu_seconds: f64,
    /// Peak resident memory of the worker during the job, in bytes (so far, where the system cannot
    /// count anew); 0 where it is not known.
    pub(super) peak_bytes: u64,
}

/// A field that is there is `Some`, even if its value is written `null`.
fn present<'de, R: Deserialize<'de>, D: Deserializer<'de>>(de: D) -> Result<Option<R>, D::Error> {
    R::deserialize(de).map(Some)
}

/// Reads a line without its end; `None` at the end of input or when the line is too long.
pub(super) fn read_line(input: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    input.take(LINE as u64 + 1).read_until(b'\n', &mut line)?;
    Ok((line.pop() == Some(b'\n')).then_some(line))
}

/// `value` as a line with its end, or how many bytes too many it has.
pub(super) fn to_line(value: &impl Serialize) -> Result<Vec<u8>, String> {
    let mut line = serde_json::to_vec(value).map_err(|error| error.to_string())?;
    if line.len() > LINE {
        return Err(format!(
            "it has {} bytes as JSON, and a line may have {LINE}",
            line.len()
        ));
    }
    line.push(b'\n');
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_that_is_null_is_a_result() {
        let answer = Answer {
            id: 1,
            ok: Some(()),
            error: None,
            cpu_seconds: 0.0,
            peak_bytes: 0,
        };
        let line = to_line(&answer).unwrap();
        let back: Answer<()> = serde_json::from_slice(&line).unwrap();
        assert_eq!(back.ok, Some(()));
        let failed = br#"{"id":1,"error":"no","cpu_seconds":0,"peak_bytes":0}"#;
        let back: Answer<()> = serde_json::from_slice(failed).unwrap();
        assert_eq!((back.ok, back.error.as_deref()), (None, Some("no")));
    }

    #[test]
    fn lines_are_bounded_both_ways() {
        assert!(to_line(&"x".repeat(LINE - 2)).is_ok());
        assert!(to_line(&"x".repeat(LINE - 1)).is_err());
        let mut longest = vec![b'x'; LINE];
        longest.push(b'\n');
        assert_eq!(read_line(&mut &longest[..]).unwrap().unwrap().len(), LINE);
        longest.insert(0, b'x');
        assert_eq!(read_line(&mut &longest[..]).unwrap(), None);
        assert_eq!(read_line(&mut &b"cut"[..]).unwrap(), None);
    }

    #[test]
    fn numbers_survive_the_pipe_to_the_last_bit() {
        // A parser that trades the last bit for speed misses some of any thousand numbers.
        for step in 1..1000 {
            let number = f64::from(step).sqrt() * 1e-3;
            let line = to_line(&number).unwrap();
            let back: f64 = serde_json::from_slice(&line).unwrap();
            assert_eq!(back.to_bits(), number.to_bits());
        }
    }
}

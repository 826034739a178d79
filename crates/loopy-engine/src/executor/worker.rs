//! A worker's side: reads jobs, does them, answers, until its parent is gone.

use std::io::{BufRead, Write};

use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    Error, caught,
    wire::{Answer, PROTOCOL, Ready, Request, read_line, to_line},
};
use crate::usage::{cpu_seconds, forget_peak, peak_memory};

/// Confines this process to `memory_mib` MiB of address space (and no core dumps), ties its life
/// to its parent's, and answers jobs from `input` on `output` until the input ends. Nothing else
/// may write to `output`.
///
/// # Errors
/// When the limits cannot be set, or the parent cannot be read from or written to.
pub fn serve<J: DeserializeOwned, R: Serialize>(
    handler: impl Fn(&J) -> Result<R, String>,
    input: impl BufRead,
    output: impl Write,
    memory_mib: u64,
) -> Result<(), Error> {
    confine(memory_mib).map_err(std::io::Error::from)?;
    loopy_media::keep_blocks();
    answer(handler, input, output)
}

fn confine(memory_mib: u64) -> rustix::io::Result<()> {
    let limit = |resource, bytes: u64| {
        // A lower limit of the user's stays: it could not be raised.
        let bytes = getrlimit(resource)
            .maximum
            .map_or(bytes, |most| bytes.min(most));
        let limit = Rlimit {
            current: Some(bytes),
            maximum: Some(bytes),
        };
        setrlimit(resource, limit)
    };
    limit(Resource::As, memory_mib.saturating_mul(1 << 20))?;
    limit(Resource::Core, 0)?;
    // A parent that is killed closes the input too, but a job in hand would not notice.
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    Ok(())
}

fn answer<J: DeserializeOwned, R: Serialize>(
    handler: impl Fn(&J) -> Result<R, String>,
    mut input: impl BufRead,
    mut output: impl Write,
) -> Result<(), Error> {
    let mut say = |line: &[u8]| output.write_all(line).and_then(|()| output.flush());
    let unspeakable = |why: String| Error::Pipe(std::io::Error::other(why));
    say(&to_line(&Ready { ready: PROTOCOL }).map_err(unspeakable)?)?;
    let mut spent = 0.0;
    while let Some(line) = read_line(&mut input)? {
        let Request { id, job } = serde_json::from_slice(&line).map_err(std::io::Error::from)?;
        forget_peak();
        let result = caught::call(&handler, &job);
        let cpu = cpu_seconds();
        let mut answer = Answer {
            id,
            ok: None,
            error: None,
            cpu_seconds: cpu - spent,
            peak_bytes: peak_memory().unwrap_or(0),
        };
        spent = cpu;
        match result {
            Ok(result) => answer.ok = Some(result),
            Err(reason) => answer.error = Some(reason),
        }
        let line = to_line(&answer).or_else(|why| {
            answer.ok = None;
            answer.error = Some(format!("the answer cannot be sent: {why}"));
            to_line(&answer)
        });
        say(&line.map_err(unspeakable)?)?;
        // What one job took is not the next one's, neither by measure nor while there is none.
        loopy_media::give_back_all_blocks();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::{super::wire::LINE, *};

    fn lines(
        handler: impl Fn(&u32) -> Result<String, String>,
        input: &str,
    ) -> (Result<(), Error>, Vec<Value>) {
        let mut output = Vec::new();
        let result = answer(handler, input.as_bytes(), &mut output);
        let parse = |line: &str| serde_json::from_str(line).unwrap();
        let output = String::from_utf8(output).unwrap();
        (result, output.lines().map(parse).collect())
    }

    #[test]
    fn every_job_is_answered_under_its_number() {
        let handler = |job: &u32| match job {
            1 => Ok("one".to_owned()),
            2 => Err("not two".to_owned()),
            3 => panic!("three!"),
            _ => Ok("x".repeat(LINE)),
        };
        let input = (1..=4).map(|job| to_line(&Request { id: job + 10, job }).unwrap());
        let input = String::from_utf8(input.flatten().collect()).unwrap();
        let (result, lines) = lines(handler, &input);
        result.unwrap();
        assert_eq!(lines[0]["ready"], PROTOCOL);
        let ids: Vec<_> = lines[1..].iter().map(|line| line["id"].as_u64()).collect();
        assert_eq!(ids, [Some(11), Some(12), Some(13), Some(14)]);
        assert_eq!(lines[1]["ok"], "one");
        assert_eq!(lines[2]["error"], "not two");
        assert_eq!(lines[3]["error"], "an internal error: three!");
        assert!(
            lines[4]["error"]
                .as_str()
                .unwrap()
                .contains("cannot be sent")
        );
        assert!(
            lines[1..]
                .iter()
                .all(|line| line["cpu_seconds"].as_f64().unwrap() >= 0.0)
        );
        assert!(lines[1]["peak_bytes"].as_u64().unwrap() > 100_000);
    }

    #[test]
    fn a_parent_that_talks_nonsense_ends_the_worker() {
        let (result, lines) = lines(|_| Ok(String::new()), "nonsense\n{\"id\":1,\"job\":1}\n");
        assert!(matches!(result, Err(Error::Pipe(_))));
        assert_eq!(lines.len(), 1);
    }
}

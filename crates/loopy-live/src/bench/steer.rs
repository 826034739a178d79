//! How fast a stream does what it is told: verbs at odd moments, and when the frame comes that shows
//! each of them.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use futures_util::{SinkExt as _, StreamExt as _};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use super::viewer::{Line, connect};
use crate::packet::{Header, Kind};

/// Nothing comes for so long: the stream is dead.
const SILENCE: Duration = Duration::from_secs(30);

/// What is told.
#[derive(Clone, Debug)]
pub struct Steer {
    /// Where the server listens.
    pub address: SocketAddr,
    /// A token with the scopes view, control and metrics.
    pub token: String,
    /// How many verbs.
    pub count: usize,
}

/// What came of it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Reaction {
    /// Verbs that were taken.
    pub taken: usize,
    /// Verbs that were refused, for clips that are not ready.
    pub refused: usize,
    /// Milliseconds from asking until the answer: middle, 95 of 100, most.
    pub answer_ms: [f64; 3],
    /// Milliseconds from asking until the frame came that shows it.
    pub shown_ms: [f64; 3],
    /// Milliseconds by which that frame came later than the answer said.
    pub late_ms: [f64; 3],
}

/// Why nothing was measured.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SteerError {
    /// No connection, or it ended.
    #[error("the stream cannot be reached, or has ended")]
    Gone,
    /// Its figures name no clips.
    #[error("the stream names fewer than two clips; does the token have the scope metrics?")]
    Clips,
}

/// Tells the stream one thing after the other: a random clip, at a random moment after the one
/// before was shown.
///
/// # Errors
/// [`SteerError`].
pub async fn steer(wish: &Steer) -> Result<Reaction, SteerError> {
    let line = connect(wish.address, &wish.token).await;
    let mut driver = Driver {
        line: line.ok_or(SteerError::Gone)?,
        newest_us: 0,
        frame_us: 0.0,
        clips: Vec::new(),
        dice: 0x2545_f491_4f6c_dd1d,
    };
    driver.begin().await?;
    let mut measured: [Vec<f64>; 3] = Default::default();
    let mut reaction = Reaction::default();
    while reaction.taken < wish.count && reaction.refused < 10 * wish.count {
        driver.pause().await?;
        match driver.tell(reaction.taken + reaction.refused).await? {
            Some(times) => {
                reaction.taken += 1;
                for (list, time) in measured.iter_mut().zip(times) {
                    list.push(time);
                }
            }
            None => reaction.refused += 1,
        }
    }
    let [answers, shown, late] = measured.map(quantiles);
    (reaction.answer_ms, reaction.shown_ms, reaction.late_ms) = (answers, shown, late);
    Ok(reaction)
}

fn quantiles(mut times: Vec<f64>) -> [f64; 3] {
    times.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let index = (times.len() as f64 * share) as usize;
        let time = times.get(index.min(times.len().saturating_sub(1)));
        (time.copied().unwrap_or_default() * 10.0).round() / 10.0
    };
    [at(0.5), at(0.95), at(1.0)]
}

struct Driver {
    line: Line,
    /// Picture time of the newest picture.
    newest_us: u64,
    /// Microseconds of one output frame.
    frame_us: f64,
    clips: Vec<String>,
    dice: u64,
}

/// Something that came.
enum Came {
    Picture,
    Said(Value),
}

impl Driver {
    fn below(&mut self, most: u64) -> u64 {
        // Marsaglia's xorshift: moments and clips need no better.
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        self.dice % most.max(1)
    }

    async fn say(&mut self, message: &Value) -> Result<(), SteerError> {
        let message = Message::text(message.to_string());
        self.line
            .send(message)
            .await
            .map_err(|_gone| SteerError::Gone)
    }

    async fn next(&mut self) -> Result<Came, SteerError> {
        loop {
            let next = timeout(SILENCE, self.line.next()).await;
            let Ok(Some(Ok(message))) = next else {
                return Err(SteerError::Gone);
            };
            match message {
                Message::Binary(bytes) => {
                    let Some((header, _)) = Header::read(&bytes) else {
                        continue;
                    };
                    if header.kind == Kind::Unit {
                        self.newest_us = self.newest_us.max(header.pts_us);
                        return Ok(Came::Picture);
                    }
                }
                Message::Text(text) => {
                    if let Ok(said) = serde_json::from_str(&text) {
                        return Ok(Came::Said(said));
                    }
                }
                _ => {}
            }
        }
    }

    /// Says hello, and waits until pictures come and the clips are known.
    async fn begin(&mut self) -> Result<(), SteerError> {
        let mut silent = 0;
        loop {
            let Came::Said(said) = self.next().await? else {
                if self.clips.len() > 1 {
                    return Ok(());
                }
                silent += 1;
                if silent > 1000 {
                    return Err(SteerError::Clips);
                }
                continue;
            };
            match said["t"].as_str() {
                Some("welcome") => {
                    let rungs = said["rungs"].as_array().cloned().unwrap_or_default();
                    let codecs: Vec<&Value> = rungs.iter().map(|rung| &rung["codec"]).collect();
                    let hello = json!({
                        "t": "hello", "client": "steer", "modes": ["webcodecs"], "codecs": codecs,
                    });
                    self.say(&hello).await?;
                    self.say(&json!({"t": "subscribe", "channel": "metrics"}))
                        .await?;
                }
                Some("config") => {
                    let fps = said["fps"].as_str().and_then(|fps| fps.parse().ok());
                    let fps = fps.map_or(30.0, loopy_core::Rate::as_f64);
                    self.frame_us = 1e6 / fps;
                }
                Some("metrics") => {
                    let clips = said["stream"]["clips"].as_array();
                    let names = clips.into_iter().flatten().filter_map(Value::as_str);
                    self.clips = names.map(str::to_owned).collect();
                }
                _ => {}
            }
        }
    }

    /// Lets up to two seconds of the stream go by.
    async fn pause(&mut self) -> Result<(), SteerError> {
        let until = self.newest_us + self.below(2_000_000);
        while self.newest_us < until {
            self.next().await?;
        }
        Ok(())
    }

    /// Asks for a clip: milliseconds until the answer, until the frame that shows it, and by which
    /// that frame was late; `None` when it was refused.
    async fn tell(&mut self, id: usize) -> Result<Option<[f64; 3]>, SteerError> {
        let index = self.below(self.clips.len() as u64) as usize;
        let clip = self.clips[index].clone();
        let begun = Instant::now();
        let passed = || begun.elapsed().as_secs_f64() * 1e3;
        self.say(&json!({"t": "next", "id": id, "clip": clip}))
            .await?;
        let (mut answered, mut told) = (0.0, None);
        loop {
            match self.next().await? {
                Came::Said(said) if said["id"].as_u64() == Some(id as u64) => {
                    if said["t"] != "done" {
                        return Ok(None);
                    }
                    answered = passed();
                    let number = |name: &str| said[name].as_f64().unwrap_or_default();
                    told = Some((number("frame") * self.frame_us, number("due_ms")));
                }
                Came::Said(_) | Came::Picture => {}
            }
            if let Some((pts, due)) = told
                && self.newest_us as f64 + 0.5 * self.frame_us >= pts
            {
                let shown = passed();
                return Ok(Some([answered, shown, shown - answered - due]));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_of_what_was_measured() {
        let times: Vec<f64> = (1..=200).rev().map(f64::from).collect();
        assert_eq!(quantiles(times).map(|time| time as u32), [101, 191, 200]);
        assert_eq!(quantiles(Vec::new()).map(|time| time as u32), [0, 0, 0]);
    }
}

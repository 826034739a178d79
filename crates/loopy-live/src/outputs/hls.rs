//! HTTP live streaming: playlists and parts of about two seconds, kept in memory.
//!
//! A part holds the groups that begin within two seconds of picture time by the stream's own clock, and
//! has their number: all rungs are cut at the same places, whenever they were switched on. Times in
//! the parts are those of the stream, so that nothing is ever discontinuous.
//!
//! Sound is a rendition of its own, which all rungs name: one set of parts for all of them, and no player has to
//! begin it anew when it takes another rung.

mod sound;

use std::{
    collections::VecDeque,
    fmt::Write as _,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use loopy_core::ledger::Entry;
use loopy_media::{Error, mux};

use self::sound::SoundCutter;
use super::{
    Context,
    ear::Ear,
    feed::{Feed, segment, start},
};
use crate::{
    fmp4,
    hub::{Coding, Hub, Reel},
    packet::Unit,
};

/// Microseconds of picture time in which the groups of a part begin.
const WINDOW_US: u64 = 2_000_000;
/// Parts in a playlist.
const LISTED: usize = 6;
/// Parts that are kept for players that ask late.
const KEPT: usize = 10;
/// No part is longer, in seconds: a group begins in the window and lasts at most one.
const TARGET: u64 = 3;

const PLAYLIST: &str = "application/vnd.apple.mpegurl";
const INIT: &str = "video/mp4";
const PART: &str = "video/iso.segment";
const SOUND: &str = "audio/mp4";

/// The playlists and what they list.
#[derive(Debug, Default)]
pub struct Hls {
    lists: RwLock<Vec<List>>,
    /// There is sound, which the first playlist has to name.
    hears: AtomicBool,
}

/// One rung.
#[derive(Debug)]
struct List {
    reel: Arc<Reel>,
    init: Bytes,
    parts: VecDeque<Part>,
}

#[derive(Debug)]
struct Part {
    number: u64,
    seconds: f64,
    /// When it was due, in microseconds since 1970.
    wall_us: u64,
    media: Bytes,
}

impl Hls {
    /// The file at `path`, which is relative to where the playlists are: its content type and its
    /// bytes. `index.m3u8` is the first that a player asks for.
    pub fn get(&self, path: &str) -> Option<(&'static str, Bytes)> {
        let lists = self.lists.read().unwrap_or_else(PoisonError::into_inner);
        if path == "index.m3u8" {
            let waits = self.hears.load(Ordering::Acquire) && !lists.iter().any(List::is_sound);
            let text = if waits { None } else { master(&lists) };
            return text.map(|text| (PLAYLIST, text.into()));
        }
        let (rung, file) = path.split_once('/')?;
        let list = lists.iter().find(|list| list.name() == rung)?;
        match file {
            "index.m3u8" => Some((PLAYLIST, list.playlist().into())),
            "init.mp4" if list.is_sound() => Some((SOUND, list.init.clone())),
            "init.mp4" => Some((INIT, list.init.clone())),
            _ => {
                let number: u64 = file.strip_suffix(".m4s")?.parse().ok()?;
                let part = list.parts.iter().find(|part| part.number == number)?;
                let kind = if list.is_sound() { SOUND } else { PART };
                Some((kind, part.media.clone()))
            }
        }
    }

    /// Numbers of the oldest and the newest part of the first rung.
    fn numbers(&self) -> Option<(u64, u64)> {
        let lists = self.lists.read().unwrap_or_else(PoisonError::into_inner);
        let list = lists.iter().find(|list| !list.is_sound())?;
        let (first, last) = list.parts.front().zip(list.parts.back())?;
        Some((first.number, last.number))
    }

    fn add(&self, reel: &Arc<Reel>, init: impl Into<Bytes>, part: Part) {
        let mut lists = self.lists.write().unwrap_or_else(PoisonError::into_inner);
        let known = lists
            .iter()
            .position(|list| list.reel.stream_seq == reel.stream_seq);
        let at = known.unwrap_or_else(|| {
            lists.push(List {
                reel: Arc::clone(reel),
                init: init.into(),
                parts: VecDeque::new(),
            });
            lists.len() - 1
        });
        let parts = &mut lists[at].parts;
        // Where packets were lost, the list begins anew: all numbers in it follow each other.
        if parts
            .back()
            .is_some_and(|last| last.number + 1 != part.number)
        {
            parts.clear();
        }
        parts.push_back(part);
        while parts.len() > KEPT {
            parts.pop_front();
        }
    }
}

impl List {
    fn name(&self) -> String {
        let kind = if self.is_sound() { 'a' } else { 'v' };
        format!("{kind}{}", self.reel.stream_seq)
    }

    fn is_sound(&self) -> bool {
        self.reel.rung.sound.is_some()
    }

    fn playlist(&self) -> String {
        let skipped = self.parts.len().saturating_sub(LISTED);
        let listed = self.parts.range(skipped..);
        let first = self.parts.get(skipped).map_or(0, |part| part.number);
        let mut text = format!(
            "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:{TARGET}\n\
             #EXT-X-MEDIA-SEQUENCE:{first}\n#EXT-X-MAP:URI=\"init.mp4\"\n"
        );
        for part in listed {
            // Writing to a text cannot fail.
            let _ok = write!(
                text,
                "#EXT-X-PROGRAM-DATE-TIME:{}\n#EXTINF:{:.6},\n{}.m4s\n",
                date(part.wall_us),
                part.seconds,
                part.number
            );
        }
        text
    }
}

/// The playlist of the rungs; none before the first part is there.
fn master(lists: &[List]) -> Option<String> {
    if lists.is_empty() {
        return None;
    }
    let mut text = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n".to_owned();
    let (mut codec_of_sound, mut group, mut sound_rate) = (String::new(), "", 0);
    for list in lists {
        let rung = &list.reel.rung;
        if let (Coding::Aac { config }, Some((_, channels))) = (&rung.coding, rung.sound)
            && let Ok(codec) = fmp4::aac_codec(config)
        {
            let _ok = writeln!(
                text,
                "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"sound\",NAME=\"sound\",DEFAULT=YES,\
                 AUTOSELECT=YES,CHANNELS=\"{channels}\",URI=\"{}/index.m3u8\"",
                list.name()
            );
            codec_of_sound = format!(",{codec}");
            group = ",AUDIO=\"sound\"";
            sound_rate = rung.bitrate;
        }
    }
    for list in lists {
        let rung = &list.reel.rung;
        let Coding::H264 { record } = &rung.coding else {
            continue;
        };
        let Some([_, profile, constraints, level]) = record.first_chunk() else {
            continue;
        };
        let codec = format!("{profile:02x}{constraints:02x}{level:02x}");
        // A group may take a quarter more than the rung's rate.
        let rate = u64::from(rung.bitrate + sound_rate);
        let peak = rate * 5 / 4;
        let _ok = write!(
            text,
            "#EXT-X-STREAM-INF:BANDWIDTH={peak},AVERAGE-BANDWIDTH={rate},\
             CODECS=\"avc1.{codec}{codec_of_sound}\",\
             RESOLUTION={},FRAME-RATE={:.3}{group}\n{}/index.m3u8\n",
            rung.size,
            rung.fps.as_f64(),
            list.name()
        );
    }
    Some(text)
}

fn date(wall_us: u64) -> String {
    let seconds = i64::try_from(wall_us / 1_000_000).unwrap_or_default();
    let date = mux::date(seconds);
    let whole = date.trim_end_matches('Z');
    format!("{whole}.{:03}Z", wall_us / 1000 % 1000)
}

/// Cuts one rung into parts.
struct Cutter {
    feed: Feed,
    units: Vec<Unit>,
}

impl Cutter {
    /// Takes what has come and adds the parts that are whole.
    fn work(&mut self, hls: &Hls, wall: &dyn Fn(u64) -> u64) -> Result<(), Error> {
        while let Some(group) = self.feed.group() {
            let fps = self.feed.reel.rung.fps;
            let follows = start(&self.units, fps) + self.units.len() as u64 == start(&group, fps);
            let window = |units: &[Unit]| units.first().map(|unit| unit.pts_us / WINDOW_US);
            if !self.units.is_empty() && !follows {
                self.units.clear();
            }
            if !self.units.is_empty() && window(&self.units) != window(&group) {
                let units = std::mem::replace(&mut self.units, group);
                self.cut(hls, &units, wall)?;
            } else {
                self.units.extend(group);
            }
        }
        Ok(())
    }

    fn cut(&self, hls: &Hls, units: &[Unit], wall: &dyn Fn(u64) -> u64) -> Result<(), Error> {
        let rung = &self.feed.reel.rung;
        let (Some(record), Some(first)) = (self.feed.record(), units.first()) else {
            return Ok(());
        };
        let number = first.pts_us / WINDOW_US;
        let made = mux::parts::part(
            &segment(record, units),
            rung.size,
            rung.fps,
            start(units, rung.fps),
            (number as u32).wrapping_add(1),
        )?;
        let part = Part {
            number,
            seconds: units.len() as f64 / rung.fps.as_f64(),
            wall_us: wall(first.pts_us),
            media: made.media.into(),
        };
        hls.add(&self.feed.reel, made.init, part);
        Ok(())
    }
}

/// Makes parts of all rungs until the stream ends.
pub fn run(hls: &Hls, context: Context<'_>) {
    let wall = |pts| wall(context.hub, pts);
    let fall = |error: &Error| {
        (context.fall)(Entry {
            what: "HLS".to_owned(),
            from: "every part".to_owned(),
            to: "the parts that can be made".to_owned(),
            why: error.to_string(),
            fix: "`loopy doctor` says more".to_owned(),
        });
    };
    let mut cutters: Vec<Cutter> = Vec::new();
    let mut hopes = context.sound;
    let mut sound: Option<SoundCutter> = None;
    while context.waits() {
        for reel in context.videos().into_iter().skip(cutters.len()) {
            cutters.push(Cutter {
                feed: Feed::new(reel),
                units: Vec::new(),
            });
        }
        if hopes && sound.is_none() {
            match Ear::of(context.hub) {
                Ok(ear) => {
                    // The first playlist waits for its first part.
                    hls.hears.store(ear.is_some(), Ordering::Release);
                    sound = ear.map(SoundCutter::new);
                }
                Err(error) => {
                    hopes = false;
                    fall(&error);
                }
            }
        }
        for cutter in &mut cutters {
            if let Err(error) = cutter.work(hls, &wall) {
                fall(&error);
            }
        }
        if let Some(cutter) = &mut sound {
            cutter.work(hls, &wall);
        }
    }
}

/// The moment of picture time `pts`, in microseconds since 1970.
fn wall(hub: &Hub, pts: u64) -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.unwrap_or(Duration::ZERO).as_micros() as u64;
    let due = hub.epoch_us().unwrap_or_default().saturating_add(pts);
    now.saturating_add(due).saturating_sub(hub.now_us())
}

#[cfg(test)]
mod tests;

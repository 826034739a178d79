//! Where an mp4's index goes: in front, into room that was kept for it.
//!
//! libavformat can keep room too, but ruins the file when the index outgrows it. Here it writes the
//! index to the end, and the index is moved when it fits: its offsets are absolute, and the data
//! stays where it is.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
};

use super::{Options, io::copy_within};

/// Bytes of a box's header.
const BOX: u64 = 8;

/// Bytes to keep for the index of what `options` announce; 0 for none.
pub(super) fn room(options: &Options) -> u64 {
    if options.frames == 0 {
        return 0;
    }
    let (num, den) = (u64::from(options.fps.num()), u64::from(options.fps.den()));
    let seconds = options.frames.saturating_mul(den) / num + 1;
    // Size of each picture, and its composition offset (8 bytes, seldom shared by two in a row).
    let picture = if options.delay > 0 { 12 } else { 4 };
    let video = options.frames.saturating_mul(picture);
    let sound = options.audio.as_ref().map_or(0, |track| {
        seconds * u64::from(track.rate) / u64::from(track.frame_samples.max(1)) * 4
    });
    // Two chunks a second and track at up to 20 bytes, key frames, tables that large pictures split.
    let chunks = seconds * 2 * 2 * 20 + seconds * 2 * 4;
    let words: usize = options
        .tags
        .iter()
        .map(|(key, value)| key.len() + value.len() + 64)
        .sum();
    let room = video + sound + chunks;
    let room = 4096 + words as u64 + options.config.len() as u64 + room + room / 32;
    // libavformat takes the room as an int.
    if room > i32::MAX as u64 { 0 } else { room }
}

/// Moves the index at `at`, the end of `file`, to the room of `room` bytes after the file's first
/// box, or marks the room as free when it does not fit.
pub(super) fn place(file: &mut File, room: u64, at: u64) -> io::Result<()> {
    let mut first = [0; 4];
    file.seek(SeekFrom::Start(0))?;
    file.read_exact(&mut first)?;
    let front = u64::from(u32::from_be_bytes(first));
    let end = file.metadata()?.len();
    let length = end - at;
    let fits = length == room || length + BOX <= room;
    let (used, left) = if fits {
        (length, room - length)
    } else {
        (0, room)
    };
    if fits {
        copy_within(file, at, front, length)?;
        file.set_len(at)?;
    }
    if left > 0 {
        file.seek(SeekFrom::Start(front + used))?;
        file.write_all(&(left as u32).to_be_bytes())?;
        file.write_all(b"free")?;
    }
    file.seek(SeekFrom::End(0)).map(|_| ())
}

//! Rungs of single pictures, JPEG and WebP, for viewers that cannot decode video: made from the
//! smallest rung's pieces, once for all of them, and only while somebody watches.

use std::{
    ops::Range,
    sync::{Arc, mpsc::Receiver},
};

use loopy_core::{Rate, Size, ledger::Entry};
use loopy_media::{
    Error,
    encode::Frames,
    segment::{Sample, Segment},
    still::{Format, Stills},
};

use crate::{
    director::{course::Row, rungs::Rungs, stock::Piece},
    hub::{Coding, Hub, Reel, Rung},
    packet::{Flags, Unit},
    publisher::{due, wait},
};

/// Pictures are at most so wide and so high.
const LARGEST: Size = Size {
    width: 640,
    height: 640,
};
/// Pictures a second, at most.
const MOST: u64 = 15;
/// Quality of the pictures, 1 to 100.
const QUALITY: u8 = 75;
/// Bits for a pixel at that quality, about: what is told of the rung before it is made.
const BITS: f64 = 0.5;
/// Pictures are made for so many seconds after the last viewer has gone.
const LINGER: u64 = 5;

/// The clock of the pictures.
pub trait Pace {
    /// The picture of time `pts` is due no more: the one after it, at `next`, is due already.
    fn is_past(&self, next: u64) -> bool;
    /// Waits until the picture of time `pts` is due.
    fn wait(&self, pts: u64);
}

impl Pace for Hub {
    fn is_past(&self, next: u64) -> bool {
        self.epoch_us().unwrap_or_default().saturating_add(next) < self.now_us()
    }

    fn wait(&self, pts: u64) {
        wait(self, pts);
    }
}

/// One rung of pictures.
struct Easel {
    format: Format,
    reel: Arc<Reel>,
    stills: Option<(Size, Stills)>,
    /// Pictures that were due since somebody watched.
    idle: u64,
}

impl Easel {
    /// Whether pictures are to be made; counts those that are not looked at.
    fn is_on(&mut self, hub: &Hub, linger: u64) -> bool {
        if self.reel.wanted() > 0 {
            self.idle = 0;
            return true;
        }
        self.idle = self.idle.saturating_add(1);
        if self.idle == linger {
            hub.clear(&self.reel);
            self.stills = None;
        }
        self.idle < linger
    }

    fn encode(&mut self, frame: &loopy_core::Frame) -> Result<Vec<u8>, Error> {
        let (from, to) = (frame.size(), self.reel.rung.size);
        if self.stills.as_ref().is_none_or(|(size, _)| *size != from) {
            let stills = Stills::new(self.format, from, to, QUALITY)?;
            self.stills = Some((from, stills));
        }
        match &mut self.stills {
            Some((_, stills)) => stills.encode(frame),
            None => Err(Error::Missing("encoder of pictures")),
        }
    }
}

/// Where pictures are made.
pub struct Studio<'a> {
    hub: &'a Hub,
    pace: &'a dyn Pace,
    fps: Rate,
    /// Every so manieth output frame is a picture.
    step: u64,
    linger: u64,
    easels: Vec<Easel>,
    fall: &'a dyn Fn(Entry),
}

/// Makes pictures of the rows that come until there are no more.
pub fn run(rows: &Receiver<Arc<Row>>, hub: &Hub, rungs: &Rungs, fps: Rate, fall: &dyn Fn(Entry)) {
    // Viewers are told of pictures when there is something to make them of.
    let Ok(first) = rows.recv() else { return };
    let smallest = rungs.all().iter().min_by_key(|rung| rung.size.pixels());
    let Some(size) = smallest.map(|rung| rung.size) else {
        return;
    };
    let mut studio = Studio::new(hub, hub, size, fps, fall);
    studio.row(&first);
    for row in rows {
        studio.row(&row);
    }
}

impl<'a> Studio<'a> {
    /// Announces the rungs that can be made of pictures of size `from`.
    pub fn new(
        hub: &'a Hub,
        pace: &'a dyn Pace,
        from: Size,
        fps: Rate,
        fall: &'a dyn Fn(Entry),
    ) -> Self {
        let (num, den) = (u64::from(fps.num()), u64::from(fps.den()));
        let step = num.div_ceil(den * MOST).max(1);
        let mut studio = Self {
            hub,
            pace,
            fps,
            step,
            linger: (LINGER * num).div_ceil(den * step).max(1),
            easels: Vec::new(),
            fall,
        };
        let size = from.within(LARGEST);
        for format in [Format::Jpeg, Format::Webp] {
            studio.announce(format, from, size);
        }
        studio
    }

    fn announce(&mut self, format: Format, from: Size, size: Size) {
        let (name, coding) = match format {
            Format::Jpeg => ("jpeg", Coding::Jpeg),
            Format::Webp => ("webp", Coding::Webp),
        };
        if let Err(error) = Stills::new(format, from, size, QUALITY) {
            let to = match format {
                Format::Jpeg => "video alone",
                Format::Webp => "jpeg",
            };
            (self.fall)(Entry {
                what: "single pictures".to_owned(),
                from: name.to_owned(),
                to: to.to_owned(),
                why: error.to_string(),
                fix: "install an FFmpeg that has this encoder".to_owned(),
            });
            return;
        }
        let step = u32::try_from(self.step).unwrap_or(u32::MAX);
        let den = self.fps.den().saturating_mul(step);
        let fps = Rate::new(self.fps.num(), den).unwrap_or(self.fps);
        let reel = self.hub.add(Rung {
            name: name.to_owned(),
            coding,
            size,
            fps,
            bitrate: (size.pixels() as f64 * fps.as_f64() * BITS) as u32,
            sound: None,
        });
        self.easels.push(Easel {
            format,
            reel,
            stills: None,
            idle: self.linger,
        });
    }

    /// Makes the pictures of a row, if somebody watches, and publishes each when it is due.
    pub fn row(&mut self, row: &Row) {
        let Some(piece) = row.pieces.last() else {
            return;
        };
        for group in groups(&piece.samples) {
            if self.hub.is_over() {
                return;
            }
            if let Err(error) = self.group(row, piece, group) {
                (self.fall)(Entry {
                    what: "single pictures".to_owned(),
                    from: "every picture".to_owned(),
                    to: "those of the groups that can be read".to_owned(),
                    why: error.to_string(),
                    fix: "`loopy doctor` says more".to_owned(),
                });
            }
        }
    }

    fn group(&mut self, row: &Row, piece: &Piece, group: Range<usize>) -> Result<(), Error> {
        let start = group.start;
        let mut first = None;
        // Whether somebody watches is asked picture by picture; decoding begins with the group.
        for index in group.clone() {
            let frame = row.start + index as u64;
            if !frame.is_multiple_of(self.step) || index >= row.frames as usize {
                continue;
            }
            if self.any_on() {
                first = Some(index);
                break;
            }
            self.pace.wait(due(self.fps, frame));
        }
        let Some(first) = first else { return Ok(()) };
        let segment = cut(piece, group);
        for (index, picture) in (start..).zip(Frames::new(&segment)?) {
            let picture = picture?;
            let frame = row.start + index as u64;
            if index < first || index >= row.frames as usize || !frame.is_multiple_of(self.step) {
                continue;
            }
            let on = index == first || self.any_on();
            let next = due(self.fps, frame + self.step);
            if on && !self.pace.is_past(next) {
                self.publish(&picture, frame, row.bridge);
            }
        }
        Ok(())
    }

    fn any_on(&mut self) -> bool {
        let (hub, linger) = (self.hub, self.linger);
        let on = self.easels.iter_mut().map(|easel| easel.is_on(hub, linger));
        on.fold(false, |any, on| any | on)
    }

    /// Encodes a picture ahead and publishes it when it is due.
    fn publish(&mut self, picture: &loopy_core::Frame, frame: u64, bridge: bool) {
        let pts_us = due(self.fps, frame);
        let duration_us = (due(self.fps, frame + self.step) - pts_us) as u32;
        let linger = self.linger;
        let mut made = Vec::new();
        for easel in self.easels.iter_mut().filter(|easel| easel.idle < linger) {
            match easel.encode(picture) {
                Ok(data) => made.push((Arc::clone(&easel.reel), data)),
                // The other rung goes on.
                Err(error) => (self.fall)(Entry {
                    what: format!("single pictures as {}", easel.reel.rung.name),
                    from: "every picture".to_owned(),
                    to: "those that can be encoded".to_owned(),
                    why: error.to_string(),
                    fix: "`loopy doctor` says more".to_owned(),
                }),
            }
        }
        self.pace.wait(pts_us);
        for (reel, data) in made {
            let unit = Unit {
                flags: Flags {
                    key: true,
                    discontinuity: false,
                    transition: bridge,
                    last: true,
                },
                pts_us,
                duration_us,
                data: data.into(),
            };
            self.hub.publish(&reel, unit);
        }
    }
}

/// The closed groups of a piece.
fn groups(samples: &[Sample]) -> Vec<Range<usize>> {
    let mut start = 0;
    let groups = samples.chunk_by(|_, next| !next.key);
    let ranges = groups.map(|group| {
        let range = start..start + group.len();
        start = range.end;
        range
    });
    ranges.collect()
}

/// A group of a piece alone.
fn cut(piece: &Piece, group: Range<usize>) -> Segment {
    let bytes = |samples: &[Sample]| samples.iter().map(|s| s.bytes as usize).sum::<usize>();
    let from = bytes(&piece.samples[..group.start]).min(piece.data.len());
    let until = from + bytes(&piece.samples[group.clone()]);
    let samples = (0..).zip(&piece.samples[group]);
    Segment {
        config: piece.record.to_vec(),
        // Live rungs show pictures in the order in which they are coded.
        samples: samples.map(|(order, s)| Sample { order, ..*s }).collect(),
        data: piece.data[from..until.min(piece.data.len())].to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, time::Instant};

    use loopy_core::{Frame, encode::Settings};
    use loopy_media::encode::Encoder;

    use super::*;
    use crate::hub::Ring;

    const SIZE: Size = Size {
        width: 64,
        height: 48,
    };

    /// Every picture is in time; remembers what was waited for.
    #[derive(Default)]
    struct Prompt(RefCell<Vec<u64>>);

    impl Pace for Prompt {
        fn is_past(&self, _next: u64) -> bool {
            false
        }

        fn wait(&self, pts: u64) {
            self.0.borrow_mut().push(pts);
        }
    }

    fn fps() -> Rate {
        Rate::new(30, 1).unwrap()
    }

    /// 45 frames from `start`, each as bright as its number says.
    fn row(start: u64) -> Row {
        let mut encoder = Encoder::new(&Settings::live(400_000), SIZE, fps(), 45).unwrap();
        for frame in start..start + 45 {
            let mut picture = Frame::black(SIZE);
            picture.planes_mut()[0].fill(brightness(frame));
            encoder.push(&picture).unwrap();
        }
        let piece = Piece::from(encoder.finish().unwrap());
        assert!(groups(&piece.samples).len() > 1);
        Row {
            start,
            frames: 45,
            clip: 0,
            part: (loopy_core::Hash::of(b"clip"), 0, 0),
            from: 0,
            bridge: false,
            pieces: vec![Arc::new(piece)],
        }
    }

    fn brightness(frame: u64) -> u8 {
        40 + (frame % 90) as u8 * 2
    }

    #[allow(
        clippy::needless_pass_by_value,
        reason = "that is how entries are given"
    )]
    fn nothing(entry: Entry) {
        panic!("{entry:?}");
    }

    fn packets(reel: &Reel) -> Vec<(u64, u64, Vec<u8>)> {
        reel.look(|ring| {
            let (first, next) = ring.range();
            let packets = (first..next).filter_map(|seq| ring.get(seq));
            let of = |unit: &Unit| (unit.pts_us, u64::from(unit.duration_us), unit.data.to_vec());
            packets.map(|packet| of(&packet.unit)).collect()
        })
    }

    #[test]
    fn every_second_picture_is_made_once_for_all_viewers_at_its_time() {
        let hub = Hub::new(Instant::now());
        let pace = Prompt::default();
        let mut studio = Studio::new(&hub, &pace, SIZE, fps(), &nothing);
        let reel = Arc::clone(&studio.easels[0].reel);
        assert_eq!(reel.rung.coding, Coding::Jpeg);
        assert_eq!((reel.rung.size, reel.rung.fps.as_f64()), (SIZE, 15.0));
        let _viewers: Vec<_> = (0..3).map(|_| reel.want()).collect();
        studio.row(&row(45));
        let packets = packets(&reel);
        let times: Vec<u64> = packets.iter().map(|(pts, ..)| *pts).collect();
        let wanted: Vec<u64> = (46..90).step_by(2).map(|frame| due(fps(), frame)).collect();
        assert_eq!(times, wanted);
        assert_eq!(*pace.0.borrow(), wanted);
        assert!(
            packets
                .iter()
                .all(|(_, duration, _)| (66_666..=66_667).contains(duration))
        );
        for other in studio.easels.iter().skip(1) {
            assert_eq!(other.reel.look(Ring::range), (0, 0), "nobody wants it");
        }
    }

    #[test]
    fn a_picture_shows_the_frame_of_its_time() {
        let hub = Hub::new(Instant::now());
        let pace = Prompt::default();
        let mut studio = Studio::new(&hub, &pace, SIZE, fps(), &nothing);
        let reel = Arc::clone(&studio.easels[0].reel);
        let _viewer = reel.want();
        studio.row(&row(0));
        let mut same = Stills::new(Format::Jpeg, SIZE, SIZE, QUALITY).unwrap();
        for (frame, (_, _, data)) in (0..).step_by(2).zip(packets(&reel)) {
            // A flat picture's bytes tell how bright it is, within what coding loses.
            let near = (-2..=2).any(|off| {
                let mut picture = Frame::black(SIZE);
                picture.planes_mut()[0].fill(brightness(frame).saturating_add_signed(off));
                same.encode(&picture).unwrap() == data
            });
            assert!(near, "frame {frame}");
        }
    }

    #[test]
    fn nothing_is_made_while_nobody_watches_and_a_while_after_the_last_has_gone() {
        let hub = Hub::new(Instant::now());
        let pace = Prompt::default();
        let mut studio = Studio::new(&hub, &pace, SIZE, fps(), &nothing);
        let reel = Arc::clone(&studio.easels[0].reel);
        let next = || reel.look(|ring| ring.range().1);
        studio.row(&row(0));
        assert_eq!(next(), 0);
        assert_eq!(reel.look(Ring::newest_key), None);
        drop({
            let viewer = reel.want();
            studio.row(&row(45));
            viewer
        });
        assert_eq!(next(), 22);
        for start in (90..540).step_by(45) {
            studio.row(&row(start));
        }
        let made = next();
        assert!(
            (95..=98).contains(&made),
            "{made} pictures, 75 of them after the last viewer"
        );
        assert_eq!(reel.look(Ring::newest_key), None, "what was is not kept");
    }

    #[test]
    fn a_viewer_that_comes_within_a_group_gets_pictures_from_there() {
        /// A viewer who comes when the third picture is due.
        struct Comes<'a>(&'a RefCell<Option<(Arc<Reel>, Option<crate::hub::Want>)>>);
        impl Pace for Comes<'_> {
            fn is_past(&self, _next: u64) -> bool {
                false
            }
            fn wait(&self, pts: u64) {
                let mut seat = self.0.borrow_mut();
                if let Some((reel, want)) = seat.as_mut()
                    && pts >= due(fps(), 4)
                    && want.is_none()
                {
                    *want = Some(reel.want());
                }
            }
        }
        let hub = Hub::new(Instant::now());
        let seat = RefCell::new(None);
        let pace = Comes(&seat);
        let mut studio = Studio::new(&hub, &pace, SIZE, fps(), &nothing);
        let reel = Arc::clone(&studio.easels[0].reel);
        *seat.borrow_mut() = Some((Arc::clone(&reel), None));
        studio.row(&row(0));
        let packets = packets(&reel);
        assert_eq!(packets[0].0, due(fps(), 6));
        assert_eq!(packets.len(), 20);
    }
}

//! Init segments: what a media source must know before the first fragment.

use bytes::Bytes;

use super::{TIMESCALE, boxes::Boxes};
use crate::hub::{Coding, Rung};

/// The unity matrix of a track.
const MATRIX: [u32; 9] = [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000];

/// Init segment of an H.264 rung; none for what media sources do not play.
pub fn init_picture(rung: &Rung) -> Option<Bytes> {
    let Coding::H264 { record } = &rung.coding else {
        return None;
    };
    let (width, height) = (rung.size.width as u16, rung.size.height as u16);
    let track = Track {
        timescale: TIMESCALE,
        handler: *b"vide",
        size: (width, height),
    };
    Some(track.init(|stsd| {
        stsd.put(*b"avc1", |avc1| {
            avc1.zeros(6);
            avc1.u16(1);
            avc1.zeros(16);
            avc1.u16(width);
            avc1.u16(height);
            avc1.u32(0x48_0000);
            avc1.u32(0x48_0000);
            avc1.u32(0);
            avc1.u16(1);
            avc1.zeros(32);
            avc1.u16(24);
            avc1.u16(0xffff);
            avc1.put(*b"avcC", |avcc| avcc.raw(record));
        });
    }))
}

/// Init segment of a rung of sound; none for pictures.
pub fn init_sound(rung: &Rung) -> Option<Bytes> {
    let (rate, channels) = rung.sound?;
    let track = Track {
        timescale: rate,
        handler: *b"soun",
        size: (0, 0),
    };
    let entry = |entry: &mut Boxes| {
        entry.zeros(6);
        entry.u16(1);
        entry.zeros(8);
        entry.u16(u16::from(channels));
        entry.u16(16);
        entry.u32(0);
        entry.u32(rate << 16);
    };
    match &rung.coding {
        Coding::Opus { head } => {
            let inside = opus_box(head)?;
            Some(track.init(|stsd| {
                stsd.put(*b"Opus", |opus| {
                    entry(opus);
                    opus.put(*b"dOps", |dops| dops.raw(&inside));
                });
            }))
        }
        Coding::Aac { config } => Some(track.init(|stsd| {
            stsd.put(*b"mp4a", |mp4a| {
                entry(mp4a);
                mp4a.full(*b"esds", 0, 0, |esds| {
                    elementary_stream(esds, config, rung.bitrate);
                });
            });
        })),
        _ => None,
    }
}

/// `OpusHead` as `dOps` has it: no magic, version 0, numbers with the high byte first.
fn opus_box(head: &[u8]) -> Option<Vec<u8>> {
    let [channels, s0, s1, r0, r1, r2, r3, g0, g1, rest @ ..] =
        head.strip_prefix(b"OpusHead")?.get(1..)?
    else {
        return None;
    };
    let mut inside = vec![0, *channels, *s1, *s0, *r3, *r2, *r1, *r0, *g1, *g0];
    inside.extend_from_slice(rest);
    Some(inside)
}

/// The descriptors of `esds`; each is shorter than 128 bytes.
fn elementary_stream(esds: &mut Boxes, config: &[u8], bitrate: u32) {
    let specific = config.len() as u8;
    let decoder = 13 + 2 + specific;
    esds.raw(&[3, 3 + 2 + decoder + 3, 0, 1, 0]);
    // AAC, an audio stream.
    esds.raw(&[4, decoder, 0x40, 0x15, 0, 0, 0]);
    esds.u32(bitrate);
    esds.u32(bitrate);
    esds.raw(&[5, specific]);
    esds.raw(config);
    esds.raw(&[6, 1, 2]);
}

struct Track {
    timescale: u32,
    handler: [u8; 4],
    size: (u16, u16),
}

impl Track {
    fn init(&self, entry: impl FnOnce(&mut Boxes)) -> Bytes {
        let mut boxes = Boxes::default();
        boxes.put(*b"ftyp", |ftyp| {
            ftyp.raw(b"iso5");
            ftyp.u32(0);
            ftyp.raw(b"iso5iso6mp41");
        });
        boxes.put(*b"moov", |moov| {
            moov.full(*b"mvhd", 0, 0, |mvhd| {
                mvhd.zeros(8);
                mvhd.u32(self.timescale);
                mvhd.u32(0);
                mvhd.u32(0x1_0000);
                mvhd.u16(0x100);
                mvhd.zeros(10);
                for value in MATRIX {
                    mvhd.u32(value);
                }
                mvhd.zeros(24);
                mvhd.u32(2);
            });
            moov.put(*b"trak", |trak| self.trak(trak, entry));
            moov.put(*b"mvex", |mvex| {
                mvex.full(*b"trex", 0, 0, |trex| {
                    trex.u32(1);
                    trex.u32(1);
                    trex.zeros(12);
                });
            });
        });
        boxes.into_bytes().into()
    }

    fn trak(&self, trak: &mut Boxes, entry: impl FnOnce(&mut Boxes)) {
        let is_sound = self.handler == *b"soun";
        // Enabled and in the presentation.
        trak.full(*b"tkhd", 0, 3, |tkhd| {
            tkhd.zeros(8);
            tkhd.u32(1);
            tkhd.zeros(16);
            tkhd.u16(0);
            tkhd.u16(0);
            tkhd.u16(if is_sound { 0x100 } else { 0 });
            tkhd.u16(0);
            for value in MATRIX {
                tkhd.u32(value);
            }
            tkhd.u32(u32::from(self.size.0) << 16);
            tkhd.u32(u32::from(self.size.1) << 16);
        });
        trak.put(*b"mdia", |mdia| {
            mdia.full(*b"mdhd", 0, 0, |mdhd| {
                mdhd.zeros(8);
                mdhd.u32(self.timescale);
                mdhd.u32(0);
                // No language.
                mdhd.u16(0x55c4);
                mdhd.u16(0);
            });
            mdia.full(*b"hdlr", 0, 0, |hdlr| {
                hdlr.u32(0);
                hdlr.raw(&self.handler);
                hdlr.zeros(12);
                hdlr.u8(0);
            });
            mdia.put(*b"minf", |minf| {
                if is_sound {
                    minf.full(*b"smhd", 0, 0, |smhd| smhd.zeros(4));
                } else {
                    minf.full(*b"vmhd", 0, 1, |vmhd| vmhd.zeros(8));
                }
                minf.put(*b"dinf", |dinf| {
                    dinf.full(*b"dref", 0, 0, |dref| {
                        dref.u32(1);
                        dref.full(*b"url ", 0, 1, |_| {});
                    });
                });
                minf.put(*b"stbl", |stbl| {
                    stbl.full(*b"stsd", 0, 0, |stsd| {
                        stsd.u32(1);
                        entry(stsd);
                    });
                    for name in [*b"stts", *b"stsc", *b"stco"] {
                        stbl.full(name, 0, 0, |table| table.u32(0));
                    }
                    stbl.full(*b"stsz", 0, 0, |stsz| stsz.zeros(8));
                });
            });
        });
    }
}

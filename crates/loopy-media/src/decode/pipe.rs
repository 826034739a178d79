//! Frames of one make through their filters to output pictures, each with the time it came with.

use std::collections::VecDeque;

use loopy_core::{Size, normalise::Normalise};

use super::{
    Picture,
    chain::Chain,
    graph::Graph,
    place::{area, flatten, place},
};
use crate::{Error, ffi::AvFrame};

/// What travels beside a frame while filters hold it.
struct Pending {
    number: i64,
    time: Option<i64>,
    corrupt: bool,
}

/// The filters for one make of frame.
pub(crate) struct Pipe {
    flatten: Option<Graph>,
    main: Option<Graph>,
    fitted: Size,
    wanted: Normalise,
    number: i64,
    pending: VecDeque<Pending>,
    scratch: AvFrame,
}

impl Pipe {
    /// The filters of `chain` for frames of this size and pixel format.
    pub(crate) fn new(
        chain: &Chain,
        size: Size,
        format: i32,
        wanted: &Normalise,
    ) -> Result<Self, Error> {
        let graph =
            |text: &String, size: Size, format| Graph::new(text, size.width, size.height, format);
        let flatten = chain
            .flatten
            .as_ref()
            .map(|text| graph(text, size, format))
            .transpose()?;
        let (size, format) = if flatten.is_some() {
            (
                chain.flat,
                ffmpeg_sys_the_third::AVPixelFormat::YUV444P16LE.0,
            )
        } else {
            (size, format)
        };
        let main = chain
            .main
            .as_ref()
            .map(|text| graph(text, size, format))
            .transpose()?;
        Ok(Self {
            flatten,
            main,
            fitted: chain.fitted,
            wanted: *wanted,
            number: 0,
            pending: VecDeque::new(),
            scratch: AvFrame::new()?,
        })
    }

    /// Takes a frame, which is blank afterwards, and puts what is ready into `out`.
    pub(crate) fn push(
        &mut self,
        frame: &mut AvFrame,
        time: Option<i64>,
        corrupt: bool,
        out: &mut VecDeque<Picture>,
    ) -> Result<(), Error> {
        let number = self.number;
        self.number += 1;
        self.pending.push_back(Pending {
            number,
            time,
            corrupt,
        });
        match (&mut self.flatten, &mut self.main) {
            (Some(first), _) => {
                first.push(Some((frame, number)))?;
                self.pull(false, out)
            }
            (None, Some(main)) => {
                main.push(Some((frame, number)))?;
                self.pull(false, out)
            }
            (None, None) => {
                let picture = place(frame, self.fitted, self.wanted.size, self.wanted.pad)?;
                self.hand_over(picture, number, out);
                Ok(())
            }
        }
    }

    /// The filters hold no frame.
    pub(crate) fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    /// Puts what the filters still hold into `out`.
    pub(crate) fn finish(&mut self, out: &mut VecDeque<Picture>) -> Result<(), Error> {
        if let Some(first) = &mut self.flatten {
            first.push(None)?;
        } else if let Some(main) = &mut self.main {
            main.push(None)?;
        }
        self.pull(true, out)
    }

    fn pull(&mut self, end: bool, out: &mut VecDeque<Picture>) -> Result<(), Error> {
        let pad = self.wanted.pad;
        if let Some(first) = &mut self.flatten {
            while let Some(number) = first.pull(&mut self.scratch)? {
                flatten(&mut self.scratch, pad)?;
                if let Some(main) = &mut self.main {
                    main.push(Some((&mut self.scratch, number)))?;
                }
            }
            if end && let Some(main) = &mut self.main {
                main.push(None)?;
            }
        }
        while let Some(main) = &mut self.main {
            let Some(number) = main.pull(&mut self.scratch)? else {
                break;
            };
            let picture = place(&self.scratch, self.fitted, self.wanted.size, pad)?;
            self.hand_over(picture, number, out);
        }
        Ok(())
    }

    /// Joins a picture with what came beside its frame.
    fn hand_over(&mut self, frame: loopy_core::Frame, number: i64, out: &mut VecDeque<Picture>) {
        while self
            .pending
            .front()
            .is_some_and(|pending| pending.number < number)
        {
            self.pending.pop_front();
        }
        let beside = self
            .pending
            .pop_front_if(|pending| pending.number == number);
        let (time, corrupt) =
            beside.map_or((None, false), |pending| (pending.time, pending.corrupt));
        out.push_back(Picture {
            frame,
            area: area(self.fitted, self.wanted.size),
            time,
            corrupt,
        });
    }
}

#[cfg(test)]
mod tests {
    use ffmpeg_sys_the_third as av;
    use loopy_core::{color::Color, normalise::Rgb};

    use super::*;
    use crate::{
        decode::{
            chain::{Source, Tools, chain},
            color::ColorTags,
            format::Layout,
        },
        ffi::check,
    };

    /// A planar RGB picture, left red, right blue; the right half is transparent if it can be.
    fn halves(layout: Layout, size: Size) -> AvFrame {
        let frame = AvFrame::new().unwrap();
        let raw = frame.as_ptr();
        // SAFETY: a new frame is given its make, then memory, whose rows are written within.
        unsafe {
            (*raw).format = layout.id;
            (*raw).width = size.width as i32;
            (*raw).height = size.height as i32;
            check(av::av_frame_get_buffer(raw, 0), "test").unwrap();
            // Planes are green, blue, red, alpha.
            for (plane, (left, right)) in [(0, 0), (0, 255), (255, 0), (255, 0)].iter().enumerate()
            {
                if (*raw).data[plane].is_null() {
                    continue;
                }
                for row in 0..size.height as isize {
                    let start = (*raw).data[plane].offset(row * (*raw).linesize[plane] as isize);
                    let row = std::slice::from_raw_parts_mut(start, size.width as usize);
                    row.fill(*right);
                    row[..size.width as usize / 2].fill(*left);
                }
            }
        }
        frame
    }

    fn source(format: &str, size: Size) -> Source {
        let layout = Layout::named(format).unwrap();
        let tags = ColorTags {
            range: av::AVColorRange::UNSPECIFIED,
            matrix: av::AVColorSpace::UNSPECIFIED,
            primaries: av::AVColorPrimaries::UNSPECIFIED,
            transfer: av::AVColorTransferCharacteristic::UNSPECIFIED,
        };
        let color: Color = tags.read(layout, size.width, size.height);
        Source {
            layout,
            size,
            aspect: (1, 1),
            color,
            usual_chroma: true,
            rotation: 0,
            mirrored: false,
            interlaced: false,
        }
    }

    /// The pictures of three frames through the chain.
    fn run(source: &Source, wanted: &Normalise, tools: Tools) -> Vec<Picture> {
        let chain = chain(source, wanted, tools);
        let mut pipe = Pipe::new(&chain, source.size, source.layout.id, wanted).unwrap();
        let mut out = VecDeque::new();
        for time in [Some(10), None, Some(30)] {
            let mut frame = halves(source.layout, source.size);
            pipe.push(&mut frame, time, time.is_none(), &mut out)
                .unwrap();
        }
        pipe.finish(&mut out).unwrap();
        out.into()
    }

    #[track_caller]
    fn near(picture: &Picture, x: usize, y: usize, wanted: [u8; 3]) {
        let width = picture.frame.size().width as usize;
        let [luma, u, v] = picture.frame.planes();
        let chroma = y / 2 * (width / 2) + x / 2;
        let got = [luma[y * width + x], u[chroma], v[chroma]];
        assert!(
            got.iter().zip(wanted).all(|(a, b)| a.abs_diff(b) <= 2),
            "{got:?} {wanted:?}"
        );
    }

    const TOOLS: [Tools; 2] = [
        Tools {
            zimg: true,
            tonemap: true,
        },
        Tools {
            zimg: false,
            tonemap: false,
        },
    ];
    const RED: [u8; 3] = [63, 102, 240];
    const BLUE: [u8; 3] = [32, 240, 118];
    const WHITE: [u8; 3] = [235, 128, 128];

    #[test]
    fn with_and_without_zimg_the_colours_are_right_and_frames_keep_their_times() {
        for tools in TOOLS {
            let small = Size::new(64, 32);
            let pictures = run(
                &source("gbrp", small),
                &Normalise::to(Size::new(128, 64)),
                tools,
            );
            let beside: Vec<_> = pictures.iter().map(|p| (p.time, p.corrupt)).collect();
            assert_eq!(beside, [(Some(10), false), (None, true), (Some(30), false)]);
            near(&pictures[2], 20, 30, RED);
            near(&pictures[2], 108, 30, BLUE);
        }
    }

    #[test]
    fn with_and_without_zimg_turns_and_transparency_are_right() {
        for tools in TOOLS {
            let turned = Source {
                rotation: 90,
                ..source("gbrap", Size::new(64, 32))
            };
            let wanted = Normalise {
                pad: Rgb(255, 255, 255),
                ..Normalise::to(Size::new(32, 64))
            };
            let pictures = run(&turned, &wanted, tools);
            assert_eq!(pictures.len(), 3);
            // Left is up now; what was right is transparent.
            near(&pictures[0], 16, 10, RED);
            near(&pictures[0], 16, 54, WHITE);
            let mirrored = Source {
                mirrored: true,
                ..turned
            };
            let pictures = run(&mirrored, &wanted, tools);
            near(&pictures[0], 16, 10, WHITE);
            near(&pictures[0], 16, 54, RED);
        }
    }

    #[test]
    fn deinterlacing_loses_and_doubles_no_frame() {
        let film = Source {
            interlaced: true,
            ..source("gbrp", Size::new(64, 32))
        };
        let pictures = run(&film, &Normalise::to(Size::new(64, 32)), TOOLS[0]);
        let times: Vec<_> = pictures.iter().map(|picture| picture.time).collect();
        assert_eq!(times, [Some(10), None, Some(30)]);
    }
}

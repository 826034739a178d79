//! Frames of one make through their filters to output pictures, each with the time it came with.

use std::collections::VecDeque;

use loopy_core::{Size, normalise::Normalise};

use super::{
    Picture,
    chain::Chain,
    graph::Graph,
    place::{flatten, place},
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
        let graph = |text: &String, size: Size, format| {
            Graph::new(text, size.width, size.height, format)
        };
        let flatten =
            chain.flatten.as_ref().map(|text| graph(text, size, format)).transpose()?;
        let (size, format) = if flatten.is_some() {
            (chain.flat, ffmpeg_sys_the_third::AVPixelFormat::YUV444P16LE.0)
        } else {
            (size, format)
        };
        let main = chain.main.as_ref().map(|text| graph(text, size, format)).transpose()?;
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
        self.pending.push_back(Pending { number, time, corrupt });
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
            let Some(number) = main.pull(&mut self.scratch)? else { break };
            let picture = place(&self.scratch, self.fitted, self.wanted.size, pad)?;
            self.hand_over(picture, number, out);
        }
        Ok(())
    }

    /// Joins a picture with what came beside its frame.
    fn hand_over(
        &mut self,
        frame: loopy_core::Frame,
        number: i64,
        out: &mut VecDeque<Picture>,
    ) {
        while self.pending.front().is_some_and(|pending| pending.number < number) {
            self.pending.pop_front();
        }
        let beside = self.pending.pop_front_if(|pending| pending.number == number);
        let (time, corrupt) =
            beside.map_or((None, false), |pending| (pending.time, pending.corrupt));
        out.push_back(Picture { frame, time, corrupt });
    }
}

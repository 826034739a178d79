//! A libavfilter graph from one source to one sink, single-threaded and bit-exact.

use std::ptr;

use ffmpeg_sys_the_third as av;

use super::codec::EAGAIN;
use crate::{
    Error,
    ffi::{AvFrame, c_string, check},
};

/// Ticks per second of the frame numbers that travel through a graph as timestamps.
const TICKS: i32 = 1000;

/// A configured graph of video filters.
pub(crate) struct Graph {
    raw: *mut av::AVFilterGraph,
    source: *mut av::AVFilterContext,
    sink: *mut av::AVFilterContext,
}

// SAFETY: the graph runs no threads of its own and is owned and used by this value alone.
unsafe impl Send for Graph {}

/// Whether this FFmpeg has the filter.
pub(crate) fn has(filter: &str) -> bool {
    // SAFETY: the name is NUL-terminated.
    unsafe { !av::avfilter_get_by_name(c_string(filter.as_bytes()).as_ptr()).is_null() }
}

impl Graph {
    /// A graph that runs `chain` over frames of this size and pixel format.
    pub(crate) fn new(chain: &str, width: u32, height: u32, format: i32) -> Result<Self, Error> {
        let text = format!(
            "buffer@in=video_size={width}x{height}:pix_fmt={format}:time_base=1/{TICKS}\
             :pixel_aspect=1/1,{chain},buffersink@out"
        );
        let text = c_string(text.as_bytes());
        let mut graph = Self {
            // SAFETY: NULL is checked below.
            raw: unsafe { av::avfilter_graph_alloc() },
            source: ptr::null_mut(),
            sink: ptr::null_mut(),
        };
        let memory = || Error::Libav {
            what: "build the filters",
            why: "out of memory".to_owned(),
        };
        if graph.raw.is_null() {
            return Err(memory());
        }
        let (mut inputs, mut outputs) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: the graph is valid and not yet configured; the text outlives the calls; the lists
        // of open ends are freed whatever they hold.
        unsafe {
            (*graph.raw).nb_threads = 1;
            av::av_opt_set(
                graph.raw.cast(),
                c"scale_sws_opts".as_ptr(),
                c"flags=lanczos+accurate_rnd+full_chroma_int+full_chroma_inp+bitexact".as_ptr(),
                0,
            );
            let code = av::avfilter_graph_parse2(
                graph.raw,
                text.as_ptr(),
                &raw mut inputs,
                &raw mut outputs,
            );
            av::avfilter_inout_free(&raw mut inputs);
            av::avfilter_inout_free(&raw mut outputs);
            check(code, "build the filters")?;
            graph.source = av::avfilter_graph_get_filter(graph.raw, c"buffer@in".as_ptr());
            graph.sink = av::avfilter_graph_get_filter(graph.raw, c"buffersink@out".as_ptr());
            if graph.source.is_null() || graph.sink.is_null() {
                return Err(memory());
            }
            check(
                av::avfilter_graph_config(graph.raw, ptr::null_mut()),
                "configure the filters",
            )?;
        }
        Ok(graph)
    }

    /// Pushes `frame` as number `number`, or the end when `None`; the frame is blank afterwards.
    pub(crate) fn push(&mut self, frame: Option<(&mut AvFrame, i64)>) -> Result<(), Error> {
        let raw = match frame {
            Some((frame, number)) => {
                // SAFETY: the frame is valid; the fields are plain. Every chain that minds colour
                // says it itself, and a source wants frames with the tags that it was built with.
                unsafe {
                    (*frame.as_ptr()).pts = number;
                    (*frame.as_ptr()).color_range = av::AVColorRange::UNSPECIFIED;
                    (*frame.as_ptr()).colorspace = av::AVColorSpace::UNSPECIFIED;
                }
                frame.as_ptr()
            }
            None => ptr::null_mut(),
        };
        // SAFETY: the source is part of the configured graph; the frame is NULL or valid.
        let code = unsafe { av::av_buffersrc_add_frame_flags(self.source, raw, 0) };
        check(code, "filter a frame").map(|_| ())
    }

    /// Pulls the next filtered frame into `frame` and returns its number; `None` when the graph
    /// wants more or has ended.
    pub(crate) fn pull(&mut self, frame: &mut AvFrame) -> Result<Option<i64>, Error> {
        // SAFETY: the frame is blanked, then written; the sink is part of the configured graph.
        unsafe {
            av::av_frame_unref(frame.as_ptr());
            let code = av::av_buffersink_get_frame(self.sink, frame.as_ptr());
            if code == av::AVERROR(EAGAIN) || code == av::AVERROR_EOF {
                return Ok(None);
            }
            check(code, "filter a frame")?;
            let base = av::av_buffersink_get_time_base(self.sink);
            let ticks = av::AVRational { num: 1, den: TICKS };
            Ok(Some(av::av_rescale_q((*frame.as_ptr()).pts, base, ticks)))
        }
    }
}

impl Drop for Graph {
    fn drop(&mut self) {
        // SAFETY: NULL or ours; freeing it frees its filters.
        unsafe { av::avfilter_graph_free(&raw mut self.raw) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_that_fails_is_an_error_and_never_hangs() {
        if !has("zscale") {
            return;
        }
        // Luma and chroma cannot have the matrix of RGB.
        let chain = "setparams=colorspace=gbr,zscale=w=32:h=32:m=709:p=709:t=709";
        let mut graph = Graph::new(chain, 64, 64, av::AVPixelFormat::YUV420P.0).unwrap();
        let mut frame = AvFrame::new().unwrap();
        // SAFETY: a new frame is given its make, then memory.
        unsafe {
            let raw = frame.as_ptr();
            ((*raw).width, (*raw).height) = (64, 64);
            (*raw).format = av::AVPixelFormat::YUV420P.0;
            check(av::av_frame_get_buffer(raw, 0), "test").unwrap();
        }
        graph.push(Some((&mut frame, 0))).unwrap();
        assert!(graph.pull(&mut frame).is_err());
    }

    #[test]
    fn a_chain_that_makes_no_sense_is_an_error() {
        assert!(Graph::new("nosuchfilter=1", 64, 64, 0).is_err());
        assert!(Graph::new("crop=w=100:h=100:x=0:y=0", 64, 64, 0).is_err());
    }
}

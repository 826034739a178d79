//! An opened media file: its container, its streams and its packets, read from one regular file
//! and from nothing else.

use std::{
    cell::Cell,
    ffi::{CStr, c_char, c_int, c_void},
    path::Path,
    ptr,
    time::{Duration, Instant},
};

use ffmpeg_sys_the_third as av;
use loopy_core::limits::Limits;

use crate::{
    Error,
    ffi::{self, AvPacket, Dict, c_string, reason},
};

/// Longest time that one call into a demuxer may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Consecutive read errors after which a file counts as ended.
const READ_ERRORS: u32 = 32;
/// Bytes and microseconds that may be read to find out what the streams are.
const PROBE_BYTES: &str = "20000000";
const PROBE_MICROS: &str = "10000000";

/// What a read brought.
pub(crate) enum Read {
    /// A packet of the wanted stream is in the buffer.
    Packet,
    /// The file is used up.
    End,
    /// A part of the file could not be read; reading on may work.
    Fault(String),
}

/// An open container.
pub(crate) struct Input {
    context: *mut av::AVFormatContext,
    io: *mut av::AVIOContext,
    deadline: Box<Cell<Instant>>,
    read_errors: u32,
    /// First start and last end of all packets that were read, in microseconds.
    reach: Option<(i64, i64)>,
}

// SAFETY: the contexts are owned by this value alone and used through `&mut self` or for reading
// plain fields; the deadline's address is only used by calls made on the owner's thread.
unsafe impl Send for Input {}

/// A stream's parts that outlive no borrow of the input.
#[derive(Clone, Copy)]
pub(crate) struct Stream<'a> {
    raw: *mut av::AVStream,
    _input: std::marker::PhantomData<&'a Input>,
}

impl Input {
    /// Opens `path` and finds out what its streams are.
    ///
    /// Anything but a regular file is refused unopened, since a pipe or device may block for ever.
    /// Nothing else is ever opened: containers that point to other files do not get them.
    pub(crate) fn open(path: &Path, limits: &Limits) -> Result<Self, Error> {
        ffi::init();
        let fail = |why: String| Error::Open {
            path: path.to_owned(),
            why,
        };
        let metadata = std::fs::metadata(path).map_err(|error| fail(error.to_string()))?;
        if !metadata.is_file() {
            let kind = if metadata.is_dir() {
                "a directory"
            } else {
                "a pipe, socket or device"
            };
            return Err(fail(format!("{kind}, not a regular file")));
        }
        if metadata.len() == 0 {
            return Err(fail("the file is empty".to_owned()));
        }
        let mut input = Self {
            context: ptr::null_mut(),
            io: ptr::null_mut(),
            deadline: Box::new(Cell::new(Instant::now() + PATIENCE)),
            read_errors: 0,
            reach: None,
        };
        input.open_file(path)?;
        input.find_streams(path, limits)?;
        Ok(input)
    }

    fn interrupt(&self) -> av::AVIOInterruptCB {
        let deadline: *const Cell<Instant> = &raw const *self.deadline;
        av::AVIOInterruptCB {
            callback: Some(overdue),
            opaque: deadline.cast_mut().cast::<c_void>(),
        }
    }

    fn open_file(&mut self, path: &Path) -> Result<(), Error> {
        let fail = |code: c_int| Error::Open {
            path: path.to_owned(),
            why: reason(code),
        };
        // The protocol in front keeps colons, dashes and pattern characters in a name plain.
        let url = c_string(&[b"file:", path.as_os_str().as_encoded_bytes()].concat());
        let mut options = Dict::new();
        options.set("protocol_whitelist", "file")?;
        let interrupt = self.interrupt();
        // SAFETY: all pointers are valid for the call; `io` is NULL and receives the new context.
        let code = unsafe {
            av::avio_open2(
                &raw mut self.io,
                url.as_ptr(),
                av::AVIO_FLAG_READ,
                &raw const interrupt,
                &raw mut options.0,
            )
        };
        if code < 0 {
            return Err(fail(code));
        }
        let mut format: *const av::AVInputFormat = ptr::null();
        // SAFETY: `io` is open; the format is written on success only.
        let code = unsafe {
            av::av_probe_input_buffer2(
                self.io,
                &raw mut format,
                url.as_ptr(),
                ptr::null_mut(),
                0,
                1 << 20,
            )
        };
        if code < 0 || format.is_null() {
            let why = "no media format is recognised".to_owned();
            return Err(Error::Open {
                path: path.to_owned(),
                why,
            });
        }
        // SAFETY: a found format has a static name.
        let name = unsafe { text((*format).name) };
        if let Some(why) = not_a_video(&name) {
            return Err(Error::NoVideo {
                path: path.to_owned(),
                why,
            });
        }
        // SAFETY: allocation; NULL is checked before the fields are set.
        unsafe {
            self.context = av::avformat_alloc_context();
            if self.context.is_null() {
                return Err(fail(av::AVERROR(ENOMEM)));
            }
            (*self.context).pb = self.io;
            (*self.context).interrupt_callback = interrupt;
            (*self.context).io_open = Some(refuse);
        }
        let mut options = Dict::new();
        options.set("protocol_whitelist", "file")?;
        options.set("probesize", PROBE_BYTES)?;
        options.set("analyzeduration", PROBE_MICROS)?;
        // SAFETY: context, url, format and options are valid; on failure the context is freed and
        // set to NULL, while `io` stays ours.
        let code = unsafe {
            av::avformat_open_input(
                &raw mut self.context,
                url.as_ptr(),
                format,
                &raw mut options.0,
            )
        };
        if code == av::AVERROR_INVALIDDATA {
            let why = format!("its header is damaged, cut off or missing (read as {name})");
            return Err(Error::Open {
                path: path.to_owned(),
                why,
            });
        }
        if code < 0 { Err(fail(code)) } else { Ok(()) }
    }

    fn find_streams(&mut self, path: &Path, limits: &Limits) -> Result<(), Error> {
        let stated = self.streams().map(Stream::pixels).max().unwrap_or(0);
        self.extend_deadline();
        let mut options: Vec<Dict> = Vec::new();
        for _ in self.streams() {
            let mut dict = Dict::new();
            // A decoder that is opened for a look at the stream must not take the memory that
            // the limit is there to keep.
            dict.set("max_pixels", &limits.pixels.to_string())?;
            dict.set("threads", "1")?;
            options.push(dict);
        }
        let mut raw: Vec<_> = options.iter().map(|dict| dict.0).collect();
        // SAFETY: one dictionary per stream, as the call wants; it may replace the pointers, which
        // are therefore stored back before the owners free them.
        let code = unsafe { av::avformat_find_stream_info(self.context, raw.as_mut_ptr()) };
        for (dict, raw) in options.iter_mut().zip(raw) {
            dict.0 = raw;
        }
        if code < 0 {
            return Err(Error::Open {
                path: path.to_owned(),
                why: reason(code),
            });
        }
        let seen = self.streams().map(Stream::pixels).max().unwrap_or(0);
        if seen == 0 && stated > limits.pixels {
            return Err(over_pixels(path, stated, limits));
        }
        Ok(())
    }

    fn extend_deadline(&self) {
        self.deadline.set(Instant::now() + PATIENCE);
    }

    /// FFmpeg's name of the container.
    pub(crate) fn format(&self) -> String {
        // SAFETY: an opened context has its input format, whose name is static.
        unsafe { text((*(*self.context).iformat).name) }
    }

    /// All streams in file order.
    pub(crate) fn streams(&self) -> impl Iterator<Item = Stream<'_>> {
        // SAFETY: `streams` has `nb_streams` valid entries for as long as the context lives.
        let (streams, count) =
            unsafe { ((*self.context).streams, (*self.context).nb_streams as usize) };
        (0..count).map(move |index| Stream {
            // SAFETY: index is below the count.
            raw: unsafe { *streams.add(index) },
            _input: std::marker::PhantomData,
        })
    }

    /// Stream `index`, if there is one.
    pub(crate) fn stream(&self, index: usize) -> Option<Stream<'_>> {
        self.streams().nth(index)
    }

    /// Length in microseconds that the container states; `None` when it is missing or guessed
    /// from the bit rate.
    pub(crate) fn stated_micros(&self) -> Option<i64> {
        // SAFETY: plain fields of an open context.
        let (duration, method) = unsafe {
            (
                (*self.context).duration,
                (*self.context).duration_estimation_method,
            )
        };
        let known = duration > 0 && method != av::AVDurationEstimationMethod::BITRATE;
        known.then_some(duration)
    }

    /// The sample aspect ratio that holds for `frame`, or for the stream when there is none.
    pub(crate) fn sample_aspect(&self, stream: usize, frame: *mut av::AVFrame) -> (u32, u32) {
        let Some(stream) = self.stream(stream) else {
            return (1, 1);
        };
        // SAFETY: the stream belongs to the context; the frame is NULL or valid.
        let aspect = unsafe { av::av_guess_sample_aspect_ratio(self.context, stream.raw, frame) };
        let ratio = f64::from(aspect.num) / f64::from(aspect.den.max(1));
        // Beyond that the field is noise, and the picture would become a line.
        if aspect.den > 0 && (1.0 / 16.0..=16.0).contains(&ratio) {
            (aspect.num as u32, aspect.den as u32)
        } else {
            (1, 1)
        }
    }

    /// Makes the demuxer skip the packets of all streams but `wanted`.
    pub(crate) fn select(&mut self, wanted: usize) {
        for stream in self.streams() {
            let discard = if stream.index() == wanted {
                av::AVDiscard::DEFAULT
            } else {
                av::AVDiscard::ALL
            };
            // SAFETY: a stream of the open context; the field is a setting for callers.
            unsafe { (*stream.raw).discard = discard };
        }
    }

    /// Reads the next packet of stream `wanted`.
    pub(crate) fn read(&mut self, wanted: usize, packet: &mut AvPacket) -> Read {
        loop {
            self.extend_deadline();
            // SAFETY: the packet is valid and blank after unref; the context is open.
            let code = unsafe {
                av::av_packet_unref(packet.as_ptr());
                av::av_read_frame(self.context, packet.as_ptr())
            };
            if code == av::AVERROR_EOF {
                return Read::End;
            }
            if code < 0 {
                self.read_errors += 1;
                if self.read_errors > READ_ERRORS {
                    return Read::End;
                }
                return Read::Fault(reason(code));
            }
            self.read_errors = 0;
            self.stretch(packet);
            // SAFETY: a packet that was read has a stream index.
            if unsafe { (*packet.as_ptr()).stream_index } as usize == wanted {
                return Read::Packet;
            }
        }
    }
}

impl Input {
    /// Microseconds from the first to the last moment of the packets that were read, of all
    /// streams that are not skipped.
    pub(crate) fn reach(&self) -> i64 {
        self.reach
            .map_or(0, |(first, last)| last.saturating_sub(first))
    }

    fn stretch(&mut self, packet: &AvPacket) {
        // SAFETY: plain fields of a packet that was just read.
        let (time, length, stream) = unsafe {
            let raw = packet.as_ptr();
            (
                (*raw).pts,
                (*raw).duration.max(0),
                (*raw).stream_index as usize,
            )
        };
        let Some(base) = self.stream(stream).map(Stream::time_base) else {
            return;
        };
        if time == av::AV_NOPTS_VALUE {
            return;
        }
        // SAFETY: pure arithmetic.
        let micros = |time| unsafe { av::av_rescale_q(time, base, av::AV_TIME_BASE_Q) };
        let (from, to) = (micros(time), micros(time.saturating_add(length)));
        let (first, last) = self.reach.unwrap_or((from, to));
        self.reach = Some((first.min(from), last.max(to)));
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        // SAFETY: each is NULL or ours; a context with a caller's `pb` leaves closing it to us.
        unsafe {
            av::avformat_close_input(&raw mut self.context);
            av::avio_closep(&raw mut self.io);
        }
    }
}

impl<'a> Stream<'a> {
    pub(crate) fn raw(self) -> *mut av::AVStream {
        self.raw
    }

    /// The stream's parameters.
    pub(crate) fn parameters(self) -> &'a av::AVCodecParameters {
        // SAFETY: every stream has parameters for as long as its context lives.
        unsafe { &*(*self.raw).codecpar }
    }

    pub(crate) fn index(self) -> usize {
        // SAFETY: plain field.
        unsafe { (*self.raw).index as usize }
    }

    pub(crate) fn is(self, kind: av::AVMediaType) -> bool {
        self.parameters().codec_type == kind
    }

    /// Some bit of `flags` is in the stream's disposition.
    pub(crate) fn disposed(self, flags: c_int) -> bool {
        // SAFETY: plain field.
        unsafe { (*self.raw).disposition & flags != 0 }
    }

    /// Pixels of a picture; 0 for other streams.
    pub(crate) fn pixels(self) -> u64 {
        let parameters = self.parameters();
        let video = self.is(av::AVMediaType::VIDEO);
        let (width, height) = (
            parameters.width.max(0) as u64,
            parameters.height.max(0) as u64,
        );
        if video { width * height } else { 0 }
    }

    pub(crate) fn time_base(self) -> av::AVRational {
        // SAFETY: plain field.
        unsafe { (*self.raw).time_base }
    }

    /// The value of a metadata key.
    pub(crate) fn tag(self, key: &CStr) -> Option<String> {
        // SAFETY: the dictionary belongs to the stream; the entry's value is NUL-terminated.
        unsafe {
            let entry = av::av_dict_get((*self.raw).metadata, key.as_ptr(), ptr::null(), 0);
            (!entry.is_null()).then(|| text((*entry).value))
        }
    }

    /// The nine numbers of the display matrix, if the stream has one.
    pub(crate) fn display_matrix(self) -> Option<[i32; 9]> {
        let (data, size) = self.side_data(av::AVPacketSideDataType::DISPLAYMATRIX);
        if data.is_null() || size < 36 {
            return None;
        }
        let mut matrix = [0_i32; 9];
        // SAFETY: the side data has at least 36 bytes; the copy has no alignment to keep.
        unsafe { ptr::copy_nonoverlapping(data, matrix.as_mut_ptr().cast::<u8>(), 36) };
        Some(matrix)
    }

    #[cfg(ffmpeg_6_1)]
    fn side_data(self, kind: av::AVPacketSideDataType) -> (*const u8, usize) {
        let parameters = self.parameters();
        // SAFETY: the array and its length belong together; the result points into it or is NULL.
        unsafe {
            let data = av::av_packet_side_data_get(
                parameters.coded_side_data,
                parameters.nb_coded_side_data,
                kind,
            );
            if data.is_null() {
                (ptr::null(), 0)
            } else {
                ((*data).data.cast_const(), (*data).size)
            }
        }
    }

    #[cfg(not(ffmpeg_6_1))]
    fn side_data(self, kind: av::AVPacketSideDataType) -> (*const u8, usize) {
        let mut size = 0_usize;
        // SAFETY: the stream is valid; the result points into it or is NULL.
        let data = unsafe { av::av_stream_get_side_data(self.raw, kind, &raw mut size) };
        (data.cast_const(), size)
    }
}

/// The error for a picture of `pixels`.
pub(crate) fn over_pixels(path: &Path, pixels: u64, limits: &Limits) -> Error {
    Error::Limit {
        path: path.to_owned(),
        what: format!("a picture of {pixels} pixels"),
        limit: limits.pixels,
    }
}

/// A C string for people; empty when NULL.
///
/// # Safety
///
/// `raw` is NULL or NUL-terminated.
pub(crate) unsafe fn text(raw: *const c_char) -> String {
    if raw.is_null() {
        return String::new();
    }
    // SAFETY: promised by the caller.
    unsafe { CStr::from_ptr(raw) }
        .to_string_lossy()
        .into_owned()
}

/// Why a container of this name is no video of its own.
fn not_a_video(format: &str) -> Option<&'static str> {
    const LISTS: [&str; 9] = [
        "hls",
        "concat",
        "dash",
        "sdp",
        "imf",
        "rtsp",
        "webm_dash_manifest",
        "avisynth",
        "vapoursynth",
    ];
    let is = |name: &str| format.split(',').any(|part| part == name);
    if is("webp_pipe") {
        Some("a WebP picture; animated WebP is not decoded by this FFmpeg")
    } else if is("image2") || is("ico") || format.split(',').any(|part| part.ends_with("_pipe")) {
        Some("a single picture, not a video")
    } else if LISTS.into_iter().any(is) {
        Some("a list of other files, not a video")
    } else if is("tty") {
        Some("a text, not a video")
    } else {
        None
    }
}

/// Out of memory.
const ENOMEM: c_int = 12;
/// Not permitted.
const EPERM: c_int = 1;

/// Stops libav when the deadline has passed.
unsafe extern "C" fn overdue(deadline: *mut c_void) -> c_int {
    // SAFETY: the pointer is the input's boxed deadline, which outlives the contexts.
    let deadline = unsafe { &*deadline.cast::<Cell<Instant>>() };
    c_int::from(Instant::now() > deadline.get())
}

/// Opens nothing: a container that asks for another file is refused.
unsafe extern "C" fn refuse(
    _context: *mut av::AVFormatContext,
    _io: *mut *mut av::AVIOContext,
    _url: *const c_char,
    _flags: c_int,
    _options: *mut *mut av::AVDictionary,
) -> c_int {
    av::AVERROR(EPERM)
}

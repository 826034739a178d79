//! Bytes from libavformat to a file or a stream, with the operating system's reason kept when they
//! cannot be written.

use std::{
    ffi::{c_int, c_void},
    fs::{File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom, Write},
    ptr::NonNull,
};

use ffmpeg_sys_the_third as av;

use super::Output;
use crate::Error;

/// Bytes collected before the operating system is asked to write.
const BUFFER: usize = 256 << 10;

/// An `AVIOContext` that writes to an [`Output`].
pub(super) struct Io {
    context: NonNull<av::AVIOContext>,
    /// Owned; libavformat's callbacks hold the same pointer, so that it is not kept in a `Box`.
    sink: NonNull<Sink>,
    name: String,
}

// SAFETY: context and sink are owned by one value, and what the sink holds is `Send`.
unsafe impl Send for Io {}

struct Sink {
    target: Target,
    /// Bytes written in a row, for a target that cannot be asked.
    written: u64,
    failed: Option<io::Error>,
}

enum Target {
    File(File),
    Stream(Box<dyn Write + Send>),
}

impl Drop for Io {
    fn drop(&mut self) {
        let mut context = self.context.as_ptr();
        // SAFETY: the context and its buffer (which libavformat may have replaced) came from libav's
        // allocators and are freed once; after that nobody else holds the sink, which came from a
        // box.
        unsafe {
            av::av_free((*context).buffer.cast());
            av::avio_context_free(&raw mut context);
            drop(Box::from_raw(self.sink.as_ptr()));
        }
    }
}

impl Io {
    pub(super) fn open(output: Output<'_>) -> Result<Self, Error> {
        let (target, name) = match output {
            Output::File(path) => {
                let name = loopy_core::clip::show(path);
                let mut options = OpenOptions::new();
                // Read too: the index is moved within the file.
                let file = options
                    .read(true)
                    .write(true)
                    .create(true)
                    .truncate(true)
                    .open(path);
                let file = file.map_err(|error| Error::Write {
                    to: name.clone(),
                    why: error.to_string(),
                })?;
                (Target::File(file), name)
            }
            Output::Stream(stream) => (Target::Stream(stream), "the output stream".to_owned()),
        };
        let seek: Option<unsafe extern "C" fn(*mut c_void, i64, c_int) -> i64> = match target {
            Target::File(_) => Some(seek),
            Target::Stream(_) => None,
        };
        let boxed = Box::new(Sink {
            target,
            written: 0,
            failed: None,
        });
        let sink = Box::into_raw(boxed);
        // SAFETY: the buffer is handed to the context, which owns it; the sink outlives the context.
        let context = unsafe {
            let buffer = av::av_malloc(BUFFER).cast();
            let context = av::avio_alloc_context(
                buffer,
                BUFFER as i32,
                1,
                sink.cast(),
                None,
                Some(write::<_>),
                seek,
            );
            if context.is_null() {
                av::av_free(buffer.cast());
            }
            context
        };
        if let (Some(context), Some(sink)) = (NonNull::new(context), NonNull::new(sink)) {
            return Ok(Self {
                context,
                sink,
                name,
            });
        }
        // SAFETY: the box was just made, and no context took it.
        drop(unsafe { Box::from_raw(sink) });
        Err(Error::Write {
            to: name,
            why: "out of memory".to_owned(),
        })
    }

    pub(super) fn as_ptr(&self) -> *mut av::AVIOContext {
        self.context.as_ptr()
    }

    pub(super) fn is_file(&self) -> bool {
        // SAFETY: the sink lives as long as `self`, and no callback is running.
        unsafe { matches!((*self.sink.as_ptr()).target, Target::File(_)) }
    }

    /// An error that says why `self` cannot be written.
    pub(super) fn error(&self, why: impl Into<String>) -> Error {
        Error::Write {
            to: self.name.clone(),
            why: why.into(),
        }
    }

    /// `code` as a result, with the operating system's reason when there is one: libavformat
    /// reports a failed write late, or as another error.
    pub(super) fn check(&mut self, code: i32) -> Result<(), Error> {
        // SAFETY: the sink lives as long as `self`, and no callback is running.
        let failed = unsafe { (*self.sink.as_ptr()).failed.take() };
        match failed {
            Some(error) => Err(self.error(error.to_string())),
            None if code < 0 => Err(self.error(crate::ffi::reason(code))),
            None => Ok(()),
        }
    }

    /// Empties the buffer; the bytes written so far.
    pub(super) fn flush(&mut self) -> Result<u64, Error> {
        // SAFETY: the context is open and ours.
        let code = unsafe {
            av::avio_flush(self.context.as_ptr());
            (*self.context.as_ptr()).error
        };
        self.check(code)?;
        // SAFETY: the sink lives as long as `self`, and no callback is running.
        let sink = unsafe { &mut *self.sink.as_ptr() };
        let length = match &mut sink.target {
            Target::File(file) => file.metadata().map(|facts| facts.len()),
            Target::Stream(stream) => stream.flush().map(|()| sink.written),
        };
        length.map_err(|error| self.error(error.to_string()))
    }

    /// The file itself, for changes that libavformat cannot make. Its buffer must be empty.
    pub(super) fn file(&mut self) -> Option<&mut File> {
        // SAFETY: the sink lives as long as `self`, and no callback is running.
        match unsafe { &mut (*self.sink.as_ptr()).target } {
            Target::File(file) => Some(file),
            Target::Stream(_) => None,
        }
    }
}

/// Copies `length` bytes from `from` to `to` within `file`.
pub(super) fn copy_within(file: &mut File, from: u64, to: u64, length: u64) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER];
    let mut done = 0;
    while done < length {
        let part = (length - done).min(BUFFER as u64) as usize;
        file.seek(SeekFrom::Start(from + done))?;
        file.read_exact(&mut buffer[..part])?;
        file.seek(SeekFrom::Start(to + done))?;
        file.write_all(&buffer[..part])?;
        done += part as u64;
    }
    Ok(())
}

/// The bytes to write, whose constness depends on FFmpeg's version.
trait Bytes {
    fn start(self) -> *const u8;
}

impl Bytes for *mut u8 {
    fn start(self) -> *const u8 {
        self.cast_const()
    }
}

impl Bytes for *const u8 {
    fn start(self) -> *const u8 {
        self
    }
}

unsafe extern "C" fn write<B: Bytes>(sink: *mut c_void, bytes: B, length: c_int) -> c_int {
    // SAFETY: the pointer is the sink that `Io` keeps alive, and libavformat passes `length` bytes.
    let (sink, bytes) = unsafe {
        (
            &mut *sink.cast::<Sink>(),
            std::slice::from_raw_parts(bytes.start(), length.max(0) as usize),
        )
    };
    let result = match &mut sink.target {
        Target::File(file) => file.write_all(bytes),
        Target::Stream(stream) => stream.write_all(bytes),
    };
    sink.written += bytes.len() as u64;
    sink.answer(result.map(|()| i64::from(length))) as c_int
}

unsafe extern "C" fn seek(sink: *mut c_void, offset: i64, whence: c_int) -> i64 {
    // SAFETY: the pointer is the sink that `Io` keeps alive.
    let sink = unsafe { &mut *sink.cast::<Sink>() };
    let Target::File(file) = &mut sink.target else {
        return i64::from(av::AVERROR_BUG);
    };
    let result = match whence & !av::AVSEEK_FORCE {
        av::AVSEEK_SIZE => file.metadata().map(|facts| facts.len()),
        0 => file.seek(SeekFrom::Start(offset.max(0) as u64)),
        1 => file.seek(SeekFrom::Current(offset)),
        _ => file.seek(SeekFrom::End(offset)),
    };
    sink.answer(result.map(|at| at as i64))
}

impl Sink {
    /// What libavformat is told; the reason of a failure is kept for [`Io::check`].
    fn answer(&mut self, result: io::Result<i64>) -> i64 {
        match result {
            Ok(answer) => answer,
            Err(error) => {
                let code = error.raw_os_error().unwrap_or(5);
                self.failed.get_or_insert(error);
                i64::from(av::AVERROR(code.abs().max(1)))
            }
        }
    }
}

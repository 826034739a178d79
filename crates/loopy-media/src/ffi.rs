//! Owners for the libav objects that every module here uses, so that nothing leaks on any path.

use std::{
    ffi::{CStr, CString},
    ptr::NonNull,
    sync::Once,
};

use ffmpeg_sys_the_third as av;

use crate::Error;

static INIT: Once = Once::new();

/// Quiets FFmpeg's own log: its errors come back as return values and are reported once, by us.
pub fn init() {
    INIT.call_once(|| {
        // SAFETY: sets a global level; no pointers are involved.
        unsafe { av::av_log_set_level(av::AV_LOG_QUIET) };
    });
}

/// Has the allocator give every large block back when it is freed, where it can be told.
///
/// Left to itself, glibc keeps large blocks in its heap once it has seen some, and a process that
/// reads thousands of segments of all sizes grows with the holes between them.
pub fn give_back_large_blocks() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    glibc::set(glibc::MMAP_THRESHOLD, 32 << 10);
}

/// Has the allocator keep what is freed until [`give_back_all_blocks`], where it can be told.
///
/// Pictures, and what an encoder holds while it is open, are freed and asked for again all the time.
/// Where each goes back to the system, a tenth of the time goes into having its pages mapped anew.
pub fn keep_blocks() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        // The largest that glibc takes.
        glibc::set(glibc::MMAP_THRESHOLD, 32 << 20);
        glibc::set(glibc::TRIM_THRESHOLD, std::ffi::c_int::MAX);
    }
}

/// Gives everything that was freed and kept back to the system.
pub fn give_back_all_blocks() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    glibc::trim();
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod glibc {
    use std::ffi::c_int;

    pub(super) const TRIM_THRESHOLD: c_int = -1;
    pub(super) const MMAP_THRESHOLD: c_int = -3;

    unsafe extern "C" {
        fn mallopt(parameter: c_int, value: c_int) -> c_int;
        fn malloc_trim(pad: usize) -> c_int;
    }

    pub(super) fn set(parameter: c_int, value: c_int) {
        // SAFETY: the declaration is glibc's; the call takes two numbers, may be made at any time
        // from any thread, and changes only where later blocks come from and when they go back.
        if unsafe { mallopt(parameter, value) } == 0 {
            tracing::debug!(parameter, value, "the allocator does not take this");
        }
    }

    pub(super) fn trim() {
        // SAFETY: the declaration is glibc's; the call takes a number, may be made at any time from
        // any thread, and touches only pages that nothing is stored in.
        unsafe { malloc_trim(0) };
    }
}

/// A libav version number as people write it.
fn dotted(version: u32) -> String {
    format!("{}.{}.{}", version >> 16, version >> 8 & 255, version & 255)
}

/// Every library of FFmpeg that is loaded, and FFmpeg's own version, by name.
pub fn libraries() -> Vec<(&'static str, String)> {
    // SAFETY: the calls only read constants of the loaded libraries; the text is static.
    unsafe {
        let ffmpeg = CStr::from_ptr(av::av_version_info());
        vec![
            ("FFmpeg", ffmpeg.to_string_lossy().into_owned()),
            ("libavutil", dotted(av::avutil_version())),
            ("libavcodec", dotted(av::avcodec_version())),
            ("libavformat", dotted(av::avformat_version())),
            ("libavfilter", dotted(av::avfilter_version())),
            ("libswscale", dotted(av::swscale_version())),
            ("libswresample", dotted(av::swresample_version())),
        ]
    }
}

/// Versions of the libraries that decide the bytes of a segment.
pub fn versions() -> String {
    // SAFETY: the calls only read constants of the loaded libraries.
    let (codec, filter, scale) = unsafe {
        (
            av::avcodec_version(),
            av::avfilter_version(),
            av::swscale_version(),
        )
    };
    format!(
        "avcodec {} avfilter {} swscale {}",
        dotted(codec),
        dotted(filter),
        dotted(scale)
    )
}

/// What a codec returns when it wants more input, or its output taken, first.
pub(crate) const AGAIN: i32 = av::AVERROR(if cfg!(target_vendor = "apple") {
    35
} else {
    11
});

/// FFmpeg's words for an error code.
pub(crate) fn reason(code: i32) -> String {
    let mut text = [0_u8; 256];
    // SAFETY: the buffer is writable for the length that is passed; av_strerror always terminates it.
    unsafe { av::av_strerror(code, text.as_mut_ptr().cast(), text.len()) };
    CStr::from_bytes_until_nul(&text)
        .map(|text| text.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// `code` when it is not negative, otherwise an error that names `what` was tried.
pub(crate) fn check(code: i32, what: &'static str) -> Result<i32, Error> {
    if code < 0 {
        Err(Error::Libav {
            what,
            why: reason(code),
        })
    } else {
        Ok(code)
    }
}

/// A C string; inner NULs end it, as C would.
pub(crate) fn c_string(text: &[u8]) -> CString {
    let end = text.iter().position(|b| *b == 0).unwrap_or(text.len());
    CString::new(&text[..end]).unwrap_or_default()
}

macro_rules! owner {
    ($(#[$doc:meta])* $name:ident, $raw:ty, $alloc:path, $free:path, $what:literal) => {
        $(#[$doc])*
        pub(crate) struct $name(NonNull<$raw>);

        impl $name {
            pub(crate) fn new() -> Result<Self, Error> {
                // SAFETY: allocation has no preconditions; NULL is turned into an error.
                NonNull::new(unsafe { $alloc() }).map(Self).ok_or(Error::Libav {
                    what: $what,
                    why: "out of memory".to_owned(),
                })
            }

            pub(crate) fn as_ptr(&self) -> *mut $raw {
                self.0.as_ptr()
            }
        }

        impl Drop for $name {
            fn drop(&mut self) {
                let mut raw = self.0.as_ptr();
                // SAFETY: the pointer came from the matching allocator and is freed once.
                unsafe { $free(&raw mut raw) };
            }
        }

        // SAFETY: the object is owned by one Rust value and libav keeps no thread-local state in it.
        unsafe impl Send for $name {}
    };
}

owner!(
    /// An `AVFrame`.
    AvFrame, av::AVFrame, av::av_frame_alloc, av::av_frame_free, "allocate a frame"
);
owner!(
    /// An `AVPacket`.
    AvPacket, av::AVPacket, av::av_packet_alloc, av::av_packet_free, "allocate a packet"
);

/// An `AVDictionary` of options.
pub(crate) struct Dict(pub(crate) *mut av::AVDictionary);

impl Dict {
    pub(crate) fn new() -> Self {
        Self(std::ptr::null_mut())
    }

    pub(crate) fn set(&mut self, key: &str, value: &str) -> Result<(), Error> {
        let (key, value) = (c_string(key.as_bytes()), c_string(value.as_bytes()));
        // SAFETY: both strings outlive the call, which copies them; `self.0` is NULL or ours.
        let code = unsafe { av::av_dict_set(&raw mut self.0, key.as_ptr(), value.as_ptr(), 0) };
        check(code, "set an option").map(|_| ())
    }

    /// Keys that a consumer left unused: options that this FFmpeg does not know.
    pub(crate) fn leftovers(&self) -> Vec<String> {
        let mut keys = Vec::new();
        let mut entry: *const av::AVDictionaryEntry = std::ptr::null();
        loop {
            // SAFETY: iterates our own dictionary with its documented protocol; the empty key with
            // IGNORE_SUFFIX matches every entry.
            entry =
                unsafe { av::av_dict_get(self.0, c"".as_ptr(), entry, av::AV_DICT_IGNORE_SUFFIX) };
            if entry.is_null() {
                return keys;
            }
            // SAFETY: an entry's key is a NUL-terminated string owned by the dictionary.
            keys.push(
                unsafe { CStr::from_ptr((*entry).key) }
                    .to_string_lossy()
                    .into_owned(),
            );
        }
    }
}

impl Drop for Dict {
    fn drop(&mut self) {
        // SAFETY: NULL or a dictionary that we own; freed once.
        unsafe { av::av_dict_free(&raw mut self.0) };
    }
}

/// A copy of `bytes` as libav wants extradata: from its own allocator, zero-padded, owned by the
/// object that it is stored in.
pub(crate) fn padded(bytes: &[u8]) -> Result<*mut u8, Error> {
    let padding = av::AV_INPUT_BUFFER_PADDING_SIZE as usize;
    // SAFETY: allocation has no preconditions; the copy stays within what was allocated.
    unsafe {
        let copy = av::av_mallocz(bytes.len() + padding).cast::<u8>();
        if copy.is_null() {
            return Err(Error::Libav {
                what: "copy a header",
                why: "out of memory".to_owned(),
            });
        }
        copy.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
        Ok(copy)
    }
}

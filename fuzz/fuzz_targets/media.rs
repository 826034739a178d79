//! Feeds `loopy_fuzz::media` what libFuzzer invents.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| loopy_fuzz::media::run(bytes));

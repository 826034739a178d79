//! Feeds `loopy_fuzz::segment` what libFuzzer invents.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| loopy_fuzz::segment::run(bytes));

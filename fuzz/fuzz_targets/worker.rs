//! Feeds `loopy_fuzz::worker` what libFuzzer invents.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| loopy_fuzz::worker::run(bytes));

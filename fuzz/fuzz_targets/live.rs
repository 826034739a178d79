//! Feeds `loopy_fuzz::live` what libFuzzer invents.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| loopy_fuzz::live::run(bytes));

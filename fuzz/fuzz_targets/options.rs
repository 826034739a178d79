//! Feeds `loopy_fuzz::options` what libFuzzer invents.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| loopy_fuzz::options::run(bytes));

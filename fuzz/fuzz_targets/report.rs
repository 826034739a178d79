//! Feeds `loopy_fuzz::report` what libFuzzer invents.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| loopy_fuzz::report::run(bytes));

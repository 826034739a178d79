//! Feeds `loopy_fuzz::plan` what libFuzzer invents.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| loopy_fuzz::plan::run(bytes));

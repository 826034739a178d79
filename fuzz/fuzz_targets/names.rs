//! Feeds `loopy_fuzz::names` what libFuzzer invents.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| loopy_fuzz::names::run(bytes));

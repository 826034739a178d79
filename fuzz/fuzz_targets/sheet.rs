//! Feeds `loopy_fuzz::sheet` what libFuzzer invents.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| loopy_fuzz::sheet::run(bytes));

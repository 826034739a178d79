//! Feeds `loopy_fuzz::features` what libFuzzer invents.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| loopy_fuzz::features::run(bytes));

//! Feeds `loopy_fuzz::store` what libFuzzer invents.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| loopy_fuzz::store::run(bytes));

//! Feeds `loopy_fuzz::config` what libFuzzer invents.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| loopy_fuzz::config::run(bytes));

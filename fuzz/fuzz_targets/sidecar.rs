//! Feeds `loopy_fuzz::sidecar` what libFuzzer invents.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| loopy_fuzz::sidecar::run(bytes));

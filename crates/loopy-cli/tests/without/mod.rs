//! A machine that lacks something: a library that is loaded before all others and hides it.

#![allow(dead_code, reason = "each test file uses its part")]

use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// Hides encoders whose names are in `WITHOUT`, and ends `loopy worker` where `NO_WORKERS` is set.
const SOURCE: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const void *avcodec_find_encoder_by_name(const char *name) {
    static const void *(*real)(const char *);
    const char *without = getenv("WITHOUT");
    if (without && name && strstr(without, name)) return 0;
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, "avcodec_find_encoder_by_name");
    return real ? real(name) : 0;
}

__attribute__((constructor)) static void begin(void) {
    char line[4096] = {0};
    FILE *file = getenv("NO_WORKERS") ? fopen("/proc/self/cmdline", "r") : 0;
    if (!file) return;
    size_t got = fread(line, 1, sizeof line - 1, file);
    fclose(file);
    size_t program = strlen(line) + 1;
    if (program < got && strcmp(line + program, "worker") == 0) {
        /* The first so many may begin. */
        const char *count = getenv("NO_WORKERS_AFTER");
        const char *seen = getenv("NO_WORKERS");
        FILE *tally = fopen(seen, "a+");
        if (tally) {
            fseek(tally, 0, SEEK_END);
            long before = ftell(tally);
            fputc('.', tally);
            fclose(tally);
            if (count && before < atol(count)) return;
        }
        fprintf(stderr, "no workers today\n");
        _exit(7);
    }
}
"#;

/// The library, made in `folder`; `None` where nothing compiles C or this is no Linux.
pub(crate) fn library(folder: &Path) -> Option<PathBuf> {
    let (source, library) = (folder.join("without.c"), folder.join("without.so"));
    std::fs::write(&source, SOURCE).unwrap();
    let made = Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .arg(&library)
        .arg(&source)
        .arg("-ldl")
        .output();
    let there = cfg!(target_os = "linux") && made.is_ok_and(|made| made.status.success());
    if !there {
        println!("skipped: no C compiler");
    }
    there.then_some(library)
}

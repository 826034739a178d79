//! Every file of the corpus, through its target: what was once a fault stays mended.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test ends where something is not as it should be"
)]

use std::path::Path;

use loopy_fuzz::{TARGETS, media};

#[test]
fn every_target_takes_all_that_is_known() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for (name, target) in TARGETS {
        if name == "media" && !media::ready() {
            println!("skipped: media, because there is no program beside this one");
            continue;
        }
        let mut files: Vec<_> = std::fs::read_dir(corpus.join(name))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        assert!(!files.is_empty(), "{name} has no corpus");
        for file in files {
            println!("{}", file.display());
            target(&std::fs::read(&file).unwrap());
        }
    }
}

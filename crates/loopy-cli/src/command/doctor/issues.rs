//! What goes wrong and what helps: the chapter of troubleshooting, told by `loopy doctor` with what it
//! finds here, and written as `docs/troubleshooting.md`.

/// One thing that may be wrong.
#[derive(Debug)]
pub(crate) struct Row {
    /// What is seen.
    pub(crate) issue: &'static str,
    /// What to look at.
    pub(crate) look: &'static str,
    /// Which checks tell of it.
    pub(crate) checks: &'static [&'static str],
    /// What helps.
    pub(crate) answer: &'static str,
}

const GPU: &str = "GPU Not Detected";
const SOCKET: &str = "WebSocket Connection Issues";
const SLOW: &str = "Performance Issues";
const RENDER: &str = "Renders That Fail";
const DEBUG: &str = "Debug Mode";

/// Every row, those of one issue together.
pub(crate) const ROWS: &[Row] = &[
    Row {
        issue: GPU,
        look: "Check GPU availability",
        checks: &["gpu", "devices"],
        answer: "This version works on the CPU, with or without a GPU. `loopy doctor` names every GPU that \
                 the NVIDIA driver shows, and why there is none: no driver, not loaded, no permission (in \
                 a container, the driver has to be passed in). `features.gpu_acceleration.enabled: true` \
                 is a fallback in the report, and fails under `--strict`.",
    },
    Row {
        issue: GPU,
        look: "Check the codecs of devices",
        checks: &["devices", "encoders"],
        answer: "That FFmpeg has an encoder such as h264_nvenc does not mean that its device can be \
                 opened; both are listed. Files are encoded with libx264 alone, because only what it makes \
                 is proven to join exactly.",
    },
    Row {
        issue: SOCKET,
        look: "Check firewall settings",
        checks: &["port"],
        answer: "The port is that of `features.real_time.websocket.port`, 8765 unless the settings say \
                 otherwise. Another program that listens there is told here; give another port. \
                 `localhost` is reached from this machine alone; others need `host: 0.0.0.0`, the \
                 name that they use in `live.allow_host`, and a firewall that lets the port through.",
    },
    Row {
        issue: SOCKET,
        look: "Verify authentication token",
        checks: &["token"],
        answer: "`loopy config init` writes a file with a fresh token; `loopy config check` refuses the \
                 example's and those that can be guessed. It is never shown, neither here nor in logs: \
                 take it from the file.",
    },
    Row {
        issue: SOCKET,
        look: "Test with different browsers",
        checks: &["browser"],
        answer: "The player takes WebCodecs, else Media Source, else single pictures, and says on the page \
                 which and why; `?mode=mse` forces one. Browsers give WebCodecs to secure pages only: \
                 `localhost`, or TLS (`loopy serve --tls-self-signed`). The browser that is named here is \
                 the one that tests of pages use.",
    },
    Row {
        issue: SLOW,
        look: "Monitor resource usage with dashboard",
        checks: &["cpu", "memory", "limits"],
        answer: "`loopy serve` has a dashboard at `/dashboard`: processor, memory, GPU, every viewer, what \
                 is late and why. The live line of a render tells frames a second and the time left; `--report` tells wall \
                 and CPU seconds of every stage and the peak of memory. `--dry-run` tells what a render \
                 would cost. One worker uses one core: `--workers N`, or \
                 `features.parallel_processing.enabled: true`.",
    },
    Row {
        issue: SLOW,
        look: "Check fallback system logs",
        checks: &["log"],
        answer: "Every step down a ladder is a `fallback` line on standard error and in the log, an object \
                 of type `fallback` with `--json`, and in `fallbacks` of the report, each with its reason \
                 and what would help. The ladders above are as they stand now.",
    },
    Row {
        issue: SLOW,
        look: "Adjust configuration settings",
        checks: &["settings", "store"],
        answer: "`loopy config show --origin` tells every setting and who said it. What makes renders \
                 quicker: more workers, `--quality draft`, `--preset fast`, a smaller `--size`, a store \
                 that is large enough (`--cache-size`) and on a quick disk: what is in it is never encoded \
                 again.",
    },
    Row {
        issue: RENDER,
        look: "Check FFmpeg",
        checks: &["ffmpeg", "encoders"],
        answer: "FFmpeg has to be 5.1 or newer, with libx264. Without libopus, sound is AAC; without \
                 zimg, colour is converted by swscale; both are fallbacks.",
    },
    Row {
        issue: RENDER,
        look: "Check the store",
        checks: &["store"],
        answer: "The store has to be a folder that may be written, with room for what is encoded. \
                 `--cache DIR` takes another one; `loopy cache clear` empties it.",
    },
    Row {
        issue: RENDER,
        look: "Check the clips",
        checks: &["main-job"],
        answer: "Files that cannot be used are left out, each with its reason; `loopy analyze CLIPS` tells \
                 them without rendering. When the small render above works and yours does not, it is the \
                 clips: a file that crashes a decoder or takes too long is quarantined and named.",
    },
    Row {
        issue: DEBUG,
        look: "Enable debug logging",
        checks: &["log"],
        answer: "`debug: {enabled: true, log_level: DEBUG, log_file: loopy_comfy_v2_debug.log}` in the \
                 settings, or `LOOPYCOMFY_DEV=1` for one command. `log` sets the format, the size at \
                 which a new file is begun and how many are kept; tokens are taken out.",
    },
];

/// The chapter, as Markdown.
#[cfg(test)]
fn chapter() -> String {
    use std::fmt::Write as _;

    let mut text = "# Troubleshooting\n\n\
        This page is made from the table that `loopy doctor` tells. The doctor says for every row what it \
        finds on your machine; its exit code is 0 when a render works there.\n"
        .to_owned();
    let mut issue = "";
    for row in ROWS {
        if row.issue != issue {
            issue = row.issue;
            let _written = writeln!(text, "\n## {issue}");
        }
        let checks = row.checks.join("`, `");
        let _written = writeln!(
            text,
            "\n### {}\n\n{}\n\nDoctor: `{checks}`.",
            row.look, row.answer
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{super::checks, *};

    #[test]
    fn the_chapter_is_made_from_the_table() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/troubleshooting.md");
        if std::env::var_os("LOOPY_UPDATE").is_some_and(|wish| wish == "1") {
            std::fs::write(&file, chapter()).unwrap();
            return;
        }
        assert!(
            std::fs::read_to_string(&file).is_ok_and(|published| published == chapter()),
            "docs/troubleshooting.md is not what the table says any more; \
             `LOOPY_UPDATE=1 cargo test -p loopy-cli --bin loopy chapter` writes it anew"
        );
    }

    #[test]
    fn every_common_issue_of_the_specification_is_answered_by_checks_that_there_are() {
        let wanted = [
            (GPU, "Check GPU availability"),
            (SOCKET, "Check firewall settings"),
            (SOCKET, "Verify authentication token"),
            (SOCKET, "Test with different browsers"),
            (SLOW, "Monitor resource usage with dashboard"),
            (SLOW, "Check fallback system logs"),
            (SLOW, "Adjust configuration settings"),
            (DEBUG, "Enable debug logging"),
        ];
        for wanted in wanted {
            assert!(
                ROWS.iter().any(|row| (row.issue, row.look) == wanted),
                "{wanted:?}"
            );
        }
        for row in ROWS {
            assert!(!row.checks.is_empty() && row.answer.len() > 80, "{row:?}");
            for id in row.checks {
                assert!(checks::TITLES.iter().any(|(known, _)| known == id), "{id}");
            }
        }
    }
}

//! What `--version` tells: this build, and what it links that decides the bytes of a video.

/// Stands for the long form until it is asked for: asking FFmpeg takes its time.
pub(crate) const LONG: &str = "long";

/// One line for `-V`; everything for `--version`.
pub(crate) fn lines(long: bool) -> Vec<String> {
    let mut lines = vec![format!("loopy {}", env!("CARGO_PKG_VERSION"))];
    if !long {
        return lines;
    }
    loopy_engine::init();
    lines.push(format!("build: {}", build()));
    lines.push(format!("features: {}", features()));
    let libraries = loopy_media::libraries().into_iter();
    lines.extend(libraries.map(|(name, version)| format!("{name} {version}")));
    lines.push(match loopy_media::encode::version() {
        Ok(x264) => x264,
        Err(error) => format!("x264: {error}"),
    });
    lines.push(format!(
        "FFmpeg's licence: {}",
        loopy_media::capabilities::licence()
    ));
    lines
}

/// How it was built: profile, machine, and the commit where whoever built it said so.
pub(crate) fn build() -> String {
    let profile = if cfg!(debug_assertions) {
        "debug"
    } else {
        "release"
    };
    let machine = format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS);
    match option_env!("LOOPY_BUILD").filter(|commit| !commit.is_empty()) {
        Some(commit) => format!("{profile}, {machine}, {commit}"),
        None => format!("{profile}, {machine}"),
    }
}

/// What this build can do and what it cannot.
pub(crate) fn features() -> &'static str {
    if loopy_live::assets::Pages::any() {
        "files, live stream, worker processes; no GPU, no model runner"
    } else {
        "files, live stream without its pages, worker processes; no GPU, no model runner"
    }
}

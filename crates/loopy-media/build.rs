//! Tells the sources which generation of FFmpeg's API they are compiled against.

fn main() {
    println!("cargo::rustc-check-cfg=cfg(ffmpeg_6_1)");
    // Set by the build script of ffmpeg-sys-the-third, which reads the installed headers.
    if std::env::var_os("DEP_FFMPEG_FFMPEG_6_1").is_some() {
        println!("cargo::rustc-cfg=ffmpeg_6_1");
    }
}

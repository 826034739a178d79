//! The `loopy` command: parse, run, print one error with one hint, leave with an honest code.

mod args;
mod command;
mod interrupt;
mod live;
mod settings;
mod words;

use std::process::ExitCode;

use clap::error::ErrorKind;

fn main() -> ExitCode {
    let args = match settings::first() {
        Ok(args) => args,
        Err(error) if error.kind() == ErrorKind::DisplayVersion => {
            let told = versions().iter().all(|line| words::data(line));
            return ExitCode::from(u8::from(!told));
        }
        Err(error) => {
            // Help and version go to stdout with code 0, mistakes to stderr with code 2.
            let code = u8::try_from(error.exit_code()).unwrap_or(2);
            if error.print().is_err() {
                return ExitCode::from(1);
            }
            return ExitCode::from(code);
        }
    };
    let json = args.global.json;
    let args = match settings::with(args) {
        Ok(args) => args,
        Err(error) => return command::fail(&error, json, false),
    };
    if let Err(error) = settings::log(&args.global.settings) {
        return command::fail(&error, json, false);
    }
    loopy_engine::init();
    command::run(args)
}

/// The program's version and those of the libraries that decide what it makes.
fn versions() -> Vec<String> {
    loopy_engine::init();
    let mut lines = vec![format!("loopy {}", env!("CARGO_PKG_VERSION"))];
    let libraries = loopy_media::libraries().into_iter();
    lines.extend(libraries.map(|(name, version)| format!("{name} {version}")));
    lines.push(match loopy_media::encode::version() {
        Ok(x264) => x264,
        Err(error) => format!("x264: {error}"),
    });
    lines
}

//! The `loopy` command: parse, run, print one error with one hint, leave with an honest code.

mod args;
mod command;
mod interrupt;
mod live;
mod log;
mod settings;
mod version;
mod words;

use std::process::ExitCode;

use clap::error::ErrorKind;
use loopy_core::config::Settings;

fn main() -> ExitCode {
    let args = match settings::first() {
        Ok(args) => args,
        Err(error) if error.kind() == ErrorKind::DisplayVersion => {
            // Its text is that of the long form or of the short one; only the long one is told here.
            let long = error
                .render()
                .to_string()
                .trim_end()
                .ends_with(version::LONG);
            let told = version::lines(long).iter().all(|line| words::data(line));
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
    let settings = settings::with(args);
    words::hide(log::secrets(
        settings
            .as_ref()
            .map_or(&Settings::default(), |args| &args.global.settings),
    ));
    let args = match settings {
        Ok(args) => args,
        Err(error) => return command::fail(&error, json, false),
    };
    log::begin(&args.global.settings);
    loopy_engine::init();
    command::run(args)
}

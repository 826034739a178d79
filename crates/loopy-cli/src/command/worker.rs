//! `loopy worker`: runs jobs from standard input for another `loopy`.

use std::process::ExitCode;

use loopy_engine::{Error, executor::worker, job, store::Store};

use crate::args::Worker;

pub(super) fn run(args: &Worker) -> Result<ExitCode, Error> {
    let store = Store::open(&args.store, args.cap)?;
    worker::serve(
        |job| job::perform(&store, job),
        std::io::stdin().lock(),
        std::io::stdout().lock(),
        args.memory,
    )?;
    Ok(ExitCode::SUCCESS)
}

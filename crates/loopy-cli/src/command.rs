//! One module a command; here is what they share.

mod analyze;
mod audit;
mod bench;
mod cache;
mod config;
mod demo;
mod doctor;
mod looped;
mod migrate;
mod plan;
mod render;
mod serve;
mod verify;
mod worker;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use loopy_core::limits::Limits;
use loopy_engine::{
    Error,
    executor::{self, Cancel, Executor, InProcess, Workers},
    fallback::{FallbackSystem, Makers},
    index::Index,
    job::{self, Done, Job},
    parallel::{Asked, ParallelProcessor},
    render::Room,
    store::Store,
};

use crate::{
    args::{Args, Command, Global},
    interrupt::{self, Jobs},
    live::Live,
    log, words,
};

/// Runs the command and says how it ended.
pub(crate) fn run(args: Args) -> ExitCode {
    let global = args.global;
    let taken = matches!(&args.command, Command::Render(render) if render.output == Path::new("-"));
    let result = match args.command {
        Command::Render(render) => render::run(&global, &render),
        Command::Analyze(analyze) => analyze::run(&global, &analyze),
        Command::Plan(plan) => plan::run(&global, &plan),
        Command::Verify(verify) => verify::run(&global, &verify),
        Command::Audit(audit) => audit::run(&global, &audit),
        Command::Loop(looped) => looped::run(&global, &looped),
        Command::Demo(demo) => demo::run(&global, &demo),
        Command::Serve(serve) => serve::run(&global, &serve),
        Command::Bench(bench) => bench::run(&global, &bench),
        Command::Cache(cache) => cache::run(&global, &cache),
        Command::Config(config) => config::run(&global, &config),
        Command::Migrate(migrate) => migrate::run(&global, &migrate),
        Command::Doctor => Ok(doctor::run(&global)),
        Command::Worker(worker) => worker::run(&worker),
    };
    result.unwrap_or_else(|error| fail(&error, global.json, taken))
}

/// Says why it failed, and with which code.
pub(crate) fn fail(error: &Error, json: bool, taken: bool) -> ExitCode {
    log::failed(error);
    if json {
        let line = serde_json::json!({
            "type": "error",
            "message": error.to_string(),
            "hint": error.hint(),
            "code": error.exit_code(),
        });
        if taken {
            words::say(&line.to_string());
        } else {
            words::data(&line.to_string());
        }
    } else {
        words::say(&format!("error: {error}"));
        if let Some(hint) = error.hint() {
            words::say(&format!("hint: {hint}"));
        }
    }
    ExitCode::from(error.exit_code())
}

/// Store, index and workers of one command.
pub(crate) struct House {
    pub(crate) store: Store,
    index: Index,
    /// Runs the jobs, on workers as long as they can be started.
    fallbacks: FallbackSystem,
    workers: Arc<Workers>,
    pub(crate) live: Live,
    cancel: Cancel,
}

impl House {
    pub(crate) fn open(global: &Global, limits: &Limits, taken: bool) -> Result<Self, Error> {
        Self::stopping(global, limits, taken, Jobs::Finish)
    }

    /// A house where Ctrl-C does this with the jobs that run.
    fn stopping(global: &Global, limits: &Limits, taken: bool, jobs: Jobs) -> Result<Self, Error> {
        let dir = store_dir(global)?;
        let cap = cap(global, &dir);
        let store = Store::open(&dir, cap)?;
        let index = Index::open(&dir)?;
        let cancel = Cancel::default();
        interrupt::watch(cancel.clone(), jobs);
        let workers = Arc::new(workers(global, limits, &dir, cap, &cancel)?);
        let makers = Makers {
            workers: {
                let workers = Arc::clone(&workers);
                Box::new(move || Ok(Arc::clone(&workers) as _))
            },
            basic: {
                let cancel = cancel.clone();
                Box::new(move || basic(&dir, cap, &cancel))
            },
        };
        Ok(Self {
            store,
            index,
            fallbacks: FallbackSystem::new(&global.settings.config, makers),
            workers,
            live: Live::new(global, taken),
            cancel,
        })
    }

    /// Runs `work` in this house's room. When it is done, the store goes back under its cap; what
    /// was not done leaves everything for the next try.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&Room) -> Result<T, Error>) -> Result<T, Error> {
        let usage = || self.workers.usage();
        let sink = |event| self.live.take(&event);
        let done = work(&Room {
            store: &self.store,
            index: &self.index,
            executor: &self.fallbacks as &dyn Executor<Job, Done>,
            workers: &usage,
            sink: &sink,
            interrupted: &|| self.cancel.requested(),
            fallbacks: &self.fallbacks,
        })?;
        // What was asked for is made by now, whatever becomes of the store.
        if let Err(error) = self.store.trim() {
            tracing::warn!("cannot bring the store back under its cap: {error}");
        }
        Ok(done)
    }
}

/// Worker processes: this program, started again.
fn workers(
    global: &Global,
    limits: &Limits,
    dir: &Path,
    cap: u64,
    cancel: &Cancel,
) -> Result<Workers, Error> {
    let program = std::env::current_exe().map_err(|error| Error::Input {
        path: PathBuf::from("loopy"),
        why: error.to_string(),
    })?;
    let command = |mib: u64| {
        vec![
            program.clone().into_os_string(),
            "worker".into(),
            "--store".into(),
            dir.into(),
            "--cap".into(),
            cap.to_string().into(),
            "--memory".into(),
            mib.to_string().into(),
        ]
    };
    let limits = executor::Limits {
        job_seconds: limits.job_seconds,
        worker_mib: limits.worker_mib,
    };
    let asked = Asked {
        workers: Some(usize::from(global.workers)),
        memory: global.memory_limit,
    };
    let config = &global.settings.config;
    let parallel = ParallelProcessor::new(config, asked, dir, cancel.clone())
        .map_err(|error| Error::Executor(executor::Error::Pipe(error)))?;
    Ok(parallel.workers(command, limits))
}

/// Jobs in this process, one at a time.
fn basic(
    dir: &Path,
    cap: u64,
    cancel: &Cancel,
) -> Result<Arc<dyn Executor<Job, Done> + Send + Sync>, String> {
    let store = Store::open(dir, cap).map_err(|error| error.to_string())?;
    let handler = Arc::new(move |job: &Job| job::perform(&store, job));
    Ok(Arc::new(InProcess::new(handler, 1, cancel.clone())))
}

/// The folder of the store: `--cache`, or the user's cache folder.
pub(crate) fn store_dir(global: &Global) -> Result<PathBuf, Error> {
    use etcetera::BaseStrategy as _;
    if let Some(dir) = &global.cache {
        return Ok(dir.clone());
    }
    etcetera::choose_base_strategy()
        .map(|dirs| dirs.cache_dir().join("loopycomfy"))
        .map_err(|_homeless| {
            Error::Usage("there is no home folder to keep the store in; give --cache DIR".into())
        })
}

/// What the store may hold: `--cache-size`, or what suits its disk.
fn cap(global: &Global, dir: &Path) -> u64 {
    global
        .cache_size
        .unwrap_or_else(|| loopy_engine::store::default_cap(dir))
}

//! `loopy serve`: the live stream.

use std::{process::ExitCode, sync::Arc, time::Instant};

use loopy_core::{Rate, Size, normalise::Normalise};
use loopy_engine::{Error, render::Options};
use loopy_live::{
    director::rungs::{Rung, Rungs},
    hub::Hub,
    station::Station,
    surveyor,
};
use loopy_monitor::{ResourceMonitor, Watch};

use super::House;
use crate::args::{Global, Length, Serve};

/// Largest picture that is streamed where nobody says otherwise.
const LARGEST: Size = Size {
    width: 1280,
    height: 720,
};
/// Bits for a pixel.
const BITS: f64 = 0.09;
/// The second rung has half the size, where that leaves so many rows.
const FEWEST_ROWS: u32 = 240;

pub(super) fn run(global: &Global, args: &Serve) -> Result<ExitCode, Error> {
    let options = options(global, args)?;
    let house = House::open(global, &options.limits, false)?;
    house.with(|room| {
        room.fallbacks.get_encoder()?;
        let (fps, size) = surveyor::shape(&options, room)?;
        let rungs = Rungs::new(rungs(args, &options, fps, size));
        let hub = Arc::new(Hub::new(Instant::now()));
        let config = &global.settings.config;
        let monitor = ResourceMonitor::new(config, house.store.dir());
        let watch = Watch::start(monitor)
            .inspect_err(|error| tracing::warn!(%error, "the machine is not watched"))
            .ok();
        let (station, inbox) = Station::new(hub, rungs, fps, watch);
        let station = Arc::new(station.with((&args.ways).into()));
        let workers = usize::from(global.workers);
        station.run(inbox, &options, room, workers)
    })?;
    Ok(ExitCode::SUCCESS)
}

/// What the stream is made like: as a render would be, without an end.
fn options(global: &Global, args: &Serve) -> Result<Options, Error> {
    let length = Length {
        duration: loopy_core::span::Span::from_micros(60_000_000),
        frames: None,
        looped: false,
    };
    let mut options =
        super::render::planning(global, &args.scan, &length, &args.walk, args.light, None)?;
    options.fit = args.picture.fit.into();
    options.pad = args.picture.pad_color;
    options.scaler = args.picture.scaler.into();
    options.wishes.steered = true;
    Ok(options)
}

/// The rungs that are asked for, or those that suit the clips.
fn rungs(args: &Serve, options: &Options, fps: Rate, size: Size) -> Vec<Rung> {
    let normalise = Normalise {
        size,
        fit: options.fit,
        pad: options.pad,
        scaler: options.scaler,
    };
    let asked = args.picture.rungs.iter();
    let asked = asked.map(|rung| Rung::new(rung.size, rung.rate, normalise));
    let asked: Vec<Rung> = asked.collect();
    if !asked.is_empty() {
        return asked;
    }
    let rung = |size: Size| {
        let rate = size.pixels() as f64 * fps.as_f64() * BITS;
        Rung::new(size, (rate as u32).max(100_000), normalise)
    };
    let first = size.within(LARGEST);
    let half = Size::new(first.width / 2, first.height / 2).even();
    let halves = (half.height >= FEWEST_ROWS).then(|| rung(half));
    std::iter::once(rung(first)).chain(halves).collect()
}

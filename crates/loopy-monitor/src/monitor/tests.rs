use std::thread;

use super::*;
use crate::{HISTORY, NoGpus, Watch, fake::Fake};

fn monitor(fake: &Fake, interval: f64) -> ResourceMonitor {
    let mut config = AdvancedFeaturesConfig::default();
    config.monitor.interval = interval;
    let gpus = Box::new(NoGpus("none".to_owned()));
    ResourceMonitor::of(&config, fake.machine(), fake.path(), gpus)
}

#[test]
fn samples_are_due_on_a_grid_and_never_made_up_for() {
    let s = Duration::from_secs;
    assert_eq!(next_due(s(0), s(0), s(1)), s(1));
    assert_eq!(next_due(s(3), s(3), s(1)), s(4));
    // A stall of ten seconds costs ten samples.
    assert_eq!(next_due(s(3), s(13), s(1)), s(14));
}

#[test]
fn a_stream_gives_samples_and_keeps_the_last_ones() {
    let fake = Fake::new(&[]);
    let mut monitor = monitor(&fake, 0.0);
    let samples = monitor.monitor_resources(Stop::default());
    let taken = samples.take(HISTORY + 5).collect::<Vec<_>>();
    assert_eq!(monitor.history().iter().len(), HISTORY);
    assert_eq!(monitor.history().latest(), taken.last());
    assert_eq!(monitor.history().iter().next(), taken.get(5));
}

#[test]
fn a_stream_that_is_stopped_ends_at_once_even_while_it_waits() {
    let fake = Fake::new(&[]);
    let mut monitor = monitor(&fake, 3600.0);
    let stop = Stop::default();
    let begun = Instant::now();
    let samples = thread::scope(|scope| {
        let mut samples = monitor.monitor_resources(stop.clone());
        assert!(samples.next().is_some());
        let rest = scope.spawn(move || samples.count());
        stop.stop();
        rest.join().unwrap()
    });
    assert_eq!(samples, 0);
    assert!(begun.elapsed() < Duration::from_mins(1));
}

#[test]
fn a_watch_ends_with_whoever_keeps_it() {
    let fake = Fake::new(&[]);
    let watch = Watch::start(monitor(&fake, 0.001)).unwrap();
    while watch.history().len() < 3 {
        thread::yield_now();
    }
    assert!(watch.latest().is_some());
    drop(watch);
}

#[test]
fn what_suits_is_found_for_a_machine_that_tells_nothing() {
    let fake = Fake::new(&[]);
    let quality = monitor(&fake, 1.0).get_recommended_quality();
    assert_eq!(
        (quality.workers.value, quality.ml.reason.as_str()),
        (1, "none")
    );
}

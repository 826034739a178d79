//! The processor for library users: batches, settings, limits.

#![allow(clippy::unwrap_used, reason = "a test stops at what must not be")]

use std::path::Path;

use loopy_core::config::{AdvancedFeaturesConfig, Workers};
use loopy_engine::{
    executor::{Cancel, Error, Need, Outcome, Weight},
    parallel::{Asked, ParallelProcessor, frame_weight},
};

const MIB: u64 = 1 << 20;

fn processor(config: &AdvancedFeaturesConfig, asked: Asked) -> ParallelProcessor {
    ParallelProcessor::new(config, asked, Path::new("."), Cancel::default()).unwrap()
}

fn on(most: Workers, balanced: bool) -> AdvancedFeaturesConfig {
    let mut config = AdvancedFeaturesConfig::default();
    let parallel = &mut config.features.parallel_processing;
    parallel.enabled = true;
    parallel.max_workers = most;
    parallel.load_balancing = balanced;
    config
}

/// A frame whose pixels are folded into one number.
fn sum(frame: &Vec<u8>) -> Result<u64, String> {
    if frame.is_empty() {
        return Err("a frame without pixels".to_owned());
    }
    let fold = |hash: u64, pixel: &u8| hash.wrapping_mul(31).wrapping_add(u64::from(*pixel));
    Ok(frame.iter().fold(7, fold))
}

#[test]
fn a_batch_gives_the_same_whatever_the_number_of_workers() {
    let frames: Vec<Vec<u8>> = (0..64_u8).map(|n| vec![n; 1000 + usize::from(n)]).collect();
    let expected: Vec<_> = frames
        .iter()
        .map(|frame| Outcome::Done(sum(frame).unwrap()))
        .collect();
    for workers in [1, 2, 4] {
        let asked = Asked {
            workers: Some(workers),
            ..Asked::default()
        };
        let processor = processor(&AdvancedFeaturesConfig::default(), asked);
        let weigh = |frame: &Vec<u8>| frame_weight(frame.len() as u64);
        let outcomes = processor.process_batch(frames.clone(), weigh, sum).unwrap();
        assert_eq!(outcomes, expected, "{workers}");
    }
}

#[test]
fn an_item_that_fails_fails_alone() {
    let processor = processor(&on(Workers::Most(2), false), Asked::default());
    let items = vec![vec![1], vec![], vec![2]];
    let outcomes = processor
        .process_batch(items, |_| Weight::default(), sum)
        .unwrap();
    assert!(matches!(&outcomes[1], Outcome::Failed(failure) if failure.reason.contains("without")));
    assert!(matches!(
        (&outcomes[0], &outcomes[2]),
        (Outcome::Done(_), Outcome::Done(_))
    ));
}

#[test]
fn an_item_larger_than_the_limit_is_an_error_with_its_figures() {
    let asked = Asked {
        memory: Some(512 * MIB),
        ..Asked::default()
    };
    let processor = processor(&AdvancedFeaturesConfig::default(), asked);
    let weigh = |_: &Vec<u8>| Weight {
        cost: 1,
        need: Need::Bytes(600 * MIB),
    };
    let error = processor
        .process_batch(vec![vec![1]], weigh, sum)
        .unwrap_err();
    assert!(
        matches!(error, Error::Memory { limit, .. } if limit == 512 * MIB),
        "{error}"
    );
    let hint = loopy_engine::Error::from(error).hint().unwrap();
    assert!(hint.contains("--memory-limit"), "{hint}");
}

#[test]
fn settings_say_how_many_workers_and_what_is_asked_for_goes_before_them() {
    let count = |config: &AdvancedFeaturesConfig, asked| processor(config, asked).count();
    let cores = std::thread::available_parallelism().unwrap().get();
    let none = Asked::default();
    assert_eq!(count(&AdvancedFeaturesConfig::default(), none), 1);
    assert_eq!(count(&on(Workers::Most(3), false), none), 3);
    // What follows the load has at most a worker for each core.
    assert_eq!(count(&on(Workers::Most(200), true), none), cores);
    assert_eq!(count(&on(Workers::Auto, true), none), cores);
    let asked = Asked {
        workers: Some(5),
        memory: Some(700 * MIB),
    };
    assert_eq!(count(&on(Workers::Auto, false), asked), 5);
    assert_eq!(
        processor(&on(Workers::Auto, false), asked).limit(),
        Some(700 * MIB)
    );
    let mut config = AdvancedFeaturesConfig::default();
    config.monitor.memory_limit = Some(900 * MIB);
    assert_eq!(processor(&config, none).limit(), Some(900 * MIB));
    // Three quarters of what the machine has.
    let usual = processor(&AdvancedFeaturesConfig::default(), none).limit();
    assert!(usual.is_none_or(|bytes| bytes > 100 * MIB));
}

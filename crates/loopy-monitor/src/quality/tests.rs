use proptest::prelude::*;

use super::*;
use crate::{CpuQuota, Disk, Memory, MemoryLimit};

fn gpu(index: u32, memory: Reading<u64>) -> Gpu {
    let no = || Reading::unknown("not asked");
    Gpu {
        index,
        name: Reading::Known(format!("GPU {index}")),
        memory_total: memory,
        memory_used: no(),
        busy: Reading::unknown("not asked"),
        encoder_busy: Reading::unknown("not asked"),
        temperature: Reading::unknown("not asked"),
    }
}

fn machine(cores: u32, memory: Option<u64>, gpus: Reading<Vec<Gpu>>) -> SystemInfo {
    SystemInfo {
        processor: Reading::unknown("not asked"),
        cores: Reading::Known(cores),
        allowed_cores: Reading::Known(cores),
        quota: Reading::Known(CpuQuota { cores: None }),
        memory: match memory {
            Some(total) => Reading::Known(Memory {
                total,
                available: total,
            }),
            None => Reading::unknown("no meminfo"),
        },
        limit: Reading::Known(MemoryLimit {
            limit: None,
            used: 0,
        }),
        disk: Reading::Known(Disk {
            path: "/".into(),
            total: 1,
            free: 1,
        }),
        gpus,
    }
}

fn tier_of(mib: &[u64]) -> Recommended<Tier> {
    let gpus = mib.iter().zip(0..);
    let gpus = gpus.map(|(mib, index)| gpu(index, Reading::Known(mib * MIB)));
    tier(&Reading::Known(gpus.collect()))
}

#[test]
fn the_tier_follows_the_memory_of_the_largest_gpu() {
    for (mib, expected) in [
        (&[81_920][..], Tier::Full),
        (&[8192], Tier::Full),
        // A card of 8 GB whose driver keeps a part.
        (&[7680], Tier::Full),
        (&[6144], Tier::Lite),
        (&[4096], Tier::Lite),
        (&[3072], Tier::Cpu),
        (&[2048, 8192], Tier::Full),
        (&[], Tier::Cpu),
    ] {
        assert_eq!(tier_of(mib).value, expected, "{mib:?}");
    }
    let largest = tier_of(&[2048, 8192, 8192]);
    assert!(largest.reason.contains("GPU 1") && largest.reason.contains("8.0 GiB"));
}

#[test]
fn without_a_gpu_the_reason_is_why() {
    let none = tier(&Reading::unknown("no NVIDIA driver"));
    assert_eq!(
        (none.value, none.reason.as_str()),
        (Tier::Cpu, "no NVIDIA driver")
    );
    let mute = tier(&Reading::Known(vec![gpu(0, Reading::unknown("lost"))]));
    assert_eq!(mute.value, Tier::Cpu);
    assert!(mute.reason.contains("lost"));
}

#[test]
fn workers_are_as_many_as_cores_and_memory_hold() {
    let workers = |cores, memory| {
        recommended_quality(&machine(cores, memory, Reading::unknown("none"))).workers
    };
    let wide = workers(8, Some(32 * GIB));
    assert_eq!(
        (wide.value, wide.reason.as_str()),
        (8, "8 cores may be used")
    );
    let tight = workers(8, Some(2 * GIB));
    assert_eq!(tight.value, 2);
    assert!(tight.reason.contains("2.0 GiB"), "{}", tight.reason);
    let unknown = workers(8, None);
    assert_eq!(unknown.value, 1);
    assert!(unknown.reason.contains("no meminfo"));
}

#[test]
fn the_stream_has_the_rungs_that_half_of_the_cores_encode() {
    let names = |cores| -> Vec<String> {
        let rungs = stream(cores).value;
        rungs.into_iter().map(|rung| rung.name).collect()
    };
    assert_eq!(names(1), ["720p", "480p", "360p"]);
    assert_eq!(names(2), ["1080p", "720p", "480p", "360p"]);
}

proptest! {
    #[test]
    fn advice_is_always_within_bounds_and_has_reasons(
        cores in 0..2000_u32,
        memory in prop::option::of(0..1_u64 << 45),
        limit in prop::option::of(0..1_u64 << 45),
        quota in prop::option::of(0.001..3000.0_f64),
        gpus in prop::collection::vec(0..1_u64 << 40, 0..4),
    ) {
        let gpus = gpus.into_iter().zip(0..);
        let gpus = gpus.map(|(memory, index)| gpu(index, Reading::Known(memory))).collect();
        let mut info = machine(cores, memory, Reading::Known(gpus));
        info.limit = Reading::Known(MemoryLimit { limit, used: 0 });
        info.quota = Reading::Known(CpuQuota { cores: quota });
        let quality = recommended_quality(&info);
        prop_assert!((1..=cores.max(1)).contains(&quality.workers.value));
        prop_assert!((1..=64).contains(&quality.batch.value));
        prop_assert!(!quality.stream.value.is_empty());
        for reason in [
            &quality.ml.reason,
            &quality.workers.reason,
            &quality.batch.reason,
            &quality.stream.reason,
        ] {
            prop_assert!(!reason.is_empty());
        }
        prop_assert_eq!(quality, recommended_quality(&info));
    }
}

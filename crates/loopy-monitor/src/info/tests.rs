use super::*;
use crate::{
    NoGpus,
    fake::{Fake, OWN},
};

fn info(fake: &Fake) -> SystemInfo {
    let gpus = Box::new(NoGpus("no driver".to_owned()));
    system_info(&mut Sampler::new(fake.machine(), fake.path(), gpus))
}

#[test]
fn a_container_has_what_its_limits_leave() {
    let fake = Fake::new(&[
        (
            "/proc/stat",
            "cpu  1 2 3 4\ncpu0 1\ncpu1 1\ncpu2 1\ncpu3 1\n",
        ),
        (
            "/proc/cpuinfo",
            "processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\n",
        ),
        (
            "/proc/meminfo",
            "MemTotal: 16777216 kB\nMemAvailable: 8388608 kB\n",
        ),
        ("/proc/100/status", "Name:\tloopy\nCpus_allowed:\t7\n"),
        ("/proc/100/cgroup", "0::/\n"),
        (
            "/proc/100/mountinfo",
            "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
        ),
        ("/sys/fs/cgroup/memory.max", "2147483648\n"),
        ("/sys/fs/cgroup/memory.current", "1048576\n"),
        ("/sys/fs/cgroup/cpu.max", "150000 100000\n"),
    ]);
    let info = info(&fake);
    assert_eq!(
        info.processor,
        Reading::Known("Some CPU @ 2 GHz".to_owned())
    );
    assert_eq!(
        (info.cores.known(), info.allowed_cores.known()),
        (Some(&4), Some(&3))
    );
    assert_eq!(info.usable_cores(), 2);
    assert_eq!(info.usable_memory(), Reading::Known(2 << 30));
    let text = serde_json::to_string(&info).unwrap();
    assert_eq!(serde_json::from_str::<SystemInfo>(&text).unwrap(), info);
}

#[test]
fn a_machine_that_tells_nothing_has_one_core_and_unknown_memory() {
    let fake = Fake::new(&[]);
    fake.process(OWN, 1, 0, 0);
    let info = info(&fake);
    assert_eq!(info.usable_cores(), 1);
    assert!(info.usable_memory().why().unwrap().contains("meminfo"));
    assert!(info.processor.why().is_some());
    assert!(info.gpus.why().is_some());
}

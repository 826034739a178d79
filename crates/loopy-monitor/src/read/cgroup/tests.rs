use super::*;
use crate::fake::Fake;

const HYBRID_GROUPS: &str =
    "9:name=systemd:/\n8:pids:/\n4:memory:/jobs/one\n2:cpuacct:/\n1:cpu:/jobs\n0::/\n";
const HYBRID_MOUNTS: &str = "\
22 27 0:21 / /proc rw,relatime - proc proc rw
32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
";
const UNIFIED_MOUNTS: &str =
    "30 23 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:4 - cgroup2 cgroup2 rw\n";

fn own(groups: &str, mounts: &str, files: &[(&str, &str)]) -> Fake {
    let fake = Fake::new(files);
    fake.write("/proc/100/cgroup", groups);
    fake.write("/proc/100/mountinfo", mounts);
    fake
}

fn told(fake: &Fake) -> MemoryLimit {
    *memory(&fake.machine()).known().unwrap()
}

#[test]
fn of_version_2_the_least_limit_on_the_way_up_counts() {
    let fake = own(
        "0::/user.slice/app.scope\n",
        UNIFIED_MOUNTS,
        &[
            ("/sys/fs/cgroup/user.slice/app.scope/memory.max", "max\n"),
            (
                "/sys/fs/cgroup/user.slice/app.scope/memory.current",
                "900\n",
            ),
            ("/sys/fs/cgroup/user.slice/memory.max", "1073741824\n"),
            ("/sys/fs/cgroup/user.slice/memory.current", "5000\n"),
            (
                "/sys/fs/cgroup/user.slice/memory.stat",
                "anon 1\ninactive_file 2000\n",
            ),
            ("/sys/fs/cgroup/user.slice/cpu.max", "150000 100000\n"),
            (
                "/sys/fs/cgroup/user.slice/app.scope/cpu.max",
                "max 100000\n",
            ),
            ("/sys/fs/cgroup/user.slice/cpu.stat", "usage_usec 7\n"),
        ],
    );
    assert_eq!(
        told(&fake),
        MemoryLimit {
            limit: Some(1 << 30),
            used: 3000
        }
    );
    assert_eq!(cpu(&fake.machine()).known().unwrap().cores, Some(1.5));
}

#[test]
fn in_a_container_of_version_2_the_mount_is_the_group() {
    let files = [
        ("/sys/fs/cgroup/memory.max", "536870912\n"),
        ("/sys/fs/cgroup/memory.current", "4096\n"),
        ("/sys/fs/cgroup/cpu.max", "50000 100000\n"),
    ];
    for groups in ["0::/\n", "0::/../../elsewhere\n", "0::/docker/abc\n"] {
        let mounts = UNIFIED_MOUNTS.replace(" / /sys", " /docker/abc /sys");
        let mounts = if groups.contains("docker") {
            mounts
        } else {
            UNIFIED_MOUNTS.to_owned()
        };
        let fake = own(groups, &mounts, &files);
        assert_eq!(told(&fake).limit, Some(1 << 29), "{groups}");
        assert_eq!(cpu(&fake.machine()).known().unwrap().cores, Some(0.5));
    }
}

#[test]
fn of_version_1_each_controller_has_its_own_group() {
    let base = "/sys/fs/cgroup";
    let fake = own(HYBRID_GROUPS, HYBRID_MOUNTS, &[]);
    fake.write(
        &format!("{base}/memory/memory.limit_in_bytes"),
        "9223372036854771712\n",
    );
    fake.write(
        &format!("{base}/memory/jobs/memory.limit_in_bytes"),
        "2147483648\n",
    );
    fake.write(
        &format!("{base}/memory/jobs/memory.usage_in_bytes"),
        "1000000\n",
    );
    fake.write(
        &format!("{base}/memory/jobs/memory.stat"),
        "inactive_file 1\ntotal_inactive_file 400000\n",
    );
    fake.write(
        &format!("{base}/memory/jobs/one/memory.limit_in_bytes"),
        "9223372036854771712\n",
    );
    fake.write(&format!("{base}/cpu/jobs/cpu.cfs_quota_us"), "250000\n");
    fake.write(&format!("{base}/cpu/jobs/cpu.cfs_period_us"), "100000\n");
    fake.write(&format!("{base}/cpu/cpu.cfs_quota_us"), "-1\n");
    fake.write(&format!("{base}/cpu/cpu.cfs_period_us"), "100000\n");
    assert_eq!(
        told(&fake),
        MemoryLimit {
            limit: Some(2 << 30),
            used: 600_000
        }
    );
    assert_eq!(cpu(&fake.machine()).known().unwrap().cores, Some(2.5));
}

#[test]
fn without_a_limit_there_is_none_and_use_is_our_own() {
    let fake = own(
        HYBRID_GROUPS,
        HYBRID_MOUNTS,
        &[
            (
                "/sys/fs/cgroup/memory/jobs/one/memory.limit_in_bytes",
                "9223372036854771712\n",
            ),
            (
                "/sys/fs/cgroup/memory/jobs/one/memory.usage_in_bytes",
                "77\n",
            ),
            ("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n"),
            ("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"),
        ],
    );
    assert_eq!(
        told(&fake),
        MemoryLimit {
            limit: None,
            used: 77
        }
    );
    assert_eq!(cpu(&fake.machine()).known().unwrap().cores, None);
}

#[test]
fn what_is_missing_or_broken_has_its_reason() {
    let why = |fake: &Fake| memory(&fake.machine()).why().unwrap().to_owned();
    assert!(why(&Fake::new(&[])).contains("there is no"));
    assert!(why(&own("0::/\n", "", &[])).contains("memory controller"));
    assert!(why(&own("garbage", "more garbage - x", &[])).contains("memory controller"));
    // The outermost group of version 2 has no limits.
    assert!(why(&own("0::/\n", UNIFIED_MOUNTS, &[])).contains("memory.max"));
    let broken = own(
        "0::/\n",
        UNIFIED_MOUNTS,
        &[("/sys/fs/cgroup/memory.max", "lots\n")],
    );
    assert!(why(&broken).contains("\"lots\""));
    let half = own(
        "0::/\n",
        UNIFIED_MOUNTS,
        &[("/sys/fs/cgroup/memory.max", "10\n")],
    );
    assert!(why(&half).contains("memory.current"));
    for bad in ["", "1", "0 100000", "1 0", "x 100000", "1 x", "-5 100000"] {
        let fake = own("0::/\n", UNIFIED_MOUNTS, &[("/sys/fs/cgroup/cpu.max", bad)]);
        assert!(cpu(&fake.machine()).why().is_some(), "{bad}");
    }
    // At the top of version 2 no file is no limit.
    let top = own("0::/\n", UNIFIED_MOUNTS, &[]);
    assert_eq!(cpu(&top.machine()).known().unwrap().cores, None);
}

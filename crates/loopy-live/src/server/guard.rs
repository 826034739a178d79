//! Slows down who tries tokens: after some failures an address has to wait, longer each time.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
};

/// So many failures cost nothing.
const FREE: u32 = 5;

/// The longest wait.
const LONGEST_US: u64 = 60_000_000;

/// Failures are forgotten after so long.
const FORGET_US: u64 = 600_000_000;

/// So many addresses are kept.
const MOST: usize = 4096;

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    last_us: u64,
    until_us: u64,
}

/// Failures by address.
#[derive(Debug, Default)]
pub(super) struct Guard {
    failures: HashMap<IpAddr, Failures>,
}

impl Guard {
    /// How long `address` has to wait, in whole seconds, if it has to.
    pub(super) fn wait(&self, address: IpAddr, now_us: u64) -> Option<u64> {
        let until = self.failures.get(&network(address))?.until_us;
        let left = until.checked_sub(now_us).filter(|&left| left > 0)?;
        Some(left.div_ceil(1_000_000))
    }

    /// A wrong token came from `address`.
    pub(super) fn failed(&mut self, address: IpAddr, now_us: u64) {
        self.forget(now_us);
        let entry = self.failures.entry(network(address)).or_insert(Failures {
            count: 0,
            last_us: now_us,
            until_us: 0,
        });
        entry.count = entry.count.saturating_add(1);
        entry.last_us = now_us;
        if let Some(over) = entry.count.checked_sub(FREE) {
            let wait = (1_000_000_u64 << over.min(6)).min(LONGEST_US);
            entry.until_us = now_us + wait;
        }
    }

    /// A valid token came from `address`.
    pub(super) fn succeeded(&mut self, address: IpAddr) {
        self.failures.remove(&network(address));
    }

    fn forget(&mut self, now_us: u64) {
        if self.failures.len() < MOST {
            return;
        }
        self.failures
            .retain(|_, entry| now_us < entry.last_us + FORGET_US);
        if self.failures.len() >= MOST {
            let oldest = self.failures.iter().min_by_key(|(_, entry)| entry.last_us);
            if let Some(address) = oldest.map(|(address, _)| *address) {
                self.failures.remove(&address);
            }
        }
    }
}

/// Whoever has an IPv6 address has 2^64 of them.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000;

    #[test]
    fn waits_grow_and_end() {
        let mut guard = Guard::default();
        let address: IpAddr = "192.0.2.1".parse().unwrap();
        let mut waits = Vec::new();
        let mut now = 0;
        for _ in 0..13 {
            guard.failed(address, now);
            let wait = guard.wait(address, now).unwrap_or_default();
            assert_eq!(guard.wait(address, now + wait * SECOND), None);
            now += wait * SECOND;
            waits.push(wait);
        }
        assert_eq!(waits, [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(guard.wait("192.0.2.2".parse().unwrap(), 0), None);
        guard.failed(address, now);
        guard.succeeded(address);
        assert_eq!(guard.wait(address, now), None);
    }

    #[test]
    fn one_network_is_one_address() {
        let mut guard = Guard::default();
        for host in 0..10 {
            guard.failed(format!("2001:db8::{host}").parse().unwrap(), 0);
        }
        assert!(guard.wait("2001:db8::ffff".parse().unwrap(), 0).is_some());
        assert!(guard.wait("2001:db8:0:1::1".parse().unwrap(), 0).is_none());
    }

    #[test]
    fn memory_is_bounded() {
        let mut guard = Guard::default();
        for number in 0..20_000_u32 {
            guard.failed(IpAddr::V4(number.into()), u64::from(number));
        }
        assert!(guard.failures.len() <= MOST);
    }
}

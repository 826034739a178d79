//! How many connections there are, in all and for each token and address.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex},
};

use tokio::sync::Notify;

use super::{keys::Digest, state::lock};

type Who = (Digest, IpAddr);

#[derive(Debug)]
pub(super) struct Seats {
    most: usize,
    most_of_one: usize,
    taken: Mutex<(usize, HashMap<Who, usize>)>,
    left: Notify,
}

/// Why there is no seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// For anybody.
    All,
    /// For this token from this address.
    One,
}

impl Seats {
    pub(super) fn new(most: usize, most_of_one: usize) -> Self {
        Self {
            most,
            most_of_one,
            taken: Mutex::default(),
            left: Notify::new(),
        }
    }

    /// Takes a seat.
    pub(super) fn take(self: &Arc<Self>, token: Digest, from: IpAddr) -> Result<Seat, Full> {
        let who = (token, from);
        let mut taken = lock(&self.taken);
        let (all, by_one) = &mut *taken;
        if *all >= self.most {
            return Err(Full::All);
        }
        let of_one = by_one.entry(who).or_default();
        if *of_one >= self.most_of_one {
            return Err(Full::One);
        }
        *of_one += 1;
        *all += 1;
        Ok(Seat {
            seats: Arc::clone(self),
            who,
        })
    }

    /// Waits until all have left.
    pub(super) async fn empty(&self) {
        loop {
            let left = self.left.notified();
            if self.taken() == 0 {
                return;
            }
            left.await;
        }
    }

    /// Connections that there are.
    pub(super) fn taken(&self) -> usize {
        lock(&self.taken).0
    }
}

/// A place that is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    seats: Arc<Seats>,
    who: Who,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = lock(&self.seats.taken);
        let (all, by_one) = &mut *taken;
        *all -= 1;
        if let Some(of_one) = by_one.get_mut(&self.who) {
            *of_one -= 1;
            if *of_one == 0 {
                by_one.remove(&self.who);
            }
        }
        self.seats.left.notify_waiters();
    }
}

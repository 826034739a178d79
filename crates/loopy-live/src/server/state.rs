//! What all connections share.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use super::{
    access::Access,
    config::{Config, StartError},
    figures::Figures,
    guard::Guard,
    keys::{Digest, Grant, Keys, random},
    pages::Assets,
    seats::Seats,
};
use crate::{hub::Hub, show::Show};

/// A ticket holds so long.
pub(super) const TICKET_US: u64 = 30_000_000;

/// So many tickets are out at once.
const TICKETS: usize = 1024;

pub(super) struct State {
    pub(super) config: Config,
    pub(super) hub: Arc<Hub>,
    pub(super) show: Arc<dyn Show>,
    pub(super) assets: Arc<dyn Assets>,
    pub(super) access: Access,
    keys: RwLock<Arc<Keys>>,
    /// Tokens so far.
    tokens: AtomicU64,
    pub(super) figures: Figures,
    pub(super) seats: Arc<Seats>,
    pub(super) started: Instant,
    guard: Mutex<Guard>,
    tickets: Mutex<HashMap<Digest, (Grant, u64)>>,
}

/// Why a request has no grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Denied {
    /// No valid token.
    Unknown,
    /// Too many failures; come back after so many seconds.
    Wait(u64),
}

impl State {
    pub(super) fn new(
        config: Config,
        hub: Arc<Hub>,
        show: Arc<dyn Show>,
        assets: Arc<dyn Assets>,
    ) -> Result<Arc<Self>, StartError> {
        let keys = Keys::new(&config.token)?;
        let access = Access::new(&config)?;
        random::<8>().map_err(StartError::Random)?;
        let seats = Seats::new(config.max_viewers, config.max_per_token);
        let config = Config {
            token: String::new(),
            ..config
        };
        Ok(Arc::new(Self {
            config,
            hub,
            show,
            assets,
            access,
            keys: RwLock::new(Arc::new(keys)),
            tokens: AtomicU64::new(0),
            figures: Figures::default(),
            seats: Arc::new(seats),
            started: Instant::now(),
            guard: Mutex::default(),
            tickets: Mutex::default(),
        }))
    }

    /// What checks tokens now.
    pub(super) fn keys(&self) -> Arc<Keys> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Another token holds from now on, and what the one before it gave does no more.
    pub(super) fn rotate(&self, token: &str) -> Result<(), StartError> {
        let keys = Arc::new(Keys::new(token)?);
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
        lock(&self.tickets).clear();
        self.tokens.fetch_add(1, Ordering::AcqRel);
        Ok(())
    }

    /// Counts tokens: who came with another one has to show the new.
    pub(super) fn tokens(&self) -> u64 {
        self.tokens.load(Ordering::Acquire)
    }

    /// What `token` gives to whoever is at `from`. No token is no try, but costs the same time.
    pub(super) fn check(&self, token: Option<&[u8]>, from: IpAddr) -> Result<Grant, Denied> {
        let now = self.hub.now_us();
        let wait = lock(&self.guard).wait(from, now);
        let grant = self.keys().check(token.unwrap_or_default(), unix());
        if let Some(seconds) = wait {
            return Err(Denied::Wait(seconds));
        }
        match (grant, token) {
            (Some(grant), _) => {
                lock(&self.guard).succeeded(from);
                return Ok(grant);
            }
            (None, Some(_)) => lock(&self.guard).failed(from, now),
            (None, None) => {}
        }
        self.figures.denied();
        Err(Denied::Unknown)
    }

    /// A ticket that gives what `grant` gives, for one connection.
    pub(super) fn ticket(&self, grant: Grant) -> Result<String, getrandom::Error> {
        use sha2::Digest as _;
        let ticket = random::<24>()?;
        let now = self.hub.now_us();
        let mut tickets = lock(&self.tickets);
        tickets.retain(|_, (_, until)| now < *until);
        if tickets.len() >= TICKETS
            && let Some(oldest) = tickets.iter().min_by_key(|(_, (_, until))| *until)
        {
            let oldest = *oldest.0;
            tickets.remove(&oldest);
        }
        let digest = sha2::Sha256::digest(&ticket).into();
        tickets.insert(digest, (grant, now + TICKET_US));
        Ok(ticket)
    }

    /// What a ticket gives; it is used up.
    pub(super) fn redeem(&self, ticket: &[u8], from: IpAddr) -> Result<Grant, Denied> {
        use sha2::Digest as _;
        let now = self.hub.now_us();
        if let Some(seconds) = lock(&self.guard).wait(from, now) {
            return Err(Denied::Wait(seconds));
        }
        let digest: Digest = sha2::Sha256::digest(ticket).into();
        let found = lock(&self.tickets).remove(&digest);
        match found {
            Some((grant, until)) if now < until && grant.expires.is_none_or(|end| unix() < end) => {
                Ok(grant)
            }
            _ => {
                lock(&self.guard).failed(from, now);
                self.figures.denied();
                Err(Denied::Unknown)
            }
        }
    }
}

/// Seconds of Unix time.
pub(super) fn unix() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map(|since| since.as_secs()).unwrap_or_default()
}

/// A lock whose holder failed is still good: nothing is left half done under it.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

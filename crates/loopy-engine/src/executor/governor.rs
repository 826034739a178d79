//! Who may work when: as many jobs as the balance of the machine and the memory promise allow.

use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, MutexGuard},
    time::Duration,
};

use super::{
    balance::{Balance, Change, Load},
    budget::{Admission, Budget},
    cancel::lock,
    weight::{Need, Weight},
};

/// How often those who wait look again.
const LOOK: Duration = Duration::from_millis(100);
/// How long work pauses when the machine has no memory left and none of it is ours; then one job
/// is tried all the same, because a machine may always be that full.
const PAUSE: Duration = Duration::from_secs(30);

/// The machine, as it is asked about.
pub trait Outlook: Send + Sync {
    /// What time it is, since whatever beginning.
    fn now(&self) -> Duration;
    /// The newest look at the machine and when it was taken.
    fn load(&self) -> Option<(Duration, Load)>;
    /// Resident bytes of this program itself; 0 where nobody knows.
    fn own(&self) -> u64;
    /// Resident bytes of its workers at the newest look; 0 where nobody knows.
    fn workers(&self) -> u64;
    /// Bytes that the machine or container has left; `None` where nobody knows.
    fn free(&self) -> Option<u64>;
}

/// A job whose need is more than there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooLarge {
    pub(super) need: u64,
    pub(super) room: u64,
}

/// Decides how many jobs run. Executors share it, and so do the runs of one.
pub struct Governor {
    most: u32,
    limit: Option<u64>,
    outlook: Option<Box<dyn Outlook>>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    /// `None` when the number of workers is fixed.
    balance: Option<Balance>,
    /// When the newest look was taken that the balance has seen.
    seen: Option<Duration>,
    running: usize,
    aside: u64,
    /// Jobs that wait until they are alone; nothing else starts meanwhile.
    patient: usize,
    /// A job runs that wants to be alone.
    alone: bool,
    /// This program's bytes when nothing ran.
    own: u64,
    /// Since when work pauses.
    paused: Option<Duration>,
    changes: Vec<Change>,
}

/// A job may run, until this is dropped.
pub(super) struct Seat<'a> {
    governor: &'a Governor,
    bytes: u64,
    alone: bool,
}

/// Jobs that wait, with their places and what they are expected to take; the first goes first.
pub(super) type Queue<J> = Mutex<VecDeque<(usize, J, Weight)>>;

/// A job that may run.
pub(super) struct Taken<'a, J> {
    pub(super) index: usize,
    pub(super) job: J,
    pub(super) seat: Seat<'a>,
}

impl Governor {
    /// Always `most` jobs (at least one), whatever they take.
    pub fn fixed(most: usize) -> Self {
        Self::new(most, false, None, None)
    }

    /// At most `most` jobs; as many as the machine has room for when `balanced`. Together with this
    /// program they stay under `limit` bytes.
    pub fn new(
        most: usize,
        balanced: bool,
        limit: Option<u64>,
        outlook: Option<Box<dyn Outlook>>,
    ) -> Self {
        let most = u32::try_from(most.max(1)).unwrap_or(u32::MAX);
        Self {
            most,
            limit,
            outlook,
            state: Mutex::new(State {
                balance: balanced.then(|| Balance::new(most)),
                seen: None,
                running: 0,
                aside: 0,
                patient: 0,
                alone: false,
                own: 0,
                paused: None,
                changes: Vec::new(),
            }),
            changed: Condvar::new(),
        }
    }

    /// Most jobs at the same time.
    pub fn most(&self) -> usize {
        self.most as usize
    }

    /// Bytes that this program and its jobs may take together.
    pub fn limit(&self) -> Option<u64> {
        self.limit
    }

    /// Bytes that one job may take at most.
    pub fn room(&self) -> Option<u64> {
        self.budget(self.own()).map(Budget::room)
    }

    /// Jobs that may run at the same time now.
    pub fn count(&self) -> usize {
        let state = lock(&self.state);
        state.balance.as_ref().map_or(self.most, Balance::count) as usize
    }

    /// Every step of that number so far.
    pub fn changes(&self) -> Vec<Change> {
        lock(&self.state).changes.clone()
    }

    /// That each of these jobs can ever run.
    pub(super) fn check(&self, weights: impl Iterator<Item = Weight>) -> Result<(), TooLarge> {
        let Some(budget) = self.budget(self.own()) else {
            return Ok(());
        };
        let needs = weights.filter_map(|weight| match weight.need {
            Need::Bytes(bytes) => Some(bytes),
            Need::Usually(_) => None,
        });
        let need = needs.max().unwrap_or(0);
        let room = budget.room();
        if need > room {
            return Err(TooLarge { need, room });
        }
        Ok(())
    }

    /// The next job, as soon as it may run; `None` when there is none or `go_on` says no. Whoever
    /// has to wait is told once by `idle`. `inside` says that jobs run in this process, whose own
    /// memory is then what it held before they did.
    pub(super) fn next<J>(
        &self,
        queue: &Queue<J>,
        inside: bool,
        go_on: impl Fn() -> bool,
        idle: impl FnOnce(),
    ) -> Result<Option<Taken<'_, J>>, TooLarge> {
        let mut idle = Some(idle);
        let mut state = lock(&self.state);
        loop {
            if !go_on() {
                return Ok(None);
            }
            let mut jobs = lock(queue);
            let Some((.., weight)) = jobs.front() else {
                return Ok(None);
            };
            if let Some(bytes) = self.admit(&mut state, weight.need, inside, jobs.len())?
                && let Some((index, job, _)) = jobs.pop_front()
            {
                let seat = self.seat(&mut state, bytes, false);
                return Ok(Some(Taken { index, job, seat }));
            }
            drop(jobs);
            state = match idle.take() {
                Some(idle) => {
                    drop(state);
                    idle();
                    lock(&self.state)
                }
                None => self.wait(state),
            };
        }
    }

    /// A seat for a job that was in another and shall run alone, with all the memory there is;
    /// `None` when `go_on` says no.
    pub(super) fn alone(&self, go_on: impl Fn() -> bool) -> Option<Seat<'_>> {
        let mut state = lock(&self.state);
        state.patient += 1;
        while state.running > 0 && go_on() {
            state = self.wait(state);
        }
        state.patient -= 1;
        if !go_on() {
            self.changed.notify_all();
            return None;
        }
        let room = self.budget(self.own()).map_or(0, Budget::room);
        Some(self.seat(&mut state, room, true))
    }

    fn seat<'a>(&'a self, state: &mut State, bytes: u64, alone: bool) -> Seat<'a> {
        state.running += 1;
        state.aside += bytes;
        state.alone |= alone;
        Seat {
            governor: self,
            bytes,
            alone,
        }
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let waited = self.changed.wait_timeout(state, LOOK);
        waited.unwrap_or_else(std::sync::PoisonError::into_inner).0
    }

    /// Bytes to set aside for a job that may start now.
    fn admit(
        &self,
        state: &mut State,
        need: Need,
        inside: bool,
        waiting: usize,
    ) -> Result<Option<u64>, TooLarge> {
        self.balance(state, waiting);
        let count = state.balance.as_ref().map_or(self.most, Balance::count);
        if state.running >= count as usize || state.patient > 0 || state.alone {
            return Ok(None);
        }
        if !inside || state.running == 0 {
            state.own = self.own();
        }
        let Some(budget) = self.budget(state.own) else {
            return Ok(Some(0));
        };
        let outlook = self.outlook.as_ref();
        let held = outlook.map_or(0, |outlook| outlook.workers());
        let free = outlook.and_then(|outlook| outlook.free());
        // What is set aside and not yet held will be taken from what is free.
        let free = free.map_or(u64::MAX, |free| {
            free.saturating_sub(state.aside.saturating_sub(held))
        });
        match budget.admit(need, state.aside.max(held), state.running, free) {
            Admission::Start(bytes) => {
                state.paused = None;
                Ok(Some(bytes))
            }
            Admission::Wait => Ok(None),
            Admission::Pause(bytes) => Ok(self.pause(state, free).then_some(bytes)),
            Admission::Never(room) => Err(TooLarge {
                need: need.bytes(u64::MAX),
                room,
            }),
        }
    }

    /// Lets work pause; whether it has paused for long enough.
    fn pause(&self, state: &mut State, free: u64) -> bool {
        let now = self.outlook.as_ref().map_or(Duration::ZERO, |it| it.now());
        if state.paused.is_none() {
            tracing::warn!(
                "the machine has {} MiB of memory left; work pauses until there is more",
                free >> 20
            );
        }
        let over = now.saturating_sub(*state.paused.get_or_insert(now)) >= PAUSE;
        if over {
            state.paused = None;
        }
        over
    }

    /// Takes the newest look at the machine.
    fn balance(&self, state: &mut State, waiting: usize) {
        let (Some(balance), Some(outlook)) = (&mut state.balance, &self.outlook) else {
            return;
        };
        let Some((at, load)) = outlook.load() else {
            return;
        };
        if state.seen.is_some_and(|seen| at <= seen) {
            return;
        }
        state.seen = Some(at);
        if let Some(change) = balance.step(at, &load, waiting) {
            tracing::info!("{} workers from now on: {}", change.to, change.why);
            state.changes.push(change);
        }
    }

    fn own(&self) -> u64 {
        self.outlook.as_ref().map_or(0, |outlook| outlook.own())
    }

    fn budget(&self, own: u64) -> Option<Budget> {
        self.limit.map(|limit| Budget { limit, own })
    }
}

impl std::fmt::Debug for Governor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Governor")
            .field("most", &self.most)
            .field("limit", &self.limit)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl Seat<'_> {
    /// Bytes that are set aside.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        let mut state = lock(&self.governor.state);
        state.running -= 1;
        state.aside -= self.bytes;
        state.alone &= !self.alone;
        drop(state);
        self.governor.changed.notify_all();
    }
}

/// Jobs with their places, the longest first, of equals in their order.
pub(super) fn queue<J: super::Weigh>(jobs: Vec<J>) -> VecDeque<(usize, J, Weight)> {
    let mut jobs: Vec<_> = jobs
        .into_iter()
        .enumerate()
        .map(|(index, job)| {
            let weight = job.weight();
            (index, job, weight)
        })
        .collect();
    jobs.sort_by_key(|(index, _, weight)| (std::cmp::Reverse(weight.cost), *index));
    jobs.into()
}

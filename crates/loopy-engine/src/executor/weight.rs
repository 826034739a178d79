//! What a job is expected to take, said before it starts.

/// What a job is expected to take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weight {
    /// How long it takes, in whatever unit the jobs of one run share: the longest are begun first.
    pub cost: u64,
    /// How much memory it takes.
    pub need: Need,
}

/// How much memory a job takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Bytes.
    Bytes(u64),
    /// This is usual, and nobody knows before the job looks: it gets what there is where that is
    /// less.
    Usually(u64),
}

impl Default for Need {
    fn default() -> Self {
        Self::Bytes(0)
    }
}

impl Need {
    /// Bytes that are set aside for it where `room` is all there is.
    pub(super) fn bytes(self, room: u64) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Usually(bytes) => bytes.min(room),
        }
    }
}

/// A job that says what it is expected to take. The default is nothing: such jobs are begun in
/// their order, and as many at a time as there are workers.
pub trait Weigh {
    /// What it is expected to take.
    fn weight(&self) -> Weight {
        Weight::default()
    }
}

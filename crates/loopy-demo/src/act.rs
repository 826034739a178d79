//! What Lumi can do: gestures that begin and end in the neutral pose.

/// One gesture of a clip's script.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Gesture {
    /// Seconds from the beginning of the script.
    pub(crate) start: f32,
    /// Seconds until the pose is neutral again.
    pub(crate) length: f32,
    /// What it is.
    pub(crate) kind: Kind,
}

/// Kinds of gesture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    /// Eyes close and open.
    Blink,
    /// Eyes and face turn to a side (-1 left to 1 right) and up (-1) or down (1).
    Glance {
        /// -1 left, 1 right.
        x: f32,
        /// -1 up, 1 down.
        y: f32,
    },
    /// Eyes shut in a smile.
    Smile,
    /// Speech with moving mouth, brows and hands.
    Talk,
    /// One arm up, waving.
    Wave,
    /// Bouncing with shut eyes and an open mouth.
    Laugh,
    /// Head aside to the side given (-1 or 1), a hand at the ear, small nods.
    Listen {
        /// -1 left, 1 right.
        side: f32,
    },
    /// Two clear nods.
    Nod,
    /// Looks up, hand at the chin, has an idea at the end.
    Think,
    /// Falls asleep, light low, and wakes again.
    Sleep,
}

impl Kind {
    /// The gesture from `start` to `end`, in seconds.
    pub(crate) fn at(self, start: f32, end: f32) -> Gesture {
        Gesture {
            start,
            length: end - start,
            kind: self,
        }
    }
}

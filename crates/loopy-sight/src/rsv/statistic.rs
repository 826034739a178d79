//! The names of what is measured at a joint.

use serde::{Deserialize, Serialize};

macro_rules! statistics {
    ($($(#[doc = $doc:literal])+ $name:ident = $words:literal,)+) => {
        /// One thing that can be wrong with a joint.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Statistic {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Statistic {
            /// All of them.
            pub const ALL: [Self; [$(Self::$name),+].len()] = [$(Self::$name),+];

            /// What is wrong, in a few words.
            pub fn words(self) -> &'static str {
                match self {
                    $(Self::$name => $words,)+
                }
            }
        }
    };
}

statistics! {
    /// The cells that change most change more than beside the joint.
    Jump = "the picture jumps",
    /// The cells that change most change less.
    Freeze = "the picture freezes",
    /// The whole changes more.
    Leap = "the whole picture jumps",
    /// The whole changes less.
    Calm = "the whole picture is too still",
    /// One place changes as it does nowhere beside the joint.
    Tear = "one place jumps",
    /// Change that motion does not explain, where there is most of it.
    Unexplained = "something appears or vanishes",
    /// The same in the middle cell.
    UnexplainedAll = "the picture turns into another",
    /// Things move faster than beside the joint.
    Rush = "things move too fast",
    /// Things move slower.
    Halt = "things stand still",
    /// Motion of a step differs from that before and after it.
    Turn = "motion stumbles",
    /// Motion before the joint differs from that after it.
    Course = "motion takes another course",
    /// Speed before the joint differs from that after it.
    Pace = "motion changes its speed",
    /// Luma steps.
    Light = "the light jumps",
    /// Chroma steps.
    Tint = "the colour jumps",
    /// Luma and chroma are others after the joint than before.
    Drift = "light or colour drift",
    /// A picture lies off its neighbours.
    Flicker = "the picture flickers",
    /// Both ends of the joint are further apart than what lies beside it moves in as long.
    Gap = "the sides are too far apart",
    /// The pictures between are mixes of both ends.
    Mix = "both sides are seen at once",
    /// A picture is a mix of its neighbours, where it changes.
    Ghost = "pictures are mixed",
    /// The same of the whole.
    GhostAll = "the whole is a mix",
    /// Fine detail is lost.
    Blur = "the picture is blurred",
    /// One place loses its detail.
    BlurHere = "one place is blurred",
    /// There is more detail than beside the joint.
    Sharp = "the picture is too sharp",
    /// Detail is another after the joint than before.
    Focus = "sharpness changes",
    /// Flat places lose their grain.
    Smooth = "the grain is lost",
    /// Flat places have more grain.
    Grain = "there is more grain",
    /// The quietest places change less from picture to picture: grain stands still.
    Quiet = "the grain stands still",
    /// Repeated pictures come out of their rhythm.
    Rhythm = "the rhythm of repeated pictures breaks",
}

impl Statistic {
    /// How far it may lie beyond the middle of what is usual without being unusual, in doublings
    /// (repetitions out of rhythm: in steps), however even the clips are: a tenth more motion or
    /// change is not seen, nor a fifth less grain, nor a mix that is a third purer.
    pub(super) fn slack(self) -> f32 {
        match self {
            Self::Blur | Self::BlurHere | Self::Sharp | Self::Focus => 0.2,
            Self::Smooth | Self::Grain | Self::Quiet => 0.3,
            Self::Ghost | Self::GhostAll | Self::Mix | Self::Rhythm => 0.4,
            _ => 0.15,
        }
    }
}

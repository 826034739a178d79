//! Which rungs a client can play, best first.

use std::{cmp::Reverse, sync::Arc};

use crate::{
    hub::{Coding, Hub, Reel, Rung},
    protocol::{
        message::{Hello, Mode},
        offer,
    },
};

/// What a client can play.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wishes<'a> {
    pub(super) hello: &'a Hello,
    /// The mode it asked for with `ready`.
    pub(super) asked: Option<Mode>,
}

impl Wishes<'_> {
    /// Pictures that it can play and that its screen has room for: by bitrate, single pictures last.
    pub(super) fn ladder(&self, hub: &Hub) -> Vec<Arc<Reel>> {
        let mut reels = hub.reels();
        reels.retain(|reel| self.mode_of(&reel.rung).is_some());
        reels.sort_by_key(|reel| (is_single(&reel.rung), Reverse(reel.rung.bitrate)));
        if let Some(widest) = self.widest() {
            let fits = |reel: &Arc<Reel>| reel.rung.size.width <= widest;
            let is_room = reels.iter().any(fits);
            reels.retain(|reel| !is_room || fits(reel));
        }
        reels
    }

    /// The mode in which a rung would be shown, if it can be.
    pub(super) fn mode_of(&self, rung: &Rung) -> Option<Mode> {
        let can = |mode: Mode| {
            let knows = || offer::codec(rung).is_some_and(|codec| self.decodes(&codec));
            offer::suits(rung, mode) && (is_single(rung) || knows())
        };
        self.modes().find(|&mode| can(mode))
    }

    /// The sound that it can decode.
    pub(super) fn sound(&self, hub: &Hub) -> Option<Arc<Reel>> {
        let is_known = |reel: &Arc<Reel>| {
            let codec = reel.rung.sound.and_then(|_| offer::codec(&reel.rung));
            codec.is_some_and(|codec| self.decodes(&codec))
        };
        hub.reels().into_iter().find(is_known)
    }

    /// What was asked for, and single pictures, which always work.
    fn modes(&self) -> impl Iterator<Item = Mode> {
        let asked = self.asked;
        let listed = self.hello.modes.iter().copied();
        let others = listed.filter(move |mode| {
            asked.is_none_or(|asked| asked != *mode && matches!(mode, Mode::Jpeg | Mode::Webp))
        });
        asked.into_iter().chain(others)
    }

    fn decodes(&self, codec: &str) -> bool {
        self.hello
            .codecs
            .iter()
            .any(|known| known.eq_ignore_ascii_case(codec))
    }

    fn widest(&self) -> Option<u32> {
        let screen = self.hello.screen?;
        let pixels = screen.w.max(screen.h) * screen.dpr;
        (pixels.is_finite() && pixels >= 1.0).then_some(pixels.ceil() as u32)
    }
}

fn is_single(rung: &Rung) -> bool {
    matches!(rung.coding, Coding::Jpeg | Coding::Webp)
}

/// Pictures have come.
pub(super) fn is_ready(reel: &Reel) -> bool {
    newest_pts(reel).is_some()
}

/// Picture time of the newest key frame.
pub(super) fn newest_pts(reel: &Reel) -> Option<u64> {
    reel.look(|ring| Some(ring.get(ring.newest_key()?)?.unit.pts_us))
}

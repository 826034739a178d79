//! The media of a viewer: which rung, when it changes, and which packet comes next.

use std::sync::Arc;

use super::{Outgoing, Session, choice, choice::Wishes, track::Track};
use crate::{
    hub::{Hub, KEEP_US, Reel},
    packet::Kind,
    protocol::{
        answer::Server,
        cursor::{Bounds, Missed},
        message::Role,
        offer,
        tier::Step,
    },
};

impl Session {
    /// The next packet, of the picture or of the sound, whichever was queued earlier.
    pub(super) fn media(&mut self, hub: &Hub, now_us: u64) -> Option<Outgoing> {
        let bounds = self.bounds();
        let peek = |track: &mut Option<Track>| track.as_mut()?.peek(now_us, bounds);
        let (picture, sound) = (peek(&mut self.picture), peek(&mut self.sound));
        let takes_sound = match (&picture, &sound) {
            (Some(picture), Some(sound)) => sound.queued_us <= picture.queued_us,
            (None, Some(_)) => true,
            _ => false,
        };
        let (packet, track) = if takes_sound {
            (sound?, &mut self.sound)
        } else {
            (picture?, &mut self.picture)
        };
        let track = track.as_mut()?;
        let due_us = track.due_us(&packet);
        let message = track.take(&packet);
        if packet.header.kind != Kind::Sound {
            self.last_pts = Some(packet.unit.pts_us);
        }
        self.count_missed(hub, now_us);
        Some(Outgoing::Media(message, Some(due_us)))
    }

    /// Counts what was left out of the picture, and goes down where it is too much.
    pub(super) fn count_missed(&mut self, hub: &Hub, now_us: u64) {
        let Some(track) = &mut self.picture else {
            return;
        };
        let missed = track.take_missed();
        if missed == Missed::default() {
            return;
        }
        for sum in [&mut self.missed, &mut self.untold] {
            sum.groups += missed.groups;
            sum.frames += missed.frames;
        }
        if missed.groups > 0
            && let Some(Step::Down(reason)) = self.tier.dropped(now_us)
            && self.pinned.is_none()
        {
            self.step(hub, now_us, true, &reason);
        }
    }

    fn bounds(&self) -> Bounds {
        let said = self.hello.as_ref().and_then(|hello| hello.max_latency_ms);
        let longest = KEEP_US / 1000;
        Bounds {
            latency_us: said.unwrap_or(self.rules.queue_ms).clamp(50, longest) * 1000,
            bytes: self.rules.queue_bytes,
        }
    }

    pub(super) fn wishes(&self) -> Option<Wishes<'_>> {
        let hello = self.hello.as_deref()?;
        (hello.role == Role::Viewer).then_some(Wishes {
            hello,
            asked: self.asked,
        })
    }

    /// Begins again: `config`, then the newest group.
    pub(super) fn restart(&mut self, hub: &Hub) {
        (self.picture, self.sound, self.coming) = (None, None, None);
        self.init.clear();
        self.choose(hub, "");
    }

    /// A smaller or a larger rung.
    pub(super) fn step(&mut self, hub: &Hub, now_us: u64, down: bool, reason: &str) {
        let (Some(wishes), Some(track)) = (self.wishes(), &self.picture) else {
            return;
        };
        let ladder = wishes.ladder(hub);
        let is_now = |reel: &Arc<Reel>| Arc::ptr_eq(reel, &track.reel);
        let to = match ladder.iter().position(is_now) {
            Some(at) if down => at + 1,
            Some(at) if at > 0 => at - 1,
            _ => return,
        };
        let Some(reel) = ladder.get(to).filter(|reel| choice::is_ready(reel)) else {
            return;
        };
        if !down {
            self.tier.went_up(now_us);
        }
        self.go(hub, Arc::clone(reel), reason);
    }

    /// Goes to the rung that suits best where there is none yet or it cannot be played any more.
    pub(super) fn choose(&mut self, hub: &Hub, reason: &str) {
        let Some(wishes) = self.wishes() else { return };
        let ladder = wishes.ladder(hub);
        let now = self.picture.as_ref();
        let is_now = |reel: &Arc<Reel>| now.is_some_and(|track| Arc::ptr_eq(reel, &track.reel));
        let wanted = match &self.pinned {
            Some(name) => ladder.iter().find(|reel| reel.rung.name == *name),
            None if ladder.iter().any(is_now) => None,
            None => {
                let ready = ladder.iter().find(|reel| choice::is_ready(reel));
                ready.or(ladder.first())
            }
        };
        if let Some(reel) = wanted {
            self.go(hub, Arc::clone(reel), reason);
        } else if now.is_none() && ladder.is_empty() && !hub.reels().is_empty() {
            self.unplayable();
        }
    }

    fn unplayable(&mut self) {
        if std::mem::replace(&mut self.told_unplayable, true) {
            return;
        }
        let msg = "this client can play none of the renditions".to_owned();
        let hint = "list modes and codecs of `welcome` in `hello`; `jpeg` needs no codec";
        self.error(serde_json::Value::Null, "no_rung", msg, hint);
    }

    fn go(&mut self, hub: &Hub, reel: Arc<Reel>, reason: &str) {
        if let Some(track) = &self.picture {
            if Arc::ptr_eq(&track.reel, &reel) {
                self.coming = None;
                return;
            }
            let is_coming = |coming: &Arc<Reel>| Arc::ptr_eq(coming, &reel);
            if self.coming.as_ref().is_some_and(is_coming) {
                return;
            }
            let class = self.meter.class();
            self.control.push_back(Server::Tier {
                name: reel.rung.name.clone(),
                reason: reason.to_owned(),
                class: class.name(),
                latency_target_ms: class.target_ms(),
            });
        }
        self.coming = Some(reel);
        self.turn(hub);
    }

    /// Goes over to the coming rung where it has a key frame after what was sent last.
    pub(super) fn turn(&mut self, hub: &Hub) {
        let Some(reel) = &self.coming else { return };
        let Some(newest) = choice::newest_pts(reel) else {
            return;
        };
        let last = self.picture.as_ref().and(self.last_pts);
        if last.is_some_and(|last| newest <= last) {
            return;
        }
        let Some(wishes) = self.wishes() else { return };
        let Some(mode) = wishes.mode_of(&reel.rung) else {
            return;
        };
        let picture = Track::picture(Arc::clone(reel), mode);
        let begin = || {
            let reel = wishes.sound(hub)?;
            Some(Track::sound(reel, mode, newest))
        };
        // Sound goes on without a gap where only the rung changes.
        let is_same = self
            .picture
            .as_ref()
            .is_some_and(|track| track.mode == mode);
        let kept = self.sound.clone().filter(|_| is_same);
        let is_kept = kept.is_some();
        let sound = kept.or_else(begin);
        let sound_reel = sound.as_ref().map(|track| &*track.reel);
        let config = offer::config(&picture.reel, sound_reel, mode, self.meter.class());
        self.init.extend(picture.init());
        if !is_kept {
            self.init.extend(sound.as_ref().and_then(Track::init));
        }
        if let Some(config) = config {
            self.control.push_back(Server::Config(Box::new(config)));
        }
        (self.picture, self.sound, self.coming) = (Some(picture), sound, None);
    }
}

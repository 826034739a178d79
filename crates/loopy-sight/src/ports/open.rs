//! The ports that are open so far, and whether more have room.

use loopy_core::Clip;

use super::{Place, far};
use crate::graph::Options;

/// Ports of clips.
pub(crate) struct Open<'a> {
    clips: &'a [Clip],
    options: &'a Options,
    /// Rising boundaries of each clip, from its start to its end.
    pub(crate) ports: Vec<Vec<u32>>,
}

/// The start and the end of `clip`, and what it has in between of `known` ports, rising.
pub(crate) fn fixed(clip: &Clip, known: impl Iterator<Item = u32>) -> Vec<u32> {
    let inside = known.filter(|port| (clip.first + 1..clip.until).contains(port));
    let mut ports: Vec<u32> = inside.chain([clip.first, clip.until]).collect();
    ports.sort_unstable();
    ports.dedup();
    ports
}

impl<'a> Open<'a> {
    pub(crate) fn new(clips: &'a [Clip], options: &'a Options, ports: Vec<Vec<u32>>) -> Self {
        Self {
            clips,
            options,
            ports,
        }
    }

    pub(crate) fn has(&self, (clip, boundary): Place) -> bool {
        self.ports[clip].binary_search(&boundary).is_ok()
    }

    /// Ends of a joint that are no ports yet.
    pub(crate) fn needed(&self, from: Place, to: Place) -> Vec<Place> {
        let mut needed = vec![from, to];
        needed.retain(|place| !self.has(*place));
        needed.dedup();
        needed
    }

    /// All of them can become ports.
    pub(crate) fn fit(&self, places: &[Place]) -> bool {
        places.iter().enumerate().all(|(at, (clip, boundary))| {
            let earlier = places[..at].iter().filter(|(other, _)| other == clip);
            let ports = &self.ports[*clip];
            let mut others = earlier.clone().map(|(_, port)| port).chain(ports);
            ports.len() + earlier.count() < self.most(*clip)
                && others.all(|port| far(&self.clips[*clip], *port, *boundary, self.options))
        })
    }

    /// Ports of a clip, start and end included.
    fn most(&self, clip: usize) -> usize {
        let seconds = self.clips[clip].micros() as f64 / 1e6;
        let inside = (seconds * self.options.ports_a_second) as usize;
        (inside + 2).min(self.options.max_ports)
    }

    pub(crate) fn add(&mut self, (clip, boundary): Place) {
        if let Err(at) = self.ports[clip].binary_search(&boundary) {
            self.ports[clip].insert(at, boundary);
        }
    }
}

//! What is known of a graph's joints: one row of the index for all of them, and one for each, so that
//! a library that is known is read at once and a clip that comes to it has only its own joints tried.

use std::fmt::Write as _;

use loopy_core::{
    Graph, Hash,
    graph::{Edge, PortRef},
};
use loopy_sight::trial::Found;

use super::{Task, VERSION};
use crate::{Error, library, render::Room};

/// Changes when another kind of row is kept for all joints of a graph.
const ALL: &str = "trials-1";

/// What is known of each joint, in the order in which they were asked for.
pub(super) type Known = Vec<Option<Option<Found>>>;

/// The key of all joints of `graph` at `places`, its clips' steps under `steps`.
pub(super) fn key(graph: &Graph, steps: &[Hash], places: &[usize]) -> Hash {
    let mut text = format!("{ALL} {VERSION}");
    // Writing to a String cannot fail.
    let port = |text: &mut String, port: PortRef| {
        let _infallible = write!(text, " {}:{}", port.clip, port.boundary);
    };
    for (clip, steps) in graph.clips.iter().zip(steps) {
        let _infallible = write!(text, " {} {steps}", clip.first);
    }
    for index in places {
        let Edge { from, to, .. } = &graph.edges[*index];
        port(&mut text, *from);
        port(&mut text, *to);
    }
    Hash::of(text.as_bytes())
}

/// What was found of every joint under `key`, where that is kept in one row.
pub(super) fn all(key: &Hash, joints: usize, room: &Room) -> Result<Option<Known>, Error> {
    let json = room.index.clip(key, ALL)?;
    let found = json.and_then(|json| serde_json::from_str::<Vec<Option<Found>>>(&json).ok());
    let found = found.filter(|found| found.len() == joints);
    Ok(found.map(|found| found.into_iter().map(Some).collect()))
}

/// Keeps all joints in one row, where nothing of them is unknown.
pub(super) fn keep_all(key: &Hash, known: &Known, room: &Room) -> Result<(), Error> {
    let found: Option<Vec<&Option<Found>>> = known.iter().map(Option::as_ref).collect();
    if let Some(found) = found {
        room.index.set_clip(key, ALL, &library::json(&found))?;
    }
    Ok(())
}

/// What is known of each of `tasks` by itself.
pub(super) fn each(tasks: &[Task], room: &Room) -> Result<Known, Error> {
    let one = |task: &Task| {
        let json = room.index.clip(&task.key(), VERSION)?;
        Ok(json.and_then(|json| serde_json::from_str(&json).ok()))
    };
    tasks.iter().map(one).collect()
}

/// Keeps what was found of one joint.
pub(super) fn keep(task: &Task, found: Option<&Found>, room: &Room) -> Result<(), Error> {
    let json = library::json(&found);
    Ok(room.index.set_clip(&task.key(), VERSION, &json)?)
}

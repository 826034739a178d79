//! Pictures to look at: one per clip, and one of the whole film with its seams marked.

use std::{collections::BTreeSet, path::Path};

use loopy_core::{Frame, Size, clip::show, plan::SeamKind};
use loopy_media::{encode, segment::Segment};
use loopy_pixels::{
    Rgb, png,
    sheet::{Kind as Mark, Sheet},
    shrink,
};

use crate::{
    Error, output,
    render::{Prepared, Room},
    scan::plain,
    store::Kind,
};

/// Longest side of a thumbnail.
const THUMBNAIL: Size = Size {
    width: 320,
    height: 320,
};
const TILE: Size = Size {
    width: 192,
    height: 192,
};
const COLUMNS: u32 = 8;
/// Visits on a sheet; a longer film is sampled evenly.
const MOST_VISITS: usize = 40;

/// Makes `folder` unless it is there.
///
/// # Errors
/// [`Error::Output`] when it cannot be made.
pub fn create_folder(folder: &Path) -> Result<(), Error> {
    std::fs::create_dir_all(folder).map_err(|error| Error::Output {
        path: folder.to_owned(),
        why: plain(&error),
    })
}

/// Writes `NAME.png` for every clip of the plan: the first picture of its first visit.
///
/// # Errors
/// [`Error::Output`] when the folder cannot be written to.
pub fn thumbnails(folder: &Path, prepared: &Prepared, room: &Room) -> Result<(), Error> {
    create_folder(folder)?;
    let mut taken = BTreeSet::new();
    let plan = &prepared.plan;
    for (index, planned) in plan.clips.iter().enumerate() {
        let visit = plan
            .visits
            .iter()
            .position(|visit| visit.clip as usize == index);
        let segment = visit.and_then(|visit| prepared.timeline.visits[visit].first());
        let Some(frame) =
            segment.and_then(|segment| picture(prepared, *segment, 0, room).transpose())
        else {
            continue;
        };
        let small = shrink::area(&frame?, prepared.size.within(THUMBNAIL));
        let path = planned.clip.path.as_path();
        let mut name = path.file_name().unwrap_or_default().to_os_string();
        if !taken.insert(name.clone()) {
            name.push(format!(".{index}"));
        }
        name.push(".png");
        output::write(&folder.join(name), &png::encode(&Rgb::from(&small)))?;
    }
    Ok(())
}

/// Writes one picture: a tile for each visit, and for each joint the frames around it, marked by
/// kind.
///
/// # Errors
/// [`Error::Output`] when the file cannot be written.
pub fn contact_sheet(file: &Path, prepared: &Prepared, room: &Room) -> Result<(), Error> {
    let plan = &prepared.plan;
    let tile = prepared.size.within(TILE);
    let mut sheet = Sheet::new(tile, COLUMNS);
    sheet.title(format!(
        "{} frames at {} fps, {}",
        plan.frames, plan.fps, prepared.size
    ));
    sheet.title("framed: the frames around a seam");
    let count = plan.visits.len();
    let step = count.div_ceil(MOST_VISITS);
    if step > 1 {
        sheet.title(format!("one of every {step} visits, {count} in all"));
    }
    let mut add = |segment: u32, at: u32, label: String, mark: Mark| -> Result<(), Error> {
        if let Some(frame) = picture(prepared, segment, at, room)? {
            sheet.push(&shrink::area(&frame, tile), label, mark);
        }
        Ok(())
    };
    for index in (0..count).step_by(step) {
        let visit = &plan.visits[index];
        let rows = &prepared.timeline.visits[index];
        let clip = &plan.clip(visit).clip;
        let stem = clip.path.as_path().file_stem().unwrap_or_default();
        let stem = show(Path::new(stem));
        let name = match clip.shot {
            0 => stem,
            shot => format!("{stem}#{shot}"),
        };
        let Some(last) = rows.last() else {
            continue;
        };
        let middle = rows[rows.len() / 2];
        let frames = |segment: u32| prepared.timeline.segments[segment as usize].recipe.frames();
        add(middle, frames(middle) / 2, name.clone(), Mark::Plain)?;
        let Some(seam) = plan.seams.get(index) else {
            continue;
        };
        let kind = match seam.kind {
            _ if seam.changes_scene() => "scene change",
            SeamKind::Cut | SeamKind::SceneChange => "cut",
            SeamKind::Dissolve => "dissolve",
            SeamKind::Motion => "motion",
            SeamKind::Morph => "morph",
        };
        add(
            *last,
            frames(*last) - 1,
            format!("out {} {kind}", visit.last),
            Mark::Seam,
        )?;
        if let Some(bridge) = prepared.timeline.seams[index] {
            add(
                bridge,
                frames(bridge) / 2,
                format!("{} between", seam.frames),
                Mark::Seam,
            )?;
        }
        let next = (index + 1) % count;
        if let Some(enter) = prepared.timeline.visits[next].first() {
            add(
                *enter,
                0,
                format!("in {}", plan.visits[next].first),
                Mark::Seam,
            )?;
        }
    }
    output::write(file, &png::encode(&sheet.compose()))
}

/// Frame `at` of a segment that is in the store.
fn picture(
    prepared: &Prepared,
    segment: u32,
    at: u32,
    room: &Room,
) -> Result<Option<Frame>, Error> {
    let key = prepared.timeline.segments[segment as usize].key;
    let Some(bytes) = room.store.get(Kind::Segment, &key)? else {
        return Ok(None);
    };
    let segment = Segment::from_bytes(&bytes)?;
    let mut frames = encode::Frames::new(&segment)?;
    Ok(frames.nth(at as usize).transpose()?)
}

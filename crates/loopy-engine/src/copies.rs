//! The same footage in several files is one clip: the best file is kept.

use std::{cmp::Reverse, collections::BTreeSet};

use loopy_core::{
    Hash,
    clip::{Clip, ClipPath},
    report::LeftOut,
};
use loopy_sight::{features::Features, same};

use crate::{Error, library, render::Room, scan::Library};

/// Changes when other clips would be found to be the same.
const SAME: &str = "same-2";

/// Leaves out every clip whose footage a better one shows: the largest picture, then the highest
/// bit rate, then the first by name.
///
/// # Errors
/// When the index fails, or an analysis is gone from the store.
pub(crate) fn leave_out(library: &mut Library, room: &Room) -> Result<(), Error> {
    let pairs = pairs(library, room)?;
    if pairs.is_empty() {
        return Ok(());
    }
    let mut order: Vec<usize> = (0..library.clips.len()).collect();
    order.sort_by_key(|clip| rank(library, *clip));
    let kept_for = better(&order, &pairs);
    let kept: BTreeSet<Hash> = library
        .clips
        .iter()
        .zip(&kept_for)
        .filter(|(_, better)| better.is_none())
        .map(|(clip, _)| clip.hash)
        .collect();
    let mut gone: BTreeSet<ClipPath> = BTreeSet::new();
    for (index, better) in kept_for.iter().enumerate() {
        let Some(better) = better else { continue };
        let clip = &library.clips[index];
        let file = clip.path.clone();
        let same = format!(
            "shows the same footage as {}, which is kept: {}",
            library.clips[*better].name(),
            why(library, *better, index)
        );
        if kept.contains(&clip.hash) {
            let reason = format!("shot {} {same}", clip.shot);
            library.remarks.push(LeftOut { file, reason });
        } else if gone.insert(file.clone()) {
            let reason = format!("it {same}");
            library.left_out.push(LeftOut { file, reason });
        }
    }
    library.left_out.sort_by(|a, b| a.file.cmp(&b.file));
    library
        .remarks
        .retain(|remark| !gone.contains(&remark.file));
    library.habits.retain(|habit| !gone.contains(&habit.file));
    let stays: Vec<bool> = kept_for.iter().map(Option::is_none).collect();
    keep(&mut library.clips, &stays);
    keep(&mut library.starts, &stays);
    keep(&mut library.bytes, &stays);
    Ok(())
}

fn keep<T>(list: &mut Vec<T>, stays: &[bool]) {
    let mut stays = stays.iter();
    list.retain(|_| stays.next().is_none_or(|stays| *stays));
}

/// Pairs of clips that show the same, from the index where the library is known.
fn pairs(library: &Library, room: &Room) -> Result<Vec<(usize, usize)>, Error> {
    if library.clips.len() < 2 {
        return Ok(Vec::new());
    }
    let key = library::key(library, SAME);
    let json = room.index.clip(&key, SAME)?;
    let known = json.and_then(|json| serde_json::from_str::<Vec<(usize, usize)>>(&json).ok());
    let count = library.clips.len();
    if let Some(known) = known.filter(|known| known.iter().all(|(a, b)| a < b && *b < count)) {
        return Ok(known);
    }
    let features = library::features(library, room)?;
    let features: Vec<&Features> = features.iter().map(AsRef::as_ref).collect();
    let found = same::pairs(&library.clips, &features);
    room.index.set_clip(&key, SAME, &library::json(&found))?;
    Ok(found)
}

/// For each clip that is left out the one that is kept instead; `order` has the better ones first.
/// Likeness is not passed on: what is like a clip that is left out may be another take.
fn better(order: &[usize], pairs: &[(usize, usize)]) -> Vec<Option<usize>> {
    let mut same: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); order.len()];
    for (a, b) in pairs {
        same[*a].insert(*b);
        same[*b].insert(*a);
    }
    let mut kept: Vec<usize> = Vec::new();
    let mut kept_for = vec![None; order.len()];
    for clip in order {
        kept_for[*clip] = kept.iter().copied().find(|kept| same[*clip].contains(kept));
        if kept_for[*clip].is_none() {
            kept.push(*clip);
        }
    }
    kept_for
}

fn pixels(clip: &Clip) -> u64 {
    clip.facts.shown.pixels()
}

/// Bits a second of the clip's file.
fn rate(library: &Library, clip: usize) -> u64 {
    let micros = u64::try_from(library.clips[clip].end).unwrap_or(0).max(1);
    let bits = u128::from(library.bytes[clip]) * 8_000_000;
    u64::try_from(bits / u128::from(micros)).unwrap_or(u64::MAX)
}

/// The better comes first.
fn rank(library: &Library, clip: usize) -> (Reverse<u64>, Reverse<u64>, &ClipPath, u32) {
    let own = &library.clips[clip];
    let rate = rate(library, clip);
    (Reverse(pixels(own)), Reverse(rate), &own.path, own.shot)
}

/// What makes `better` better.
fn why(library: &Library, better: usize, clip: usize) -> String {
    let (best, own) = (&library.clips[better], &library.clips[clip]);
    let rates = [better, clip].map(|clip| rate(library, clip));
    if pixels(best) != pixels(own) {
        format!("it is larger, {} to {}", best.facts.shown, own.facts.shown)
    } else if rates[0] != rates[1] {
        let [best, own] = rates.map(|rate| rate as f64 / 1e6);
        format!("it has more bits, {best:.2} to {own:.2} Mb/s")
    } else {
        "it comes first by name".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_better_of_two_is_kept_and_likeness_is_not_passed_on() {
        // 2 is like 0 and like 1; those are not alike.
        let pairs = [(0, 2), (1, 2)];
        let kept = [Some(2), Some(2), None, None];
        assert_eq!(better(&[2, 0, 1, 3], &pairs), kept);
        let kept = [None, None, Some(1), None];
        assert_eq!(better(&[1, 0, 2, 3], &pairs), kept);
        assert_eq!(better(&[0, 1], &[]), [None, None]);
    }
}

//! Rate and size of a stream where nobody says them: those of the first clips.

use loopy_core::{Rate, Size};
use loopy_engine::{
    Error,
    render::{Options, Room},
    scan::{self, Library},
    survey,
    usage::Meter,
};

use super::{FEW, FIRST};

/// The output rate and size of a library, from its first clips where nobody said otherwise.
///
/// # Errors
/// When nothing is usable, the store or the index fails, or the user interrupts.
pub fn shape(options: &Options, room: &Room) -> Result<(Rate, Size), Error> {
    let mut meter = Meter::start(room.workers);
    let library = first(options, room, &mut meter)?;
    let fps = options.fps.or_else(|| scan::common_rate(&library.clips));
    let fps = fps.or_else(|| Rate::new(30, 1));
    let size = options.size.or_else(|| scan::common_size(&library.clips));
    match (fps, size) {
        (Some(fps), Some(size)) => Ok((fps, size)),
        _ => Err(Error::Usage(
            "the clips tell no rate or size; give --fps and --size".to_owned(),
        )),
    }
}

/// The first files that have a usable clip among them; all where most were looked at before.
fn first(options: &Options, room: &Room, meter: &mut Meter) -> Result<Library, Error> {
    let (files, new) = survey::files(&options.scan, &options.limits, room)?;
    let mut count = if new > FEW { FIRST } else { usize::MAX }.min(files.len());
    loop {
        let some = &files[..count];
        match survey::some(&options.scan, some, &options.limits, room, meter) {
            Err(Error::NothingUsable { .. }) if count < files.len() => {
                count = (count * 4).min(files.len());
            }
            other => return other.map(|(library, _pin)| library),
        }
    }
}

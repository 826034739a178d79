//! Colours that tell many things apart, the same on every run.

/// Tenths of a degree from one hue to the next: the golden angle, so that neighbours differ.
const STEP: usize = 1375;

/// The colour of clip `index`.
pub(super) fn clip(index: usize) -> String {
    let light = [52, 40, 64][index % 3];
    format!("hsl({},58%,{light}%)", hue(index))
}

/// The colour of scene or state `index`: of another lightness, so that it is not taken for a clip's.
pub(super) fn group(index: usize) -> String {
    format!("hsl({},38%,50%)", (hue(index) + 205) % 360)
}

fn hue(index: usize) -> usize {
    (index * STEP / 10) % 360
}

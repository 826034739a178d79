//! Words in an 8x8 pixel font, for labels on pictures.

use font8x8::{BASIC_FONTS, BOX_FONTS, GREEK_FONTS, LATIN_FONTS, UnicodeFonts};
use loopy_core::Size;

use crate::rgb::{Colour, Rgb};

/// Width and height of a letter in pixels at scale 1.
pub(crate) const LETTER: u32 = 8;

/// Writes `text` on one line, each font pixel `scale` pixels large. Of a text that would go past
/// `width` pixels the middle is cut and marked by two dots, because names of clips differ at their
/// ends. Letters that the font lacks show as `?`.
pub(crate) fn write(
    on: &mut Rgb,
    left: u32,
    top: u32,
    width: u32,
    scale: u32,
    text: &str,
    colour: Colour,
) {
    let room = (width / (LETTER * scale)) as usize;
    let letters: Vec<char> = text.chars().collect();
    let kept = if letters.len() > room {
        room.saturating_sub(2)
    } else {
        letters.len()
    };
    let dots = room.min(letters.len()) - kept;
    // With nothing cut, both parts make the whole.
    let (head, tail) = (kept.div_ceil(2), kept / 2);
    let shown = letters[..head]
        .iter()
        .copied()
        .chain(std::iter::repeat_n('.', dots))
        .chain(letters[letters.len() - tail..].iter().copied());
    for (column, letter) in (0..).zip(shown) {
        for (row, bits) in (0..).zip(glyph(letter)) {
            for bit in (0..LETTER).filter(|bit| bits >> bit & 1 == 1) {
                let x = left + (column * LETTER + bit) * scale;
                on.fill(x, top + row * scale, Size::new(scale, scale), colour);
            }
        }
    }
}

fn glyph(letter: char) -> [u8; 8] {
    BASIC_FONTS
        .get(letter)
        .filter(|_| !letter.is_control())
        .or_else(|| LATIN_FONTS.get(letter))
        .or_else(|| GREEK_FONTS.get(letter))
        .or_else(|| BOX_FONTS.get(letter))
        .or_else(|| BASIC_FONTS.get('?'))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inked(text: &str, width: u32) -> Rgb {
        let mut page = Rgb::filled(Size::new(200, 20), [0; 3]);
        write(&mut page, 4, 3, width, 2, text, [255; 3]);
        page
    }

    fn rightmost(page: &Rgb) -> u32 {
        let inside = |x: &u32| (0..20).any(|y| page.pixel(*x, y) == Some([255; 3]));
        (0..200).filter(inside).max().unwrap_or(0)
    }

    #[test]
    fn different_words_look_different_and_unknown_letters_are_seen() {
        assert_ne!(inked("loop", 190), inked("pool", 190));
        assert_eq!(inked("\u{4e00}", 190), inked("?", 190));
        assert_eq!(inked("\n", 190), inked("?", 190));
        assert_ne!(inked("\u{e9}", 190), inked("?", 190));
    }

    #[test]
    fn long_text_is_cut_inside_its_width() {
        let page = inked("a very long label", 96);
        assert!(rightmost(&page) < 4 + 96);
        assert_eq!(page, inked("a ..el", 96));
        assert_ne!(inked("talking_001", 96), inked("talking_002", 96));
        assert_eq!(inked("abc", 0), inked("", 0));
    }
}

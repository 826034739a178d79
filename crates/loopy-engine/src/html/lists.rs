//! Lists of words: what is missing, what does not fit, what was left out.

use maud::{Markup, html};

use super::page::Note;

pub(super) fn wishes(wishes: &[String]) -> Markup {
    html! {
        @if wishes.is_empty() {
            p { "Nothing is missing: every clip can be entered and left without showing." }
        } @else {
            ul { @for wish in wishes { li { (wish) } } }
        }
    }
}

pub(super) fn notes(notes: &[Note]) -> Markup {
    html! {
        dl.notes {
            @for note in notes {
                dt { (note.name) }
                dd { (note.text) }
            }
        }
    }
}

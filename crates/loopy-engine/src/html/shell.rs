//! The shell around the sections of a page: one file that opens from disk and needs nothing else.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::jpeg::Jpeg;

/// What is around the sections.
pub(super) struct Shell<'a> {
    /// Title of the window.
    pub(super) title: &'a str,
    /// Heading of the page.
    pub(super) heading: &'a str,
    /// Under the heading: numbers with what they count.
    pub(super) facts: &'a [(String, String)],
    /// Styles beside those of every page.
    pub(super) styles: &'static str,
    /// What comes after everything.
    pub(super) script: Markup,
}

impl Shell<'_> {
    /// The whole page.
    pub(super) fn around(&self, sections: &Markup) -> String {
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (self.title) }
                    style { (PreEscaped(include_str!("style.css"))) (PreEscaped(self.styles)) }
                }
                body {
                    header {
                        h1 { (self.heading) }
                        ul.facts {
                            @for (number, what) in self.facts { li { b { (number) } " " (what) } }
                        }
                    }
                    main { (sections) }
                    footer { "LoopyComfy " (env!("CARGO_PKG_VERSION")) }
                    (self.script)
                }
            }
        };
        page.into_string()
    }
}

/// A part of the page with its heading.
pub(super) fn section(id: &str, title: &str, body: &Markup) -> Markup {
    html! {
        section id=(id) {
            h2 { (title) }
            (body)
        }
    }
}

/// A picture of the page.
pub(super) fn image(picture: &Jpeg, words: &str) -> Markup {
    html! {
        img src=(picture.uri) width=(picture.width) height=(picture.height) alt=(words);
    }
}

/// A score in percent.
pub(super) fn percent(score: f64) -> String {
    format!("{:.0} %", score * 100.0)
}

/// `1 clip`, `2 clips`.
pub(super) fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// A name that may be broken after its words.
pub(super) fn breakable(name: &str) -> Markup {
    html! { @for part in name.split_inclusive(['_', '-', ' ']) { (part) wbr; } }
}

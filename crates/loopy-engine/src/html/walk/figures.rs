//! The certificate in words and figures, how long the library lasts, and other lists of words.

use loopy_core::{Plan, certificate::Certificate, span::Span};
use maud::{Markup, html};

use super::scales;

pub(super) fn figures(plan: &Plan) -> Markup {
    let own = &plan.certificate;
    let others: Vec<(&str, &Certificate)> = [
        ("drawn evenly", &own.uniform_chain),
        ("from a shuffled bag", &own.shuffle_bag),
    ]
    .into_iter()
    .filter_map(|(name, other)| Some((name, other.as_deref()?)))
    .collect();
    html! {
        p { (in_words(own)) }
        div.scroll {
            table {
                thead {
                    tr {
                        th scope="col" { "" }
                        th scope="col" { "this walk" }
                        @for (name, _) in &others { th scope="col" { (name) } }
                    }
                }
                tbody {
                    @for (what, value) in LINES {
                        tr {
                            th scope="row" { (what) }
                            td { (value(own)) }
                            @for (_, other) in &others { td { (value(other)) } }
                        }
                    }
                }
            }
        }
        @if others.is_empty() {
            p.soft { "What other ways of mixing the clips would give is not in this plan." }
        }
        @if let Some(bound) = own.entropy_bound {
            p.soft { "No walk over these joints has more than " (format!("{bound:.2}")) " bits a visit." }
        }
    }
}

type Line = (&'static str, fn(&Certificate) -> String);

const LINES: [Line; 13] = [
    ("visits looked at", |c| c.visits.to_string()),
    ("earliest return, in visits", |c| gap(c.return_gap_min)),
    ("5 % return within", |c| gap(c.return_gap_p5)),
    ("half return within", |c| gap(c.return_gap_median)),
    ("pairs seen before", |c| percent(c.repeated_pairs)),
    ("triples seen before", |c| percent(c.repeated_triples)),
    ("stretches of four seen before", |c| {
        percent(c.repeated_quads)
    }),
    ("longest stretch that occurs twice, in visits", |c| {
        c.longest_repeat.to_string()
    }),
    ("surprise, knowing the last clip (bits)", |c| {
        format!("{:.2}", c.conditional_entropy)
    }),
    ("surprise, knowing all before (bits, estimated)", |c| {
        format!("{:.2}", c.entropy_rate)
    }),
    ("strongest rhythm", |c| match c.autocorrelation_lag {
        Some(lag) => format!("{} every {lag} visits", percent(c.autocorrelation_peak)),
        None => "none".to_owned(),
    }),
    ("evenness (fewest over most showings)", |c| {
        format!("{:.2}", c.usage_evenness)
    }),
    ("clips shown", |c| c.clips.to_string()),
];

fn gap(gap: Option<u64>) -> String {
    gap.map_or_else(|| "never".to_owned(), |gap| gap.to_string())
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

fn in_words(own: &Certificate) -> String {
    let returns = match (own.return_gap_min, own.return_gap_median) {
        (Some(least), Some(median)) => {
            let beside = own
                .uniform_chain
                .as_ref()
                .and_then(|chain| chain.return_gap_min)
                .map_or_else(String::new, |least| {
                    format!(" (drawn evenly, after {least})")
                });
            format!(
                "A clip returns after {least} visits at the earliest{beside}, and half of all \
                 returns come within {median}."
            )
        }
        _ => "No clip returns.".to_owned(),
    };
    let pairs = match own.repeated_pairs {
        0.0 => "No clip follows another a second time.".to_owned(),
        share => format!(
            "{} of the visits repeat a pair of clips, {} a triple.",
            percent(share),
            percent(own.repeated_triples)
        ),
    };
    let longest = match own.longest_repeat {
        0 | 1 => String::new(),
        visits => format!(" The longest stretch that occurs twice has {visits} visits."),
    };
    format!("{returns} {pairs}{longest}")
}

/// How long the library lasts, and what would make it last longer.
pub(super) fn capacity(plan: &Plan) -> Markup {
    let Some(capacity) = &plan.certificate.capacity else {
        return html! { p.soft { "This plan does not tell: it was not made from a library." } };
    };
    let length = |seconds: f64| Span::from_micros((seconds.max(0.0) * 1e6) as u64).to_string();
    html! {
        p {
            "The library joins " b { (capacity.pairs) } " ordered pairs of clips. With visits as long as these it lasts "
            b { (length(capacity.seconds_to_pair)) } " (" (capacity.visits_to_pair)
            " visits) before a pair must repeat, and "
            b { (length(capacity.seconds_to_triple)) } " (" (capacity.visits_to_triple)
            " visits) before a triple must."
        }
        @if capacity.wanted.is_empty() {
            p.soft { "No single joint or clip was found that would make it last longer." }
        } @else {
            h3 { "Shopping list" }
            ul {
                @for wanted in &capacity.wanted {
                    li { (wanted.what) ": " b { (wanted.visits) } " visits more before a pair must repeat" }
                }
            }
        }
    }
}

/// Letters of a line that are shown, and lines: a matrix of a large library has very many.
const LETTERS: usize = 600;
const LINES_SHOWN: usize = 200;

/// Lines of words.
pub(super) fn lines(lines: &[String]) -> Markup {
    html! {
        ul {
            @for line in lines.iter().take(LINES_SHOWN) {
                li {
                    (line.get(..line.floor_char_boundary(LETTERS)).unwrap_or_default())
                    @if line.len() > LETTERS { " ... (the plan file has all of it)" }
                }
            }
        }
        @if lines.len() > LINES_SHOWN { p.soft { "And " (lines.len() - LINES_SHOWN) " lines more in the plan file." } }
    }
}

/// How fast the walk gets from one state to another.
pub(super) fn reactions(plan: &Plan) -> Markup {
    html! {
        div.scroll {
            table {
                thead { tr { th scope="col" { "from" } th scope="col" { "to" } th scope="col" { "takes at most" } } }
                tbody {
                    @for pair in &plan.reactions {
                        tr {
                            th scope="row" { (pair.from) }
                            td { (pair.to) }
                            td {
                                @match pair.frames {
                                    Some(frames) => (scales::time(u64::from(frames), plan.fps)),
                                    None => "no joints lead there",
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

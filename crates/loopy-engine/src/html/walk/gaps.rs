//! Return gaps as a histogram, beside those of a chain that draws evenly without repeating at once.

use std::collections::BTreeMap;

use loopy_core::certificate::Certificate;
use maud::{Markup, html};

/// Bars at most; the last one holds all that is later.
const BARS: u64 = 40;
/// Of the chain's returns, in percent, those that come sooner than the last bar at least.
const WITHIN: u64 = 90;
/// Height of the tallest bar, in units.
const HIGH: f64 = 100.0;
/// Labels under the bars, about.
const LABELS: usize = 10;

/// A bar: gaps from `from` on, up to the next bar.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Bar {
    from: u64,
    /// Shares of all returns.
    own: f64,
    chain: Option<f64>,
}

pub(super) fn gaps(own: &Certificate) -> Markup {
    let chain = own.uniform_chain.as_deref().map(|chain| &chain.return_gaps);
    let chain = chain.filter(|gaps| !gaps.is_empty());
    let (bars, wide) = bars(&own.return_gaps, chain);
    if bars.is_empty() {
        return html! { p.soft { "No clip returns in this film, or the plan does not tell when." } };
    }
    let tallest = bars
        .iter()
        .map(|bar| bar.own.max(bar.chain.unwrap_or(0.0)))
        .fold(f64::MIN_POSITIVE, f64::max);
    let words = format!(
        "Return gaps: a clip returns after {} visits at the earliest, in the middle after {}",
        own.return_gap_min.unwrap_or(0),
        own.return_gap_median.unwrap_or(0)
    );
    html! {
        p.soft { "Visits from one showing of a clip to its next; the higher a bar, the more of all returns." }
        div.legend {
            span { span.key.own {} "this walk" }
            @if chain.is_some() { span { span.key.even {} "drawn evenly, never the same clip twice in a row" } }
        }
        svg.bars viewBox=(format!("0 0 {} {HIGH}", bars.len() * 10)) preserveAspectRatio="none"
            role="img" aria-label=(words) {
            @for (place, bar) in bars.iter().enumerate() {
                g {
                    title { (span(&bars, place, wide)) ": " (percent(bar.own)) @if let Some(chain) = bar.chain { ", drawn evenly " (percent(chain)) } }
                    rect.back x=(place * 10) y="0" width="10" height=(HIGH) {}
                    (column("own", place * 10 + 1, bar.own / tallest))
                    @if let Some(chain) = bar.chain { (column("even", place * 10 + 5, chain / tallest)) }
                }
            }
        }
        div.under aria-hidden="true" {
            @for (place, bar) in bars.iter().enumerate() {
                span { @if place % bars.len().div_ceil(LABELS) == 0 { (bar.from) } }
            }
        }
        details {
            summary { "As numbers" }
            div.scroll { table {
                thead { tr { th scope="col" { "visits" } th scope="col" { "this walk" } @if chain.is_some() { th scope="col" { "drawn evenly" } } } }
                tbody {
                    @for (place, bar) in bars.iter().enumerate() {
                        tr {
                            th scope="row" { (span(&bars, place, wide)) }
                            td { (percent(bar.own)) }
                            @if let Some(chain) = bar.chain { td { (percent(chain)) } }
                        }
                    }
                }
            } }
        }
    }
}

fn column(class: &str, x: usize, share: f64) -> Markup {
    let high = share * HIGH;
    html! {
        @if high > 0.0 {
            rect class=(class) x=(x) width="4" y=(format!("{:.2}", HIGH - high)) height=(format!("{high:.2}")) {}
        }
    }
}

/// The gaps of the bar at `place`.
fn span(bars: &[Bar], place: usize, wide: u64) -> String {
    let from = bars[place].from;
    if place + 1 == bars.len() {
        format!("{from} or more")
    } else if wide == 1 {
        from.to_string()
    } else {
        format!("{from} to {}", from + wide - 1)
    }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// The bars and how many gaps each holds.
fn bars(own: &BTreeMap<u64, u64>, chain: Option<&BTreeMap<u64, u64>>) -> (Vec<Bar>, u64) {
    let Some(longest) = own.keys().next_back() else {
        return (Vec::new(), 1);
    };
    // A chain that draws evenly has a long tail, which would press everything else together.
    let reach = chain
        .map_or(0, |chain| quantile(chain, WITHIN))
        .max(*longest)
        + 1;
    let wide = reach.div_ceil(BARS).max(1);
    let count = reach.div_ceil(wide) + 1;
    let shares = |gaps: &BTreeMap<u64, u64>| {
        let all: u64 = gaps.values().sum();
        let mut shares = vec![0.0; count as usize];
        for (gap, times) in gaps {
            shares[(gap.saturating_sub(1) / wide).min(count - 1) as usize] +=
                *times as f64 / all.max(1) as f64;
        }
        shares
    };
    let (own, chain) = (shares(own), chain.map(shares));
    let bars = (0..count).map(|place| Bar {
        from: place * wide + 1,
        own: own[place as usize],
        chain: chain.as_ref().map(|chain| chain[place as usize]),
    });
    (bars.collect(), wide)
}

/// The gap that so many percent of the returns do not exceed.
fn quantile(gaps: &BTreeMap<u64, u64>, percent: u64) -> u64 {
    let all: u64 = gaps.values().sum();
    let mut before = 0;
    let mut reached = gaps.iter().filter(|(_, times)| {
        before += **times;
        before * 100 >= all * percent
    });
    reached.next().map_or(0, |(gap, _)| *gap)
}

#[cfg(test)]
mod tests {
    use loopy_core::certificate::certify;

    use super::*;

    #[test]
    fn every_return_is_in_one_bar() {
        for longest in [1, 2, 39, 40, 41, 500] {
            let own = BTreeMap::from([(1, 3), (longest.max(2) - 1, 2), (longest, 5)]);
            let chain = BTreeMap::from([(2, 90), (90, 5), (4000, 5)]);
            let (bars, wide) = bars(&own, Some(&chain));
            assert!(bars.len() as u64 <= BARS + 1, "{longest}");
            let sums = bars.iter().fold((0.0, 0.0), |sums, bar| {
                (sums.0 + bar.own, sums.1 + bar.chain.unwrap())
            });
            assert!((sums.0 - 1.0).abs() < 1e-9 && (sums.1 - 1.0).abs() < 1e-9);
            let bar = &bars[((longest - 1) / wide) as usize];
            assert!(bar.own >= 0.49 && bar.from <= longest && longest < bar.from + wide);
            assert!(
                bars.last().unwrap().own == 0.0,
                "what this walk has is told apart"
            );
        }
    }

    #[test]
    fn what_is_not_known_is_said() {
        let html = gaps(&certify([1, 2, 3], 0)).into_string();
        assert!(html.contains("No clip returns"));
        let alone = gaps(&certify([1, 2, 3, 1, 2, 3], 0)).into_string();
        assert!(alone.contains("100.0 %") && !alone.contains("drawn evenly"));
    }
}

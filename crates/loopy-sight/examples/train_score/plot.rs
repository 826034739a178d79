//! The reliability as a picture.

use std::fmt::Write as _;

use loopy_sight::score::model::Bin;

const SIDE: f64 = 420.0;
const EDGE: f64 = 50.0;

/// Score to the right, label upwards, one dot a bin, the diagonal where they agree.
pub(crate) fn svg(bins: &[Bin]) -> String {
    let x = |value: f64| EDGE + value * SIDE;
    let y = |value: f64| EDGE + (1.0 - value) * SIDE;
    let whole = SIDE + 2.0 * EDGE;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {whole} {whole}\" width=\"{whole}\" \
         font-family=\"sans-serif\" font-size=\"13\"><rect width=\"{whole}\" height=\"{whole}\" fill=\"#fff\"/>"
    );
    let mut add = |part: std::fmt::Arguments| svg.write_fmt(part).expect("memory");
    for tick in 0..=5 {
        let value = f64::from(tick) / 5.0;
        let (across, up) = (x(value), y(value));
        let (low, far) = (y(0.0), x(1.0));
        add(format_args!(
            "<path d=\"M{across} {EDGE}V{low}M{EDGE} {up}H{far}\" stroke=\"#ddd\" fill=\"none\"/>\
             <text x=\"{across}\" y=\"{}\" text-anchor=\"middle\">{value}</text>\
             <text x=\"{}\" y=\"{}\" text-anchor=\"end\">{value}</text>",
            low + 18.0,
            EDGE - 8.0,
            up + 4.0
        ));
    }
    add(format_args!(
        "<path d=\"M{} {}L{} {}\" stroke=\"#999\" stroke-dasharray=\"5 4\"/>",
        x(0.0),
        y(0.0),
        x(1.0),
        y(1.0)
    ));
    let line: Vec<String> = bins
        .iter()
        .map(|bin| format!("{:.1} {:.1}", x(bin.score), y(bin.label)))
        .collect();
    add(format_args!(
        "<path d=\"M{}\" stroke=\"#06c\" fill=\"none\"/>",
        line.join("L")
    ));
    for bin in bins {
        add(format_args!(
            "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"4\" fill=\"#06c\"><title>{}</title></circle>",
            x(bin.score),
            y(bin.label),
            bin.count
        ));
    }
    let middle = whole / 2.0;
    add(format_args!(
        "<text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">score of held-out joints, bins of equal mass</text>\
         <text transform=\"translate(14 {middle}) rotate(-90)\" text-anchor=\"middle\">mean label</text></svg>\n",
        whole - 10.0
    ));
    svg
}

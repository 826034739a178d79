//! A plan is one page that opens from disk, with its library or without.

use crate::house::{House, SIZE, text, truth_clip};
use loopy_core::Rate;

const ODD: &str = "a<b>&\"c\".mp4";

fn read(house: &House, name: &str) -> String {
    std::fs::read_to_string(house.path(name)).unwrap()
}

#[test]
fn a_plan_becomes_a_page_from_clips_and_from_every_file_that_holds_it() {
    let house = House::new();
    let rate = Rate::new(25, 1).unwrap();
    house.truth_clips(rate, &[50, 60]);
    truth_clip(&house.path("clips").join(ODD), 2, rate, 50, SIZE);

    // A fresh plan: nothing but the page, unless more is asked for.
    let args = ["plan", "clips", "--frames", "400", "--html", "p.html"];
    let said = house.run(&args, 0);
    assert_eq!(text(&said.stdout), "");
    let page = read(&house, "p.html");
    for word in ["http://", "https://", "url(", "<link", "<b>&"] {
        assert!(!page.contains(word), "{word}");
    }
    assert!(page.contains("truth_00.mp4") && page.contains("&lt;b&gt;&amp;&quot;c&quot;"));
    let pictures = page.matches("<img src=\"data:image/jpeg;base64,").count();
    assert_eq!(pictures, 3, "a picture of each clip");
    assert!(page.contains("The best joint from each clip to each."));

    // With a plan file beside it, both are of one walk.
    let more = ["-o", "p.json"];
    house.run(&[&args[..], &more].concat(), 0);
    assert_eq!(read(&house, "p.html"), page);
    house.run(&["plan", "--from", "p.json", "-o", "p.csv"], 0);
    for from in ["p.json", "p.csv"] {
        house.run(&["plan", "--from", from, "--html", "f.html"], 0);
        let alone = read(&house, "f.html");
        assert!(alone.contains("The joints that this plan takes"), "{from}");
        assert!(!alone.contains("<img"), "{from}");
        // What is known of the visits and what is told of repeats is the same.
        for part in ["id=\"walk\">", "id=\"gaps\">"] {
            let from_part = |page: &str| {
                let start = page.find(part).unwrap();
                let end = start + page[start..].find("visits").unwrap();
                page[start..end].to_owned()
            };
            assert_eq!(from_part(&alone), from_part(&page), "{from}");
        }
        let among = ["plan", "clips", "--from", from, "--html", "g.html"];
        house.run(&among, 0);
        assert_eq!(read(&house, "g.html"), page, "{from}");
    }

    // A format asks for the plan on standard output as well.
    let both = [
        "plan", "--from", "p.json", "--html", "f.html", "--format", "csv",
    ];
    assert_eq!(text(&house.run(&both, 0).stdout), read(&house, "p.csv"));
}

#[test]
fn a_page_that_cannot_be_written_is_known_before_the_work_starts() {
    let house = House::new();
    house.truth_clips(Rate::new(25, 1).unwrap(), &[50]);
    let output = house.run(&["plan", "clips", "--html", "no/such/p.html"], 1);
    assert!(!text(&output.stderr).contains("truth_00"));
    let output = house.run(&["plan", "clips", "--html", "p", "-o", "p"], 2);
    assert!(text(&output.stderr).contains("is given for two outputs"));
    assert!(!house.path("p").exists());
}

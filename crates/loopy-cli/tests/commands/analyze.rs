//! The report of an analysis is one page that shows every clip and needs nothing else.

use crate::house::{self, House, SIZE, truth_clip};
use loopy_core::Rate;

const ODD: &str = "a<b>&\"c\".mp4";

#[test]
fn analyze_writes_a_page_that_opens_from_disk_whatever_the_clips_are_called() {
    let house = House::new();
    let rate = Rate::new(25, 1).unwrap();
    house.truth_clips(rate, &[50, 60]);
    truth_clip(&house.path("clips").join(ODD), 2, rate, 50, SIZE);
    std::fs::write(house.path("clips/broken<i>.mp4"), "no video").unwrap();

    house.run(&["analyze", "clips", "--html", "r.html"], 0);
    let html = std::fs::read_to_string(house.path("r.html")).unwrap();
    for word in [
        "http://",
        "https://",
        "url(",
        "<link",
        "<script",
        "<b>&",
        "broken<i>",
    ] {
        assert!(!html.contains(word), "{word}");
    }
    for word in [
        "truth_00.mp4",
        "a&lt;b&gt;&amp;&quot;c&quot;.mp4",
        "broken&lt;i&gt;.mp4",
    ] {
        assert!(html.contains(word), "{word}");
    }
    let pictures = html.matches("<img").count();
    assert_eq!(
        pictures,
        html.matches(" src=\"data:image/jpeg;base64,").count()
    );
    assert_eq!(html.matches("src=").count(), pictures);
    // A picture of each clip, and at least 8 on both sides of one seam.
    assert!(pictures >= 3 + 16, "{pictures}");

    let again = house.run(&["analyze", "clips", "--html", "again.html", "--json"], 0);
    assert_eq!(
        std::fs::read_to_string(house.path("again.html")).unwrap(),
        html
    );
    assert!(house::text(&again.stdout).contains("\"graph\""));
}

#[test]
fn a_page_that_cannot_be_written_is_known_before_the_work_starts() {
    let house = House::new();
    house.truth_clips(Rate::new(25, 1).unwrap(), &[50]);
    let output = house.run(&["analyze", "clips", "--html", "no/such/r.html"], 1);
    assert!(!house::text(&output.stderr).contains("truth_00"));
}

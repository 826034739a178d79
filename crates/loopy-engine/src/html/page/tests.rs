use loopy_core::{Frame, Size};

use super::*;

const NASTY: &str = "<script>alert('&\"1\"')</script>.mp4";

fn picture() -> Jpeg {
    Jpeg::new(&Frame::black(Size::new(16, 8))).unwrap()
}

fn sample() -> Page {
    let card = |name: &str| Card {
        name: name.to_owned(),
        state: Some("<b>idle".to_owned()),
        picture: Some(picture()),
        seconds: 2.0,
        facts: "16x8, 25 fps, h264".to_owned(),
        grade: Some("luma +2.0".to_owned()),
        ports: vec![
            Port {
                seconds: 0.0,
                leaving: 0,
                entering: 1,
            },
            Port {
                seconds: 1.0,
                leaving: 3,
                entering: 0,
            },
        ],
    };
    let note = Note {
        name: NASTY.to_owned(),
        text: "because of <it>".to_owned(),
    };
    Page {
        facts: vec![(2, "clips")],
        scenes: vec![Scene {
            number: 0,
            cards: vec![card("a_1.mp4"), card(NASTY)],
        }],
        names: vec!["a.mp4".to_owned(), NASTY.to_owned()],
        cells: vec![
            Cell {
                from: 0,
                to: 1,
                score: 0.42,
                declared: false,
            },
            Cell {
                from: 1,
                to: 0,
                score: 1.0,
                declared: true,
            },
        ],
        best: vec![Strip {
            from: "a.mp4".to_owned(),
            to: NASTY.to_owned(),
            score: 0.9,
            before: vec![picture(); 8],
            bridge: vec![picture(); 6],
            after: vec![picture(); 8],
            ..Strip::default()
        }],
        worst: Vec::new(),
        misfits: vec![note.clone()],
        left_out: vec![note.clone()],
        remarks: vec![note],
        wishes: vec![format!("A clip that ends where {NASTY} starts.")],
    }
}

#[test]
fn names_cannot_become_part_of_the_page() {
    let html = sample().render();
    assert!(!html.contains("<script") && !html.contains("<b>idle") && !html.contains("<it>"));
    assert!(html.contains("&lt;script&gt;"));
}

#[test]
fn the_page_needs_nothing_from_elsewhere() {
    let html = sample().render();
    for word in ["http://", "https://", "url(", "@import", "<link", "<iframe"] {
        assert!(!html.contains(word), "{word}");
    }
    let sources = html.matches("src=").count();
    assert_eq!(
        sources,
        html.matches("src=\"data:image/jpeg;base64,").count()
    );
    assert_eq!(sources, 2 + 22);
}

#[test]
fn ports_lie_where_they_are_on_the_bar_and_cells_where_rows_meet_columns() {
    let html = sample().render();
    // One second of two: the middle of 1000 after a margin of 12, less half a mark.
    assert!(html.contains(
        r#"<rect class="out" x="505" y="0" width="14" height="11"><title>1.00 s: 3 edges out"#
    ));
    assert!(html.contains(
        r#"<rect class="in" x="5" y="15" width="14" height="11"><title>0.00 s: 1 edge in"#
    ));
    assert!(html.contains(r#"<rect class="s4" x="43" y="23""#));
    assert!(html.contains(r#"<rect class="other" x="25" y="41""#));
    assert!(html.contains("bridge of 6 frames"));
}

#[test]
fn a_large_library_has_a_map_without_a_word_for_every_cell() {
    let mut page = sample();
    page.names = (0..300).map(|clip| format!("{clip}.mp4")).collect();
    page.cells = (0..300)
        .flat_map(|from| (0..300).map(move |to| (from, to)))
        .map(|(from, to)| Cell {
            from,
            to,
            score: 0.5,
            declared: false,
        })
        .collect();
    let html = page.render();
    assert!(html.len() < 3_000_000, "{}", html.len());
    assert!(html.contains(r#"<path class="s5" d="M0 0h4v4h-4z"#));
}

#[test]
fn a_page_of_nothing_is_a_page() {
    let html = Page::default().render();
    assert!(html.starts_with("<!DOCTYPE html>") && html.ends_with("</html>"));
    assert!(html.contains("Nothing is missing"));
}

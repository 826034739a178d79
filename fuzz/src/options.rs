//! Values of the command line and of documents: any text is refused or is a sane value.

use loopy_core::{
    ClipPath, Hash, Rate, Size,
    encode::Quality,
    metadata::{Fields, fill},
    normalise::Rgb,
    size::SIDES,
    span::Span,
};
use loopy_engine::scan::Trim;

/// See above.
pub fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(span) = text.parse::<Span>() {
        let _text = span.to_string();
        if let Ok(rate) = text.parse::<Rate>() {
            let _frames = rate.frames_in(span.micros());
        }
    }
    if let Ok(rate) = text.parse::<Rate>() {
        assert!((0.99..=240.01).contains(&rate.as_f64()), "{rate:?}");
        assert_eq!(String::from(rate).parse(), Ok(rate));
        let _samples = rate.samples(u64::from(u32::MAX), 48_000);
    }
    if let Ok(size) = text.parse::<Size>() {
        assert!(
            SIDES.contains(&size.width) && SIDES.contains(&size.height),
            "{size}"
        );
        assert_eq!(size.to_string().parse(), Ok(size));
    }
    if let Ok(hash) = text.parse::<Hash>() {
        assert_eq!(hash.to_string(), text.to_ascii_lowercase());
    }
    if let Ok(path) = ClipPath::try_from(text.to_owned()) {
        let _shown = path.display();
        let again = ClipPath::try_from(String::from(path.clone()));
        assert!(again.is_ok_and(|again| again == path));
    }
    let _quality = text.parse::<Quality>();
    let _colour = text.parse::<Rgb>();
    if let Ok(trim) = text.parse::<Trim>() {
        assert!(text.starts_with(trim.clip()));
    }
    let fields = Fields {
        timestamp: "20260102-030405".to_owned(),
        preset: "web".to_owned(),
        seed: 7,
    };
    if let Ok(name) = fill(text, &fields) {
        assert!(text.contains('%') || name == text);
    }
}

//! Pictures that travel inside the page.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jpeg_encoder::{ColorType, Encoder};
use loopy_core::Frame;
use loopy_pixels::Rgb;

use crate::Error;

const QUALITY: u8 = 78;

/// A picture as a JPEG file in a data URI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Jpeg {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) uri: String,
}

impl Jpeg {
    pub(super) fn new(frame: &Frame) -> Result<Self, Error> {
        let picture = Rgb::from(frame);
        let size = picture.size();
        let wrong = |why: String| Error::Trouble { why };
        let side = |pixels: u32| u16::try_from(pixels).map_err(|error| wrong(error.to_string()));
        let mut file = Vec::new();
        Encoder::new(&mut file, QUALITY)
            .encode(
                picture.data(),
                side(size.width)?,
                side(size.height)?,
                ColorType::Rgb,
            )
            .map_err(|error| wrong(error.to_string()))?;
        let mut uri = "data:image/jpeg;base64,".to_owned();
        STANDARD.encode_string(file, &mut uri);
        Ok(Self {
            width: size.width,
            height: size.height,
            uri,
        })
    }
}

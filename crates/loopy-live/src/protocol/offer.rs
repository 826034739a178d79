//! What is on offer: rungs and sound as `welcome` and `config` describe them.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    answer::{Config, RungOffer, Sound},
    class::Class,
    message::Mode,
};
use crate::{
    fmp4,
    hub::{Coding, Reel, Rung},
};

/// Name of the codec of a rung, as decoders and media sources know it; none where its record is
/// broken.
pub fn codec(rung: &Rung) -> Option<String> {
    match &rung.coding {
        Coding::H264 { record } => fmp4::h264_codec(record).ok(),
        Coding::Jpeg => Some("jpeg".to_owned()),
        Coding::Webp => Some("webp".to_owned()),
        Coding::Opus { .. } => Some("opus".to_owned()),
        Coding::Aac { config } => fmp4::aac_codec(config).ok(),
    }
}

fn mime(rung: &Rung, codec: &str) -> String {
    match rung.coding {
        Coding::H264 { .. } => fmp4::mime("video", codec),
        Coding::Jpeg => "image/jpeg".to_owned(),
        Coding::Webp => "image/webp".to_owned(),
        Coding::Opus { .. } | Coding::Aac { .. } => fmp4::mime("audio", codec),
    }
}

fn record(rung: &Rung) -> Option<String> {
    let bytes = match &rung.coding {
        Coding::H264 { record } => record,
        Coding::Opus { head } => head,
        Coding::Aac { config } => config,
        Coding::Jpeg | Coding::Webp => return None,
    };
    Some(STANDARD.encode(bytes))
}

/// A rung of pictures in `welcome`.
pub fn picture(rung: &Rung) -> Option<RungOffer> {
    if rung.sound.is_some() {
        return None;
    }
    let codec = codec(rung)?;
    Some(RungOffer {
        name: rung.name.clone(),
        mime: mime(rung, &codec),
        codec,
        width: rung.size.width,
        height: rung.size.height,
        fps: rung.fps.to_string(),
        bitrate: rung.bitrate,
    })
}

/// A rung of sound in `welcome`.
pub fn sound(rung: &Rung) -> Option<Sound> {
    let (rate, channels) = rung.sound?;
    let codec = codec(rung)?;
    Some(Sound {
        mime: mime(rung, &codec),
        codec,
        stream_seq: None,
        description: None,
        rate,
        channels,
    })
}

/// The `config` of a rung of pictures with its sound.
pub fn config(reel: &Reel, sound_reel: Option<&Reel>, mode: Mode, class: Class) -> Option<Config> {
    let rung = &reel.rung;
    let offer = picture(rung)?;
    // A media source reads it from the init segment.
    let is_decoder = mode != Mode::Mse;
    let audio = sound_reel.and_then(|reel| {
        Some(Sound {
            stream_seq: Some(reel.stream_seq),
            description: if is_decoder { record(&reel.rung) } else { None },
            ..sound(&reel.rung)?
        })
    });
    Some(Config {
        stream_seq: reel.stream_seq,
        mode,
        rung: offer.name,
        codec: offer.codec,
        mime: offer.mime,
        description: if is_decoder { record(rung) } else { None },
        width: offer.width,
        height: offer.height,
        fps: offer.fps,
        timescale: fmp4::TIMESCALE,
        latency_target_ms: class.target_ms(),
        class: class.name(),
        audio,
    })
}

/// A rung that mode `mode` can show.
pub fn suits(rung: &Rung, mode: Mode) -> bool {
    matches!(
        (&rung.coding, mode),
        (Coding::H264 { .. }, Mode::Webcodecs | Mode::Mse)
            | (Coding::Jpeg, Mode::Jpeg)
            | (Coding::Webp, Mode::Webp)
    )
}

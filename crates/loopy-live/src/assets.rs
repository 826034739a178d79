//! The pages, as `web/` builds them: part of the program. Without them there is one of text.

use rust_embed::RustEmbed;

use crate::server::{Asset, Assets};

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct Built;

/// The pages that were built into this program.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pages;

impl Pages {
    /// Whether there are any.
    pub fn any() -> bool {
        Built::iter().next().is_some()
    }
}

impl Assets for Pages {
    fn get(&self, path: &str) -> Option<Asset> {
        let name = path.strip_prefix("assets/").unwrap_or(path);
        let ending = name.rsplit_once('.').map(|(_, ending)| ending);
        let mime = match ending? {
            "html" => "text/html; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "svg" => "image/svg+xml",
            "txt" => "text/plain; charset=utf-8",
            "json" => "application/json",
            _ => "application/octet-stream",
        };
        Some(Asset {
            bytes: Built::get(name)?.data,
            mime: mime.to_owned(),
        })
    }
}

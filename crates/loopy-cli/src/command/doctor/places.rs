//! Places outside this program that the doctor looks at: the port, the path of programs, the store.

use std::{
    io,
    net::{TcpListener, ToSocketAddrs as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

/// Browsers by the names of their programs.
const BROWSERS: [&str; 8] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "firefox",
    "brave-browser",
    "microsoft-edge",
    "epiphany",
];

/// Whether something can listen at this place; the error says why not.
pub(super) fn listen(host: &str, port: u16) -> Result<(), String> {
    let addresses = (host, port)
        .to_socket_addrs()
        .map_err(|error| format!("`{host}` is no place: {error}"))?;
    let mut why = None;
    for address in addresses {
        match TcpListener::bind(address) {
            Ok(_free) => return Ok(()),
            Err(error) => {
                why = Some(match error.kind() {
                    io::ErrorKind::AddrInUse => "another program listens there".to_owned(),
                    _ => error.to_string(),
                });
            }
        }
    }
    Err(why.unwrap_or_else(|| format!("`{host}` is no place")))
}

/// The first browser that is in the search path of programs.
pub(super) fn browser() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    BROWSERS.iter().find_map(|name| {
        let files = folders.iter().map(|folder| folder.join(name));
        files.into_iter().find(|file| is_program(file))
    })
}

fn is_program(file: &Path) -> bool {
    file.metadata()
        .is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
}

/// What this CPU can do that pictures are computed with.
pub(super) fn cpu_features() -> Vec<&'static str> {
    let mut found = Vec::new();
    #[cfg(target_arch = "x86_64")]
    {
        macro_rules! look {
            ($($name:tt),*) => {
                $(if std::arch::is_x86_feature_detected!($name) { found.push($name); })*
            };
        }
        look!("sse4.2", "avx", "avx2", "fma", "avx512f");
    }
    #[cfg(target_arch = "aarch64")]
    {
        if std::arch::is_aarch64_feature_detected!("neon") {
            found.push("neon");
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_with_a_listener_is_taken_and_free_without() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let why = listen("127.0.0.1", port).unwrap_err();
        assert_eq!(why, "another program listens there");
        assert!(
            listen("no place at all", port)
                .unwrap_err()
                .contains("no place")
        );
    }
}

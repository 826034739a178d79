//! By which names the server may be reached, and from which pages.
//!
//! A page of another site may neither read nor steer (`Origin`), nor may a name that was pointed at
//! this machine behind the user's back (`Host`). An address needs no list where the server listens
//! on all of them: a name can be pointed anywhere, an address cannot.

use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderValue, Uri, header};

use super::config::{Config, StartError};

#[derive(Debug)]
pub(super) struct Access {
    names: Vec<String>,
    any_address: bool,
    origins: Vec<String>,
    scheme: &'static str,
}

/// Which of the two is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Foreign {
    /// `Host`
    Host,
    /// `Origin`
    Origin,
}

impl Access {
    pub(super) fn new(config: &Config) -> Result<Self, StartError> {
        let bound = bare(&config.host);
        let any_address = bound
            .parse()
            .is_ok_and(|address: IpAddr| address.is_unspecified());
        let own = [bound, "localhost", "127.0.0.1", "::1"].map(str::to_owned);
        let more = config.hosts.iter().map(|name| bare(name).to_owned());
        let mut names: Vec<_> = own.into_iter().chain(more).collect();
        for name in &mut names {
            name.make_ascii_lowercase();
        }
        let mut origins = Vec::new();
        for origin in &config.origins {
            let normal = origin.trim_end_matches('/').to_ascii_lowercase();
            let is_origin = normal.parse::<Uri>().is_ok_and(|uri| {
                uri.scheme().is_some() && uri.authority().is_some() && uri.path() == "/"
            });
            if !is_origin {
                return Err(StartError::Origin(origin.clone()));
            }
            origins.push(normal);
        }
        Ok(Self {
            names,
            any_address,
            origins,
            scheme: if config.tls.is_some() {
                "https"
            } else {
                "http"
            },
        })
    }

    /// Whether a request may come in; whether it has an `Origin`.
    pub(super) fn check(&self, headers: &HeaderMap, uri: &Uri) -> Result<bool, Foreign> {
        let mut hosts = headers.get_all(header::HOST).iter();
        let host = match (hosts.next(), hosts.next()) {
            (Some(host), None) => host.to_str().ok(),
            _ => None,
        };
        let host = host.ok_or(Foreign::Host)?.to_ascii_lowercase();
        // A request may repeat its host in the address line; it has to be the same.
        let repeated = uri.authority().map(|it| it.as_str().to_ascii_lowercase());
        if repeated.is_some_and(|repeated| repeated != host) || !self.knows(&host) {
            return Err(Foreign::Host);
        }
        let mut origins = headers.get_all(header::ORIGIN).iter();
        match (origins.next(), origins.next()) {
            (None, _) => Ok(false),
            (Some(origin), None) if self.is_own(origin, &host) || self.allows(origin) => Ok(true),
            _ => Err(Foreign::Origin),
        }
    }

    /// An origin of the list, not the server's own.
    pub(super) fn allows(&self, origin: &HeaderValue) -> bool {
        let origin = origin.to_str().map(str::to_ascii_lowercase);
        origin.is_ok_and(|origin| self.origins.contains(&origin))
    }

    /// Names and addresses by which the server is reached.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// `http` or `https`.
    pub(super) fn scheme(&self) -> &'static str {
        self.scheme
    }

    /// The origins of the list.
    pub(super) fn origins(&self) -> &[String] {
        &self.origins
    }

    fn is_own(&self, origin: &HeaderValue, host: &str) -> bool {
        let origin = origin.to_str().map(str::to_ascii_lowercase);
        origin.is_ok_and(|origin| origin == format!("{}://{host}", self.scheme))
    }

    fn knows(&self, host: &str) -> bool {
        let Some(name) = without_port(host) else {
            return false;
        };
        let is_address = name.parse::<IpAddr>().is_ok();
        self.names.iter().any(|known| known == name) || (self.any_address && is_address)
    }
}

/// An address without the brackets that IPv6 has in front of a port.
fn bare(host: &str) -> &str {
    let inside = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    inside.unwrap_or(host)
}

/// Name or address of a `Host`; none where it is none.
fn without_port(host: &str) -> Option<&str> {
    let (name, port) = match host.strip_prefix('[') {
        Some(rest) => {
            let (name, port) = rest.split_once(']')?;
            (
                name,
                port.strip_prefix(':').or(port.is_empty().then_some("0"))?,
            )
        }
        None => host.split_once(':').unwrap_or((host, "0")),
    };
    let is_port = !port.is_empty() && port.bytes().all(|letter| letter.is_ascii_digit());
    (is_port && !name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(host: &str, hosts: &[&str], origins: &[&str]) -> Access {
        let mut config = Config::new(String::new());
        config.host = host.to_owned();
        config.hosts = hosts.iter().map(|&it| it.to_owned()).collect();
        config.origins = origins.iter().map(|&it| it.to_owned()).collect();
        Access::new(&config).unwrap()
    }

    fn check(access: &Access, host: &str, origin: Option<&str>) -> Result<bool, Foreign> {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        access.check(&headers, &Uri::from_static("/ws"))
    }

    #[test]
    fn the_server_is_reached_by_its_names_only() {
        let local = access("localhost", &["Player.Test"], &[]);
        for host in [
            "localhost",
            "localhost:8765",
            "127.0.0.1:1",
            "[::1]:8765",
            "[::1]",
            "player.test:80",
            "LOCALHOST:1",
        ] {
            assert_eq!(check(&local, host, None), Ok(false), "{host}");
        }
        for host in [
            "evil.test",
            "localhost.evil.test",
            "192.168.0.2",
            "localhost:x",
            "[::1",
            "[::1]x",
            "",
            "a@localhost",
            "::1",
        ] {
            assert_eq!(check(&local, host, None), Err(Foreign::Host), "{host}");
        }
        let open = access("0.0.0.0", &[], &[]);
        for host in ["192.168.0.2:8765", "[2001:db8::1]:8765"] {
            assert_eq!(check(&open, host, None), Ok(false), "{host}");
        }
        assert_eq!(check(&open, "rebound.test:8765", None), Err(Foreign::Host));
    }

    #[test]
    fn two_hosts_or_another_in_the_address_line_are_refused() {
        let local = access("localhost", &[], &[]);
        let mut headers = HeaderMap::new();
        let uri = Uri::from_static("http://evil.test/ws");
        assert_eq!(
            local.check(&headers, &Uri::from_static("/")),
            Err(Foreign::Host)
        );
        headers.append(header::HOST, HeaderValue::from_static("localhost"));
        assert_eq!(local.check(&headers, &uri), Err(Foreign::Host));
        headers.append(header::HOST, HeaderValue::from_static("localhost"));
        assert_eq!(
            local.check(&headers, &Uri::from_static("/")),
            Err(Foreign::Host)
        );
    }

    #[test]
    fn pages_are_the_servers_own_or_on_the_list() {
        let local = access("localhost", &[], &["https://Site.test/"]);
        let host = "localhost:8765";
        for origin in [
            "http://localhost:8765",
            "https://site.test",
            "http://LOCALHOST:8765",
        ] {
            assert_eq!(check(&local, host, Some(origin)), Ok(true), "{origin}");
        }
        for origin in [
            "http://localhost:9999",
            "https://localhost:8765",
            "http://127.0.0.1:8765",
            "http://localhost",
            "http://site.test",
            "https://site.test.evil.test",
            "null",
            "",
            "file://",
        ] {
            assert_eq!(
                check(&local, host, Some(origin)),
                Err(Foreign::Origin),
                "{origin}"
            );
        }
    }

    #[test]
    fn an_origin_of_the_settings_has_no_path() {
        for origin in ["site.test", "https://site.test/page", "*", ""] {
            let mut config = Config::new(String::new());
            config.origins = vec![origin.to_owned()];
            assert!(
                matches!(Access::new(&config), Err(StartError::Origin(_))),
                "{origin}"
            );
        }
    }
}

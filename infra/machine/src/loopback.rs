//! Who is asking: a program on this machine, or somebody behind a proxy or in a browser.

use http::HeaderMap;
use http::header::{FORWARDED, HOST, HeaderName, ORIGIN};

/// What a proxy adds when it forwards a request.
const OF_PROXIES: [HeaderName; 3] =
    [FORWARDED, HeaderName::from_static("x-forwarded-for"), HeaderName::from_static("x-real-ip")];

/// Whether a request to a port on 127.0.0.1 was made by a program on this machine, under a name of this machine:
/// neither by a page of some web site, nor through a proxy.
#[must_use]
pub fn is_from_this_machine(headers: &HeaderMap) -> bool {
    is_own_name(headers) && !headers.contains_key(ORIGIN) && OF_PROXIES.iter().all(|name| !headers.contains_key(name))
}

/// Whether the `Host` is a name of this machine. A page of another site cannot set it.
#[must_use]
pub fn is_own_name(headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let is_port = |port: &str| port.bytes().all(|digit| digit.is_ascii_digit());
    let name = host.rsplit_once(':').filter(|(_, port)| is_port(port)).map_or(host, |(name, _)| name);
    matches!(name, "127.0.0.1" | "localhost" | "[::1]")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
    }

    #[test]
    fn only_names_of_this_machine_count() {
        for host in ["127.0.0.1:8080", "localhost:8080", "localhost", "[::1]:8080"] {
            assert!(is_from_this_machine(&headers(&[(HOST, host)])), "{host}");
        }
        for host in ["evil.example", "127.0.0.1.evil.example:8080", "192.168.0.7:8080", ""] {
            assert!(!is_own_name(&headers(&[(HOST, host)])), "{host}");
        }
    }

    #[test]
    fn pages_and_proxies_do_not_count() {
        for extra in [
            (ORIGIN, "http://localhost:8080"),
            (OF_PROXIES[0].clone(), "for=1.2.3.4"),
            (OF_PROXIES[1].clone(), "1.2.3.4"),
        ] {
            assert!(!is_from_this_machine(&headers(&[(HOST, "localhost"), extra.clone()])), "{extra:?}");
        }
    }
}

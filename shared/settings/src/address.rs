//! Which addresses the bot may send tokens to.

use std::net::IpAddr;

/// What is wrong with an address, or nothing: https anywhere, http only where no stranger listens on the way.
pub(crate) fn problem_of(address: &str) -> Option<&'static str> {
    match address.split_once("://") {
        Some(("https", _)) => None,
        Some(("http", rest)) if is_near(rest) => None,
        Some(("http", _)) => Some("is http, which strangers can read on the way: use https"),
        _ => Some("is not an http(s) address"),
    }
}

/// Whether a host is this machine, or in a private network: also the name of a container or of a machine beside this
/// one.
fn is_near(rest: &str) -> bool {
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    if authority.contains('@') {
        return false;
    }
    let host = match authority.strip_prefix('[') {
        Some(bracketed) => bracketed.split(']').next(),
        None => authority.split(':').next(),
    };
    let host = host.unwrap_or_default();
    match host.parse() {
        Ok(IpAddr::V4(ip)) => ip.is_loopback() || ip.is_private(),
        Ok(IpAddr::V6(ip)) => ip.is_loopback() || ip.is_unique_local(),
        Err(_) => !host.contains('.') || host.ends_with(".local") || host.ends_with(".internal"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_go_unencrypted_only_to_this_machine_and_its_neighbours() {
        for near in
            ["127.0.0.1:4566", "localhost:8081/x", "[::1]:80", "192.168.1.5", "ollama:11434/v1", "host.docker.internal"]
        {
            assert_eq!(problem_of(&format!("http://{near}")), None, "{near}");
        }
        for far in [
            "acme.amocrm.ru",
            "8.8.8.8:80",
            "127.0.0.1@acme.ru",
            "127.0.0.1:80@acme.ru/",
            "localhost.acme.ru",
            "[2a00::1]",
        ] {
            assert!(problem_of(&format!("http://{far}")).is_some_and(|problem| problem.contains("use https")), "{far}");
            assert_eq!(problem_of(&format!("https://{far}")), None, "{far}");
        }
        assert_eq!(problem_of("ftp://localhost"), Some("is not an http(s) address"));
    }
}

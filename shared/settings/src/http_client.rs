//! The HTTP clients of this process.

use std::sync::{Arc, LazyLock};

use reqwest::ClientBuilder;
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, Error};
use rustls_platform_verifier::BuilderVerifierExt as _;

/// The system's certificates are read once a process, not once a client: at a cold start nothing takes longer.
static TLS: LazyLock<Result<ClientConfig, Error>> = LazyLock::new(|| {
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    Ok(config.with_safe_default_protocol_versions()?.with_platform_verifier()?.with_no_client_auth())
});

/// Whether the system has certificates, without which there are no clients.
pub(crate) fn has_certificates() -> bool {
    TLS.is_ok()
}

/// What every HTTP client of the bot is built from. HTTP/1.1: one kept-alive connection a host is all a function needs.
///
/// # Panics
/// The system has no certificates: [`Telegram::read`](crate::Telegram::read) has said so before.
pub fn http_client() -> ClientBuilder {
    let tls = TLS.as_ref().expect("there are CA certificates: install ca-certificates");
    reqwest::Client::builder().tls_backend_preconfigured(tls.clone())
}

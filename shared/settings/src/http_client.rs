//! The HTTP clients of this process.

use std::sync::{Arc, LazyLock};

use reqwest::ClientBuilder;
use rustls::ClientConfig;
use rustls::crypto::aws_lc_rs;
use rustls_platform_verifier::BuilderVerifierExt as _;

/// The system's certificates are read once a process, not once a client: at a cold start nothing takes longer.
static TLS: LazyLock<ClientConfig> = LazyLock::new(|| {
    ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider speaks TLS 1.2 and 1.3")
        .with_platform_verifier()
        .expect("the system has certificates")
        .with_no_client_auth()
});

/// What every HTTP client of the bot is built from. HTTP/1.1: one kept-alive connection a host is all a function needs.
///
/// # Panics
/// The system has no certificates.
pub fn http_client() -> ClientBuilder {
    reqwest::Client::builder().tls_backend_preconfigured(TLS.clone())
}

//! How the library reaches the server: our connections, no retries of its own, and refusals as they were written.

use std::time::Duration;

use async_openai::Client;
use async_openai::config::Config;
use async_openai::error::OpenAIError;
use async_openai::middleware::HttpRequestFactory;
use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use settings::{Unread, read_within};

/// Longest answer of a server, in bytes: its list of models may be long.
pub(crate) const MAX_ANSWER: usize = 4 << 20;

/// A client of the server. Given a service of its own, the library does not wrap ours in its retries, which would
/// outlast the customer.
pub(crate) fn client(base_url: &str, api_key: Option<&SecretString>) -> Client<Server> {
    let http = settings::http_client().connect_timeout(Duration::from_secs(5)).build().unwrap_or_default();
    let service = {
        let http = http.clone();
        tower::service_fn(move |request: HttpRequestFactory| send(http.clone(), request))
    };
    Client::build(http, Server::new(base_url, api_key)).with_http_service(service)
}

/// Sends a request. The library keeps an error only if it is written as OpenAI writes it; compatible servers have their
/// own ways, so refusals are read here.
async fn send(http: reqwest::Client, request: HttpRequestFactory) -> Result<reqwest::Response, OpenAIError> {
    let response = http.execute(request.build().await?).await?;
    let status = response.status();
    let body = match read_within(response, MAX_ANSWER).await {
        Ok(body) => body,
        Err(_) if !status.is_success() => Bytes::new(),
        Err(Unread::Broken(error)) => return Err(error.into()),
        Err(Unread::TooLong) => Bytes::new(), // not an answer
    };
    if status.is_success() {
        return Ok(http::Response::new(body).into());
    }
    let body = String::from_utf8_lossy(&body).into_owned();
    Err(OpenAIError::Boxed(Box::new(Refused { status: status.as_u16(), body })))
}

/// The server refused a request. The text may repeat what the customer wrote, so it is not shown or logged.
#[derive(Debug, thiserror::Error)]
#[error("HTTP {status}")]
pub(crate) struct Refused {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Refused {
    pub(crate) fn of(error: &OpenAIError) -> Option<&Self> {
        match error {
            OpenAIError::Boxed(error) => error.downcast_ref(),
            _ => None,
        }
    }
}

/// Where the models are, and the key to them. The library's own configuration reads the environment behind our back and
/// panics at a key with a line break.
#[derive(Clone)]
pub(crate) struct Server {
    base_url: String,
    key: SecretString,
    authorization: Option<HeaderValue>,
}

impl Server {
    fn new(base_url: &str, api_key: Option<&SecretString>) -> Self {
        let key = api_key.cloned().unwrap_or_default();
        let bearer = format!("Bearer {}", key.expose_secret().trim());
        let authorization = HeaderValue::from_str(&bearer).ok().map(|mut value| {
            value.set_sensitive(true);
            value
        });
        Self {
            base_url: base_url.trim_end_matches('/').to_owned(),
            authorization: authorization.filter(|_| api_key.is_some()),
            key,
        }
    }
}

impl Config for Server {
    fn headers(&self) -> HeaderMap {
        self.authorization.iter().map(|value| (AUTHORIZATION, value.clone())).collect()
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    fn query(&self) -> Vec<(&str, &str)> {
        Vec::new()
    }

    fn api_base(&self) -> &str {
        &self.base_url
    }

    fn api_key(&self) -> &SecretString {
        &self.key
    }
}

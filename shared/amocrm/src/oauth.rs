//! The token endpoint: `POST {account}/oauth2/access_token`.

use std::time::Duration;

use lead::Seconds;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};
use settings::OAuth;

use crate::CrmError;
use crate::error::Cause;
use crate::transport::{Answer, http_client, said};
use crate::words::Words;

/// The token endpoint answers slower than the API.
const TIMEOUT: Duration = Duration::from_secs(15);

/// The integration at its account's token endpoint.
pub(crate) struct TokenEndpoint {
    http: reqwest::Client,
    address: String,
    integration: OAuth,
}

/// A fresh pair.
#[derive(Deserialize)]
pub(crate) struct Pair {
    pub(crate) access_token: String,
    pub(crate) refresh_token: String,
    /// Life of the access token in seconds.
    pub(crate) expires_in: Seconds,
}

/// Why there is no fresh pair.
pub(crate) enum TokenError {
    /// The answer was lost or amoCRM is in trouble: the same code or refresh token may be sent again.
    NoAnswer(Cause),
    /// amoCRM refuses the code or refresh token for good.
    Refused(String),
    /// The account or its address is wrong; the refresh token may be as good as ever.
    Closed(CrmError),
}

impl TokenEndpoint {
    pub(crate) fn new(base_url: &str, integration: OAuth) -> Result<Self, reqwest::Error> {
        Ok(Self { http: http_client(TIMEOUT)?, address: format!("{base_url}/oauth2/access_token"), integration })
    }

    pub(crate) async fn refresh(&self, refresh_token: &str) -> Result<Pair, TokenError> {
        self.ask(json!({ "grant_type": "refresh_token", "refresh_token": refresh_token })).await
    }

    pub(crate) async fn exchange(&self, code: &SecretString) -> Result<Pair, TokenError> {
        self.ask(json!({ "grant_type": "authorization_code", "code": code.expose_secret() })).await
    }

    async fn ask(&self, mut body: Value) -> Result<Pair, TokenError> {
        body["client_id"] = self.integration.client_id.clone().into();
        body["client_secret"] = self.integration.client_secret.expose_secret().into();
        body["redirect_uri"] = self.integration.redirect_uri.clone().into();
        let answer = match Answer::read(self.http.post(&self.address).json(&body)).await {
            Ok(answer) => answer,
            Err(CrmError::Retry { cause, .. }) => return Err(TokenError::NoAnswer(cause)),
            Err(other) => return Err(TokenError::Closed(other)),
        };
        let json = answer.json();
        if answer.status.is_success() {
            return serde_json::from_value(json).map_err(|_| TokenError::NoAnswer(Cause::Unreadable));
        }
        if matches!(answer.status.as_u16(), 400 | 401) {
            return Err(TokenError::Refused(said(&json, "no reason given", &Words::default())));
        }
        match answer.error(&Words::default()) {
            CrmError::Retry { cause, .. } => Err(TokenError::NoAnswer(cause)),
            other => Err(TokenError::Closed(other)),
        }
    }
}

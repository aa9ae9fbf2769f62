//! Tokens: codes are exchanged once, access tokens expire, refresh tokens rotate.
//!
//! A refresh voids the old pair only when the new one is first used, so a client whose answer was lost can send its old
//! refresh token again. It then gets another pair, and the lost one is void: of two processes that refresh at once, one
//! loses. The old access token ends with its refresh token, which is stricter than the documentation promises.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use embedded::journal::Journal;

use super::model::Id;
use super::reply::Reply;
use super::{Options, seed};

/// Id of the simulated integration.
pub(super) const CLIENT_ID: &str = "6f1d3c52-8f0e-4f0a-9c3b-5a1c7e2d4b90";
/// Secret of the simulated integration.
pub(super) const CLIENT_SECRET: &str = "simulated-client-secret-0123456789abcdefghijklmnopqrstuvwxyz0123";

/// Who is calling.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caller {
    pub(super) user_id: Id,
    pub(super) is_admin: bool,
    /// Whether the token may touch files.
    pub(super) may_use_drive: bool,
}

/// One consent, or one refresh of it: a pair of tokens.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Grant {
    id: String,
    parent: Option<String>,
    access_token: String,
    access_until_ms: u64,
    /// A long-lived token has none.
    refresh_token: Option<String>,
    refresh_until_ms: u64,
    may_use_drive: bool,
    access_is_void: bool,
    refresh_is_void: bool,
    is_used: bool,
}

struct Code {
    until_ms: u64,
    is_used: bool,
}

/// Every token of the account.
pub(super) struct Oauth {
    codes: HashMap<String, Code>,
    grants: HashMap<String, Grant>,
    journal: Journal,
    options: Options,
}

impl Oauth {
    pub(super) fn new(journal: Journal, options: &Options) -> Self {
        Self { codes: HashMap::new(), grants: HashMap::new(), journal, options: options.clone() }
    }

    pub(super) fn restore(&mut self, grant: Grant) {
        self.grants.insert(grant.id.clone(), grant);
    }

    /// A code as the consent page gives it.
    pub(super) fn new_code(&mut self, now_ms: u64) -> String {
        let code = format!("def502{}", secret(48));
        self.codes.insert(code.clone(), Code { until_ms: now_ms + millis(self.options.code_ttl), is_used: false });
        code
    }

    /// A token made on the integration's page, valid for five years.
    pub(super) fn long_lived(&mut self, now_ms: u64, host: &str) -> String {
        let until_ms = now_ms + 5 * 365 * 24 * 3_600_000;
        self.issue(None, until_ms, None, now_ms, host).access_token
    }

    /// `POST /oauth2/access_token`.
    pub(super) fn exchange(&mut self, body: &[u8], now_ms: u64, host: &str) -> Reply {
        self.try_exchange(body, now_ms, host).unwrap_or_else(|refusal| refusal)
    }

    fn try_exchange(&mut self, body: &[u8], now_ms: u64, host: &str) -> Result<Reply, Reply> {
        let body: Value = serde_json::from_slice(body).map_err(|_| Reply::oauth(400, "Check the request body"))?;
        let parameter =
            |name: &str| body[name].as_str().ok_or_else(|| Reply::oauth(400, &format!("Check the `{name}` parameter")));
        if parameter("client_id")? != CLIENT_ID {
            return Err(Reply::oauth(400, "Check the `client_id` parameter"));
        }
        if parameter("client_secret")? != CLIENT_SECRET {
            return Err(Reply::oauth(400, "Check the `client_secret` parameter"));
        }
        if parameter("redirect_uri")? != self.options.redirect_uri {
            return Err(Reply::oauth(400, "Redirect URI is not associated with client"));
        }
        let parent = match parameter("grant_type")? {
            "authorization_code" => {
                self.spend_code(parameter("code")?, now_ms)?;
                None
            }
            "refresh_token" => Some(self.refreshable(parameter("refresh_token")?, now_ms)?),
            _ => return Err(Reply::oauth(400, "Check the `grant_type` parameter")),
        };
        let access_until_ms = now_ms + millis(self.options.access_token_ttl);
        let refresh = Some((format!("def502{}", secret(64)), now_ms + millis(self.options.refresh_token_ttl)));
        let grant = self.issue(parent, access_until_ms, refresh, now_ms, host);
        Ok(Reply::ok(&json!({
            "token_type": "Bearer",
            "expires_in": self.options.access_token_ttl.as_secs(),
            "server_time": now_ms / 1000,
            "access_token": grant.access_token,
            "refresh_token": grant.refresh_token,
        })))
    }

    fn spend_code(&mut self, code: &str, now_ms: u64) -> Result<(), Reply> {
        let refuse = |hint| Err(Reply::oauth(400, hint));
        match self.codes.get_mut(code) {
            None => refuse("Cannot decrypt the authorization code"),
            Some(code) if code.is_used => refuse("Authorization code has been revoked"),
            Some(code) if code.until_ms <= now_ms => refuse("Authorization code has expired"),
            Some(code) => {
                code.is_used = true;
                Ok(())
            }
        }
    }

    /// The grant whose pair this refresh token may replace.
    fn refreshable(&mut self, refresh_token: &str, now_ms: u64) -> Result<String, Reply> {
        let grant = self.grants.values().find(|grant| grant.refresh_token.as_deref() == Some(refresh_token));
        let id = match grant {
            None => return Err(Reply::oauth(401, "Cannot decrypt the refresh token")),
            Some(grant) if grant.refresh_is_void || grant.refresh_until_ms <= now_ms => {
                return Err(Reply::oauth(401, "Token has been revoked"));
            }
            Some(grant) => grant.id.clone(),
        };
        self.mark_used(&id);
        // A pair given for this token before, and not used since, was lost on its way.
        let lost: Vec<String> = self
            .grants
            .values()
            .filter(|other| other.parent.as_ref() == Some(&id))
            .map(|other| other.id.clone())
            .collect();
        for lost in lost {
            self.void(&lost);
        }
        Ok(id)
    }

    fn issue(
        &mut self,
        parent: Option<String>,
        access_until_ms: u64,
        refresh: Option<(String, u64)>,
        now_ms: u64,
        host: &str,
    ) -> Grant {
        let id = secret(32);
        let (refresh_token, refresh_until_ms) = refresh.map_or((None, 0), |(token, until)| (Some(token), until));
        let grant = Grant {
            access_token: self.jwt(&id, now_ms / 1000, access_until_ms / 1000, host),
            id,
            parent,
            access_until_ms,
            refresh_token,
            refresh_until_ms,
            may_use_drive: self.options.drive_scope,
            access_is_void: false,
            refresh_is_void: false,
            is_used: false,
        };
        self.journal.upsert("grant", &grant.id, &grant);
        self.grants.insert(grant.id.clone(), grant.clone());
        grant
    }

    /// A token in the shape of a JWT, whose expiry a client can read. The signature is a nonce: the list of grants
    /// decides.
    fn jwt(&self, id: &str, issued_at: u64, expires_at: u64, host: &str) -> String {
        let scopes = if self.options.drive_scope { json!(["crm", "files"]) } else { json!(["crm"]) };
        let payload = json!({
            "aud": CLIENT_ID, "jti": id, "iat": issued_at, "nbf": issued_at, "exp": expires_at,
            "sub": seed::ADMIN.to_string(), "account_id": seed::ACCOUNT_ID, "scopes": scopes, "api_domain": host,
        });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.{}", part(&json!({"typ": "JWT", "alg": "RS256"})), part(&payload), secret(64))
    }

    /// Who calls with this access token; `None` when it is unknown, expired or revoked.
    pub(super) fn caller(&mut self, access_token: &str, now_ms: u64) -> Option<Caller> {
        let valid = |grant: &&Grant| {
            grant.access_token == access_token && !grant.access_is_void && now_ms < grant.access_until_ms
        };
        let grant = self.grants.values().find(valid)?;
        let (id, may_use_drive) = (grant.id.clone(), grant.may_use_drive);
        self.mark_used(&id);
        Some(Caller { user_id: seed::ADMIN, is_admin: self.options.admin_rights, may_use_drive })
    }

    /// The first use of a pair voids the pair it replaced.
    fn mark_used(&mut self, id: &str) {
        let Some(grant) = self.grants.get_mut(id) else { return };
        if grant.is_used {
            return;
        }
        grant.is_used = true;
        let parent = grant.parent.clone();
        self.journal.upsert("grant", id, grant);
        if let Some(parent) = parent {
            self.void(&parent);
        }
    }

    fn void(&mut self, id: &str) {
        if let Some(grant) = self.grants.get_mut(id) {
            grant.access_is_void = true;
            grant.refresh_is_void = true;
            self.journal.upsert("grant", id, grant);
        }
    }

    /// Ends every access token that can be refreshed, as their 24 hours do.
    pub(super) fn expire_access_tokens(&mut self, now_ms: u64) {
        self.change_all(|grant| {
            if grant.refresh_token.is_some() {
                grant.access_until_ms = grant.access_until_ms.min(now_ms);
            }
        });
    }

    /// Voids every refresh token, as three idle months do.
    pub(super) fn revoke_refresh_tokens(&mut self) {
        self.change_all(|grant| grant.refresh_is_void = true);
    }

    /// Voids every token, as switching the integration off does.
    pub(super) fn revoke_everything(&mut self) {
        self.change_all(|grant| {
            grant.access_is_void = true;
            grant.refresh_is_void = true;
        });
    }

    fn change_all(&mut self, change: impl Fn(&mut Grant)) {
        for grant in self.grants.values_mut() {
            change(grant);
            self.journal.upsert("grant", &grant.id, grant);
        }
    }
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX / 4)
}

/// Random hexadecimal digits.
pub(super) fn secret(digits: usize) -> String {
    let mut text = String::with_capacity(digits + 16);
    while text.len() < digits {
        text.push_str(&format!("{:016x}", rand::random::<u64>()));
    }
    text.truncate(digits);
    text
}

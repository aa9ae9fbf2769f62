//! One HTTP call: paced, authorised, repeated where that is harmless, its failure typed.

use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use lead::Seconds;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::{Method, StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use settings::{Retry, Unread, read_within};
use tokio::time::Instant;

use crate::error::{Cause, CrmError, Doubt, FieldError, Refusal, Remedy};
use crate::tokens::Tokens;
use crate::words::Words;

/// Where amoCRM's accounts and file hosts are.
const SITES: [&str; 3] = ["amocrm.ru", "amocrm.com", "kommo.com"];

/// How the account is called.
#[derive(Clone, Debug)]
pub struct Options {
    /// `https://name.amocrm.ru`, without a trailing slash.
    pub base_url: String,
    /// Calls a second that this process makes at most.
    pub calls_per_second: NonZeroU32,
    /// Tries of one call.
    pub retry: Retry,
    /// Longest wait for an answer.
    pub timeout: Duration,
}

impl Options {
    /// From the settings, for one of `workers` processes that share the account's limit. Whole calls a second, rounded
    /// down; the rest is for the operator's commands.
    #[must_use]
    pub fn of(settings: &settings::Amocrm, workers: u32) -> Self {
        let share = settings.rate_limit / workers.max(1);
        Self {
            base_url: settings.base_url.clone(),
            calls_per_second: NonZeroU32::new(share).unwrap_or(NonZeroU32::MIN),
            retry: Retry::amocrm_call(settings),
            timeout: Duration::from_secs(10),
        }
    }

    /// Calls to the file host a second: two fifths of all calls, rounded up, so that deals always have the larger
    /// share.
    #[must_use]
    pub fn file_calls_per_second(&self) -> NonZeroU32 {
        NonZeroU32::new((self.calls_per_second.get() * 2).div_ceil(5)).unwrap_or(NonZeroU32::MIN)
    }
}

/// A longer pause, in seconds, is not believed: it is in milliseconds, or a date.
const MAX_SILENCE: Seconds = 3600;

/// A connection idle for longer may be dead without our knowing, and a creation sent into it would be in doubt.
const IDLE: Duration = Duration::from_secs(20);

/// Longest answer in bytes: ten times a page of 250 deals with everything in them.
const MAX_ANSWER: usize = 16 << 20;

/// A call to make.
#[derive(Clone, Debug)]
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    /// From the account's address (`/api/v4/…`), or a whole address for the file host.
    pub(crate) target: &'a str,
    pub(crate) query: &'a [(&'a str, String)],
    pub(crate) body: Body<'a>,
    /// Making it twice does no harm.
    pub(crate) repeatable: bool,
}

impl Call<'_> {
    /// For amoCRM's words about the call.
    fn words(&self) -> Words<'_> {
        match self.body {
            Body::Json(json) => Words::about(json),
            Body::Empty | Body::Part(_) => Words::default(),
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Body<'a> {
    Empty,
    Json(&'a Value),
    Part(Bytes),
}

pub(crate) struct Transport {
    http: reqwest::Client,
    pub(crate) options: Options,
    pub(crate) tokens: Tokens,
    limiter: DefaultDirectRateLimiter,
    /// amoCRM asked for silence until then.
    silent_until: Mutex<Option<Instant>>,
}

impl Transport {
    pub(crate) fn new(options: Options, tokens: Tokens) -> Result<Self, reqwest::Error> {
        let http = http_client(options.timeout)?;
        let limiter = limiter(options.calls_per_second);
        Ok(Self { http, limiter, options, tokens, silent_until: Mutex::new(None) })
    }

    /// The body of the answer, `null` for an empty one. To a GET only a 204 is empty: nothing found.
    pub(crate) async fn call(&self, call: Call<'_>) -> Result<Value, CrmError> {
        let retry = &self.options.retry;
        let mut tried = 0;
        loop {
            self.wait_for_turn().await?;
            let error = match self.once(&call).await {
                Ok(answer) => return Ok(answer),
                Err(error) if call.repeatable => error.of_a_read(),
                Err(error) => error,
            };
            tried += 1;
            let CrmError::Retry { cause, pause, doubt: Doubt::No } = &error else { return Err(error) };
            let asked = pause.map(|pause| Duration::from_secs(u64::try_from(pause).unwrap_or(0)));
            let wait = asked.unwrap_or_default().max(retry.pause(tried));
            if !retry.allows_another(tried) || wait > retry.longest || matches!(cause, Cause::Tokens(_)) {
                return Err(error);
            }
            tracing::info!(%error, tried, "amoCRM call is repeated");
            tokio::time::sleep(wait).await;
        }
    }

    async fn wait_for_turn(&self) -> Result<(), CrmError> {
        let silent_until = *self.silent_until.lock().unwrap_or_else(PoisonError::into_inner);
        let left = silent_until.map(|until| until.saturating_duration_since(Instant::now())).unwrap_or_default();
        if left > self.options.retry.longest {
            let pause = Some(Seconds::try_from(left.as_secs()).unwrap_or(Seconds::MAX));
            return Err(CrmError::Retry { cause: Cause::RateLimit, pause, doubt: Doubt::No });
        }
        tokio::time::sleep(left).await;
        self.limiter.until_ready().await;
        Ok(())
    }

    /// One try. A refused token is renewed once: the call was not carried out, so it may be made again.
    async fn once(&self, call: &Call<'_>) -> Result<Value, CrmError> {
        let token = self.tokens.access().await?;
        let answer = self.send(call, &token).await?;
        if answer.status != StatusCode::UNAUTHORIZED {
            return self.judge(answer, call);
        }
        let token = self.tokens.renew(&token).await?;
        self.wait_for_turn().await?;
        let answer = self.send(call, &token).await?;
        if answer.status == StatusCode::UNAUTHORIZED {
            let reason = said(&answer.json(), "the new token is refused as well", &call.words());
            return Err(CrmError::Reauth { reason, remedy: Remedy::SwitchOn, since: None });
        }
        self.judge(answer, call)
    }

    async fn send(&self, call: &Call<'_>, token: &SecretString) -> Result<Answer, CrmError> {
        let address = match call.target.strip_prefix('/') {
            Some(path) => format!("{}/{path}", self.options.base_url),
            // An address that amoCRM has named. The token goes along, so it goes to amoCRM only.
            None if is_of_amocrm(call.target, &self.options.base_url) => call.target.to_owned(),
            None => return Err(CrmError::retry(Cause::Unreadable, Doubt::No)),
        };
        let request = self
            .http
            .request(call.method.clone(), address)
            .header(AUTHORIZATION, format!("Bearer {}", token.expose_secret()))
            .query(call.query);
        let request = match &call.body {
            Body::Empty => request,
            Body::Json(json) => request.json(json),
            Body::Part(bytes) => request.header(CONTENT_TYPE, "application/octet-stream").body(bytes.clone()),
        };
        Answer::read(request).await
    }

    fn judge(&self, answer: Answer, call: &Call<'_>) -> Result<Value, CrmError> {
        if answer.status.is_success() {
            let value = answer.success()?;
            // That nothing was found is said by a 204. From a success that says nothing nobody may conclude that a deal
            // does not exist, and create it again.
            let says_nothing = value.is_null() && call.method == Method::GET && answer.status != StatusCode::NO_CONTENT;
            return if says_nothing { Err(CrmError::retry(Cause::Unreadable, Doubt::No)) } else { Ok(value) };
        }
        let error = answer.error(&call.words());
        if let CrmError::Retry { cause: Cause::RateLimit, pause: Some(pause), .. } = &error {
            let until = Instant::now().checked_add(Duration::from_secs(u64::try_from(*pause).unwrap_or(0)));
            *self.silent_until.lock().unwrap_or_else(PoisonError::into_inner) = until;
        }
        Err(error)
    }
}

/// The HTTP client: a redirect would turn a POST into a GET, so none is followed.
pub(crate) fn http_client(timeout: Duration) -> Result<reqwest::Client, reqwest::Error> {
    settings::http_client()
        .user_agent(concat!("carquery/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(5).min(timeout))
        .timeout(timeout)
        .pool_idle_timeout(IDLE)
        .build()
}

/// No bursts: two workers that wake up together stay under the limit as well.
pub(crate) fn limiter(calls_per_second: NonZeroU32) -> DefaultDirectRateLimiter {
    RateLimiter::direct(Quota::with_period(spacing(calls_per_second)).expect("the spacing is not zero"))
}

/// The time between two calls. A little more than an even share of the second, because calls do not all travel equally
/// long, and amoCRM counts arrivals.
fn spacing(calls_per_second: NonZeroU32) -> Duration {
    (Duration::from_millis(1_100) / calls_per_second.get()).max(Duration::from_nanos(1))
}

/// An answer, read to its end.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    /// Sends the request and reads the answer. Nothing of reqwest's error is kept: it names the address.
    pub(crate) async fn read(request: reqwest::RequestBuilder) -> Result<Self, CrmError> {
        let unknown = |error: reqwest::Error| {
            if error.is_connect() || error.is_builder() {
                return CrmError::retry(Cause::Connection, Doubt::No);
            }
            let cause = if error.is_timeout() { Cause::Timeout } else { Cause::Connection };
            CrmError::retry(cause, Doubt::Running)
        };
        let response = request.send().await.map_err(unknown)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = match read_within(response, MAX_ANSWER).await {
            Ok(body) => body,
            // The status alone decides about a failure; a success without its ids is in doubt.
            Err(_) if !status.is_success() => Bytes::new(),
            Err(Unread::TooLong) => return Err(CrmError::retry(Cause::Unreadable, Doubt::Settled)),
            Err(Unread::Broken(_)) => return Err(CrmError::retry(Cause::Connection, Doubt::Settled)),
        };
        Ok(Self { status, headers, body })
    }

    /// The body as JSON; `null` when it is not JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    fn success(&self) -> Result<Value, CrmError> {
        if self.body.iter().all(u8::is_ascii_whitespace) {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&self.body).map_err(|_| CrmError::retry(Cause::Unreadable, Doubt::Settled))
    }

    /// What the answer means when it is neither a success nor a 401.
    pub(crate) fn error(&self, words: &Words<'_>) -> CrmError {
        let json = self.json();
        let status = self.status.as_u16();
        let closed = |otherwise: &str| CrmError::Closed { status, detail: said(&json, otherwise, words) };
        match status {
            429 => CrmError::Retry { cause: Cause::RateLimit, pause: self.retry_after(&json), doubt: Doubt::No },
            408 => CrmError::retry(Cause::Timeout, Doubt::Running),
            // A gateway gave up waiting: what is behind it may still be at work.
            502 | 504 => CrmError::retry(Cause::Server(status), Doubt::Running),
            500.. => CrmError::retry(Cause::Server(status), Doubt::Settled),
            300..=399 => closed("the address answers with a redirect"),
            402 => closed("the account is not paid for"),
            403 if json.is_null() => CrmError::Blocked,
            403 => closed("no rights"),
            404 if json.is_null() => closed("no such account"),
            // «Код ошибки 244» and the like: rights or the subscription ended. A request that is wrong is told where.
            400 if validation(&json, words).is_empty() => closed("no reason given"),
            _ => CrmError::Refused(Box::new(Refusal {
                status,
                detail: said(&json, "no reason given", words),
                validation: validation(&json, words),
                request_id: self.header("x-request-id").map(|id| cut(id, 64)),
            })),
        }
    }

    fn retry_after(&self, json: &Value) -> Option<Seconds> {
        let header = || self.header(RETRY_AFTER.as_str())?.trim().parse().ok();
        let asked = json["retry_after"].as_i64().or_else(header).filter(|pause| *pause > 0);
        asked.map(|pause| pause.min(MAX_SILENCE))
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// amoCRM's words in a problem body.
pub(crate) fn said(json: &Value, otherwise: &str, words: &Words<'_>) -> String {
    let word =
        ["hint", "detail", "title"].into_iter().find_map(|key| json[key].as_str().filter(|text| !text.is_empty()));
    word.map_or_else(|| otherwise.to_owned(), |word| words.shown(word, 300))
}

fn validation(json: &Value, words: &Words<'_>) -> Vec<FieldError> {
    let text = |value: &Value| match value {
        Value::String(text) => cut(text, 200),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    };
    let items = json["validation-errors"].as_array().map_or(&[][..], Vec::as_slice);
    items
        .iter()
        .flat_map(|item| {
            let errors = item["errors"].as_array().map_or(&[][..], Vec::as_slice);
            errors.iter().map(move |error| FieldError {
                item: text(&item["request_id"]),
                code: text(&error["code"]),
                path: text(&error["path"]),
                detail: words.shown(error["detail"].as_str().unwrap_or_default(), 200),
            })
        })
        .collect()
}

fn cut(text: &str, limit: usize) -> String {
    text.chars().take(limit).collect()
}

/// Whether an address is amoCRM's, or of the server that was set in its place.
fn is_of_amocrm(address: &str, base_url: &str) -> bool {
    let (Ok(address), Ok(base)) = (Url::parse(address), Url::parse(base_url)) else { return false };
    let host = address.host_str().unwrap_or_default();
    let is_known = SITES.iter().any(|site| host.strip_suffix(site).is_some_and(|name| name.ends_with('.')));
    (address.scheme() == "https" && is_known) || address.origin() == base.origin()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_goes_to_amocrm_only() {
        let base = "https://acme.amocrm.ru";
        for own in ["https://drive-b.amocrm.ru/v1.0", "https://drive-g.kommo.com/up?x=1", "https://acme.amocrm.ru/x"] {
            assert!(is_of_amocrm(own, base), "{own}");
        }
        for foreign in [
            "http://drive-b.amocrm.ru/v1.0",
            "https://evil.org/v1.0",
            "https://evilamocrm.ru/",
            "https://drive.amocrm.ru@evil.org/",
            "https://drive.amocrm.ru.evil.org/",
            "no address",
        ] {
            assert!(!is_of_amocrm(foreign, base), "{foreign}");
        }
        assert!(is_of_amocrm("http://127.0.0.1:9/drive", "http://127.0.0.1:9"), "a server in amoCRM's place");
        assert!(!is_of_amocrm("http://127.0.0.1:8/drive", "http://127.0.0.1:9"));
    }
}

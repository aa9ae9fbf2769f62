//! HTTP: checks each request and hands it on.

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use settings::AmocrmHook;
use telegram::{BotCall, Incoming, TeamEvent, TeamInput};
use tracing::{Instrument, Span};
use turn::RetryLater;

use crate::Webhook;
use crate::admin::AdminEvent;
use crate::secret::Given;

/// Where Telegram posts updates.
pub const WEBHOOK_PATH: &str = "/telegram/webhook";
/// Shows whether requests can be taken.
pub const HEALTH_PATH: &str = "/health";
/// Larger bodies are refused, in bytes.
pub const MAX_BODY: usize = 1024 * 1024;
/// The header in which Telegram sends the secret: <https://core.telegram.org/bots/api#setwebhook>.
const SECRET_HEADER: &str = "x-telegram-bot-api-secret-token";

impl Webhook {
    /// Handles one HTTP request. Returns 5xx only for what a redelivery can fix.
    pub async fn handle(&self, request: Request<Bytes>) -> Response<Bytes> {
        match (request.method(), request.uri().path()) {
            (&Method::GET, HEALTH_PATH) => self.health().await,
            (&Method::POST, WEBHOOK_PATH) => self.receive(&request).await,
            (_, HEALTH_PATH | WEBHOOK_PATH) => text(StatusCode::METHOD_NOT_ALLOWED, "method not allowed"),
            (&Method::POST, path) => match path.strip_prefix(AmocrmHook::PATH) {
                Some(secret) => self.receive_hook(secret, request.body()).await,
                None => text(StatusCode::NOT_FOUND, "not found"),
            },
            _ => text(StatusCode::NOT_FOUND, "not found"),
        }
    }

    async fn receive(&self, request: &Request<Bytes>) -> Response<Bytes> {
        if !self.has_valid_secret(request) {
            tracing::warn!("refused a request without the webhook's secret");
            return text(StatusCode::UNAUTHORIZED, "wrong or missing secret token");
        }
        if request.body().len() > MAX_BODY {
            return text(StatusCode::PAYLOAD_TOO_LARGE, "an update has at most 1 MiB");
        }
        let incoming = telegram::parse(request.body());
        if let Some(response) = self.receive_from_admins(incoming.as_ref().ok()).await {
            return response;
        }
        let (event, topic) = match incoming {
            Ok(Incoming::Event { event, topic }) => (event, topic),
            Ok(Incoming::BlockChanged { update_id, chat_id, is_blocked }) => {
                return self.block_changed(update_id, chat_id, is_blocked).await;
            }
            Ok(Incoming::Team(event)) => return self.receive_from_group(event).await,
            Ok(Incoming::Ignored { update_id, why }) => {
                tracing::info!(update_id, "ignored an update: {why}");
                return text(StatusCode::OK, "");
            }
            Err(error) => {
                tracing::warn!(bytes = request.body().len(), "refused a body that is not an update");
                return text(StatusCode::BAD_REQUEST, &error.to_string());
            }
        };
        let span = tracing::info_span!("update", update_id = event.update_id, chat_id = event.person.chat_id);
        answered(self.update(event, topic).instrument(span.clone()).await, &span)
    }

    /// `None` if it is not from the admins, or nothing that they can ask for.
    async fn receive_from_admins(&self, incoming: Option<&Incoming>) -> Option<Response<Bytes>> {
        if let Some(Incoming::Team(TeamEvent { chat_id, input: TeamInput::Migrated { to }, .. })) = incoming {
            self.admins.note_migration(*chat_id, *to).await;
            return None;
        }
        let event = AdminEvent::of(incoming?)?;
        if !self.admins.is_at(event.chat_id()).await {
            return None;
        }
        let span = tracing::info_span!("update", chat_id = event.chat_id());
        Some(answered(self.admin_event(event).instrument(span.clone()).await, &span))
    }

    async fn receive_from_group(&self, event: TeamEvent) -> Response<Bytes> {
        let span = tracing::info_span!("update", update_id = event.update_id, chat_id = event.chat_id);
        answered(self.team_event(event).instrument(span.clone()).await, &span)
    }

    /// Notes whether the bot may write to a customer first.
    async fn block_changed(&self, update_id: i64, chat_id: i64, is_blocked: bool) -> Response<Bytes> {
        match self.bot.customers.set_blocked(chat_id, is_blocked).await {
            Ok(()) => {
                tracing::info!(update_id, chat_id, is_blocked, "the customer has blocked or unblocked the bot");
                text(StatusCode::OK, "")
            }
            Err(error) => {
                tracing::error!(update_id, chat_id, "the update must be delivered again: {error}");
                text(StatusCode::SERVICE_UNAVAILABLE, "try again")
            }
        }
    }

    fn has_valid_secret(&self, request: &Request<Bytes>) -> bool {
        let given = request.headers().get(SECRET_HEADER).map_or(&b""[..], HeaderValue::as_bytes);
        let given = self.secrets.judge(given, (self.bot.clock)());
        if given == Given::Previous {
            tracing::warn!("Telegram sends the previous secret of the webhook: run `carquery telegram set-webhook`");
        }
        given != Given::Wrong
    }
}

/// The response to an update of this span.
fn answered(handled: Result<Option<BotCall>, RetryLater>, span: &Span) -> Response<Bytes> {
    handled.map_or_else(
        |error| {
            span.in_scope(|| tracing::error!("the update must be delivered again: {error}"));
            text(StatusCode::SERVICE_UNAVAILABLE, "try again")
        },
        accepted,
    )
}

/// 200, with a call for Telegram to carry out if there is one.
fn accepted(call: Option<BotCall>) -> Response<Bytes> {
    match call.and_then(|call| serde_json::to_vec(&call).ok()) {
        Some(body) => json(StatusCode::OK, body),
        None => text(StatusCode::OK, ""),
    }
}

pub(crate) fn json(status: StatusCode, body: Vec<u8>) -> Response<Bytes> {
    respond(status, "application/json", body.into())
}

pub(crate) fn text(status: StatusCode, body: &str) -> Response<Bytes> {
    respond(status, "text/plain; charset=utf-8", Bytes::copy_from_slice(body.as_bytes()))
}

fn respond(status: StatusCode, kind: &'static str, body: Bytes) -> Response<Bytes> {
    Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, kind)
        .body(body)
        .expect("status and header are valid")
}

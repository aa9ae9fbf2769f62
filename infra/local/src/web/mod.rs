//! What the stack serves: the functions' paths, the page, and the page's own API.

mod assets;
mod chats;
mod dealer;
mod events;
mod groups;
mod guard;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::StatusCode;
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::json;

use crate::core::Core;

/// An album of ten photos, as the page sends it.
const PAGE_BODY: usize = 64 * 1024 * 1024;

/// Everything, over one stack.
pub(crate) fn router(core: Arc<Core>) -> Router {
    let api = Router::new()
        .route("/stack", get(dealer::stack))
        .route("/changes", get(events::now))
        .route("/events", get(events::stream))
        .route("/chats", get(chats::list).post(chats::create))
        .route("/chats/{id}", get(chats::show))
        .route("/chats/{id}/text", post(chats::text))
        .route("/chats/{id}/press", post(chats::press))
        .route("/chats/{id}/contact", post(chats::contact))
        .route("/chats/{id}/media", post(chats::media))
        .route("/chats/{id}/sticker", post(chats::sticker))
        .route("/chats/{id}/voice", post(chats::voice))
        .route("/chats/{id}/document", post(chats::document))
        .route("/chats/{id}/location", post(chats::location))
        .route("/chats/{id}/block", post(chats::block))
        .route("/groups/{id}/topics/{topic}", post(groups::change_topic))
        .route("/groups/{id}/bot", post(groups::change_bot))
        .route("/files/{*path}", get(chats::sent_file))
        .route("/deals", get(dealer::deals))
        .route("/deals/{deal}/files/{index}", get(dealer::file))
        .route("/deals/{deal}/stage", post(dealer::move_deal))
        .route("/deals/{deal}/merge", post(dealer::merge_deal))
        .route("/deals/{deal}/delete", post(dealer::delete_deal))
        .route("/clock", post(dealer::set_clock))
        .route("/requests", get(dealer::requests))
        .route("/requests/{id}/retry", post(dealer::retry))
        .route("/schedule", post(dealer::schedule))
        .route("/queue", get(dealer::queue))
        .route("/queue/redrive", post(dealer::redrive))
        .route("/faults", get(dealer::faults))
        .route("/faults/{id}", post(dealer::set_fault))
        .layer(DefaultBodyLimit::max(PAGE_BODY));
    let page = Router::new()
        .route("/", get(assets::page))
        .route("/assets/{*path}", get(assets::asset))
        .nest("/api", api)
        .layer(middleware::from_fn(guard::only_this_page));
    page.fallback(function).with_state(core)
}

/// The functions' own paths: what is not the page's goes to the webhook function, as from API Gateway.
async fn function(State(core): State<Arc<Core>>, request: Request) -> Response {
    let answer = core.functions.answer(request).await;
    core.changes.note(|now| now.requests += 1);
    answer
}

/// A refusal as the page shows it: a sentence in Russian.
#[derive(Debug)]
pub(crate) struct Refusal(StatusCode, String);

impl Refusal {
    fn unknown(what: &str) -> Self {
        Self(StatusCode::NOT_FOUND, what.to_owned())
    }

    fn wrong(what: impl Into<String>) -> Self {
        Self(StatusCode::BAD_REQUEST, what.into())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.0, axum::Json(json!({ "error": self.1 }))).into_response()
    }
}

impl From<anyhow::Error> for Refusal {
    fn from(error: anyhow::Error) -> Self {
        tracing::warn!("the page's request failed: {error:#}");
        Self(StatusCode::INTERNAL_SERVER_ERROR, format!("Не получилось: {error:#}"))
    }
}

impl From<storage::StorageError> for Refusal {
    fn from(error: storage::StorageError) -> Self {
        anyhow::Error::from(error).into()
    }
}

//! Notifies the page of changes.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::Stream;
use futures::stream::unfold;

use crate::changes::Counters;
use crate::core::Core;

/// Changes that are closer together than this are sent together.
const CALM: Duration = Duration::from_millis(40);

/// `GET /api/changes`: the counters, for a page that server-sent events do not reach.
pub(super) async fn now(State(core): State<Arc<Core>>) -> Json<Counters> {
    Json(core.changes.now())
}

/// `GET /api/events`: the counters now and after every change, until the stack ends.
pub(super) async fn stream(State(core): State<Arc<Core>>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let (mut changes, mut stopping) = (core.changes.subscribe(), core.stopping.clone());
    changes.mark_changed();
    let events = unfold((changes, stopping.clone()), |(mut changes, mut stopping)| async move {
        tokio::select! {
            changed = changes.changed() => changed.ok()?,
            _ = stopping.wait_for(|stop| *stop) => return None,
        }
        tokio::time::sleep(CALM).await;
        let counters = *changes.borrow_and_update();
        let event = Event::default().event("change").json_data(counters).unwrap_or_default();
        Some((Ok(event), (changes, stopping)))
    });
    stopping.mark_unchanged();
    Sse::new(events).keep_alive(KeepAlive::default())
}

//! From an HTTP request to its answer: who may pass, and which code answers which path.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use http::request::Parts;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};

use crate::fault::now_ms;
use crate::served::{Caller, Served};

use super::account::DRIVE;
use super::call::{Answer, Call, id};
use super::model::Kind;
use super::oauth::secret;
use super::query::Query;
use super::rate::Verdict;
use super::reply::Reply;
use super::state::AccountState;
use super::{account, contacts, drive, fields, hooks, leads, notes, pipelines, tasks};

/// The largest request, in bytes.
const BODY_LIMIT: usize = 32 * 1024 * 1024;

/// The account, shared by the server and the handles.
pub(super) type Shared = Arc<Mutex<AccountState>>;

/// Takes the account for a moment. A panic while it was taken leaves it usable: every change is one assignment.
pub(super) fn lock(state: &Shared) -> MutexGuard<'_, AccountState> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The account behind HTTP.
pub(super) fn router(state: Shared) -> Router {
    Router::new().fallback(serve).with_state(state)
}

async fn serve(State(state): State<Shared>, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let reply = match axum::body::to_bytes(body, BODY_LIMIT).await {
        Ok(body) => answer(&state, &parts, &body),
        Err(_) => Reply::html(413),
    };
    let mut response = Response::builder()
        .status(StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR))
        .header("X-Request-Id", secret(32));
    if let Some(content_type) = &reply.content_type {
        response = response.header(header::CONTENT_TYPE, content_type);
    }
    response.body(Body::from(reply.body)).unwrap_or_default()
}

fn answer(state: &Shared, parts: &Parts, body: &Bytes) -> Reply {
    let path = parts.uri.path();
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let mut state = lock(state);

    if segments == ["oauth2", "access_token"] {
        return match parts.method {
            Method::POST => state.oauth.exchange(body, now_ms(), host),
            _ => Reply::problem(405, "Method not allowed"),
        };
    }
    if let [DRIVE, "download", uuid, _name] = segments.as_slice() {
        return drive::download(&state, uuid);
    }
    match state.rate.admit(Instant::now()) {
        Verdict::Pass => {}
        Verdict::TooMany => return Reply::html(429),
        Verdict::Blocked => return Reply::html(403),
    }
    let caller = bearer(&parts.headers).and_then(|token| state.oauth.caller(token, now_ms()));
    let Some(caller) = caller else { return Reply::problem(401, "Invalid or expired access token") };
    if let Some(trouble) = state.trouble {
        return Reply::trouble(trouble);
    }
    let query = Query::parse(parts.uri.query().unwrap_or_default());
    let call = Call { path, query, body, caller, base: format!("http://{host}") };
    dispatch(&mut state, &call, &parts.method, &segments).unwrap_or_else(|refusal| refusal)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

/// What answers a call; the texts are what stands for `*` in the route.
type Handler = fn(&mut AccountState, &Call<'_>, &[&str]) -> Answer;

/// Every route that needs a token.
const ROUTES: [(Caller, &str, Handler); 28] = [
    (Caller::Functions, "GET /api/v4/account", |_, call, _| Ok(account::get(call))),
    (Caller::Functions, "GET /api/v4/contacts", |state, call, _| contacts::list(state, call)),
    (Caller::Functions, "POST /api/v4/contacts", |state, call, _| contacts::create(state, call)),
    // Before those with an id in their place.
    (Caller::Functions, "GET /api/v4/contacts/custom_fields", |state, call, _| {
        fields::list(state, call, Kind::Contacts)
    }),
    (Caller::Operator, "POST /api/v4/contacts/custom_fields", |state, call, _| {
        fields::create(state, call, Kind::Contacts)
    }),
    (Caller::Functions, "GET /api/v4/contacts/*", |state, call, ids| contacts::get(state, call, id(ids[0])?)),
    (Caller::Functions, "PATCH /api/v4/contacts/*", |state, call, ids| contacts::update(state, call, id(ids[0])?)),
    (Caller::Functions, "GET /api/v4/leads", |state, call, _| leads::list(state, call)),
    (Caller::Functions, "POST /api/v4/leads", |state, call, _| leads::create(state, call)),
    (Caller::Functions, "PATCH /api/v4/leads/*", |state, call, ids| leads::update(state, call, id(ids[0])?)),
    (Caller::Functions, "POST /api/v4/leads/notes", |state, call, _| notes::create(state, call)),
    (Caller::Functions, "GET /api/v4/leads/*/notes", |state, call, ids| notes::list(state, call, id(ids[0])?)),
    (Caller::Functions, "PUT /api/v4/leads/*/files", |state, call, ids| drive::attach(state, call, id(ids[0])?)),
    (Caller::Functions, "GET /api/v4/tasks", |state, call, _| tasks::list(state, call)),
    (Caller::Functions, "POST /api/v4/tasks", |state, call, _| tasks::create(state, call)),
    (Caller::Functions, "PATCH /api/v4/tasks/*", |state, call, ids| tasks::update(state, call, id(ids[0])?)),
    (Caller::Functions, "POST /drive/v1.0/sessions", |state, call, _| drive::open_session(state, call)),
    (Caller::Functions, "POST /drive/v1.0/sessions/upload/*", |state, call, part| {
        drive::receive_part(state, call, part[0])
    }),
    (Caller::Functions, "GET /api/v4/users", |state, call, _| account::users(state, call)),
    (Caller::Operator, "GET /api/v4/webhooks", |state, call, _| hooks::list(state, call)),
    (Caller::Operator, "POST /api/v4/webhooks", |state, call, _| hooks::subscribe(state, call)),
    (Caller::Operator, "DELETE /api/v4/webhooks", |state, call, _| hooks::unsubscribe(state, call)),
    (Caller::Operator, "GET /api/v4/leads/pipelines", |state, call, _| pipelines::list(state, call)),
    (Caller::Operator, "POST /api/v4/leads/pipelines", |state, call, _| pipelines::create(state, call)),
    (Caller::Functions, "GET /api/v4/leads/custom_fields", |state, call, _| fields::list(state, call, Kind::Leads)),
    (Caller::Operator, "POST /api/v4/leads/custom_fields", |state, call, _| fields::create(state, call, Kind::Leads)),
    (Caller::Nobody, "GET /api/v4/leads/loss_reasons", |_, call, _| leads::loss_reasons(call)),
    // After those with a name in its place.
    (Caller::Nobody, "GET /api/v4/leads/*", |state, call, ids| leads::get(state, call, id(ids[0])?)),
];

/// Every route that is served.
pub(super) fn served() -> Vec<Served> {
    let open = [(Caller::Functions, "POST /oauth2/access_token"), (Caller::LocalStack, "GET /drive/download/*/*")];
    ROUTES.iter().map(|(by, route, _)| (*by, *route)).chain(open).map(|(by, route)| Served::new(by, route)).collect()
}

fn dispatch(state: &mut AccountState, call: &Call<'_>, method: &Method, segments: &[&str]) -> Answer {
    let mut is_path = false;
    for (_, route, answer) in &ROUTES {
        let Some((route_method, path)) = route.split_once(' ') else { continue };
        if let Some(ids) = ids_in(path, segments) {
            is_path = true;
            if route_method == method.as_str() {
                return answer(state, call, &ids);
            }
        }
    }
    let problem = if is_path { Reply::problem(405, "Method not allowed") } else { Reply::problem(404, "Not found") };
    Err(problem)
}

/// What stands for each `*` of the path; `None` if this is another path.
fn ids_in<'a>(path: &str, segments: &[&'a str]) -> Option<Vec<&'a str>> {
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    let fits = |(part, segment): (&&str, &&str)| *part == "*" || part == segment;
    if parts.len() != segments.len() || !parts.iter().zip(segments).all(fits) {
        return None;
    }
    Some(parts.iter().zip(segments).filter(|(part, _)| **part == "*").map(|(_, segment)| *segment).collect())
}

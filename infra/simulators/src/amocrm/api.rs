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
use super::world::World;
use super::{account, contacts, drive, fields, leads, notes, pipelines, tasks};

/// The largest request, in bytes.
const BODY_LIMIT: usize = 32 * 1024 * 1024;

/// The account, shared by the server and the handles.
pub(super) type Shared = Arc<Mutex<World>>;

/// Takes the account for a moment. A panic while it was taken leaves it usable: every change is one assignment.
pub(super) fn lock(world: &Shared) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The account behind HTTP.
pub(super) fn router(world: Shared) -> Router {
    Router::new().fallback(serve).with_state(world)
}

async fn serve(State(world): State<Shared>, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let reply = match axum::body::to_bytes(body, BODY_LIMIT).await {
        Ok(body) => answer(&world, &parts, &body),
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

fn answer(world: &Shared, parts: &Parts, body: &Bytes) -> Reply {
    let path = parts.uri.path();
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let mut world = lock(world);

    if segments == ["oauth2", "access_token"] {
        return match parts.method {
            Method::POST => world.oauth.exchange(body, now_ms(), host),
            _ => Reply::problem(405, "Method not allowed"),
        };
    }
    if let [DRIVE, "download", uuid, _name] = segments.as_slice() {
        return drive::download(&world, uuid);
    }
    match world.rate.admit(Instant::now()) {
        Verdict::Pass => {}
        Verdict::TooMany => return Reply::html(429),
        Verdict::Blocked => return Reply::html(403),
    }
    let caller = bearer(&parts.headers).and_then(|token| world.oauth.caller(token, now_ms()));
    let Some(caller) = caller else { return Reply::problem(401, "Invalid or expired access token") };
    if let Some(trouble) = world.trouble {
        return Reply::trouble(trouble);
    }
    let query = Query::parse(parts.uri.query().unwrap_or_default());
    let call = Call { path, query, body, caller, base: format!("http://{host}") };
    dispatch(&mut world, &call, &parts.method, &segments).unwrap_or_else(|refusal| refusal)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

/// What answers a call; the texts are what stands for `*` in the route.
type Handler = fn(&mut World, &Call<'_>, &[&str]) -> Answer;

/// Every route that needs a token.
const ROUTES: [(Caller, &str, Handler); 22] = [
    (Caller::Functions, "GET /api/v4/account", |_, call, _| Ok(account::get(call))),
    (Caller::Functions, "GET /api/v4/contacts", |world, call, _| contacts::list(world, call)),
    (Caller::Functions, "POST /api/v4/contacts", |world, call, _| contacts::create(world, call)),
    // Before those with an id in their place.
    (Caller::Functions, "GET /api/v4/contacts/custom_fields", |world, call, _| {
        fields::list(world, call, Kind::Contacts)
    }),
    (Caller::Operator, "POST /api/v4/contacts/custom_fields", |world, call, _| {
        fields::create(world, call, Kind::Contacts)
    }),
    (Caller::Functions, "GET /api/v4/contacts/*", |world, call, ids| contacts::get(world, call, id(ids[0])?)),
    (Caller::Functions, "PATCH /api/v4/contacts/*", |world, call, ids| contacts::update(world, call, id(ids[0])?)),
    (Caller::Functions, "GET /api/v4/leads", |world, call, _| leads::list(world, call)),
    (Caller::Functions, "POST /api/v4/leads", |world, call, _| leads::create(world, call)),
    (Caller::Functions, "PATCH /api/v4/leads/*", |world, call, ids| leads::update(world, call, id(ids[0])?)),
    (Caller::Functions, "POST /api/v4/leads/notes", |world, call, _| notes::create(world, call)),
    (Caller::Functions, "GET /api/v4/leads/*/notes", |world, call, ids| notes::list(world, call, id(ids[0])?)),
    (Caller::Functions, "PUT /api/v4/leads/*/files", |world, call, ids| drive::attach(world, call, id(ids[0])?)),
    (Caller::Functions, "GET /api/v4/tasks", |world, call, _| tasks::list(world, call)),
    (Caller::Functions, "POST /api/v4/tasks", |world, call, _| tasks::create(world, call)),
    (Caller::Functions, "POST /drive/v1.0/sessions", |world, call, _| drive::open_session(world, call)),
    (Caller::Functions, "POST /drive/v1.0/sessions/upload/*", |world, call, part| {
        drive::receive_part(world, call, part[0])
    }),
    (Caller::Operator, "GET /api/v4/users", |_, call, _| account::users(call)),
    (Caller::Operator, "GET /api/v4/leads/pipelines", |world, call, _| pipelines::list(world, call)),
    (Caller::Operator, "POST /api/v4/leads/pipelines", |world, call, _| pipelines::create(world, call)),
    (Caller::Functions, "GET /api/v4/leads/custom_fields", |world, call, _| fields::list(world, call, Kind::Leads)),
    (Caller::Operator, "POST /api/v4/leads/custom_fields", |world, call, _| fields::create(world, call, Kind::Leads)),
];

/// Every route that is served.
pub(super) fn served() -> Vec<Served> {
    let open = [(Caller::Functions, "POST /oauth2/access_token"), (Caller::LocalStack, "GET /drive/download/*/*")];
    ROUTES.iter().map(|(by, route, _)| (*by, *route)).chain(open).map(|(by, route)| Served::new(by, route)).collect()
}

fn dispatch(world: &mut World, call: &Call<'_>, method: &Method, segments: &[&str]) -> Answer {
    let mut is_path = false;
    for (_, route, answer) in &ROUTES {
        let Some((route_method, path)) = route.split_once(' ') else { continue };
        if let Some(ids) = ids_in(path, segments) {
            is_path = true;
            if route_method == method.as_str() {
                return answer(world, call, &ids);
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

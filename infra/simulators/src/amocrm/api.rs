//! From an HTTP request to its answer: who may pass, and which code answers which path.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use http::request::Parts;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};

use crate::fault::now_ms;

use super::account::DRIVE;
use super::call::{Answer, Call, id};
use super::model::Kind;
use super::oauth::secret;
use super::query::Query;
use super::rate::Verdict;
use super::reply::Reply;
use super::world::World;
use super::{account, contacts, drive, fields, leads, notes, pipelines, tags, tasks};

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
    let query = Query::parse(parts.uri.query().unwrap_or_default());
    let call = Call { path, query, body, caller, base: format!("http://{host}") };
    dispatch(&mut world, &call, &parts.method, &segments).unwrap_or_else(|refusal| refusal)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

fn dispatch(world: &mut World, call: &Call<'_>, method: &Method, segments: &[&str]) -> Answer {
    match segments {
        [DRIVE, "v1.0", rest @ ..] => to_drive(world, call, method, rest),
        ["api", "v4", "account"] => only(method, &Method::GET, || Ok(account::get(call))),
        ["api", "v4", "users"] => only(method, &Method::GET, || account::users(call)),
        ["api", "v4", "users", user] => only(method, &Method::GET, || account::user(call, id(user)?)),
        ["api", "v4", "tasks", rest @ ..] => to_tasks(world, call, method, rest),
        ["api", "v4", "leads", "pipelines", rest @ ..] => to_pipelines(world, call, method, rest),
        ["api", "v4", kind, rest @ ..] => match Kind::of(kind) {
            Some(kind) => to_cards(world, call, method, kind, rest),
            None => not_found(),
        },
        _ => not_found(),
    }
}

fn to_drive(world: &mut World, call: &Call<'_>, method: &Method, rest: &[&str]) -> Answer {
    match rest {
        ["sessions"] => only(method, &Method::POST, || drive::open_session(world, call)),
        ["sessions", "upload", part] => only(method, &Method::POST, || drive::receive_part(world, call, part)),
        ["files", uuid] => only(method, &Method::GET, || drive::get(world, call, uuid)),
        _ => not_found(),
    }
}

fn to_tasks(world: &mut World, call: &Call<'_>, method: &Method, rest: &[&str]) -> Answer {
    match (method, rest) {
        (&Method::GET, []) => tasks::list(world, call),
        (&Method::POST, []) => tasks::create(world, call),
        (&Method::PATCH, []) => tasks::update_many(world, call),
        (&Method::GET, [task]) => tasks::get(world, call, id(task)?),
        (&Method::PATCH, [task]) => tasks::update_one(world, call, id(task)?),
        (_, [] | [_]) => not_allowed(),
        _ => not_found(),
    }
}

fn to_pipelines(world: &mut World, call: &Call<'_>, method: &Method, rest: &[&str]) -> Answer {
    match (method, rest) {
        (&Method::GET, []) => pipelines::list(world, call),
        (&Method::POST, []) => pipelines::create(world, call),
        (&Method::GET, [pipeline]) => pipelines::get(world, id(pipeline)?),
        (&Method::GET, [pipeline, "statuses"]) => pipelines::list_stages(world, call, id(pipeline)?),
        (&Method::POST, [pipeline, "statuses"]) => pipelines::create_stages(world, call, id(pipeline)?),
        (_, [] | [_] | [_, "statuses"]) => not_allowed(),
        _ => not_found(),
    }
}

/// Leads and contacts, and what hangs on both.
fn to_cards(world: &mut World, call: &Call<'_>, method: &Method, kind: Kind, rest: &[&str]) -> Answer {
    match rest {
        ["custom_fields"] => match *method {
            Method::GET => fields::list(world, call, kind),
            Method::POST => fields::create(world, call, kind),
            Method::PATCH => fields::update_many(world, call, kind),
            _ => not_allowed(),
        },
        ["custom_fields", field] => match *method {
            Method::GET => fields::get(world, kind, id(field)?),
            Method::PATCH => fields::update_one(world, call, kind, id(field)?),
            _ => not_allowed(),
        },
        ["tags"] => match *method {
            Method::GET => tags::list(world, call, kind),
            Method::POST => tags::create(world, call, kind),
            _ => not_allowed(),
        },
        ["notes"] => match *method {
            Method::GET => notes::list(world, call, kind, None),
            Method::POST => notes::create(world, call, kind, None),
            _ => not_allowed(),
        },
        ["notes", note] => only(method, &Method::GET, || notes::get(world, call, kind, None, id(note)?)),
        [card, "notes"] => match *method {
            Method::GET => notes::list(world, call, kind, Some(id(card)?)),
            Method::POST => notes::create(world, call, kind, Some(id(card)?)),
            _ => not_allowed(),
        },
        [card, "notes", note] => {
            only(method, &Method::GET, || notes::get(world, call, kind, Some(id(card)?), id(note)?))
        }
        _ if kind == Kind::Leads => to_leads(world, call, method, rest),
        _ => to_contacts(world, call, method, rest),
    }
}

fn to_leads(world: &mut World, call: &Call<'_>, method: &Method, rest: &[&str]) -> Answer {
    match (method, rest) {
        (&Method::GET, []) => leads::list(world, call),
        (&Method::POST, []) => leads::create(world, call),
        (&Method::PATCH, []) => leads::update_many(world, call),
        (&Method::POST, ["complex"]) => leads::create_complex(world, call),
        (&Method::GET, [lead]) => leads::get(world, call, id(lead)?),
        (&Method::PATCH, [lead]) => leads::update_one(world, call, id(lead)?),
        (&Method::POST, [lead, "link"]) => leads::link(world, call, id(lead)?),
        (&Method::GET, [lead, "links"]) => leads::links(world, call, id(lead)?),
        (&Method::PUT, [lead, "files"]) => drive::attach(world, call, id(lead)?),
        (&Method::GET, [lead, "files"]) => drive::attached(world, call, id(lead)?),
        (_, [] | [_] | [_, "link" | "links" | "files"]) => not_allowed(),
        _ => not_found(),
    }
}

fn to_contacts(world: &mut World, call: &Call<'_>, method: &Method, rest: &[&str]) -> Answer {
    match (method, rest) {
        (&Method::GET, []) => contacts::list(world, call),
        (&Method::POST, []) => contacts::create(world, call),
        (&Method::PATCH, []) => contacts::update_many(world, call),
        (&Method::GET, [contact]) => contacts::get(world, call, id(contact)?),
        (&Method::PATCH, [contact]) => contacts::update_one(world, call, id(contact)?),
        (_, [] | [_]) => not_allowed(),
        _ => not_found(),
    }
}

fn only(method: &Method, allowed: &Method, act: impl FnOnce() -> Answer) -> Answer {
    if method == allowed { act() } else { not_allowed() }
}

fn not_allowed() -> Answer {
    Err(Reply::problem(405, "Method not allowed"))
}

fn not_found() -> Answer {
    Err(Reply::problem(404, "Not found"))
}

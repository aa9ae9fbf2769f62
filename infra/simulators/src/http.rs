//! The HTTP server under every simulator: loopback only, with faults and the call log applied to each request.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderValue, Request, StatusCode, header};
use hyper::body::Incoming;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::fault::{Call, Fault, Faults, now_ms};

/// Longest request taken, in bytes.
const BODY_LIMIT: usize = 64 * 1024 * 1024;
/// How much of a request's body the call log keeps, in bytes.
const TEXT_LOGGED: usize = 64 * 1024;
/// The same for a body that is not text, such as a photo.
const BINARY_LOGGED: usize = 1024;

/// What differs between the services a simulator can stand for.
#[derive(Clone, Copy, Debug)]
pub struct Dialect {
    /// Names a call, by its head and its body, for fault rules and the log.
    pub route: fn(&Parts, &[u8]) -> String,
    /// The service's «too many requests», with the seconds to wait.
    pub too_many: fn(u64) -> Response,
}

impl Dialect {
    /// Routes such as «POST /api/v4/leads», and a bare 429 with `Retry-After`.
    pub const PLAIN: Self = Self { route: method_and_path, too_many: bare_too_many };
}

/// A running server. It ends with [`Server::stop`], or when the last clone is dropped.
#[derive(Clone, Debug)]
pub struct Server(Arc<Running>);

#[derive(Debug)]
struct Running {
    address: SocketAddr,
    /// Turns true, or closes, when the server is to end.
    stop: watch::Sender<bool>,
    /// Closed once the port is free again.
    accepting: watch::Receiver<()>,
}

impl Server {
    /// Serves `router` on 127.0.0.1 at this port; 0 takes any free one. Every request first meets `faults`. What the
    /// router holds must not hold the `Server`, which would then never be dropped.
    ///
    /// # Errors
    /// The port is taken.
    pub async fn start(router: Router, port: u16, faults: Faults, dialect: Dialect) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        let (stop, mut stopped) = watch::channel(false);
        let (accepts, accepting) = watch::channel(());
        tokio::spawn(async move {
            let _accepts = accepts;
            let names = ["127.0.0.1", "localhost"].map(|name| format!("{name}:{}", address.port()));
            let front = Arc::new(Front { router, faults, dialect, names });
            loop {
                tokio::select! {
                    () = until_stopped(&mut stopped) => break,
                    accepted = listener.accept() => match accepted {
                        Ok((stream, _)) => {
                            tokio::spawn(serve(stream, Arc::clone(&front), stopped.clone()));
                        }
                        // Out of file handles, for example: a pause, so that this loop does not spin.
                        Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                    },
                }
            }
        });
        Ok(Self(Arc::new(Running { address, stop, accepting })))
    }

    /// Where it listens, such as `http://127.0.0.1:41234`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.0.address)
    }

    /// The port it listens at.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.0.address.port()
    }

    /// Cuts every connection, as a kill would, and waits until the port is free.
    pub async fn stop(&self) {
        self.0.stop.send_replace(true);
        let mut accepting = self.0.accepting.clone();
        while accepting.changed().await.is_ok() {}
    }
}

/// Returns once the server is told to stop, or nobody holds it any more.
async fn until_stopped(stopped: &mut watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stop| *stop).await;
}

/// What every request passes through.
struct Front {
    router: Router,
    faults: Faults,
    dialect: Dialect,
    /// The `Host`s under which programs of this machine reach it.
    names: [String; 2],
}

/// Says to hyper: close the connection without an answer.
#[derive(Debug)]
struct Hangup;

impl fmt::Display for Hangup {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the connection is closed on purpose")
    }
}

impl std::error::Error for Hangup {}

async fn serve(stream: TcpStream, front: Arc<Front>, mut stopped: watch::Receiver<bool>) {
    let service = service_fn(move |request: Request<Incoming>| {
        let front = Arc::clone(&front);
        async move { front.answer(request).await }
    });
    let _ = stream.set_nodelay(true);
    let connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        // An error here is a client that went away, or a hang-up of ours.
        _ = connection => {}
        () = until_stopped(&mut stopped) => {}
    }
}

impl Front {
    async fn answer(&self, request: Request<Incoming>) -> Result<Response, Hangup> {
        let at_ms = now_ms();
        let (parts, body) = request.into_parts();
        if !self.is_from_a_program(&parts) {
            return Ok(StatusCode::FORBIDDEN.into_response());
        }
        let body = axum::body::to_bytes(Body::new(body), BODY_LIMIT).await.map_err(|_| Hangup)?;
        let call = Call {
            method: parts.method.to_string(),
            route: (self.dialect.route)(&parts, &body),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            at_ms,
            body: String::from_utf8_lossy(&body[..body.len().min(logged(&parts))]).into_owned(),
            ..Call::default()
        };
        let fault = self.faults.strike(&call.route);
        let mut running = RunningCall { call, began: Instant::now(), faults: &self.faults };
        let outcome = self.act(fault, parts, body).await;
        running.call.status = outcome.as_ref().map_or(0, |response| response.status().as_u16());
        outcome
    }

    /// A page of some web site sends its `Origin`, or the name of its site as the `Host`.
    fn is_from_a_program(&self, parts: &Parts) -> bool {
        let host = parts.headers.get(header::HOST).map(HeaderValue::as_bytes);
        let is_own = self.names.iter().any(|name| host == Some(name.as_bytes()));
        is_own && !parts.headers.contains_key(header::ORIGIN) && !parts.headers.contains_key("sec-fetch-site")
    }

    async fn act(&self, fault: Option<Fault>, parts: Parts, body: Bytes) -> Result<Response, Hangup> {
        let router = || self.route(Request::from_parts(parts, Body::from(body)));
        match fault {
            None => Ok(router().await),
            Some(Fault::Status(status, body)) => Ok(failure(status, content_type_of(&body), body)),
            Some(Fault::Html(status)) => Ok(failure(status, "text/html", html_page(status))),
            Some(Fault::Garbage) => Ok(failure(200, "application/json", r#"{"ok":tru"#.to_owned())),
            Some(Fault::Hang(pause)) => {
                tokio::time::sleep(pause).await;
                Ok(router().await)
            }
            Some(Fault::LateAnswer(pause)) => {
                let answer = router().await;
                tokio::time::sleep(pause).await;
                Ok(answer)
            }
            Some(Fault::DropBefore) => Err(Hangup),
            Some(Fault::LoseAnswer) => {
                router().await;
                Err(Hangup)
            }
            Some(Fault::TooMany { retry_after }) => Ok((self.dialect.too_many)(retry_after)),
        }
    }

    fn route(&self, request: Request<Body>) -> impl Future<Output = Response> + Send + use<> {
        let answer = TowerToHyperService::new(self.router.clone()).call(request);
        async move {
            let answer: Result<Response, Infallible> = answer.await;
            answer.unwrap_or_else(|never| match never {})
        }
    }
}

/// Writes its call into the log when it ends, also if its client goes away before the answer.
struct RunningCall<'a> {
    call: Call,
    began: Instant,
    faults: &'a Faults,
}

impl Drop for RunningCall<'_> {
    fn drop(&mut self) {
        let mut call = std::mem::take(&mut self.call);
        call.took_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.faults.record(call);
    }
}

fn logged(parts: &Parts) -> usize {
    let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("text");
    if ["json", "text", "urlencoded"].iter().any(|text| content_type.contains(text)) {
        TEXT_LOGGED
    } else {
        BINARY_LOGGED
    }
}

fn failure(status: u16, content_type: &'static str, body: String) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, content_type)], body).into_response()
}

fn content_type_of(body: &str) -> &'static str {
    if body.trim_start().starts_with(['{', '[']) { "application/json" } else { "text/plain" }
}

/// What nginx shows when the service behind it does not answer.
fn html_page(status: u16) -> String {
    let reason = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Error");
    format!(
        "<html>\r\n<head><title>{status} {reason}</title></head>\r\n<body>\r\n<center><h1>{status} {reason}</h1></center>\
         \r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    )
}

fn method_and_path(parts: &Parts, _body: &[u8]) -> String {
    format!("{} {}", parts.method, parts.uri.path())
}

fn bare_too_many(retry_after: u64) -> Response {
    (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, retry_after.to_string())]).into_response()
}

#[cfg(test)]
mod tests {
    use axum::routing::post;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::fault::When;

    /// A service that counts what it did.
    async fn counter(faults: &Faults) -> io::Result<(Server, Arc<AtomicU32>)> {
        let done = Arc::new(AtomicU32::new(0));
        let counting = Arc::clone(&done);
        let router = Router::new().route(
            "/count",
            post(move || {
                let count = counting.fetch_add(1, Ordering::SeqCst) + 1;
                async move { count.to_string() }
            }),
        );
        Ok((Server::start(router, 0, faults.clone(), Dialect::PLAIN).await?, done))
    }

    #[tokio::test]
    async fn a_page_of_another_site_gets_nothing() -> Result<(), Box<dyn std::error::Error>> {
        let faults = Faults::default();
        let (server, done) = counter(&faults).await?;
        let client = reqwest::Client::new();
        let foreign = [
            ("host", "evil.example"),
            ("host", "127.0.0.1.evil.example"),
            ("origin", "http://evil.example"),
            ("origin", "null"),
            ("sec-fetch-site", "cross-site"),
        ];
        for (name, value) in foreign {
            let answer = client.post(format!("{}/count", server.url())).header(name, value).send().await?;
            assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{name}: {value}");
        }
        assert_eq!(done.load(Ordering::SeqCst), 0);
        let local = format!("http://localhost:{}/count", server.port());
        assert_eq!(client.post(local).send().await?.text().await?, "1");
        Ok(())
    }

    #[tokio::test]
    async fn each_fault_fails_in_its_own_way_and_is_logged() -> Result<(), Box<dyn std::error::Error>> {
        let faults = Faults::default();
        let (server, done) = counter(&faults).await?;
        let client = reqwest::Client::new();
        let post = || client.post(format!("{}/count?a=b", server.url())).body("hello").send();

        assert_eq!(post().await?.text().await?, "1");

        faults.add("POST /count", When::Times(1), Fault::Status(500, r#"{"no":1}"#.to_owned()));
        let answer = post().await?;
        assert_eq!((answer.status().as_u16(), answer.text().await?), (500, r#"{"no":1}"#.to_owned()));

        faults.add("POST /count", When::Times(1), Fault::Html(502));
        let answer = post().await?;
        assert_eq!(answer.headers()["content-type"], "text/html");
        assert!(answer.text().await?.contains("502 Bad Gateway"));

        faults.add("POST /count", When::Times(1), Fault::TooMany { retry_after: 7 });
        assert_eq!(post().await?.headers()["retry-after"], "7");

        faults.add("POST /count", When::Times(1), Fault::Garbage);
        assert!(post().await?.json::<serde_json::Value>().await.is_err());

        faults.add("POST /count", When::Times(1), Fault::DropBefore);
        assert!(post().await.is_err());
        assert_eq!(done.load(Ordering::SeqCst), 1, "none of these did anything");

        faults.add("POST /count", When::Times(1), Fault::LoseAnswer);
        assert!(post().await.is_err());
        assert_eq!(done.load(Ordering::SeqCst), 2, "done, but nobody was told");

        faults.add("POST /count", When::Times(1), Fault::Hang(Duration::from_millis(30)));
        assert_eq!(post().await?.text().await?, "3");

        let calls = faults.calls_since(0);
        let statuses: Vec<u16> = calls.iter().map(|call| call.status).collect();
        assert_eq!(statuses, [200, 500, 502, 429, 200, 0, 0, 200]);
        assert_eq!(
            (calls[0].route.as_str(), calls[0].query.as_str(), calls[0].body.as_str()),
            ("POST /count", "a=b", "hello")
        );
        assert!(calls[7].took_ms >= 30);
        assert_eq!(faults.counts()["POST /count"], 8);
        assert_eq!(faults.calls_since(7).len(), 1);
        Ok(())
    }

    #[tokio::test]
    async fn a_client_that_gives_up_on_a_hanging_call_gets_nothing_done() -> Result<(), Box<dyn std::error::Error>> {
        let faults = Faults::default();
        let (server, done) = counter(&faults).await?;
        faults.add("*", When::Times(1), Fault::Hang(Duration::from_millis(300)));
        let client = reqwest::Client::builder().timeout(Duration::from_millis(50)).build()?;
        assert!(client.post(format!("{}/count", server.url())).send().await.is_err_and(|error| error.is_timeout()));
        tokio::time::sleep(Duration::from_millis(400)).await;
        assert_eq!(done.load(Ordering::SeqCst), 0);
        let statuses: Vec<u16> = faults.calls_since(0).iter().map(|call| call.status).collect();
        assert_eq!(statuses, [0], "the call is on record all the same");
        Ok(())
    }

    #[tokio::test]
    async fn a_stopped_server_frees_its_port() -> Result<(), Box<dyn std::error::Error>> {
        let (server, _) = counter(&Faults::default()).await?;
        let url = format!("{}/count", server.url());
        let client = reqwest::Client::new();
        assert!(client.post(&url).send().await.is_ok());
        server.stop().await;
        assert!(client.post(&url).send().await.is_err());
        let again = Server::start(Router::new(), server.port(), Faults::default(), Dialect::PLAIN).await?;
        assert_eq!(client.post(&url).send().await?.status(), 404);
        drop(again);
        Ok(())
    }
}

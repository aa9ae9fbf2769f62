//! One function as Lambda runs it: a process that asks for events and posts results.
//!
//! The runtime's interface: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Router, http};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc};
use tokio::time::{Instant, timeout};

use super::usage;

/// How long a function may take to start, and for an event.
const PATIENCE: Duration = Duration::from_secs(60);

/// A function, running.
pub(super) struct Lambda {
    process: Child,
    events: mpsc::Sender<Value>,
    results: Mutex<mpsc::Receiver<Result<Bytes, String>>>,
    /// From the start of the process until it asked for the first event.
    pub(super) init: Duration,
    /// Of its binary.
    pub(super) bytes: u64,
}

struct Runtime {
    asked: mpsc::Sender<()>,
    events: Mutex<mpsc::Receiver<Value>>,
    results: mpsc::Sender<Result<Bytes, String>>,
}

impl Lambda {
    /// Starts the binary of a function, which lies beside this one, and waits until it asks for an event.
    ///
    /// # Errors
    /// It is not built, or does not start.
    pub(super) async fn start(name: &str, variables: &[(&str, String)]) -> anyhow::Result<Self> {
        let binary = std::env::current_exe()?.with_file_name(name);
        let bytes = size(&binary)?;
        let (events, taken) = mpsc::channel(1);
        let (posts, results) = mpsc::channel(1);
        let (asks, mut asked) = mpsc::channel(1);
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?.to_string();
        let runtime = Runtime { asked: asks, events: Mutex::new(taken), results: posts };
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(respond))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(fail))
            .with_state(Arc::new(runtime));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let begun = Instant::now();
        let process = Command::new(&binary)
            .env_clear()
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .env("AWS_LAMBDA_RUNTIME_API", address)
            .env("AWS_LAMBDA_FUNCTION_NAME", name)
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("{name} cannot be started"))?;
        timeout(PATIENCE, asked.recv()).await.with_context(|| format!("{name} does not start"))?;
        let init = begun.elapsed();
        // From now on nobody waits for it to ask.
        asked.close();
        Ok(Self { process, events, results: Mutex::new(results), init, bytes })
    }

    /// Has it handle an event; returns the result and how long that took.
    ///
    /// # Errors
    /// It failed, or took too long.
    pub(super) async fn invoke(&self, event: Value) -> anyhow::Result<(Value, Duration)> {
        let mut results = self.results.lock().await;
        let begun = Instant::now();
        self.events.send(event).await?;
        let result = timeout(PATIENCE, results.recv()).await.context("no result in time")?;
        let took = begun.elapsed();
        match result.context("the runtime has ended")? {
            Ok(result) => Ok((serde_json::from_slice(&result)?, took)),
            Err(error) => bail!("the function failed: {error}"),
        }
    }

    /// The processor's time so far, in seconds.
    pub(super) fn cpu_seconds(&self) -> anyhow::Result<f64> {
        usage::cpu_seconds(self.process.id())
    }

    pub(super) fn peak_memory_mib(&self) -> anyhow::Result<f64> {
        usage::peak_memory_mib(self.process.id())
    }
}

impl Drop for Lambda {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn size(binary: &Path) -> anyhow::Result<u64> {
    let metadata = std::fs::metadata(binary)
        .with_context(|| format!("{} is not built: `cargo build --release` first", binary.display()))?;
    Ok(metadata.len())
}

async fn next(State(runtime): State<Arc<Runtime>>) -> Response {
    let _ = runtime.asked.try_send(());
    let Some(event) = runtime.events.lock().await.recv().await else {
        return http::StatusCode::GONE.into_response();
    };
    let headers = [
        ("lambda-runtime-aws-request-id", "1"),
        ("lambda-runtime-deadline-ms", "9999999999999"),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:local:000000000000:function:bench"),
    ];
    (headers, axum::Json(event)).into_response()
}

async fn respond(State(runtime): State<Arc<Runtime>>, result: Bytes) -> http::StatusCode {
    let _ = runtime.results.send(Ok(result)).await;
    http::StatusCode::ACCEPTED
}

async fn fail(State(runtime): State<Arc<Runtime>>, error: Bytes) -> http::StatusCode {
    let _ = runtime.results.send(Err(String::from_utf8_lossy(&error).into_owned())).await;
    http::StatusCode::ACCEPTED
}

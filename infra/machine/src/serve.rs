//! The bot on one machine: the functions, tables and a queue in one process, and nothing else. No simulators, no page,
//! and no way in but Telegram's and amoCRM's webhooks.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ::http::StatusCode;
use anyhow::{Context as _, bail};
use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use embedded::sqs::{DEAD_LETTER_QUEUE, QUEUE, queue_url};
use embedded::{DynamoDb, Services, Sqs};
use serde_json::json;
use settings::{ENDPOINTS_FILE, Env, metrics, system_clock};
use storage::Aws;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use webhook::HEALTH_PATH;

use crate::http::listen;
use crate::loopback::is_from_this_machine;
use crate::{Folder, Functions, LocalDealerFile, Polling, Room, Store, Variables, read, work};

/// File of the tables in the data folder.
pub const DATABASE_FILE: &str = "dynamodb.sqlite";
/// How long stopping waits for work in progress.
const GRACE: Duration = Duration::from_secs(20);
/// How long a message that crm-push is handling is hidden; after a kill it is taken back at the start.
const VISIBILITY: Duration = Duration::from_secs(720);
/// The services need an address, which nothing listens at.
const NOWHERE: &str = "http://embedded.invalid";

/// How the bot on one machine runs.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// The settings by variable.
    pub variables: Variables,
    /// The folder for the data.
    pub data_dir: PathBuf,
    /// The dealer's file, stored whenever it changes.
    pub dealer_file: PathBuf,
    /// The port on 127.0.0.1; 0 takes any free one.
    pub port: u16,
}

/// How Telegram's updates come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Updates {
    /// The bot asks for them.
    Polling,
    /// Telegram posts them to a proxy that forwards them.
    Webhook,
}

impl Updates {
    /// As `TELEGRAM_UPDATES` names it.
    const fn name(self) -> &'static str {
        match self {
            Self::Polling => "polling",
            Self::Webhook => "webhook",
        }
    }
}

/// The bot, running. [`Server::stop`] ends it.
pub struct Server {
    url: String,
    updates: Updates,
    folder: Folder,
    stop: watch::Sender<bool>,
    workers: Vec<JoinHandle<()>>,
    for_operators: JoinHandle<()>,
}

impl ServerOptions {
    /// From the process's environment: `CARQUERY_PORT` (8080), `CARQUERY_DATA_DIR` (`.carquery`),
    /// `CARQUERY_DEALER_FILE` (`dealer.toml`), and the functions' settings.
    ///
    /// # Errors
    /// `CARQUERY_PORT` is not a port.
    pub fn of_process() -> anyhow::Result<Self> {
        let mut env = Env::of_process();
        let (port, data_dir) = (env.parsed_or("CARQUERY_PORT", 8080), settings::data_folder(&mut env));
        let dealer_file = env.text("CARQUERY_DEALER_FILE", "dealer.toml").into();
        env.finish(())?;
        let variables = std::env::vars().filter(|(_, value)| !value.trim().is_empty()).collect();
        Ok(Self { variables, data_dir, dealer_file, port })
    }
}

impl Server {
    /// Starts everything and waits until it can serve.
    ///
    /// # Errors
    /// A setting is wrong, the port or the data folder is taken, or the data are damaged.
    pub async fn start(options: ServerOptions) -> anyhow::Result<Self> {
        let ServerOptions { mut variables, data_dir, dealer_file, port } = options;
        let listener = listen(port).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let folder = Folder::open(Some(&data_dir))?;
        let updates = updates(&mut variables, &folder)?;
        variables.retain(|name, _| !name.starts_with("AWS_"));
        variables.insert("LEADS_QUEUE_URL".to_owned(), queue_url(NOWHERE, QUEUE));
        variables.insert("LEADS_DLQ_URL".to_owned(), queue_url(NOWHERE, DEAD_LETTER_QUEUE));

        let services = open_services(&data_dir)?;
        let room = Room::in_folder(&data_dir);
        let store = Store {
            aws: Aws::through(&services.http_client()),
            webhook_aws: Aws::through(&services.http_client_without_waits()),
            tables: services.dynamodb.clone(),
        };
        let restored_at = folder.notes().restored_at;
        let functions = Functions::build(&variables, store, &system_clock(), restored_at).await?;
        let functions = Arc::new(functions);
        let for_operators = tokio::spawn(services.listen(&data_dir).context("cannot listen for the carquery command")?);
        let (stop, stopping) = watch::channel(false);
        let mut dealer_file =
            LocalDealerFile::new(dealer_file, folder.file("dealer.toml"), functions.aws.dealer_file(&functions.tables));
        dealer_file.look_once().await;

        let mut workers = work(&functions, &services.dynamodb, &variables, &stopping, || {})?;
        workers.push(tokio::spawn(dealer_file.follow(stopping.clone())));
        workers.push(serve_http(listener, Arc::clone(&functions), room.clone(), stopping.clone()));
        if updates == Updates::Polling {
            let secret = read(&variables, |env| env.required_secret("TELEGRAM_WEBHOOK_SECRET"))?;
            let polling = Polling { functions: Arc::clone(&functions), secret, room, handled: Arc::new(|| {}) };
            workers.push(tokio::spawn(polling.run(stopping)));
        }
        introduce(functions.api.clone(), read(&variables, settings::Telegram::read)?);
        variables.insert("TELEGRAM_UPDATES".to_owned(), updates.name().to_owned());
        let server = Self { url, updates, folder, stop, workers, for_operators };
        server.write_endpoints(&variables)?;
        Ok(server)
    }

    /// Where it listens, such as `http://127.0.0.1:8080`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// How updates come.
    #[must_use]
    pub const fn updates(&self) -> Updates {
        self.updates
    }

    /// Ends everything in order: no more updates, then the work under way.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        let _ = tokio::time::timeout(GRACE, futures::future::join_all(self.workers)).await;
        self.for_operators.abort();
        if let Some(file) = self.folder.file(ENDPOINTS_FILE) {
            let _ = std::fs::remove_file(file);
        }
    }

    /// Writes down for the `carquery` command what this process has chosen itself.
    fn write_endpoints(&self, variables: &Variables) -> anyhow::Result<()> {
        let Some(file) = self.folder.file(ENDPOINTS_FILE) else { return Ok(()) };
        let chosen = [
            "LEADS_QUEUE_URL",
            "LEADS_DLQ_URL",
            "TELEGRAM_WEBHOOK_SECRET",
            "AMOCRM_WEBHOOK_SECRET",
            "TELEGRAM_UPDATES",
        ];
        let mut endpoints: Variables =
            chosen.into_iter().filter_map(|name| Some((name.to_owned(), variables.get(name)?.clone()))).collect();
        endpoints.insert("CARQUERY_URL".to_owned(), self.url.clone());
        std::fs::write(file, serde_json::to_vec_pretty(&endpoints)?).context("cannot write to the data folder")
    }
}

fn open_services(data_dir: &Path) -> anyhow::Result<Services> {
    let database = data_dir.join(DATABASE_FILE);
    let dynamodb = DynamoDb::open(Some(&database)).with_context(|| {
        format!(
            "{} cannot be used; if it is damaged, `carquery restore` puts a backup in its place",
            database.display()
        )
    })?;
    let options = embedded::sqs::Options {
        journal: Some(data_dir.join("queue.jsonl")),
        visibility: VISIBILITY,
        ..embedded::sqs::Options::default()
    };
    let sqs = Sqs::open(&options).context("cannot open the queue")?;
    // The consumer that was handling a message ended with the last process.
    sqs.release_in_flight();
    Ok(Services { dynamodb, sqs })
}

/// How updates come, by `TELEGRAM_UPDATES`. A secret that the operator has not set is the folder's.
fn updates(variables: &mut Variables, folder: &Folder) -> anyhow::Result<Updates> {
    let notes = folder.notes();
    let secrets =
        [("TELEGRAM_WEBHOOK_SECRET", &notes.webhook_secret), ("AMOCRM_WEBHOOK_SECRET", &notes.amocrm_webhook_secret)];
    for (name, secret) in secrets {
        variables.entry(name.to_owned()).or_insert_with(|| secret.clone());
    }
    match variables.get("TELEGRAM_UPDATES").map(String::as_str) {
        None | Some("polling") => Ok(Updates::Polling),
        Some("webhook") => Ok(Updates::Webhook),
        Some(_) => bail!("TELEGRAM_UPDATES is neither polling nor webhook"),
    }
}

/// Sets the bot's commands and description. A failure does not keep it from working.
fn introduce(api: telegram::Api, settings: settings::Telegram) {
    tokio::spawn(async move {
        if let Err(error) = telegram::introduce(&api, settings.admin_chat_id, settings.language).await {
            tracing::warn!("the bot's commands could not be set: {error}");
        }
    });
}

fn serve_http(
    listener: TcpListener,
    functions: Arc<Functions>,
    room: Room,
    mut stopping: watch::Receiver<bool>,
) -> JoinHandle<()> {
    let router = Router::new()
        .route(HEALTH_PATH, get(show_health))
        .route("/metrics", get(show_metrics))
        .fallback(function)
        .with_state((functions, room));
    tokio::spawn(async move {
        let ended = async move {
            let _ = stopping.wait_for(|stop| *stop).await;
        };
        if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(ended).await {
            tracing::error!("the HTTP server ended: {error}");
        }
    })
}

/// What the handlers share.
type Shared = State<(Arc<Functions>, Room)>;

/// The webhook function's own paths.
async fn function(State((functions, _)): Shared, request: Request) -> Response {
    functions.answer(request).await
}

/// The webhook function's health, and whether what it writes can be written. For this machine only: it costs calls
/// to the tables.
async fn show_health(shared: Shared, request: Request) -> Response {
    if !is_from_this_machine(request.headers()) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let (functions, room) = &shared.0;
    let down = if !room.is_there() {
        Some(json!({ "disk": "full, or not writable" }))
    } else if !functions.can_write().await {
        Some(json!({ "tables": "not writable" }))
    } else {
        None
    };
    if let Some(parts) = down {
        let body = json!({ "status": "down", "parts": parts });
        return (StatusCode::SERVICE_UNAVAILABLE, axum::Json(body)).into_response();
    }
    function(shared, request).await
}

async fn show_metrics(request: Request) -> Response {
    if !is_from_this_machine(request.headers()) {
        return StatusCode::NOT_FOUND.into_response();
    }
    ([(::http::header::CONTENT_TYPE, "text/plain; version=0.0.4")], metrics::in_prometheus_format()).into_response()
}

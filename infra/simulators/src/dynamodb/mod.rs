//! DynamoDB in this process: the AWS SDK talks to it over loopback as it talks to AWS.

use std::net::Ipv4Addr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How long a request under way may hold up the end.
const GRACE: Duration = Duration::from_secs(2);

/// A running DynamoDB.
pub(crate) struct Database {
    database: dynoxide::Database,
    url: String,
    stop: watch::Sender<bool>,
    server: JoinHandle<()>,
}

impl Database {
    /// Starts it over the file, or in memory without one.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub(crate) async fn start(file: Option<&Path>) -> anyhow::Result<Self> {
        let database = match file {
            Some(file) => dynoxide::Database::new(&file.to_string_lossy()),
            None => dynoxide::Database::memory(),
        }
        .map_err(|error| anyhow!("cannot open the database: {error}"))?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("cannot listen on loopback")?;
        let url = format!("http://{}", listener.local_addr()?);
        let (stop, mut stopped) = watch::channel(false);
        let ended = async move {
            let _ = stopped.wait_for(|stop| *stop).await;
        };
        let serving = dynoxide::server::serve_with_shutdown(listener, database.clone(), ended);
        let server = tokio::spawn(async move {
            if let Err(error) = serving.await {
                tracing::error!("the embedded DynamoDB ended: {error}");
            }
        });
        Ok(Self { database, url, stop, server })
    }

    /// What goes into `AWS_ENDPOINT_URL_DYNAMODB`.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Deletes what has expired, which DynamoDB does by itself and this one only when told. For a task that outlives this
    /// borrow.
    pub(crate) fn sweeper(&self) -> impl Fn() + Send + 'static {
        let database = self.database.clone();
        move || sweep(&database)
    }

    /// Ends it.
    pub(crate) async fn stop(self) {
        self.stop.send_replace(true);
        let _ = tokio::time::timeout(GRACE, self.server).await;
    }
}

fn sweep(database: &dynoxide::Database) {
    match database.sweep_ttl() {
        Ok(count) => tracing::debug!(count, "deleted expired items"),
        Err(error) => tracing::warn!("expired items could not be deleted: {error}"),
    }
}

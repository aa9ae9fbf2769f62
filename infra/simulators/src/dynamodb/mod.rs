//! DynamoDB in this process: [`dynoxide`] over SQLite, to which the AWS SDK talks over loopback as it talks to AWS.
//!
//! It never fails by itself. Started with [`Faults`], a proxy stands in front of it: there each call can be dropped, refused,
//! answered with garbage or carried out without an answer, and is counted. Fault rules match the action with the table,
//! without the common beginning of its name: «`PutItem` sessions». A transaction has several tables and is named by its
//! action alone.

mod proxy;

use std::io;
use std::net::Ipv4Addr;
use std::path::Path;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::fault::Faults;
use crate::http::Server;

/// How long a request under way may hold up the end.
const GRACE: Duration = Duration::from_secs(2);

/// A running DynamoDB. It ends with [`DynamoDb::stop`] or when it is dropped.
pub struct DynamoDb {
    database: dynoxide::Database,
    address: String,
    proxy: Option<Server>,
    stop: watch::Sender<bool>,
    server: JoinHandle<()>,
}

impl DynamoDb {
    /// Starts it over the file, or in memory without one; behind a proxy if its calls are to fail or to be counted.
    ///
    /// # Errors
    /// The file cannot be opened, or no port is free.
    pub async fn start(file: Option<&Path>, faults: Option<&Faults>) -> io::Result<Self> {
        let database = match file {
            Some(file) => dynoxide::Database::new(&file.to_string_lossy()),
            None => dynoxide::Database::memory(),
        }
        .map_err(|error| io::Error::other(format!("cannot open the database: {error}")))?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = format!("http://{}", listener.local_addr()?);
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
        let proxy = match faults {
            Some(faults) => Some(proxy::start(&address, faults.clone()).await?),
            None => None,
        };
        Ok(Self { database, address, proxy, stop, server })
    }

    /// The endpoint for an AWS SDK: `AWS_ENDPOINT_URL_DYNAMODB`.
    #[must_use]
    pub fn url(&self) -> String {
        self.proxy.as_ref().map_or_else(|| self.address.clone(), Server::url)
    }

    /// Deletes what has expired: DynamoDB does that by itself, this one only when asked to. The function outlives this
    /// borrow.
    pub fn sweeper(&self) -> impl Fn() + Send + 'static {
        let database = self.database.clone();
        move || match database.sweep_ttl() {
            Ok(count) => tracing::debug!(count, "deleted expired items"),
            Err(error) => tracing::warn!("expired items could not be deleted: {error}"),
        }
    }

    /// Ends it in order.
    pub async fn stop(self) {
        if let Some(proxy) = &self.proxy {
            proxy.stop().await;
        }
        self.stop.send_replace(true);
        let _ = tokio::time::timeout(GRACE, self.server).await;
    }
}

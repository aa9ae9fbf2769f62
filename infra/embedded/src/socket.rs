//! The services for other processes of the same user, such as the operator's command: a Unix socket in the data folder.
//! The folder is its owner's alone, and no web page can reach a socket that is a file.
//!
//! A connection carries one call: the caller writes the target, a line break and the parameters, and closes its side;
//! the services write the status, a line break and the answer.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use http::StatusCode;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};

use crate::Services;
use crate::client::{into_sdk, target_and_parameters};
use crate::reply::{Reply, reply};

/// Name of the socket in the data folder.
pub const SOCKET: &str = "services.sock";

impl Services {
    /// Listens in `folder` until the future is dropped. A socket that a killed process has left is replaced: the caller
    /// must hold the folder's lock.
    ///
    /// # Errors
    /// The socket cannot be made, as when the folder's path is longer than a socket's may be (about 100 bytes).
    pub fn listen(&self, folder: &Path) -> io::Result<impl Future<Output = ()> + Send + use<>> {
        let path = folder.join(SOCKET);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&path)?;
        std::fs::set_permissions(&path, Permissions::from_mode(0o600))?;
        let services = self.clone();
        Ok(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let services = services.clone();
                tokio::spawn(async move {
                    if let Err(error) = services.serve(stream).await {
                        tracing::debug!("a caller of the services left: {error}");
                    }
                });
            }
        })
    }

    async fn serve(&self, mut stream: UnixStream) -> io::Result<()> {
        let mut call = Vec::new();
        stream.read_to_end(&mut call).await?;
        let (target, parameters) = first_line(&call)?;
        let reply = self.call(target, parameters).await;
        stream.write_all(format!("{}\n", reply.status().as_u16()).as_bytes()).await?;
        stream.write_all(reply.body()).await
    }
}

/// An HTTP client for the SDK's clients that brings every request to the services that listen in `folder`.
#[must_use]
pub fn http_client(folder: &Path) -> SharedHttpClient {
    let connector = SharedHttpConnector::new(Socket(folder.join(SOCKET)));
    http_client_fn(move |_, _| connector.clone())
}

#[derive(Debug)]
struct Socket(PathBuf);

impl HttpConnector for Socket {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let path = self.0.clone();
        HttpConnectorFuture::new(async move {
            let (target, parameters) = target_and_parameters(&request)?;
            let reply = call(&path, target, parameters).await.map_err(|error| ConnectorError::io(error.into()))?;
            into_sdk(reply)
        })
    }
}

async fn call(path: &Path, target: &str, parameters: &[u8]) -> io::Result<Reply> {
    let mut stream = UnixStream::connect(path).await?;
    stream.write_all(target.as_bytes()).await?;
    stream.write_all(b"\n").await?;
    stream.write_all(parameters).await?;
    stream.shutdown().await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let (status, body) = first_line(&answer)?;
    let status = StatusCode::from_bytes(status.as_bytes()).map_err(io::Error::other)?;
    Ok(reply(status, body.to_vec()))
}

fn first_line(bytes: &[u8]) -> io::Result<(&str, &[u8])> {
    let cut_off = || io::Error::from(io::ErrorKind::UnexpectedEof);
    let end = bytes.iter().position(|byte| *byte == b'\n').ok_or_else(cut_off)?;
    let line = std::str::from_utf8(&bytes[..end]).map_err(io::Error::other)?;
    Ok((line, &bytes[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn another_process_reaches_the_services_through_the_file() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let services = Services::in_memory()?;
        std::fs::write(folder.path().join(SOCKET), "left by a killed process")?;
        let server = tokio::spawn(services.listen(folder.path())?);
        let path = folder.path().join(SOCKET);

        let missing = call(&path, "DynamoDB_20120810.GetItem", br#"{"TableName":"none","Key":{}}"#).await?;
        assert_eq!(missing.status(), StatusCode::BAD_REQUEST);
        assert!(String::from_utf8_lossy(missing.body()).contains("ResourceNotFoundException"));
        let queue = crate::sqs::queue_url("http://anywhere", crate::sqs::QUEUE);
        let depth = format!(r#"{{"QueueUrl":"{queue}","AttributeNames":["ApproximateNumberOfMessages"]}}"#);
        let depth = call(&path, "AmazonSQS.GetQueueAttributes", depth.as_bytes()).await?;
        assert_eq!(depth.body().as_ref(), br#"{"Attributes":{"ApproximateNumberOfMessages":"0"}}"#);
        let unknown = call(&path, "GET / HTTP/1.1", b"").await?;
        assert_eq!(unknown.status(), StatusCode::BAD_REQUEST);

        server.abort();
        let _ = server.await;
        assert!(call(&path, "AmazonSQS.SendMessage", b"{}").await.is_err(), "nobody listens any more");
        Ok(())
    }

    #[tokio::test]
    async fn only_the_owner_opens_it() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let services = Services::in_memory()?;
        let _listening = services.listen(folder.path())?;
        let mode = std::fs::metadata(folder.path().join(SOCKET))?.permissions().mode();
        assert_eq!(mode & 0o077, 0, "whatever the folder allows");
        Ok(())
    }
}

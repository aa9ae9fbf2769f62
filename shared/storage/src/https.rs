//! The way from the AWS SDK to the network: over an HTTP client like all others of the bot. The SDK's own would bring
//! HTTP/2, a connection pool of another kind, and the system's certificates a second time.

use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use reqwest::{Body, Client, Request, redirect};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// A client for the SDK, which itself watches how long a call takes.
pub(crate) fn http_client() -> SharedHttpClient {
    let client = settings::http_client()
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .build()
        .expect("the TLS library is compiled in");
    let connector = SharedHttpConnector::new(Https(client));
    http_client_fn(move |_, _| connector.clone())
}

#[derive(Debug)]
struct Https(Client);

impl HttpConnector for Https {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.0.clone();
        HttpConnectorFuture::new(async move {
            let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
            let request = Request::try_from(request.map(Body::wrap)).map_err(failed)?;
            let response = http::Response::from(client.execute(request).await.map_err(failed)?);
            HttpResponse::try_from(response.map(SdkBody::from_body_1_x))
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

/// The kind decides whether the SDK tries again.
fn failed(error: reqwest::Error) -> ConnectorError {
    if error.is_timeout() {
        ConnectorError::timeout(error.into())
    } else if error.is_builder() {
        ConnectorError::user(error.into())
    } else {
        ConnectorError::io(error.into())
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use crate::{Aws, AwsKeys, AwsSettings};

    #[tokio::test]
    async fn what_a_broken_connection_has_lost_is_asked_again() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let settings = AwsSettings {
            dynamodb_url: Some(format!("http://{}", listener.local_addr().unwrap())),
            sqs_url: None,
            region: Some("eu-central-1".to_owned()),
            keys: Some(AwsKeys { id: "id".to_owned(), secret: "secret".into(), session_token: None }),
        };
        tokio::spawn(async move {
            drop(listener.accept().await);
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            let length = stream.read(&mut request).await.unwrap();
            let request = String::from_utf8_lossy(&request[..length]).to_ascii_lowercase();
            assert!(request.contains("authorization: aws4-hmac-sha256"), "{request}");
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 24\r\n\r\n{\"TableNames\":[\"Leads\"]}")
                .await
                .unwrap();
        });
        let tables = Aws::connect(&settings).dynamodb.list_tables().send().await.unwrap();
        assert_eq!(tables.table_names(), ["Leads"]);
    }
}

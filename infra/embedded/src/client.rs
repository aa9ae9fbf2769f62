//! The way from the AWS SDK to the services: its interface for HTTP clients, without HTTP.

use std::io;

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use http::StatusCode;

use crate::reply::{Reply, reply};
use crate::{DynamoDb, Sqs};

/// Both services.
#[derive(Clone, Debug)]
pub struct Services {
    pub dynamodb: DynamoDb,
    pub sqs: Sqs,
}

impl Services {
    /// Empty ones that remember nothing.
    ///
    /// # Errors
    /// `SQLite` cannot be opened.
    pub fn in_memory() -> io::Result<Self> {
        Ok(Self { dynamodb: DynamoDb::open(None)?, sqs: Sqs::open(&crate::sqs::Options::default())? })
    }

    /// Carries out a call of AWS's JSON protocol: `target` has the service and the action.
    async fn carry_out(&self, target: &str, parameters: &[u8]) -> Reply {
        match target.split_once('.') {
            Some(("DynamoDB_20120810", action)) => self.dynamodb.call(action, parameters),
            Some(("AmazonSQS", action)) => self.sqs.call(action, parameters).await,
            _ => reply(StatusCode::BAD_REQUEST, br#"{"__type":"UnknownOperationException"}"#.to_vec()),
        }
    }

    /// The same. Everything that was written before is on the disk then: what the call has written, and what it has
    /// read.
    pub(crate) async fn call(&self, target: &str, parameters: &[u8]) -> Reply {
        let reply = self.carry_out(target, parameters).await;
        match self.dynamodb.flush().await {
            Ok(()) => reply,
            Err(error) => not_flushed(&error),
        }
    }

    /// An HTTP client for the SDK's clients that brings every request here. A call returns when everything written
    /// before is on the disk.
    #[must_use]
    pub fn http_client(&self) -> SharedHttpClient {
        client_of(Calls { services: self.clone(), waits: true })
    }

    /// The same, but calls do not wait for the disk: for who waits with [`DynamoDb::flush`] before anybody relies on
    /// what was written.
    #[must_use]
    pub fn http_client_without_waits(&self) -> SharedHttpClient {
        client_of(Calls { services: self.clone(), waits: false })
    }
}

#[derive(Debug)]
struct Calls {
    services: Services,
    waits: bool,
}

fn client_of(calls: Calls) -> SharedHttpClient {
    let connector = SharedHttpConnector::new(calls);
    http_client_fn(move |_, _| connector.clone())
}

impl HttpConnector for Calls {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (services, waits) = (self.services.clone(), self.waits);
        HttpConnectorFuture::new(async move {
            let (target, parameters) = target_and_parameters(&request)?;
            into_sdk(match waits {
                true => services.call(target, parameters).await,
                false => services.carry_out(target, parameters).await,
            })
        })
    }
}

fn not_flushed(error: &io::Error) -> Reply {
    tracing::error!("what was written is not on the disk, start the bot again when the disk works: {error}");
    reply(StatusCode::INTERNAL_SERVER_ERROR, br#"{"__type":"InternalServerError"}"#.to_vec())
}

/// What a request of the SDK asks for.
pub(crate) fn target_and_parameters(request: &HttpRequest) -> Result<(&str, &[u8]), ConnectorError> {
    let target = request.headers().get("x-amz-target").unwrap_or_default();
    let parameters = request.body().bytes().ok_or_else(|| ConnectorError::user("the body is a stream".into()))?;
    Ok((target, parameters))
}

pub(crate) fn into_sdk(reply: Reply) -> Result<HttpResponse, ConnectorError> {
    HttpResponse::try_from(reply.map(SdkBody::from)).map_err(|error| ConnectorError::other(error.into(), None))
}

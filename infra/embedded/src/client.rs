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
    pub(crate) async fn call(&self, target: &str, parameters: &[u8]) -> Reply {
        match target.split_once('.') {
            Some(("DynamoDB_20120810", action)) => self.dynamodb.call(action, parameters),
            Some(("AmazonSQS", action)) => self.sqs.call(action, parameters).await,
            _ => reply(StatusCode::BAD_REQUEST, br#"{"__type":"UnknownOperationException"}"#.to_vec()),
        }
    }

    /// An HTTP client for the SDK's clients that brings every request here.
    #[must_use]
    pub fn http_client(&self) -> SharedHttpClient {
        let connector = SharedHttpConnector::new(self.clone());
        http_client_fn(move |_, _| connector.clone())
    }
}

impl HttpConnector for Services {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let services = self.clone();
        HttpConnectorFuture::new(async move {
            let (target, parameters) = target_and_parameters(&request)?;
            into_sdk(Self::call(&services, target, parameters).await)
        })
    }
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

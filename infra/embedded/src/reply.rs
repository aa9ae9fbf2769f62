//! What DynamoDB and SQS answer: AWS's JSON protocol.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};

/// An answer of one of the services.
pub type Reply = Response<Bytes>;

pub(crate) fn reply(status: StatusCode, body: Vec<u8>) -> Reply {
    let mut reply = Response::new(Bytes::from(body));
    *reply.status_mut() = status;
    reply.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.0"));
    reply
}

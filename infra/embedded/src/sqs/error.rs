//! How SQS says no.

use http::StatusCode;
use serde_json::json;

use crate::reply::{Reply, reply};

/// An error of the SQS JSON protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SqsError {
    /// Name of the error's shape, such as `QueueDoesNotExist`.
    shape: &'static str,
    /// The code older SDKs know it by.
    query_code: &'static str,
    message: String,
}

impl SqsError {
    pub(super) fn new(shape: &'static str, query_code: &'static str, message: impl Into<String>) -> Self {
        Self { shape, query_code, message: message.into() }
    }

    pub(super) fn no_such_queue() -> Self {
        Self::new("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist.")
    }

    pub(super) fn unknown_action() -> Self {
        Self::new("UnknownOperationException", "InvalidAction", "The action is not known.")
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new("InvalidParameterValue", "InvalidParameterValue", message)
    }

    pub(super) fn missing(parameter: &str) -> Self {
        let message = format!("The request must contain the parameter {parameter}.");
        Self::new("MissingParameter", "MissingParameter", message)
    }

    pub(super) fn throttled() -> Self {
        Self::new("RequestThrottled", "RequestThrottled", "Rate exceeded")
    }

    /// The part of a batch answer that says so.
    pub(super) fn as_batch_entry(&self, id: &str) -> serde_json::Value {
        json!({"Id": id, "SenderFault": true, "Code": self.query_code, "Message": self.message})
    }

    /// The whole answer.
    pub(super) fn into_reply(self) -> Reply {
        let body = json!({"__type": format!("com.amazonaws.sqs#{}", self.shape), "message": self.message});
        let mut reply = reply(StatusCode::BAD_REQUEST, body.to_string().into_bytes());
        if let Ok(query_error) = format!("{};Sender", self.query_code).parse() {
            reply.headers_mut().insert("x-amzn-query-error", query_error);
        }
        reply
    }
}

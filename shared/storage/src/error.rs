//! Failures of the store.

use std::borrow::Cow;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

/// The store failed. Repeating the operation may help.
#[derive(Debug, thiserror::Error)]
#[error("{operation} failed: {reason}")]
pub struct StorageError {
    operation: Cow<'static, str>,
    reason: String,
    is_shape: bool,
}

/// A conditional write was not done.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// Another worker changed the item since it was read: read it again.
    #[error("the item was changed meanwhile")]
    Conflict,
    /// The store failed; the write may or may not have happened.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// A request was not stored.
#[derive(Debug, thiserror::Error)]
pub enum FinishError {
    /// There were too many lately: with its phone number in a day, or of everybody in an hour.
    #[error("there were too many requests lately")]
    TooMany,
    /// As for any other write.
    #[error(transparent)]
    Save(#[from] SaveError),
}

impl From<StorageError> for FinishError {
    fn from(error: StorageError) -> Self {
        SaveError::from(error).into()
    }
}

impl StorageError {
    /// Describes a failure of `operation` without the item in question, which holds personal data.
    pub(crate) fn of<E, R>(operation: &'static str) -> impl FnOnce(SdkError<E, R>) -> Self
    where
        E: ProvideErrorMetadata,
    {
        move |error| Self::other(operation, describe(&error))
    }

    pub(crate) fn shape(operation: impl Into<Cow<'static, str>>, error: &serde_dynamo::Error) -> Self {
        let reason = format!("the item has an unexpected shape: {}", without_value(&error.to_string()));
        Self { operation: operation.into(), reason, is_shape: true }
    }

    pub(crate) fn other(operation: &'static str, reason: impl Into<String>) -> Self {
        Self { operation: operation.into(), reason: reason.into(), is_shape: false }
    }

    /// The item has a shape that this version of the bot does not know: reading it again will not help.
    #[must_use]
    pub const fn is_shape(&self) -> bool {
        self.is_shape
    }
}

/// What serde says of an item, without the value that it quotes: that may be a name, a phone or a customer's words.
fn without_value(said: &str) -> String {
    const QUOTES: [char; 3] = ['"', '`', '\''];
    if said.starts_with("missing field") {
        return said.to_owned();
    }
    let end = said.rfind(", expected").or_else(|| Some(said.rfind(QUOTES)? + 1));
    match (said.find(QUOTES), end) {
        (Some(begin), Some(end)) if begin < end => format!("{}…{}", &said[..begin], &said[end..]),
        _ => said.to_owned(),
    }
}

fn describe<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> String {
    match error {
        SdkError::TimeoutError(_) => "no answer in time".to_owned(),
        SdkError::DispatchFailure(_) => "no connection".to_owned(),
        SdkError::ResponseError(_) => "the answer was unreadable".to_owned(),
        SdkError::ServiceError(refused) => {
            let meta = refused.err().meta();
            format!("{}: {}", meta.code().unwrap_or("refused"), meta.message().unwrap_or("no reason given"))
        }
        _ => "the request could not be made".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use aws_sdk_dynamodb::types::AttributeValue;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        Card,
        Line,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only read")]
    struct Item {
        kind: Kind,
        age: i32,
    }

    fn said(kind: &str, age: Option<&str>) -> String {
        let kind = ("kind".to_owned(), AttributeValue::S(kind.to_owned()));
        let age = age.map(|age| ("age".to_owned(), AttributeValue::N(age.to_owned())));
        let item: HashMap<_, _> = [kind].into_iter().chain(age).collect();
        let error = serde_dynamo::from_item::<_, Item>(item).expect_err("the item has another shape");
        StorageError::shape("reading", &error).to_string()
    }

    #[test]
    fn an_error_tells_the_shape_of_an_item_and_no_value_of_it() {
        assert_eq!(
            said("Анна `А`, expected later", Some("1")),
            "reading failed: the item has an unexpected shape: unknown variant …, expected `card` or `line`"
        );
        assert_eq!(said("line", None), "reading failed: the item has an unexpected shape: missing field `age`");
        assert_eq!(
            said("card", Some("79161234567")),
            "reading failed: the item has an unexpected shape: Failed to parse … as an integer: \
             number too large to fit in target type"
        );
    }
}

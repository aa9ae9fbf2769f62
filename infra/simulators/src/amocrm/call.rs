//! One API call on its way to the code that answers it.

use serde_json::{Value, json};

use super::model::Id;
use super::oauth::Caller;
use super::query::Query;
use super::reply::Reply;

/// An answer, or the refusal that cut the work short.
pub(super) type Answer = Result<Reply, Reply>;

/// An authorised call.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) path: &'a str,
    pub(super) query: Query,
    pub(super) body: &'a [u8],
    pub(super) caller: Caller,
    /// `http://host:port` as the client wrote it.
    pub(super) base: String,
}

impl Call<'_> {
    /// The address called, for links.
    pub(super) fn href(&self) -> String {
        format!("{}{}", self.base, self.path)
    }

    /// The answer of a write call: thin records under `_embedded`.
    pub(super) fn written(&self, name: &str, records: Vec<Value>) -> Reply {
        Reply::ok(&json!({"_links": {"self": {"href": self.href()}}, "_embedded": {name: records}}))
    }

    /// Refuses users who are not administrators.
    pub(super) fn needs_admin(&self) -> Result<(), Reply> {
        if self.caller.is_admin { Ok(()) } else { Err(Reply::problem(403, "Admin access only")) }
    }

    /// Refuses a token without the scope for files.
    pub(super) fn needs_drive(&self) -> Result<(), Reply> {
        if self.caller.may_use_drive { Ok(()) } else { Err(Reply::problem(403, "Invalid scope")) }
    }
}

/// The id in a path segment.
pub(super) fn id(segment: &str) -> Result<Id, Reply> {
    segment.parse().map_err(|_| Reply::problem(404, "Not found"))
}

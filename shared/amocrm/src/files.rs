//! Photos: uploaded to the account's file host, then attached to the deal.

use bytes::Bytes;
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::Client;
use crate::error::{Cause, CrmError, Doubt};
use crate::transport::{Body, Call};

/// Parts are no larger than this where the host does not say.
const PART_SIZE: usize = 128 * 1024;

impl Client {
    /// Uploads a file; returns its uuid. A part whose answer is lost leaves an unfinished upload, which nobody sees.
    /// Calls to the file host have a share of the account's rate ([`crate::Options::file_calls_per_second`]), so that
    /// large files leave room for everything else.
    pub async fn upload(&self, name: &str, content_type: &str, content: Bytes) -> Result<String, CrmError> {
        let drive = self.drive_url().await?;
        let session = self.upload_session(drive, name, content_type, content.len()).await?;
        let mut next = text(&session, "upload_url").ok_or(UNREADABLE)?;
        let part_size = session["max_part_size"].as_u64().and_then(|size| usize::try_from(size).ok());
        let part_size = part_size.filter(|size| *size > 0).unwrap_or(PART_SIZE);
        let mut left = content;
        loop {
            let part = left.split_to(part_size.min(left.len()));
            let answer = self.post(&next, Body::Part(part), false).await?;
            if left.is_empty() {
                return text(&answer, "uuid").ok_or(UNREADABLE);
            }
            next = text(&answer, "next_url").ok_or(UNREADABLE)?;
        }
    }

    async fn upload_session(
        &self,
        drive: &str,
        name: &str,
        content_type: &str,
        size: usize,
    ) -> Result<Value, CrmError> {
        let session =
            json!({ "file_name": name, "file_size": size, "content_type": content_type, "with_preview": true });
        self.post(&format!("{drive}/v1.0/sessions"), Body::Json(&session), true).await
    }

    /// Attaches uploaded files to a deal. Attaching one again changes nothing.
    pub async fn attach_files(&self, deal_id: u64, uuids: &[String]) -> Result<(), CrmError> {
        let target = format!("/api/v4/leads/{deal_id}/files");
        let body: Value = uuids.iter().map(|uuid| json!({ "file_uuid": uuid })).collect();
        self.transport
            .call(Call { method: Method::PUT, target: &target, query: &[], body: Body::Json(&body), repeatable: true })
            .await
            .map(drop)
    }

    async fn drive_url(&self) -> Result<&String, CrmError> {
        self.drive_url
            .get_or_try_init(|| async {
                let account = self.get("/api/v4/account", &[("with", "drive_url".to_owned())]).await?;
                let url = text(&account, "drive_url").ok_or_else(|| CrmError::Closed {
                    status: 200,
                    detail: "the account has no file storage".to_owned(),
                })?;
                Ok(url.trim_end_matches('/').to_owned())
            })
            .await
    }

    async fn post(&self, target: &str, body: Body<'_>, repeatable: bool) -> Result<Value, CrmError> {
        self.file_pace.until_ready().await;
        self.transport.call(Call { method: Method::POST, target, query: &[], body, repeatable }).await
    }
}

const UNREADABLE: CrmError = CrmError::retry(Cause::Unreadable, Doubt::No);

fn text(value: &Value, key: &str) -> Option<String> {
    value[key].as_str().map(str::to_owned)
}

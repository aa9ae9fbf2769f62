//! The call-back task.

use amocrm::{Client, CrmError};
use futures::FutureExt;
use futures::future::BoxFuture;
use lead::Lead;
use serde_json::Value;

use super::{Found, Step};
use crate::attempt::Attempt;
use crate::claimed::ClaimedLead;

pub(crate) struct TaskStep;

impl Step for TaskStep {
    fn name(&self) -> &'static str {
        "task"
    }

    fn is_wanted(&self, attempt: &Attempt<'_>) -> bool {
        attempt.payloads.wants_task()
    }

    /// By the request's number, which its text has.
    fn find<'a>(&'a self, attempt: &'a Attempt<'_>, lead: &'a ClaimedLead) -> BoxFuture<'a, Result<Found, CrmError>> {
        async move {
            let Some(deal_id) = lead.lead().progress.deal_id() else { return Ok(Found::Missing) };
            let number = lead.id().request_number();
            let tasks = attempt.crm.tasks(deal_id).await?;
            let is_ours = |text: &str| text.contains(&number);
            Ok(Found::unseen(tasks.iter().find(|task| task.text.as_deref().is_some_and(is_ours)).map(|task| task.id)))
        }
        .boxed()
    }

    fn items(&self, attempt: &Attempt<'_>, lead: &Lead) -> Vec<Value> {
        let deal_id = lead.progress.deal_id().unwrap_or_default();
        vec![attempt.payloads.task(lead, deal_id, (attempt.push.clock)())]
    }

    fn create<'a>(&'a self, crm: &'a Client, items: &'a [Value]) -> BoxFuture<'a, Result<u64, CrmError>> {
        async { crm.create_task(&items[0]).await }.boxed()
    }
}

//! Tasks for the manager.

use std::time::Duration;

use amocrm::{Client, CrmError, Task};
use futures::FutureExt;
use futures::future::BoxFuture;
use lead::Lead;
use serde_json::Value;
use settings::Amocrm;

use super::{LookUp, STEPS, Step, recorded_deal};
use crate::attempt::StepContext;
use crate::claimed::ClaimedLead;

/// The name of the step that asks a manager to call.
pub(crate) const CALL_BACK_STEP: &str = "task";

pub(crate) const CALL_BACK: TaskStep =
    TaskStep { name: CALL_BACK_STEP, text: "task-call", minutes: |settings| settings.callback_task_minutes };

/// A kind of task.
pub(crate) struct TaskStep {
    name: &'static str,
    /// Its text in `manager.ftl`, which must have the request's number; its attribute `unfinished` is for a form left
    /// half-way.
    text: &'static str,
    /// Minutes of working time that the manager has; 0: there is no such task.
    minutes: fn(&Amocrm) -> u32,
}

impl Step for TaskStep {
    fn name(&self) -> &'static str {
        self.name
    }

    fn is_wanted(&self, context: &StepContext<'_>) -> bool {
        (self.minutes)(&context.function.amocrm_settings) > 0
    }

    fn leaves_task(&self) -> bool {
        true
    }

    /// Finds the task by the request's number in its text.
    fn find<'a>(
        &'a self,
        context: &'a StepContext<'_>,
        lead: &'a ClaimedLead,
        _in_doubt: bool,
    ) -> BoxFuture<'a, Result<LookUp, CrmError>> {
        async move {
            let Some(deal_id) = lead.lead().progress.deal_id() else { return Ok(LookUp::Missing) };
            let tasks = context.crm.tasks(deal_id).await?;
            let others = STEPS.iter().filter(|step| step.leaves_task() && step.name() != self.name);
            let known: Vec<u64> = others.filter_map(|step| lead.lead().progress.id_of(step.name())).collect();
            Ok(LookUp::of_lost_creation(unknown_task(&tasks, &lead.id().request_number(), &known)))
        }
        .boxed()
    }

    fn items(&self, context: &StepContext<'_>, lead: &Lead) -> Vec<Value> {
        let deal_id = recorded_deal(lead);
        let time = Duration::from_mins((self.minutes)(&context.function.amocrm_settings).into());
        let now = context.function.now();
        // A dealer who never opens gets tasks, too.
        let due_at = context.dealer.calendar.task_due(now, time).unwrap_or(now);
        vec![context.payloads.task(lead, self.text, deal_id, due_at)]
    }

    fn create<'a>(&'a self, crm: &'a Client, items: &'a [Value]) -> BoxFuture<'a, Result<u64, CrmError>> {
        async { crm.create_task(&items[0]).await }.boxed()
    }
}

/// The request's task that is not `known` as the one of another step. Its wording may have changed since it was
/// created.
fn unknown_task(tasks: &[Task], number: &str, known: &[u64]) -> Option<u64> {
    let is_of_request = |task: &&Task| task.text.as_deref().is_some_and(|text| text.contains(number));
    tasks.iter().filter(is_of_request).map(|task| task.id).find(|id| !known.contains(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_that_is_not_confirmed_is_distinguished_from_others_of_the_request() {
        let task = |id, text: &str| Task { id, text: Some(text.to_owned()) };
        let tasks =
            [task(1, "Оплата, заявка № AAAA-AAAA"), task(2, "Перезвонить, заявка № K7QX-3M9Q"), task(3, "№ K7QX-3M9Q")];
        assert_eq!(unknown_task(&tasks, "K7QX-3M9Q", &[]), Some(2));
        assert_eq!(unknown_task(&tasks, "K7QX-3M9Q", &[2]), Some(3));
        assert_eq!(unknown_task(&tasks, "K7QX-3M9Q", &[2, 3]), None);
    }
}

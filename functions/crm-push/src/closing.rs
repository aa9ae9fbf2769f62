//! The end of a batch: every lead is stored with how it went, and the admins learn what was given up.

use std::collections::BTreeSet;

use amocrm::Concession;
use delivery::Outcome;
use futures::future::join_all;
use lead::{CrmField, Lead, Status, Trouble};
use settings::metrics;
use storage::SaveError;

use crate::CrmPush;
use crate::messages::Batch;
use crate::work::{End, Failed, Work};

const DAY: i64 = 24 * 3600;

/// How a lead was stored.
enum Stored {
    Sent,
    Waiting,
    /// Dead: amoCRM refuses it.
    Refused,
    /// Dead: it failed too often.
    GivenUp,
    /// It is somebody else's, or could not be stored.
    Not,
}

impl CrmPush {
    /// Stores every lead. Answers what it means for others.
    pub(crate) async fn close(&self, works: &mut [Work], batch: &mut Batch) -> Outcome {
        let stored = join_all(works.iter_mut().map(|work| self.close_one(work))).await;
        let mut outcome = Outcome::default();
        for (work, stored) in works.iter().zip(stored) {
            if let Some(End::Failed(failed)) = &work.end {
                outcome.learn(failed);
            }
            if let Some(failed) = &work.late {
                outcome.learn(failed);
            }
            match stored {
                Stored::Sent => outcome.sent.push(work.id()),
                Stored::Waiting => outcome.waiting.push(work.id()),
                Stored::Refused => outcome.refused.push(work.id()),
                Stored::GivenUp => outcome.given_up.push(work.id()),
                Stored::Not => {}
            }
            if work.end == Some(End::Unsaved) {
                batch.fail(work.message);
            }
        }
        self.advise(works).await;
        outcome
    }

    async fn close_one(&self, work: &mut Work) -> Stored {
        let failed = match (&work.end, &work.late) {
            (Some(End::Lost | End::Unsaved), _) => return Stored::Not,
            (Some(End::PutBack { due_at }), _) => {
                let due_at = *due_at;
                work.lead.value.put_back(due_at);
                return if self.store(work).await { Stored::Waiting } else { Stored::Not };
            }
            (Some(End::Failed(failed)), _) | (None, Some(failed)) => failed.clone(),
            (None, None) => return self.close_sent(work).await,
        };
        self.close_failed(work, failed).await
    }

    async fn close_sent(&self, work: &mut Work) -> Stored {
        work.lead.value.succeed((self.clock)());
        if !self.store(work).await {
            return Stored::Not;
        }
        let lead = &work.lead.value;
        tracing::info!(lead_id = %lead.lead_id, deal_id = lead.progress.deal_id, attempts = lead.attempts, "delivered");
        metrics::count("LeadsSent", "branch", &lead.request.branch);
        if let Some(contact_id) = lead.progress.contact_id
            && let Err(error) = self.customers.remember_contact(lead.chat_id, contact_id).await
        {
            tracing::warn!(%error, "the customer's contact is not remembered");
        }
        Stored::Sent
    }

    async fn close_failed(&self, work: &mut Work, failed: Failed) -> Stored {
        let mut failure = failed.failure;
        if let Trouble::Later { in_doubt, .. } = &mut failure.trouble {
            *in_doubt |= work.in_doubt;
        }
        let now = (self.clock)();
        let lead = &mut work.lead.value;
        lead.fail(&failure, now, self.backoff, rand::random());
        if !matches!(lead.status, Status::Dead { .. }) {
            return if self.store(work).await { Stored::Waiting } else { Stored::Not };
        }
        // Written down before the lead is: whatever fails in between, nothing is given up silently.
        let key = format!("dead:{}:{now}", lead.lead_id);
        let text = given_up(lead);
        let written = self.admins.write(&key, &text).await;
        if !self.store(work).await {
            if written {
                self.admins.withdraw(&key).await;
            }
            return Stored::Not;
        }
        metrics::count("LeadsDead", "branch", &work.lead.value.request.branch);
        if written {
            self.admins.send(&key, &text).await;
        }
        if failure.trouble == Trouble::Never { Stored::Refused } else { Stored::GivenUp }
    }

    async fn store(&self, work: &mut Work) -> bool {
        match self.leads.save(&mut work.lead).await {
            Ok(()) => true,
            Err(SaveError::Conflict) => {
                work.end = Some(End::Lost);
                false
            }
            Err(SaveError::Storage(error)) => {
                tracing::error!(lead_id = %work.id(), %error, "a lead cannot be stored");
                work.end = Some(End::Unsaved);
                false
            }
        }
    }

    /// Tells the admins which settings the account does not know, at most once a day each.
    async fn advise(&self, works: &[Work]) {
        let refused: BTreeSet<&str> =
            works.iter().flat_map(|work| &work.lead.value.progress.refused_fields).map(String::as_str).collect();
        if refused.is_empty() {
            return;
        }
        let day = (self.clock)() / DAY;
        for (key, text) in advice(&refused) {
            self.admins.tell(&format!("settings:{key}:{day}"), &text).await;
        }
    }
}

/// One message for all fields, one for each other setting.
fn advice(refused: &BTreeSet<&str>) -> Vec<(&'static str, String)> {
    let fields: Vec<&str> =
        CrmField::ALL.iter().map(|field| field.code()).filter(|code| refused.contains(code)).collect();
    let mut advice = Vec::new();
    if !fields.is_empty() {
        let fields = fields.join(", ");
        advice.push((
            "FIELDS",
            format!(
                "⚠️ amoCRM refuses these fields, their values go into the note instead: {fields}. Create them with \
                 `carquery amocrm setup`, or correct AMOCRM_FIELD_…"
            ),
        ));
    }
    let settings = [
        (
            Concession::ResponsibleUser,
            "⚠️ amoCRM refuses the responsible user; deals go to the account's default. Correct AMOCRM_RESPONSIBLE_USER_ID.",
        ),
        (
            Concession::Pipeline,
            "⚠️ amoCRM refuses the pipeline or stage; deals go to the main pipeline's first stage. Correct \
             AMOCRM_PIPELINE_ID and AMOCRM_STATUS_ID (`carquery amocrm pipelines` lists them).",
        ),
    ];
    let settings = settings.into_iter().map(|(what, text)| (what.key(), text.to_owned()));
    advice.extend(settings.filter(|(key, _)| refused.contains(key)));
    advice
}

fn given_up(lead: &Lead) -> String {
    format!(
        "❌ Request {} was given up after {} attempt{}: {}. When that is mended: carquery leads retry {}",
        lead.lead_id.request_number(),
        lead.attempts,
        if lead.attempts == 1 { "" } else { "s" },
        lead.error.as_deref().unwrap_or("no reason known"),
        lead.lead_id
    )
}

trait Learn {
    fn learn(&mut self, failed: &Failed);
}

impl Learn for Outcome {
    /// Keeps the first reason why amoCRM could not take a request.
    fn learn(&mut self, failed: &Failed) {
        if failed.by_crm && self.reason.is_none() {
            self.reason = Some(failed.failure.reason.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    #[test]
    fn all_refused_fields_are_one_message() {
        let refused = BTreeSet::from(["CAR_YEAR", "VIN_NUMBER", "PIPELINE"]);
        let texts: Vec<String> = advice(&refused).into_iter().map(|(_, text)| text).collect();
        assert_snapshot!(texts.join("\n"), @"
        ⚠️ amoCRM refuses these fields, their values go into the note instead: CAR_YEAR, VIN_NUMBER. Create them with `carquery amocrm setup`, or correct AMOCRM_FIELD_…
        ⚠️ amoCRM refuses the pipeline or stage; deals go to the main pipeline's first stage. Correct AMOCRM_PIPELINE_ID and AMOCRM_STATUS_ID (`carquery amocrm pipelines` lists them).
        ");
    }
}

//! The end of a batch: every lead is stored with how it went, and the admins learn what was given up.

use amocrm::{Concession, Fault, SOURCE, gave_up_field};
use delivery::{Obstacle, Outcome, Written};
use futures::future::join_all;
use lead::{Backoff, CrmField, Lead, Progress, Status, Trouble};
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
                learn(&mut outcome.obstacle, failed);
            }
            if let Some(failed) = &work.late {
                learn(&mut outcome.photos, failed);
            }
            outcome.answered |= work.has_got_on();
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
            (None, None) => match self.lacks(&work.lead.value) {
                None => return self.close_sent(work).await,
                Some(lack) => {
                    tracing::error!(lead_id = %work.id(), lack, "a delivery was taken for done");
                    Failed::unfinished(&format!("the delivery ended without its {lack}"))
                }
            },
        };
        self.close_failed(work, failed).await
    }

    /// What amoCRM does not have of the lead yet. Whatever a stage may have left out, nothing counts as sent that is not there.
    fn lacks(&self, lead: &Lead) -> Option<&'static str> {
        let Progress { contact_id, deal_id, note_id, task_id, photos_done, .. } = &lead.progress;
        let wanted = [
            ("contact", contact_id.is_some()),
            ("deal", deal_id.is_some()),
            ("note", note_id.is_some()),
            ("task", task_id.is_some() || !self.shape.wants_task()),
            ("photos", *photos_done || lead.request.photos.is_empty()),
        ];
        wanted.into_iter().find(|(_, is_there)| !is_there).map(|(what, _)| what)
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
        let claimed = lead.clone();
        lead.fail(&failure, now, self.backoff, rand::random());
        if !matches!(lead.status, Status::Dead { .. }) {
            return if self.store(work).await { Stored::Waiting } else { Stored::Not };
        }
        // Written down before the lead is: whatever fails in between, nothing is given up silently.
        let key = format!("dead:{}:{now}", lead.lead_id);
        let text = given_up(lead);
        let Ok(written) = self.admins.write(&key, &text).await else {
            // Given up another time, when that can be written down. What this attempt left in doubt stays so.
            *lead = claimed;
            if let Trouble::Later { .. } = failure.trouble {
                lead.fail(&failure, now, Backoff { max_attempts: u32::MAX, ..self.backoff }, 0.0);
            } else {
                lead.put_back(now + self.backoff.base);
            }
            return if self.store(work).await { Stored::Waiting } else { Stored::Not };
        };
        if !self.store(work).await {
            if written == Written::News {
                self.admins.withdraw(&key).await;
            }
            return Stored::Not;
        }
        metrics::count("LeadsDead", "branch", &work.lead.value.request.branch);
        if written == Written::News {
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
        let leads: Vec<&Lead> = works.iter().map(|work| &work.lead.value).collect();
        let day = (self.clock)() / DAY;
        for (key, text) in advice(&leads) {
            self.admins.tell(&format!("settings:{key}:{day}"), &text).await;
        }
    }
}

/// One message for all fields with the same fault, one for each other setting.
fn advice(leads: &[&Lead]) -> Vec<(&'static str, String)> {
    let mut advice: Vec<_> = [Fault::Unknown, Fault::NoOption, Fault::WrongType]
        .into_iter()
        .filter_map(|fault| {
            let is_faulty = |field: &CrmField| leads.iter().any(|lead| gave_up_field(lead, *field) == Some(fault));
            let fields: Vec<&str> = CrmField::ALL.iter().copied().filter(is_faulty).map(CrmField::code).collect();
            (!fields.is_empty()).then(|| about_fields(fault, &fields))
        })
        .collect();
    let settings = [
        (
            Concession::ResponsibleUser,
            "RESPONSIBLE_USER",
            "⚠️ amoCRM refuses the responsible user; deals go to the account's default. Correct AMOCRM_RESPONSIBLE_USER_ID.",
        ),
        (
            Concession::Pipeline,
            "PIPELINE",
            "⚠️ amoCRM refuses the pipeline or stage; deals go to the main pipeline's first stage. Correct \
             AMOCRM_PIPELINE_ID and AMOCRM_STATUS_ID (`carquery amocrm pipelines` lists them).",
        ),
    ];
    let is_refused = |what: Concession| {
        let key = what.key();
        leads.iter().any(|lead| lead.progress.refused_fields.iter().any(|held| *held == key))
    };
    let settings = settings.into_iter().filter(|(what, _, _)| is_refused(*what));
    advice.extend(settings.map(|(_, key, text)| (key, text.to_owned())));
    advice
}

fn about_fields(fault: Fault, fields: &[&str]) -> (&'static str, String) {
    let names = fields.join(", ");
    match fault {
        Fault::Unknown => (
            "FIELDS",
            format!(
                "⚠️ amoCRM does not know these fields, their values go into the note instead: {names}. Create them with \
                 `carquery amocrm setup`, or correct AMOCRM_FIELD_…"
            ),
        ),
        Fault::NoOption => {
            let source = if fields.contains(&CrmField::Source.code()) {
                format!(" (SOURCE: «{SOURCE}»)")
            } else {
                String::new()
            };
            (
                "OPTIONS",
                format!(
                    "⚠️ These lists in amoCRM lack an option, which goes into the note instead: {names}. Add the option to \
                     the list; the deal's note has its words{source}."
                ),
            )
        }
        Fault::WrongType => (
            "TYPES",
            format!(
                "⚠️ These fields in amoCRM are of a type that does not fit, their values go into the note instead: {names}. \
                 Let AMOCRM_FIELD_… name text fields, or remove it and run `carquery amocrm setup`."
            ),
        ),
    }
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

/// Keeps the first reason, rather one that asks for a person.
fn learn(obstacle: &mut Option<Obstacle>, failed: &Failed) {
    let asks = |obstacle: &Option<Obstacle>| obstacle.as_ref().is_some_and(|held| held.remedy.is_some());
    if obstacle.is_none() || (asks(&failed.obstacle) && !asks(obstacle)) {
        obstacle.clone_from(&failed.obstacle);
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_one_message_for_each_thing_that_is_to_be_done() {
        let mut lead: Lead = serde_json::from_value(json!({
            "lead_id": "01JD0000000000000AK7QX3M01", "chat_id": 1, "status": { "is": "sent", "at": 1 },
            "request": {
                "id": "01JD0000000000000AK7QX3M01", "branch": "sell", "service": "Продажа авто", "topic": "", "fields": {},
                "customer": { "chat_id": 1, "name": "Анна", "phone": "+79001234567" }, "answers": [], "created_at": 1
            }
        }))
        .unwrap();
        assert_eq!(advice(&[&lead]), []);
        let refused =
            ["CAR_BRAND", "VIN_NUMBER", "SOURCE:option", "MILEAGE:words", "BUDGET:words", "BUDGET:type", "PIPELINE"];
        lead.progress.refused_fields = refused.map(str::to_owned).to_vec();
        let texts: Vec<String> = advice(&[&lead]).into_iter().map(|(_, text)| text).collect();
        assert_snapshot!(texts.join("\n"), @"
        ⚠️ amoCRM does not know these fields, their values go into the note instead: CAR_BRAND, VIN_NUMBER. Create them with `carquery amocrm setup`, or correct AMOCRM_FIELD_…
        ⚠️ These lists in amoCRM lack an option, which goes into the note instead: SOURCE. Add the option to the list; the deal's note has its words (SOURCE: «Telegram Bot»).
        ⚠️ These fields in amoCRM are of a type that does not fit, their values go into the note instead: BUDGET. Let AMOCRM_FIELD_… name text fields, or remove it and run `carquery amocrm setup`.
        ⚠️ amoCRM refuses the pipeline or stage; deals go to the main pipeline's first stage. Correct AMOCRM_PIPELINE_ID and AMOCRM_STATUS_ID (`carquery amocrm pipelines` lists them).
        ");
    }
}

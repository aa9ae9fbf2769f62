//! A stage that creates one kind of thing for every lead: all together first, one by one where that fails.

use amocrm::{Client, Created, CrmError, Doubt};
use delivery::Obstacle;
use futures::future::join_all;
use lead::Lead;
use serde_json::Value;

use crate::Delivery;
use crate::work::Work;

/// What a stage creates.
pub(crate) trait Step: Sync {
    /// Whether the lead still lacks it and has what it takes.
    fn is_due(&self, lead: &Lead) -> bool;

    /// What to create, at least one item. Each has a `request_id` of its own.
    fn items(&self, lead: &Lead) -> Vec<Value>;

    /// Looks for what an earlier attempt may have created.
    fn find(&self, crm: &Client, lead: &Lead) -> impl Future<Output = Result<Option<u64>, CrmError>> + Send;

    /// Creates items of one or several leads.
    fn create(&self, crm: &Client, items: &[Value]) -> impl Future<Output = Result<Vec<Created>, CrmError>> + Send;

    /// Writes the id of what was created, or of the first of several.
    fn record(&self, lead: &mut Lead, id: u64);
}

impl Delivery<'_> {
    /// Runs a stage for all works that need it.
    pub(crate) async fn step(&self, step: &impl Step, works: &mut [Work]) {
        let mut due: Vec<&mut Work> = works.iter_mut().filter(|work| step.is_due(&work.lead.value)).collect();
        due.retain_mut(|work| self.has_time(work));
        self.adopt_doubtful(step, &mut due).await;
        due.retain_mut(|work| work.is_active() && step.is_due(&work.lead.value) && self.has_time(work));
        let lost = match due.len() {
            0 => return,
            1 => None,
            _ => match self.create_together(step, &mut due).await {
                Ok(()) => return,
                // One of them is refused: one by one, so that it cannot fail its neighbours. Whether the others were created
                // is not documented: look.
                Err(CrmError::Refused(_)) => Some(Lost::Refused),
                Err(error) if error.doubt() == Doubt::No => {
                    due.into_iter().for_each(|work| self.fail(work, &error));
                    return;
                }
                Err(error) => {
                    self.crm.pause(1).await;
                    Some(Lost::Unanswered(error))
                }
            },
        };
        let mut down: Option<CrmError> = None;
        for work in due {
            if let Some(error) = &down {
                match lost {
                    Some(Lost::Unanswered(_)) => self.fail_in_doubt(work, error),
                    _ => self.fail(work, error),
                }
            } else {
                down = self.create_one(step, work, lost.as_ref()).await;
            }
        }
    }

    /// Looks for what earlier attempts may have created, and records it.
    async fn adopt_doubtful(&self, step: &impl Step, due: &mut [&mut Work]) {
        let mut down: Option<CrmError> = None;
        for work in due.iter_mut().filter(|work| work.in_doubt) {
            if let Some(error) = &down {
                self.fail(work, error);
                continue;
            }
            match step.find(self.crm, &work.lead.value).await {
                Ok(Some(id)) => {
                    tracing::info!(lead_id = %work.id(), id, "found what was created unseen");
                    self.keep(step, work, id).await;
                }
                Ok(None) => {}
                Err(error) => {
                    self.fail_to_look(work, &error);
                    down = for_everybody(error);
                }
            }
        }
    }

    async fn create_together(&self, step: &impl Step, due: &mut [&mut Work]) -> Result<(), CrmError> {
        let per_lead: Vec<Vec<Value>> = due.iter().map(|work| step.items(&work.lead.value)).collect();
        let items: Vec<Value> = per_lead.iter().flatten().cloned().collect();
        let created = step.create(self.crm, &items).await?;
        let firsts: Vec<&str> = per_lead.iter().filter_map(|items| items.first()?["request_id"].as_str()).collect();
        let positions = per_lead.iter().scan(0, |next, items| {
            let first = *next;
            *next += items.len();
            Some(first)
        });
        let ids = ids_of(&created, &firsts, positions);
        join_all(due.iter_mut().zip(ids).map(|(work, id)| self.keep(step, work, id))).await;
        Ok(())
    }

    /// Creates one lead's items. What a lost answer may have created is looked for first. Answers the error that every
    /// other lead would meet as well.
    async fn create_one(&self, step: &impl Step, work: &mut Work, lost: Option<&Lost>) -> Option<CrmError> {
        let mut lost = lost.cloned();
        let mut tries = 0;
        loop {
            if let Some(Lost::Unanswered(error)) = &lost
                && work.is_late((self.push.clock)())
            {
                self.fail(work, error);
            }
            if !self.has_time(work) {
                return None;
            }
            if let Some(before) = &lost {
                match step.find(self.crm, &work.lead.value).await {
                    Ok(Some(id)) => {
                        self.keep(step, work, id).await;
                        return None;
                    }
                    Ok(None) => {
                        if let Lost::Unanswered(error) = before
                            && (error.doubt() == Doubt::Running || tries >= self.crm.options().max_tries)
                        {
                            self.fail(work, error);
                            return None;
                        }
                    }
                    Err(error) => {
                        match before {
                            Lost::Unanswered(_) => self.fail_in_doubt(work, &error),
                            Lost::Refused => self.fail_to_look(work, &error),
                        }
                        return for_everybody(error);
                    }
                }
            }
            if !self.has_time(work) {
                return None;
            }
            let items = step.items(&work.lead.value);
            match step.create(self.crm, &items).await {
                Ok(created) => {
                    self.keep(step, work, created[0].id).await;
                    return None;
                }
                Err(CrmError::Refused(refusal)) => {
                    // Each time there is less to refuse: this comes to an end.
                    if !work.concede(&self.push.shape, &items[0], &refusal.validation) {
                        self.refused(work, refusal);
                        return None;
                    }
                    // What is given up is stored before the item is offered again: if that answer is lost, the next attempt
                    // must look for the item as it was offered.
                    self.checkpoint(work).await;
                    lost = None;
                }
                Err(error) if error.doubt() != Doubt::No => {
                    tries += 1;
                    self.crm.pause(tries).await;
                    lost = Some(Lost::Unanswered(error));
                }
                Err(error) => {
                    self.fail(work, &error);
                    return Some(error);
                }
            }
        }
    }

    /// A lead that amoCRM will not take. Without its contact, which was deleted meanwhile, it is tried again.
    fn refused(&self, work: &mut Work, refusal: Box<amocrm::Refusal>) {
        let contact_is_gone = work.lead.value.progress.contact_id.is_none();
        let error = CrmError::Refused(refusal);
        if contact_is_gone { self.fail_to_look(work, &error) } else { self.fail(work, &error) }
    }

    /// Records what was created, and stores it before the next stage starts.
    async fn keep(&self, step: &impl Step, work: &mut Work, id: u64) {
        step.record(&mut work.lead.value, id);
        work.in_doubt = false;
        self.checkpoint(work).await;
    }
}

/// An error that every other lead would meet as well.
fn for_everybody(error: CrmError) -> Option<CrmError> {
    Obstacle::of(&error).is_some().then_some(error)
}

/// What a creation came to that did not say what it created.
#[derive(Clone)]
enum Lost {
    /// A batch of which something was refused.
    Refused,
    /// No answer that could be read.
    Unanswered(CrmError),
}

/// Ids of created items, in the order of the `request_id`s they were sent with.
pub(crate) fn in_order(created: &[Created], sent: &[&str]) -> Vec<u64> {
    ids_of(created, sent, 0..)
}

/// Ids by `request_id`, which amoCRM echoes; by position where it does not.
fn ids_of(created: &[Created], sent: &[&str], positions: impl IntoIterator<Item = usize>) -> Vec<u64> {
    let by_name = |wanted: &str| created.iter().find(|item| item.request_id.as_deref() == Some(wanted));
    sent.iter()
        .zip(positions)
        .filter_map(|(wanted, at)| by_name(wanted).or_else(|| created.get(at)).map(|item| item.id))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn created(id: u64, request_id: Option<&str>) -> Created {
        Created { id, request_id: request_id.map(str::to_owned) }
    }

    #[test]
    fn answers_are_matched_by_what_they_echo() {
        let shuffled = [created(2, Some("b")), created(1, Some("a"))];
        assert_eq!(in_order(&shuffled, &["a", "b"]), [1, 2]);
        let silent = [created(1, None), created(2, None)];
        assert_eq!(in_order(&silent, &["a", "b"]), [1, 2]);
    }

    #[test]
    fn the_first_of_several_notes_stands_for_them() {
        let notes = [created(1, None), created(2, None), created(3, None)];
        assert_eq!(ids_of(&notes, &["a.0", "b.0"], [0, 2]), [1, 3]);
    }
}

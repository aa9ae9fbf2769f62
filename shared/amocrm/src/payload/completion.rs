//! What changes in the deal of an unfinished request when its customer has finished the form.

use std::collections::BTreeSet;

use lead::{CrmField, FieldValue, LOST, Lead, Request};
use serde_json::{Map, Value};

use super::{PayloadBuilder, TAG_UNFINISHED, deal_values, insert_some, insert_tags, source_tag};
use crate::{Deal, Fallback};

impl PayloadBuilder {
    /// The change that makes the deal of the unfinished request the deal of the lead's request; `None` if it shows
    /// already that this is finished. A deal that the unfinished request had only joined gets what it lacks, like from
    /// any other that joins it.
    #[must_use]
    pub fn completion(&self, lead: &Lead, deal: &Deal) -> Option<Value> {
        if lead.progress.joined_deal {
            return self.gaps(lead, deal);
        }
        let unfinished = lead.completes.as_ref()?;
        (!self.is_completed(lead, deal)).then(|| self.answers_since(lead, unfinished, deal.id))
    }

    /// Changes only what the customer has answered differently since then: a manager may have corrected the rest.
    fn answers_since(&self, lead: &Lead, unfinished: &Request, deal_id: u64) -> Value {
        let request = &lead.request;
        let mut change = Map::new();
        insert_some(&mut change, "id", Some(deal_id));
        change.insert("name".to_owned(), self.deal_name(request).into());
        insert_some(&mut change, "price", request.price.filter(|_| request.price != unfinished.price));
        let mut fields = self.changed_fields(lead, unfinished);
        if request.source != unfinished.source {
            fields.extend(self.tracking_fields(lead));
            insert_tags(&mut change, "tags_to_add", source_tag(lead).into_iter());
        }
        if !fields.is_empty() {
            change.insert("custom_fields_values".to_owned(), fields.into());
        }
        if !Fallback::UnfinishedTag.applies_to(lead) {
            insert_tags(&mut change, "tags_to_delete", std::iter::once(TAG_UNFINISHED));
        }
        Value::Object(change)
    }

    /// Whether the deal shows that its request is finished.
    fn is_completed(&self, lead: &Lead, deal: &Deal) -> bool {
        let has_name = deal.name.as_deref() == Some(&self.deal_name(&lead.request));
        has_name && (!deal.has_tag(TAG_UNFINISHED) || Fallback::UnfinishedTag.applies_to(lead))
    }

    /// The change that puts the deal of a finished request into the usual stage; `None` if it stays where it is.
    #[must_use]
    pub fn move_to_usual_stage(&self, lead: &Lead, deal: &Deal) -> Option<Value> {
        if !self.should_be_moved(lead, deal) {
            return None;
        }
        let mut change = Map::new();
        insert_some(&mut change, "id", Some(deal.id));
        insert_some(&mut change, "pipeline_id", self.pipeline_id);
        insert_some(&mut change, "status_id", self.status_id);
        Some(Value::Object(change))
    }

    /// Whether the deal of a finished request should move to the usual stage: out of the stage of unfinished ones, and
    /// out of «lost», because the customer is back. Into any other stage a manager has put it.
    fn should_be_moved(&self, lead: &Lead, deal: &Deal) -> bool {
        let is_left_there = Some(deal.status_id) == self.unfinished_status_id || deal.status_id == LOST;
        is_left_there && self.status_id.is_some() && !Fallback::Pipeline.applies_to(lead)
    }

    /// The entries of `custom_fields_values` for answers that are new or different. A field whose answer is gone is
    /// cleared.
    fn changed_fields(&self, lead: &Lead, unfinished: &Request) -> Vec<Value> {
        let (before, now) = (deal_values(unfinished), deal_values(&lead.request));
        let all: BTreeSet<CrmField> = before.keys().chain(now.keys()).copied().collect();
        let changed = all.into_iter().filter(|field| before.get(field) != now.get(field));
        let entry = |field, value: Option<&FieldValue>| self.field(lead, field, value?);
        let entries = changed.filter_map(|field| {
            entry(field, now.get(&field)).or_else(|| {
                let mut cleared = entry(field, before.get(&field))?;
                cleared["values"] = Value::Null;
                Some(cleared)
            })
        });
        entries.collect()
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use lead::Source;
    use serde_json::json;

    use super::*;
    use crate::payload::tests::{builder, lead, pretty};

    /// Anna's request, the unfinished one that it completes, and the deal with the number 8001.
    fn completed() -> (Lead, Request) {
        let mut lead = lead();
        let mut unfinished = lead.request.clone();
        unfinished.unfinished = Some("Цена".to_owned());
        unfinished.price = None;
        unfinished.fields.remove(&CrmField::CarYear);
        lead.progress.record("deal", 8001);
        lead.completes = Some(unfinished.clone());
        (lead, unfinished)
    }

    fn deal(name: &str, tags: &[&str], status_id: u64) -> Deal {
        let tags: Vec<Value> = tags.iter().map(|name| json!({ "id": 1, "name": name })).collect();
        let deal = json!({ "id": 8001, "name": name, "status_id": status_id, "_embedded": { "tags": tags } });
        serde_json::from_value(deal).unwrap()
    }

    #[test]
    fn the_deal_gets_what_is_new_and_nothing_else() {
        let (lead, _) = completed();
        let builder = builder(&[("AMOCRM_RESPONSIBLE_USER_ID", "77"), ("AMOCRM_STATUS_ID", "3101")]);
        assert_snapshot!(pretty(&builder.completion(&lead, &deal("", &["unfinished"], 1)).unwrap()), @r#"
        {
          "custom_fields_values": [
            {
              "field_code": "CAR_YEAR",
              "values": [
                {
                  "value": "2019"
                }
              ]
            }
          ],
          "id": 8001,
          "name": "Продажа авто — Toyota Camry — Анна",
          "price": 1500000,
          "tags_to_delete": [
            {
              "name": "unfinished"
            }
          ]
        }
        "#);
    }

    #[test]
    fn a_new_source_is_added_and_an_answer_that_is_gone_is_cleared() {
        let (mut lead, mut unfinished) = completed();
        unfinished.fields = lead.request.fields.clone();
        lead.request.fields.remove(&CrmField::CarModel);
        lead.request.source = Some(Source { source: Some("avito".to_owned()), ..Source::default() });
        lead.completes = Some(unfinished);
        let change = builder(&[]).completion(&lead, &deal("", &["unfinished"], 1)).unwrap();
        assert_eq!(
            change["custom_fields_values"],
            json!([
                { "field_code": "CAR_MODEL", "values": null },
                { "field_code": "SOURCE", "values": [{ "value": "avito" }] }
            ])
        );
        assert_eq!(change["tags_to_add"], json!([{ "name": "avito" }]));
    }

    #[test]
    fn a_deal_is_completed_when_name_and_tag_say_so() {
        let (mut lead, _) = completed();
        let (before, now) = ("Не закончил: Продажа авто — Toyota Camry — Анна", "Продажа авто — Toyota Camry — Анна");
        let builder = builder(&[]);
        assert!(!builder.is_completed(&lead, &deal(before, &["unfinished"], 1)));
        assert!(!builder.is_completed(&lead, &deal(before, &[], 1)), "a manager took the tag away");
        assert!(!builder.is_completed(&lead, &deal(now, &["unfinished"], 1)));
        assert!(builder.is_completed(&lead, &deal(now, &["avito"], 1)));
        Fallback::UnfinishedTag.apply_to(&mut lead);
        assert!(
            builder.is_completed(&lead, &deal(now, &["unfinished"], 1)),
            "the account does not let it be taken away"
        );
    }

    #[test]
    fn a_deal_that_was_only_joined_keeps_its_name() {
        let (mut lead, _) = completed();
        lead.progress.joined_deal = true;
        let change = builder(&[]).completion(&lead, &deal("Камри Анны", &["telegram_repeat"], 1)).unwrap();
        assert_eq!((&change["name"], &change["price"]), (&Value::Null, &json!(1_500_000)));
    }

    #[test]
    fn a_deal_is_moved_unless_a_manager_has_put_it_where_it_is() {
        let (mut lead, _) = completed();
        let settings = [("AMOCRM_PIPELINE_ID", "31"), ("AMOCRM_STATUS_ID", "3101")];
        let builder = builder(&settings).with_unfinished_stage(Some(3107));
        let stands_in = |status_id| deal("", &[], status_id);
        for (status_id, is_moved) in [(3107, true), (LOST, true), (142, false), (3101, false), (3102, false)] {
            assert_eq!(builder.should_be_moved(&lead, &stands_in(status_id)), is_moved, "{status_id}");
        }
        let moved = builder.move_to_usual_stage(&lead, &stands_in(3107));
        assert_eq!(moved, Some(json!({ "id": 8001, "pipeline_id": 31, "status_id": 3101 })));
        Fallback::Pipeline.apply_to(&mut lead);
        assert!(!builder.should_be_moved(&lead, &stands_in(3107)), "there is nowhere to move it to");
    }
}

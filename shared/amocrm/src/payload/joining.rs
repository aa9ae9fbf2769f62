//! What a request finds, changes and remarks in an open deal that it joins.

use lead::{CrmField, FieldValue, Lead, Request};
use serde_json::{Map, Value};

use super::{PayloadBuilder, TAG_REPEAT, TAG_UNFINISHED, deal_values, insert_some, insert_tags};
use crate::fields::{cut, same_words};
use crate::{Deal, Fallback, FieldValues};

/// A field of the deal that differs from what the customer says now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The field's title.
    pub field: String,
    /// What the deal has, and keeps.
    pub held: String,
    /// What the customer says.
    pub said: String,
}

impl PayloadBuilder {
    /// Whether the deal stands in the pipeline of the settings. If they name none, every pipeline will do.
    #[must_use]
    pub fn is_in_pipeline(&self, deal: &Deal) -> bool {
        self.pipeline_id.is_none_or(|id| id == deal.pipeline_id)
    }

    /// Whether the deal's field for the service names that of the request. Without the field nothing is certain.
    #[must_use]
    pub fn is_of_service(&self, request: &Request, deal: &Deal) -> bool {
        let held = self.held(deal.fields(), CrmField::ServiceType);
        held.is_some_and(|field| field.texts().any(|text| same_words(&text, &request.service)))
    }

    /// Whether nobody has touched the deal since it was made for this request, which its customer had left unfinished:
    /// name, tag and stage are still those that it got.
    #[must_use]
    pub fn is_as_left(&self, unfinished: &Request, deal: &Deal) -> bool {
        let stage = self.unfinished_status_id.or(self.status_id);
        unfinished.unfinished.is_some()
            && deal.name.as_deref() == Some(&self.deal_name(unfinished))
            && deal.has_tag(TAG_UNFINISHED)
            && stage == Some(deal.status_id)
    }

    /// The change that fills what the deal lacks of the request; `None` if it lacks nothing. What is filled stays: a
    /// person may have written it. The deal keeps its source and the number of the request that made it.
    #[must_use]
    pub fn gaps(&self, lead: &Lead, deal: &Deal) -> Option<Value> {
        let mut change = Map::new();
        insert_some(&mut change, "price", lead.request.price.filter(|price| deal.price == 0 && *price > 0));
        let is_empty = |field: CrmField| self.filled(deal, field).is_none();
        let values = comparable(&lead.request).filter(|(field, _)| is_empty(*field));
        let fields: Vec<Value> = values.filter_map(|(field, value)| self.field(lead, field, &value)).collect();
        if !fields.is_empty() {
            change.insert("custom_fields_values".to_owned(), fields.into());
        }
        let lacks_tag = !deal.has_tag(TAG_REPEAT) && !Fallback::RepeatTag.applies_to(lead);
        insert_tags(&mut change, "tags_to_add", lacks_tag.then_some(TAG_REPEAT).into_iter());
        if change.is_empty() {
            return None;
        }
        insert_some(&mut change, "id", Some(deal.id));
        Some(Value::Object(change))
    }

    /// Where the deal differs from the request.
    #[must_use]
    pub fn differences(&self, lead: &Lead, deal: &Deal) -> Vec<Difference> {
        let price = lead.request.price.filter(|price| deal.price != 0 && deal.price != *price);
        let price = price.map(|price| Difference {
            field: self.language.text("deal-price"),
            held: deal.price.to_string(),
            said: price.to_string(),
        });
        let fields = comparable(&lead.request).filter_map(|(field, value)| {
            let held = self.filled(deal, field)?;
            let differs = !held.texts().any(|text| says_the_same(&text, &value));
            differs.then(|| Difference {
                field: self.language.text(&field.title_id()),
                held: held.texts().collect::<Vec<_>>().join(", "),
                said: value.text().to_owned(),
            })
        });
        price.into_iter().chain(fields).collect()
    }

    /// What a field of the deal holds, if it holds anything.
    fn filled<'a>(&self, deal: &'a Deal, field: CrmField) -> Option<&'a FieldValues> {
        let held = self.held(deal.fields(), field)?;
        held.texts().any(|text| !text.trim().is_empty()).then_some(held)
    }
}

/// What the customer has answered, as far as a deal has fields for it.
fn comparable(request: &Request) -> impl Iterator<Item = (CrmField, FieldValue)> {
    let is_kept = |field: &CrmField| matches!(field, CrmField::RequestId | CrmField::Source);
    deal_values(request).into_iter().filter(move |(field, _)| !is_kept(field))
}

/// Whether a field that holds `held` has this value, however a person has written it.
fn says_the_same(held: &str, value: &FieldValue) -> bool {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let is_number = value.number().is_some_and(|number| digits(held) == number.to_string());
    is_number || same_words(held, value.text()) || same_words(held, &cut(value.text()).0)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use serde_json::json;

    use super::*;
    use crate::payload::tests::{builder, lead, pretty};

    fn deal(change: &Value) -> Deal {
        let mut deal = json!({ "id": 8001, "name": "Продажа авто — Toyota Camry — Анна", "status_id": 3101,
                               "pipeline_id": 31, "price": 0, "custom_fields_values": null });
        deal.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        serde_json::from_value(deal).unwrap()
    }

    fn filled(fields: &[(&str, Value)]) -> Value {
        let field = |(code, value): &(&str, Value)| json!({ "field_id": 1, "field_code": code, "values": [{ "value": value }] });
        fields.iter().map(field).collect()
    }

    #[test]
    fn empty_fields_are_filled_and_filled_ones_stay() {
        let fields = filled(&[("CAR_BRAND", json!("Тойота")), ("CAR_YEAR", json!("")), ("REQUEST_ID", json!("A"))]);
        let deal = deal(&json!({ "price": 1_400_000, "custom_fields_values": fields }));
        assert_snapshot!(pretty(&builder(&[]).gaps(&lead(), &deal).unwrap()), @r#"
        {
          "custom_fields_values": [
            {
              "field_code": "SERVICE_TYPE",
              "values": [
                {
                  "value": "Продажа авто"
                }
              ]
            },
            {
              "field_code": "CAR_MODEL",
              "values": [
                {
                  "value": "Camry"
                }
              ]
            },
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
          "tags_to_add": [
            {
              "name": "telegram_repeat"
            }
          ]
        }
        "#);
    }

    #[test]
    fn a_deal_that_lacks_nothing_is_not_changed() {
        let mut lead = lead();
        lead.request.fields.clear();
        let service = filled(&[("SERVICE_TYPE", json!("Продажа авто"))]);
        let tags = json!({ "tags": [{ "id": 5, "name": "telegram_repeat" }] });
        let deal = deal(&json!({ "price": 1, "custom_fields_values": service, "_embedded": tags }));
        assert_eq!(builder(&[]).gaps(&lead, &deal), None);
    }

    #[test]
    fn where_the_deal_differs_is_noted_and_spelling_does_not_count() {
        let fields = filled(&[
            ("CAR_BRAND", json!("  toyota ")),
            ("CAR_MODEL", json!("Camry XV70")),
            ("CAR_YEAR", json!(2019)),
            ("SOURCE", json!("avito")),
            ("REQUEST_ID", json!("AAAA-AAAA")),
        ]);
        let other = deal(&json!({ "price": 1_400_000, "custom_fields_values": fields }));
        let differences = builder(&[]).differences(&lead(), &other);
        let shown: Vec<_> = differences.iter().map(|it| format!("{}: {} / {}", it.field, it.held, it.said)).collect();
        assert_snapshot!(shown.join("\n"), @r"
        Сумма сделки: 1400000 / 1500000
        Модель: Camry XV70 / Camry
        ");
        assert_eq!(builder(&[]).differences(&lead(), &deal(&json!({}))), [], "empty fields say nothing");
    }

    #[test]
    fn the_service_is_certain_only_if_the_field_names_it() {
        let (builder, request) = (builder(&[]), lead().request);
        let of = |service: &str| deal(&json!({ "custom_fields_values": filled(&[("SERVICE_TYPE", json!(service))]) }));
        assert!(builder.is_of_service(&request, &of("продажа  авто")));
        assert!(!builder.is_of_service(&request, &of("Проверка авто")));
        assert!(!builder.is_of_service(&request, &deal(&json!({}))));
    }

    #[test]
    fn open_deals_of_the_settings_pipeline_can_be_joined() {
        assert!(builder(&[("AMOCRM_PIPELINE_ID", "31")]).is_in_pipeline(&deal(&json!({}))));
        assert!(!builder(&[("AMOCRM_PIPELINE_ID", "32")]).is_in_pipeline(&deal(&json!({}))));
        assert!(builder(&[]).is_in_pipeline(&deal(&json!({}))));
        for (state, is_open) in [
            (json!({}), true),
            (json!({ "status_id": 142 }), false),
            (json!({ "status_id": 143 }), false),
            (json!({ "is_deleted": true }), false),
        ] {
            assert_eq!(deal(&state).is_open(), is_open, "{state}");
        }
    }

    #[test]
    fn a_deal_of_an_unfinished_request_is_as_left_until_somebody_touches_it() {
        let mut unfinished = lead().request;
        unfinished.unfinished = Some("Цена".to_owned());
        let builder = builder(&[("AMOCRM_STATUS_ID", "3101")]).with_unfinished_stage(Some(3107));
        let name = "Не закончил: Продажа авто — Toyota Camry — Анна";
        let tags = json!({ "tags": [{ "id": 1, "name": "unfinished" }] });
        let as_left = json!({ "name": name, "status_id": 3107, "_embedded": tags });
        assert!(builder.is_as_left(&unfinished, &deal(&as_left)));
        for touched in [json!({ "name": "Камри" }), json!({ "status_id": 3102 }), json!({ "_embedded": null })] {
            let mut changed = as_left.clone();
            changed.as_object_mut().unwrap().extend(touched.as_object().unwrap().clone());
            assert!(!builder.is_as_left(&unfinished, &deal(&changed)), "{touched}");
        }
        assert!(!builder.is_as_left(&lead().request, &deal(&as_left)), "it is finished");
    }
}

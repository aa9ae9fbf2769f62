mod refusals;

use insta::assert_snapshot;
use lead::{Answer, Photo, Source};
use settings::Env;

use super::*;
use crate::CustomField;
use crate::refused_members;

pub(crate) fn lead() -> Lead {
    let mut request = Request::example();
    request.customer.chat_id = 123_456_789_012;
    request.answers[2] = Answer {
        question: "Комментарий".to_owned(),
        answer: "Звоните <b>после</b> 18:00 & не раньше".to_owned(),
    };
    request.photos = ["A", "B"].map(|id| Photo { file_id: id.to_owned(), unique_id: id.to_lowercase() }).into();
    Lead::new(request, 60)
}

pub(super) fn builder(pairs: &[(&'static str, &'static str)]) -> PayloadBuilder {
    let mock = [("AMOCRM_MOCK_MODE", "true")];
    let settings = Amocrm::read(&mut Env::from_pairs(mock.iter().chain(pairs).copied()));
    PayloadBuilder::new(&settings, None, Language::Russian)
}

pub(super) fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap()
}

#[test]
fn a_new_contact_has_the_name_the_phone_and_who_it_is_in_telegram() {
    assert_snapshot!(pretty(&builder(&[]).new_contact(&lead())), @r#"
    {
      "custom_fields_values": [
        {
          "field_code": "PHONE",
          "values": [
            {
              "enum_code": "MOB",
              "value": "+79001234567"
            }
          ]
        },
        {
          "field_code": "TELEGRAM_ID",
          "values": [
            {
              "value": "123456789012"
            }
          ]
        },
        {
          "field_code": "TELEGRAM_USERNAME",
          "values": [
            {
              "value": "@anna_k"
            }
          ]
        }
      ],
      "name": "Анна",
      "request_id": "01JD0000000000000AK7QX3M9Q",
      "tags_to_add": [
        {
          "name": "telegram_new"
        }
      ]
    }
    "#);
}

#[test]
fn a_deal_goes_where_the_settings_say_and_overridden_fields_go_by_number() {
    let builder = builder(&[
        ("AMOCRM_PIPELINE_ID", "31"),
        ("AMOCRM_STATUS_ID", "3101"),
        ("AMOCRM_RESPONSIBLE_USER_ID", "77"),
        ("AMOCRM_FIELD_CAR_YEAR", "9103"),
    ]);
    assert_snapshot!(pretty(&builder.deal(&lead(), 501)), @r#"
    {
      "_embedded": {
        "contacts": [
          {
            "id": 501,
            "is_main": true
          }
        ]
      },
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
          "field_code": "CAR_BRAND",
          "values": [
            {
              "value": "Toyota"
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
          "field_id": 9103,
          "values": [
            {
              "value": "2019"
            }
          ]
        },
        {
          "field_code": "SOURCE",
          "values": [
            {
              "value": "Telegram Bot"
            }
          ]
        },
        {
          "field_code": "REQUEST_ID",
          "values": [
            {
              "value": "K7QX-3M9Q"
            }
          ]
        }
      ],
      "name": "Продажа авто — Toyota Camry — Анна",
      "pipeline_id": 31,
      "price": 1500000,
      "request_id": "01JD0000000000000AK7QX3M9Q",
      "responsible_user_id": 77,
      "status_id": 3101
    }
    "#);
}

#[test]
fn a_task_says_whom_to_call_about_what() {
    assert_snapshot!(builder(&[]).task(&lead(), "task-call", 8001, 1_767_001_810), @r#"{"complete_till":1767001810,"entity_id":8001,"entity_type":"leads","request_id":"01JD0000000000000AK7QX3M9Q","task_type_id":1,"text":"Перезвонить: Анна, +79001234567. Продажа авто, заявка № K7QX-3M9Q"}"#);
}

#[test]
fn the_deal_of_an_unfinished_request_says_so_by_name_tag_stage_and_task() {
    let settings = [("AMOCRM_PIPELINE_ID", "31"), ("AMOCRM_STATUS_ID", "3101")];
    let builder = builder(&settings).with_unfinished_stage(Some(3107));
    let mut lead = lead();
    lead.request.unfinished = Some("Цена".to_owned());
    lead.request.source = Some(Source { source: Some("avito".to_owned()), ..Source::default() });
    let deal = builder.deal(&lead, 501);
    assert_eq!(deal["name"], "Не закончил: Продажа авто — Toyota Camry — Анна");
    assert_eq!(deal["tags_to_add"], json!([{ "name": "unfinished" }, { "name": "avito" }]));
    assert_eq!((&deal["pipeline_id"], &deal["status_id"]), (&json!(31), &json!(3107)));
    assert_eq!(
        builder.task(&lead, "task-call", 8001, 0)["text"],
        "Перезвонить: Анна, +79001234567. Не закончил заявку № K7QX-3M9Q (Продажа авто), остановился на вопросе «Цена»"
    );
    let finished = builder.deal(&self::lead(), 501);
    assert_eq!((&finished["status_id"], finished.get("tags_to_add")), (&json!(3101), None));
}

#[test]
fn a_stage_for_unfinished_requests_that_the_account_does_not_take_is_the_usual_one() {
    let settings = [("AMOCRM_PIPELINE_ID", "31"), ("AMOCRM_STATUS_ID", "3101")];
    let with_stage = builder(&settings).with_unfinished_stage(Some(3107));
    let mut lead = lead();
    lead.request.unfinished = Some("Цена".to_owned());
    let refused = |path: &str| FieldError {
        item: "0".to_owned(),
        code: "NotSupportedChoice".to_owned(),
        path: path.to_owned(),
        detail: String::new(),
    };
    for (path, left_out, status_id) in [
        ("status_id", Fallback::UnfinishedStage, json!(3101)),
        ("status_id", Fallback::Pipeline, Value::Null),
        ("tags_to_add.0.name", Fallback::UnfinishedTag, Value::Null),
    ] {
        let deal = with_stage.deal(&lead, 501);
        assert_eq!(with_stage.fallbacks(&lead, &deal, &[refused(path)]), Some(vec![left_out]));
        left_out.apply_to(&mut lead);
        assert_eq!(with_stage.deal(&lead, 501)["status_id"], status_id);
    }
    assert_eq!(with_stage.deal(&lead, 501).get("tags_to_add"), None);
}

#[test]
fn without_a_usual_stage_there_is_none_for_unfinished_requests() {
    let builder = builder(&[("AMOCRM_PIPELINE_ID", "31")]).with_unfinished_stage(Some(3107));
    let mut lead = lead();
    lead.request.unfinished = Some("Цена".to_owned());
    assert_eq!(builder.deal(&lead, 501).get("status_id"), None, "it could not be moved out of it");
}

/// A contact with this phone and nothing else.
fn bare_contact(phone: &str) -> Contact {
    let phones = json!({ "field_id": 9, "field_code": "PHONE", "values": [{ "value": phone, "enum_id": 71 }] });
    serde_json::from_value(json!({ "id": 501, "custom_fields_values": [phones] })).unwrap()
}

#[test]
fn a_found_contact_only_gains() {
    let bare = bare_contact("8 900 123-45-67");
    let mut lead = lead();
    lead.request.customer.phone_source = PhoneSource::OwnContact;
    assert_snapshot!(builder(&[]).contact_update(&bare, &lead).unwrap(), @r#"{"custom_fields_values":[{"field_code":"TELEGRAM_ID","values":[{"value":"123456789012"}]},{"field_code":"TELEGRAM_USERNAME","values":[{"value":"@anna_k"}]}],"tags_to_add":[{"name":"telegram_repeat"}]}"#);
    let known: Contact = serde_json::from_value(json!({
        "id": 501, "custom_fields_values": [
            { "field_id": 9, "field_code": "PHONE", "values": [{ "value": "+79001234567" }] },
            { "field_id": 1, "field_code": "TELEGRAM_ID", "values": [{ "value": "999" }] },
            { "field_id": 2, "field_code": "TELEGRAM_USERNAME", "values": [{ "value": "@other" }] }],
        "_embedded": { "tags": [{ "id": 5, "name": "telegram_repeat", "color": null }] }
    }))
    .unwrap();
    assert_eq!(builder(&[]).contact_update(&known, &lead), None);
}

#[test]
fn a_contact_that_was_found_by_its_chat_gains_the_other_number_and_keeps_its_own() {
    let update = builder(&[]).contact_update(&bare_contact("8 495 000-00-00"), &lead()).unwrap();
    assert_eq!(
        update["custom_fields_values"],
        json!([{ "field_code": "PHONE", "values": [
            { "value": "8 495 000-00-00", "enum_id": 71 }, { "value": "+79001234567", "enum_code": "MOB" }
        ] }])
    );
}

#[test]
fn a_contact_is_that_of_the_chat_whose_id_it_has() {
    let with_id = |id: &str| -> Contact {
        let field = json!({ "field_id": 1, "field_code": "TELEGRAM_ID", "values": [{ "value": id }] });
        serde_json::from_value(json!({ "id": 501, "custom_fields_values": [field] })).unwrap()
    };
    assert!(builder(&[]).is_of_chat(&with_id("7000000001"), 7_000_000_001));
    assert!(!builder(&[]).is_of_chat(&with_id("7000000002"), 7_000_000_001));
    assert!(!builder(&[]).is_of_chat(&bare_contact("+79001234567"), 7_000_000_001));
    let mut deleted = with_id("7000000001");
    deleted.is_deleted = true;
    assert!(!builder(&[]).is_of_chat(&deleted, 7_000_000_001));
}

#[test]
fn a_number_that_telegram_does_not_confirm_writes_nothing_about_telegram_into_a_known_contact() {
    let bare = bare_contact("+7 900 123 45 67");
    for source in [PhoneSource::Typed, PhoneSource::OtherContact] {
        let mut lead = lead();
        lead.request.customer.phone_source = source;
        let update = builder(&[]).contact_update(&bare, &lead).unwrap();
        assert_eq!(update, json!({ "tags_to_add": [{ "name": "telegram_repeat" }] }), "{source:?}");
    }
}

#[test]
fn names_are_one_line_and_bring_no_second_number_into_the_task() {
    let mut lead = lead();
    lead.request.customer.name = "Анна\n\u{202e}+7 999 000-00-00".to_owned();
    lead.request.topic = "Toyota\nCamry".to_owned();
    let builder = builder(&[]);
    let (deal, task) = (builder.deal(&lead, 501), builder.task(&lead, "task-call", 8001, 0));
    assert_eq!(deal["name"], "Продажа авто — Toyota Camry — Анна +7 999 000-00-00");
    assert_eq!(task["text"], "Перезвонить: Анна, +79001234567. Продажа авто, заявка № K7QX-3M9Q");
}

#[test]
fn where_the_customer_came_from_is_a_field_a_tag_and_tracking_data() {
    let tracking = |id, code: &str| CustomField {
        id,
        code: Some(code.to_owned()),
        kind: "tracking_data".to_owned(),
        ..CustomField::default()
    };
    let of_leads = [tracking(1, "UTM_SOURCE"), tracking(2, "UTM_CAMPAIGN"), tracking(3, "UTM_TERM")];
    let fields = AccountFields::find(&BTreeMap::new(), &of_leads, &[], Language::Russian);
    let builder = PayloadBuilder { fields: Some(fields), ..builder(&[]) };
    let mut lead = lead();
    let campaign = Some("autumn".to_owned());
    lead.request.source = Some(Source { source: Some("avito".to_owned()), campaign, ..Source::default() });
    assert_eq!(deal_values(&lead.request)[&CrmField::Source], "avito".into());
    let deal = builder.deal(&lead, 501);
    let entry = |id: u64, value: &str| json!({ "field_id": id, "values": [{ "value": value }] });
    assert_eq!(deal["custom_fields_values"], json!([entry(1, "avito"), entry(2, "autumn")]));
    assert_eq!(deal["tags_to_add"], json!([{ "name": "avito" }]));

    for path in ["custom_fields_values.1.values.0.value", "tags_to_add.0.name"] {
        let (item, code, path) = ("0".to_owned(), "NotSupportedChoice".to_owned(), path.to_owned());
        let refused = FieldError { item, code, path, detail: String::new() };
        assert_eq!(builder.fallbacks(&lead, &deal, &[refused]), Some(vec![Fallback::Source]));
    }
    Fallback::Source.apply_to(&mut lead);
    let deal = builder.deal(&lead, 501);
    assert_eq!((deal.get("tags_to_add"), deal.get("custom_fields_values")), (None, None));
}

#[test]
fn a_link_with_a_campaign_alone_is_not_a_source() {
    let mut lead = lead();
    lead.request.source = Some(Source { campaign: Some("ad_7".to_owned()), ..Source::default() });
    assert_eq!(deal_values(&lead.request)[&CrmField::Source], SOURCE.into());
    assert_eq!(builder(&[]).deal(&lead, 501).get("tags_to_add"), None);
}

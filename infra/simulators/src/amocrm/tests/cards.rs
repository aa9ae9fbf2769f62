use super::*;
use crate::amocrm::{DISMISSED_MANAGER, MANAGER};

#[tokio::test]
async fn a_contact_is_stored_as_it_was_sent_and_its_answer_is_thin() -> Outcome {
    let client = ApiClient::open(without_limits()).await?;
    let mut anna = person("Анна", "+79001234567");
    anna["last_name"] = json!("К.");
    anna["request_id"] = json!("u-42");
    anna["responsible_user_id"] = json!(MANAGER);
    let reply = client.post("/api/v4/contacts", json!([anna])).await?;
    let id = reply.ids("contacts")[0];
    let thin = &reply.json["_embedded"]["contacts"][0];
    assert_eq!(
        (thin["request_id"].as_str(), thin["is_deleted"].as_bool(), thin.get("name")),
        (Some("u-42"), Some(false), None)
    );

    let stored = client.get(&format!("/api/v4/contacts/{id}?with=leads")).await?.json;
    assert_eq!(stored["name"], "Анна К.");
    assert_eq!(stored["responsible_user_id"], MANAGER);
    assert_eq!(
        stored["custom_fields_values"],
        json!([{"field_id": 9001, "field_name": "Телефон", "field_code": "PHONE", "field_type": "multitext",
                "values": [{"value": "+79001234567", "enum_id": 8102, "enum_code": "MOB"}]}])
    );
    assert_eq!(stored["_embedded"]["leads"], json!([]));
    assert!(client.get("/api/v4/contacts/999").await?.is_nothing());
    Ok(())
}

#[tokio::test]
async fn a_card_without_fields_has_null_not_an_empty_list() -> Outcome {
    let client = ApiClient::open(without_limits()).await?;
    let id = client.amo.add_contact("Без телефона", &[]);
    assert!(client.get(&format!("/api/v4/contacts/{id}")).await?.json["custom_fields_values"].is_null());
    Ok(())
}

#[tokio::test]
async fn a_field_that_is_sent_is_replaced_whole_and_others_stay() -> Outcome {
    let client = ApiClient::open(without_limits()).await?;
    let id = client.contact("Анна", "+79001234567").await?;
    let path = format!("/api/v4/contacts/{id}");
    let set = |code: &str, values: Value| json!({"custom_fields_values": [{"field_code": code, "values": values}]});

    client.patch(&path, set("TELEGRAM_ID", json!([{"value": "5005"}]))).await?;
    assert_eq!(client.amo.contacts()[0].phones, ["+79001234567"], "an untouched field stays");

    client.patch(&path, set("PHONE", json!([{"value": "+79990000000"}]))).await?;
    assert_eq!(client.amo.contacts()[0].phones, ["+79990000000"], "the first phone is gone");
    assert_eq!(client.amo.contacts()[0].field("TELEGRAM_ID"), Some("5005"));

    client.patch(&path, set("PHONE", Value::Null)).await?;
    assert!(client.amo.contacts()[0].phones.is_empty());
    Ok(())
}

#[tokio::test]
async fn tags_are_replaced_added_and_taken_away() -> Outcome {
    let client = ApiClient::open(without_limits()).await?;
    let id = client.contact("Анна", "+79001234567").await?;
    let path = format!("/api/v4/contacts/{id}");
    let tags = || client.amo.contacts()[0].tags.clone();

    client.patch(&path, json!({"tags_to_add": [{"name": "telegram_new"}, {"name": "vip"}]})).await?;
    client.patch(&path, json!({"tags_to_add": [{"name": "telegram_repeat"}, {"name": "vip"}]})).await?;
    assert_eq!(tags(), ["telegram_new", "vip", "telegram_repeat"]);
    client.patch(&path, json!({"tags_to_delete": [{"name": "vip"}]})).await?;
    assert_eq!(tags(), ["telegram_new", "telegram_repeat"]);
    client.patch(&path, json!({"_embedded": {"tags": [{"name": "Vip"}]}})).await?;
    assert_eq!(tags(), ["Vip"], "the whole set is replaced");
    client.patch(&path, json!({"_embedded": {"tags": null}})).await?;
    assert!(tags().is_empty());
    Ok(())
}

#[tokio::test]
async fn one_bad_item_refuses_the_whole_batch_and_says_where() -> Outcome {
    let client = ApiClient::open(without_limits()).await?;
    let reply = client
        .post(
            "/api/v4/contacts",
            json!([
                person("Анна", "+79001234567"),
                {"request_id": "u-7", "responsible_user_id": DISMISSED_MANAGER, "created_by": 12345, "phone": "1",
                 "custom_fields_values": [
                    {"field_code": "NO_SUCH", "values": [{"value": "x"}]},
                    {"field_id": 9101, "values": [{"value": 5005}]},
                    {"field_code": "PHONE", "values": [{"value": "1", "enum": "MOB"}, {"value": "2", "enum_code": "MOBILE"}]},
                    {"field_code": "CAR_BRAND", "values": [{"value": "Toyota"}]},
                 ]},
                {"first_name": 5, "created_at": 1_767_000_000_000_i64, "request_id": 8},
            ]),
        )
        .await?;
    insta::assert_snapshot!(reply.complaints().join("\n"), @r"
    u-7 FieldNotExpected phone
    u-7 NotSupportedChoice responsible_user_id
    u-7 NotSupportedChoice created_by
    u-7 NotSupportedChoice custom_fields_values.0.field_code
    u-7 InvalidType custom_fields_values.1.values.0.value
    u-7 FieldNotExpected custom_fields_values.2.values.0.enum
    u-7 NotSupportedChoice custom_fields_values.2.values.1.enum_code
    u-7 NotSupportedChoice custom_fields_values.3.field_code
    2 InvalidType request_id
    2 InvalidType created_at
    2 InvalidType first_name
    ");
    assert!(client.amo.contacts().is_empty(), "the good one was not stored either");
    Ok(())
}

#[tokio::test]
async fn arrays_and_objects_are_not_mixed_up() -> Outcome {
    let client = ApiClient::open(without_limits()).await?;
    let id = client.contact("Анна", "+79001234567").await?;
    let refused = |reply: Reply| (reply.status, reply.json.get("validation-errors").is_some());
    assert_eq!(refused(client.post("/api/v4/contacts", person("Борис", "+79000000000")).await?), (400, false));
    let one = format!("/api/v4/contacts/{id}");
    assert_eq!(refused(client.patch(&one, json!([{"first_name": "Борис"}])).await?), (400, false));
    assert_eq!(refused(client.call(Method::POST, "/api/v4/contacts", "[{").await?), (400, false));

    let changed = client.patch(&one, json!({"first_name": "Борис"})).await?;
    assert_eq!((changed.status, changed.ids("contacts")), (200, vec![id]));
    assert_eq!(client.patch("/api/v4/contacts/5", json!({})).await?.status, 404);
    Ok(())
}

#[tokio::test]
async fn a_batch_has_at_most_250_items() -> Outcome {
    let client = ApiClient::open(without_limits()).await?;
    let batch = |count| (0..count).map(|n| json!({"name": n.to_string()})).collect::<Value>();
    let reply = client.post("/api/v4/contacts", batch(251)).await?;
    assert_eq!((reply.status, reply.json["detail"].as_str()), (422, Some("Limit 250 per page")));
    assert_eq!(client.post("/api/v4/contacts", batch(250)).await?.ids("contacts").len(), 250);
    Ok(())
}

#[tokio::test]
async fn a_note_holds_twenty_thousand_characters() -> Outcome {
    let client = ApiClient::open(without_limits()).await?;
    let lead = client.lead(json!({"name": "Заявка"})).await?;
    let note = |length: usize| json!([{"entity_id": lead, "note_type": "common", "params": {"text": "ы".repeat(length)}, "request_id": "n1"}]);

    assert_eq!(client.post("/api/v4/leads/notes", note(20_001)).await?.complaints(), ["n1 TooLong params.text"]);
    let reply = client.post("/api/v4/leads/notes", note(20_000)).await?;
    assert_eq!(reply.json["_embedded"]["notes"][0]["entity_id"], lead);
    assert_eq!(client.amo.deals()[0].notes[0].chars().count(), 20_000);
    Ok(())
}

#[tokio::test]
async fn notes_are_written_to_several_deals_and_read_back() -> Outcome {
    let client = ApiClient::open(without_limits()).await?;
    let (one, other) = (client.lead(json!({"name": "Первая"})).await?, client.lead(json!({"name": "Вторая"})).await?);
    let note = |lead: u64, text: &str| json!({"entity_id": lead, "note_type": "common", "params": {"text": text}});
    let reply =
        client.post("/api/v4/leads/notes", json!([note(one, " Бюджет: 1,5 млн\n"), note(other, "Город")])).await?;
    assert_eq!(reply.status, 200);
    let service = json!({"service": "Бот", "text": "Готово"});
    client
        .post("/api/v4/leads/notes", json!([{"entity_id": one, "note_type": "service_message", "params": service}]))
        .await?;

    let common = client.get(&format!("/api/v4/leads/{one}/notes?filter[note_type]=common")).await?;
    assert_eq!(common.ids("notes").len(), 1);
    assert_eq!(common.json["_embedded"]["notes"][0]["params"]["text"], "Бюджет: 1,5 млн", "blanks at the ends are cut");
    let notes =
        async || Ok::<_, reqwest::Error>(client.get(&format!("/api/v4/leads/{one}/notes")).await?.ids("notes").len());
    assert_eq!(notes().await?, 2);
    assert!(client.get("/api/v4/leads/77/notes").await?.is_nothing());

    let refused = client
        .post(
            "/api/v4/leads/notes",
            json!([note(77, "x"), {"note_type": "common"}, {"entity_id": one, "note_type": "telegram", "params": {}},
                   {"entity_id": one, "note_type": "common", "params": {"text": "  "}},
                   {"entity_id": one, "note_type": "attachment",
                    "params": {"file_uuid": "none", "version_uuid": "none", "file_name": "a.jpg"}}]),
        )
        .await?;
    insta::assert_snapshot!(refused.complaints().join("\n"), @r"
    0 NotSupportedChoice entity_id
    1 FieldMissing entity_id
    1 FieldMissing params
    2 NotSupportedChoice note_type
    3 FieldMissing params.text
    4 NotSupportedChoice params.file_uuid
    ");
    assert_eq!(notes().await?, 2);
    Ok(())
}

#[tokio::test]
async fn tasks_are_given_and_found() -> Outcome {
    let client = ApiClient::open(without_limits()).await?;
    let lead = client.lead(json!({"name": "Заявка"})).await?;
    let call_back = json!({
        "task_type_id": 1, "text": "Перезвонить", "complete_till": 1_767_086_400, "entity_id": lead,
        "entity_type": "leads", "responsible_user_id": MANAGER, "request_id": "t1",
    });
    let reply = client.post("/api/v4/tasks", json!([call_back])).await?;
    assert_eq!(reply.json["_embedded"]["tasks"][0]["request_id"], "t1");
    let id = reply.ids("tasks")[0];

    let open = format!("/api/v4/tasks?filter[entity_type]=leads&filter[entity_id][]={lead}&filter[is_completed]=0");
    let found = client.get(&open).await?;
    assert_eq!((found.ids("tasks"), &found.json["_embedded"]["tasks"][0]["result"]), (vec![id], &json!([])));
    assert!(client.get(&open.replace("entity_type]=leads", "entity_type]=contacts")).await?.is_nothing());
    assert_eq!(client.stored_lead(lead).await?["closest_task_at"], 1_767_086_400);
    let deal = &client.amo.deals()[0];
    assert_eq!((deal.tasks[0].done, deal.tasks[0].responsible.as_str()), (false, "Ольга Менеджер"));
    Ok(())
}

#[tokio::test]
async fn a_task_needs_a_text_a_moment_in_seconds_and_something_real() -> Outcome {
    let client = ApiClient::open(without_limits()).await?;
    let reply = client
        .post(
            "/api/v4/tasks",
            json!([
                {},
                {"text": "Перезвонить", "complete_till": 1_767_086_400_000_i64, "task_type_id": 9},
                {"text": "Перезвонить", "complete_till": 1_767_086_400, "entity_id": 77, "entity_type": "leads"},
                {"text": "Перезвонить", "complete_till": 1_767_086_400, "entity_id": 77,
                 "responsible_user_id": DISMISSED_MANAGER},
            ]),
        )
        .await?;
    insta::assert_snapshot!(reply.complaints().join("\n"), @r"
    0 FieldMissing text
    0 FieldMissing complete_till
    1 NotSupportedChoice task_type_id
    1 InvalidType complete_till
    2 NotSupportedChoice entity_id
    3 FieldMissing entity_type
    3 NotSupportedChoice responsible_user_id
    ");
    Ok(())
}

use super::*;
use crate::amocrm::{
    BOT_FIRST_STAGE, BOT_PIPELINE, DISMISSED_MANAGER, MANAGER, SALES_FIRST_STAGE, SALES_INBOX, SALES_PIPELINE,
};

#[tokio::test]
async fn a_deal_with_its_contact_is_what_the_dealer_sees() -> Outcome {
    let client = ApiClient::open(without_limits()).await?;
    let anna = client.contact("Анна", "+79001234567").await?;
    let lead = json!({
        "name": "Продажа авто — Toyota Camry — Анна", "price": 1_500_000, "pipeline_id": BOT_PIPELINE,
        "status_id": BOT_FIRST_STAGE, "responsible_user_id": MANAGER, "created_by": 0, "request_id": "lead-1",
        "custom_fields_values": [
            {"field_code": "REQUEST_ID", "values": [{"value": "K7QX-3M9Q"}]},
            {"field_code": "MILEAGE", "values": [{"value": "85 000 км"}]},
        ],
        "tags_to_add": [{"name": "telegram"}],
        "_embedded": {"contacts": [{"id": anna, "is_main": true}]},
    });
    let reply = client.post("/api/v4/leads", json!([lead])).await?;
    let thin = &reply.json["_embedded"]["leads"][0];
    let id = reply.ids("leads")[0];
    assert_eq!((thin["request_id"].as_str(), thin.get("name")), (Some("lead-1"), None));

    let stored = client.stored_lead(id).await?;
    assert!(stored["_embedded"].get("contacts").is_none(), "contacts are shown only when asked for");
    let shown = client.get(&format!("/api/v4/leads?filter[id][]={id}&with=contacts")).await?.json;
    assert_eq!(shown["_embedded"]["leads"][0]["_embedded"]["contacts"][0]["id"], anna);
    let contact = client.get(&format!("/api/v4/contacts/{anna}?with=leads")).await?.json;
    assert_eq!(contact["_embedded"]["leads"][0]["id"], id);

    let mut deal = serde_json::to_value(&client.amo.deals()[0])?;
    for moving in ["id", "created_at", "updated_at"] {
        deal[moving] = json!("…");
    }
    deal["contact"]["id"] = json!("…");
    deal["contact"]["deals"] = json!("…");
    assert_eq!(
        deal,
        json!({
            "id": "…", "created_at": "…", "updated_at": "…",
            "name": "Продажа авто — Toyota Camry — Анна", "price": 1_500_000,
            "pipeline": "Бот", "pipeline_id": BOT_PIPELINE, "stage": "Новая заявка", "stage_id": BOT_FIRST_STAGE,
            "loss_reason": null, "contacts": [anna], "responsible": "Ольга Менеджер", "tags": ["telegram"],
            "fields": [
                {"name": "Пробег", "code": "MILEAGE", "value": "85 000 км"},
                {"name": "Номер заявки", "code": "REQUEST_ID", "value": "K7QX-3M9Q"},
            ],
            "contact": {"id": "…", "deals": "…", "name": "Анна", "phones": ["+79001234567"],
                        "responsible": "Анна Директор", "fields": [], "tags": []},
            "notes": [], "tasks": [], "files": [],
        })
    );
    assert_eq!(client.amo.deals()[0].field("REQUEST_ID"), Some("K7QX-3M9Q"));
    Ok(())
}

#[tokio::test]
async fn nothing_is_required_and_defaults_are_the_main_pipeline_and_the_owner() -> Outcome {
    let client = ApiClient::open(without_limits()).await?;
    let id = client.lead(json!({})).await?;
    let stored = client.stored_lead(id).await?;
    assert_eq!(
        (stored["pipeline_id"].as_u64(), stored["status_id"].as_u64()),
        (Some(SALES_PIPELINE), Some(SALES_FIRST_STAGE))
    );
    assert_eq!(stored["name"], format!("Сделка #{id}"));
    assert_eq!(stored["responsible_user_id"], 701);
    Ok(())
}

#[tokio::test]
async fn a_stage_must_belong_to_the_pipeline_and_not_be_the_inbox() -> Outcome {
    let client = ApiClient::open(without_limits()).await?;
    let reply = client
        .post(
            "/api/v4/leads",
            json!([
                {"pipeline_id": BOT_PIPELINE, "status_id": SALES_FIRST_STAGE},
                {"pipeline_id": SALES_PIPELINE, "status_id": SALES_INBOX},
                {"pipeline_id": 999, "status_id": BOT_FIRST_STAGE},
                {"status_id": 999},
                {"pipeline_id": BOT_PIPELINE, "status_id": 142},
            ]),
        )
        .await?;
    insta::assert_snapshot!(reply.complaints().join("\n"), @r"
    0 NotSupportedChoice status_id
    1 NotSupportedChoice status_id
    2 NotSupportedChoice pipeline_id
    3 NotSupportedChoice status_id
    ");
    assert!(client.amo.deals().is_empty());
    Ok(())
}

#[tokio::test]
async fn a_wrong_price_person_contact_or_key_is_refused() -> Outcome {
    let client = ApiClient::open(without_limits()).await?;
    let anna = client.contact("Анна", "+79001234567").await?;
    let reply = client
        .post(
            "/api/v4/leads",
            json!([
                {"price": "1500000"},
                {"price": 1.5},
                {"responsible_user_id": DISMISSED_MANAGER},
                {"_embedded": {"contacts": [{"id": anna}, {"id": 77}]}},
                {"_embedded": {"notes": []}, "custom_fields_values": [{"field_code": "PHONE", "values": [{"value": "1"}]}]},
                {"custom_fields_values": [{"field_code": "MILEAGE", "values": [{"value": 85000}]}]},
            ]),
        )
        .await?;
    insta::assert_snapshot!(reply.complaints().join("\n"), @r"
    0 InvalidType price
    1 InvalidType price
    2 NotSupportedChoice responsible_user_id
    3 NotSupportedChoice _embedded.contacts.1.id
    4 FieldNotExpected _embedded.notes
    4 NotSupportedChoice custom_fields_values.0.field_code
    5 InvalidType custom_fields_values.0.values.0.value
    ");
    Ok(())
}

#[tokio::test]
async fn a_change_leaves_what_it_does_not_name() -> Outcome {
    let client = ApiClient::open(without_limits()).await?;
    let id = client
        .lead(json!({
            "name": "Не закончил", "price": 100, "pipeline_id": BOT_PIPELINE, "status_id": BOT_FIRST_STAGE + 1,
            "tags_to_add": [{"name": "unfinished"}, {"name": "avito"}],
            "custom_fields_values": [
                {"field_code": "CAR_BRAND", "values": [{"value": "Toyota"}]},
                {"field_code": "CAR_MODEL", "values": [{"value": "Camry"}]},
            ],
        }))
        .await?;
    let change = json!({
        "id": id, "name": "Продажа авто", "status_id": BOT_FIRST_STAGE, "tags_to_delete": [{"name": "unfinished"}],
        "custom_fields_values": [
            {"field_code": "CAR_MODEL", "values": null},
            {"field_code": "MILEAGE", "values": [{"value": "85 000 км"}]},
        ],
    });
    let reply = client.patch(&format!("/api/v4/leads/{id}"), change).await?;
    assert_eq!(reply.ids("leads"), [id]);
    let deal = &client.amo.deals()[0];
    assert_eq!((deal.name.as_str(), deal.price, deal.stage.as_str()), ("Продажа авто", 100, "Новая заявка"));
    assert_eq!(deal.tags, ["avito"]);
    assert_eq!(
        ["CAR_BRAND", "CAR_MODEL", "MILEAGE"].map(|code| deal.field(code)),
        [Some("Toyota"), None, Some("85 000 км")]
    );

    let reply = client.patch(&format!("/api/v4/leads/{id}"), json!({"status_id": 999, "contacts": []})).await?;
    assert_eq!(reply.complaints(), ["0 FieldNotExpected contacts", "0 NotSupportedChoice status_id"]);
    assert_eq!(client.patch("/api/v4/leads/77", json!({"name": "Кто-то"})).await?.status, 404);
    Ok(())
}

#[tokio::test]
async fn twins_are_counted() -> Outcome {
    let client = ApiClient::open(without_limits()).await?;
    assert!(client.amo.twins().is_none());
    let deal =
        |number: &str| json!({"custom_fields_values": [{"field_code": "REQUEST_ID", "values": [{"value": number}]}]});
    let id = client.lead(deal("K7QX-3M9Q")).await?;
    client.lead(deal("K7QX-3M9Z")).await?;
    client.contact("Анна", "+79001234567").await?;
    let task =
        json!([{"text": "Перезвонить", "complete_till": 1_767_086_400, "entity_id": id, "entity_type": "leads"}]);
    let note = json!([{"entity_id": id, "note_type": "common", "params": {"text": "Ответы"}}]);
    client.post("/api/v4/tasks", task.clone()).await?;
    client.post("/api/v4/leads/notes", note.clone()).await?;
    assert!(client.amo.twins().is_none());

    client.lead(deal("K7QX-3M9Q")).await?;
    client.amo.add_contact("Анна ещё раз", &["8 (900) 123-45-67"]);
    client.post("/api/v4/tasks", task).await?;
    client.post("/api/v4/leads/notes", note).await?;
    assert_eq!(serde_json::to_value(client.amo.twins())?, json!({"deals": 1, "contacts": 1, "notes": 1, "tasks": 1}));
    Ok(())
}

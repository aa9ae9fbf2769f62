use super::*;
use crate::amocrm::BOT_PIPELINE;

#[tokio::test]
async fn an_account_without_the_bots_fields_refuses_them_until_they_are_made() -> Outcome {
    let client = ApiClient::open(Options { with_bot_fields: false, ..without_limits() }).await?;
    let deal = json!([{"custom_fields_values": [{"field_code": "CAR_BRAND", "values": [{"value": "Toyota"}]}]}]);
    let refused = client.post("/api/v4/leads", deal.clone()).await?;
    assert_eq!(refused.complaints(), ["0 NotSupportedChoice custom_fields_values.0.field_code"]);

    let field = json!([{"name": "Марка", "type": "text", "code": "CAR_BRAND", "is_api_only": true, "sort": 510}]);
    let made = client.post("/api/v4/leads/custom_fields", field.clone()).await?;
    assert_eq!((made.status, made.json["_embedded"]["custom_fields"][0]["code"].as_str()), (201, Some("CAR_BRAND")));
    assert_eq!(client.post("/api/v4/leads", deal).await?.status, 200);
    assert_eq!(client.post("/api/v4/leads/custom_fields", field).await?.complaints(), ["0 NotUnique code"]);
    Ok(())
}

#[tokio::test]
async fn the_bots_fields_have_the_codes_the_bot_uses() -> Outcome {
    let client = ApiClient::open(without_limits()).await?;
    let codes = |reply: Reply| -> Vec<String> {
        let fields = reply.json["_embedded"]["custom_fields"].as_array().cloned().unwrap_or_default();
        fields.iter().filter_map(|field| field["code"].as_str().map(str::to_owned)).collect()
    };
    let of_leads = codes(client.get("/api/v4/leads/custom_fields?limit=250").await?);
    let of_contacts = codes(client.get("/api/v4/contacts/custom_fields?limit=250").await?);
    for field in lead::CrmField::ALL.iter().copied() {
        let codes = if field.is_contact_field() { &of_contacts } else { &of_leads };
        assert!(codes.iter().any(|code| code == field.code()), "{} is missing", field.code());
    }
    Ok(())
}

#[tokio::test]
async fn options_of_a_list_are_chosen_never_made() -> Outcome {
    let client = ApiClient::open(without_limits()).await?;
    let made = client
        .post(
            "/api/v4/leads/custom_fields",
            json!([{"name": "Канал", "type": "select", "code": "CHANNEL",
                    "enums": [{"value": "Реклама", "code": "ADS"}, {"value": "Сайт", "code": "SITE"}]}]),
        )
        .await?;
    let field = &made.json["_embedded"]["custom_fields"][0];
    let (id, ads) = (field["id"].as_u64().unwrap_or_default(), field["enums"][0]["id"].clone());
    let deal = |value: Value| json!([{"custom_fields_values": [{"field_id": id, "values": [value]}]}]);

    for good in [json!({"enum_id": ads}), json!({"enum_code": "ADS"}), json!({"value": "Реклама"})] {
        assert_eq!(client.post("/api/v4/leads", deal(good)).await?.status, 200);
        assert_eq!(client.amo.deals()[0].field("CHANNEL"), Some("Реклама"));
    }
    let refused = client.post("/api/v4/leads", deal(json!({"value": "реклама"}))).await?;
    assert_eq!(refused.complaints(), ["0 NotSupportedChoice custom_fields_values.0.values.0.value"]);
    Ok(())
}

#[tokio::test]
async fn a_wrong_definition_of_a_field_is_refused() -> Outcome {
    let client = ApiClient::open(without_limits()).await?;
    let reply = client
        .post(
            "/api/v4/contacts/custom_fields",
            json!([
                {"type": "text"},
                {"name": "Возраст", "type": "integer"},
                {"name": "Город", "type": "select"},
                {"name": "Раз", "type": "text", "code": "SAME"},
                {"name": "Два", "type": "text", "code": "SAME", "required": true},
            ]),
        )
        .await?;
    insta::assert_snapshot!(reply.complaints().join("\n"), @r"
    0 FieldMissing name
    1 NotSupportedChoice type
    2 FieldMissing enums
    4 FieldNotExpected required
    4 NotUnique code
    ");
    Ok(())
}

#[tokio::test]
async fn values_are_kept_as_their_type_keeps_them() -> Outcome {
    let client = ApiClient::open(without_limits()).await?;
    let types = ["numeric", "checkbox", "date", "date_time", "multiselect"];
    let fields: Value = types
        .iter()
        .map(|name| {
            let mut field = json!({"name": name, "type": name, "code": name});
            if *name == "multiselect" {
                field["enums"] = json!([{"value": "А"}, {"value": "Б"}]);
            }
            field
        })
        .collect();
    assert_eq!(client.post("/api/v4/leads/custom_fields", fields).await?.status, 201);
    let set = |code: &str, values: Value| json!({"field_code": code, "values": values});
    let id = client
        .lead(json!({"custom_fields_values": [
            set("numeric", json!([{"value": "12345678901234567890"}])),
            set("checkbox", json!([{"value": true}])),
            set("date", json!([{"value": 1_767_225_600}])),
            set("date_time", json!([{"value": "2026-01-01T00:00:00Z"}])),
            set("multiselect", json!([{"value": "А"}, {"value": "Б"}])),
        ]}))
        .await?;
    let stored = client.stored_lead(id).await?;
    let values: Vec<Value> = stored["custom_fields_values"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|field| field["values"].as_array().cloned().unwrap_or_default())
        .map(|value| value["value"].clone())
        .collect();
    // A long number is mangled; a date falls back to midnight in Moscow, 21:00 UTC of the day before.
    assert_eq!(json!(values), json!(["12345678901234567000", true, 1_767_214_800, 1_767_225_600, "А", "Б"]));

    let refused = client
        .post(
            "/api/v4/leads",
            json!([{"custom_fields_values": [
                set("checkbox", json!([{"value": "да"}])),
                set("numeric", json!([{"value": "85 тыс"}])),
                set("date", json!([{"value": "завтра"}])),
                set("date_time", json!([{"value": 1_767_225_600_000_i64}])),
                set("CAR_BRAND", json!([{"value": "Toyota"}, {"value": "Kia"}])),
                set("CAR_BRAND", json!([{"value": "Toyota", "enum_code": "WORK"}])),
                {"field_code": "CAR_BRAND"},
                {"values": []},
            ]}]),
        )
        .await?;
    insta::assert_snapshot!(refused.complaints().join("\n"), @r"
    0 InvalidType custom_fields_values.0.values.0.value
    0 InvalidType custom_fields_values.1.values.0.value
    0 InvalidType custom_fields_values.2.values.0.value
    0 InvalidType custom_fields_values.3.values.0.value
    0 TooMany custom_fields_values.4.values
    0 FieldNotExpected custom_fields_values.5.values.0.enum_code
    0 FieldMissing custom_fields_values.6.values
    0 FieldMissing custom_fields_values.7.field_id
    ");
    Ok(())
}

#[tokio::test]
async fn every_pipeline_has_an_inbox_won_and_lost() -> Outcome {
    let client = ApiClient::open(without_limits()).await?;
    let stages = |pipeline: &Value| -> String {
        let stages = pipeline["_embedded"]["statuses"].as_array().cloned().unwrap_or_default();
        let reply: Vec<String> =
            stages.iter().map(|stage| format!("{}:{}", stage["name"].as_str().unwrap_or(""), stage["type"])).collect();
        reply.join(" ")
    };
    let all = client.get("/api/v4/leads/pipelines").await?.json["_embedded"]["pipelines"].clone();
    let bot = all.as_array().into_iter().flatten().find(|pipeline| pipeline["id"] == BOT_PIPELINE);
    assert_eq!(
        stages(bot.ok_or("the pipeline is there")?),
        "Неразобранное:1 Новая заявка:0 Созвонились:0 Встреча назначена:0 Успешно реализовано:0 Закрыто и не реализовано:0"
    );

    let made = client
        .post(
            "/api/v4/leads/pipelines",
            json!([{"name": "Трейд-ин", "sort": 20, "is_main": false, "is_unsorted_on": false, "request_id": "p1",
                    "_embedded": {"statuses": [{"name": "Оценка", "sort": 20, "color": "#99ccff"}, {"id": 142, "name": "Куплено"}]}}]),
        )
        .await?;
    let made = &made.json["_embedded"]["pipelines"][0];
    assert_eq!(stages(made), "Неразобранное:1 Оценка:0 Куплено:0 Закрыто и не реализовано:0");
    let wrong =
        json!([{"name": "Ещё", "_embedded": {"statuses": [{"name": "Осмотр", "color": "#123456"}, {"sort": 5}]}}]);
    let refused = client.post("/api/v4/leads/pipelines", wrong).await?;
    assert_eq!(
        refused.complaints(),
        ["0 NotSupportedChoice _embedded.statuses.0.color", "0 FieldMissing _embedded.statuses.1.name"]
    );
    Ok(())
}

#[tokio::test]
async fn fields_that_people_made_have_no_code_and_come_in_pages() -> Outcome {
    let client = ApiClient::open(Options { bot_field_codes: false, fields_per_page: 5, ..without_limits() }).await?;
    let mut path = "/api/v4/leads/custom_fields?limit=250".to_owned();
    let (mut names, mut pages) = (Vec::new(), 0);
    loop {
        let reply = client.get(&path).await?;
        let fields = reply.json["_embedded"]["custom_fields"].as_array().cloned().unwrap_or_default();
        assert!((1..=5).contains(&fields.len()), "{}", reply.text);
        pages += 1;
        names.extend(fields.into_iter().filter(|field| field["code"].is_null()).map(|field| field["name"].clone()));
        match reply.json["_links"]["next"]["href"].as_str() {
            Some(next) => path = next.strip_prefix(&client.amo.url()).ok_or("another host")?.to_owned(),
            None => break,
        }
    }
    assert!(pages > 2 && names.contains(&json!("Марка")), "{pages} pages with {names:?}");
    let by_id = json!({"custom_fields_values": [{"field_id": 9104, "values": [{"value": "Toyota"}]}]});
    client.lead(by_id).await?;
    assert_eq!(client.amo.deals()[0].fields[0].value, "Toyota");
    Ok(())
}

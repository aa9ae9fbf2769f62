use super::*;

#[tokio::test]
async fn everything_survives_a_kill() -> Outcome {
    let folder = tempfile::tempdir()?;
    let options = Options { journal: Some(folder.path().join("amocrm.jsonl")), ..without_limits() };
    let client = ApiClient::open(options.clone()).await?;
    let anna = client.contact("Анна", "+79001234567").await?;
    let lead = client
        .lead(
            json!({"name": "Заявка", "tags_to_add": [{"name": "telegram"}], "_embedded": {"contacts": [{"id": anna}]}}),
        )
        .await?;
    client
        .post("/api/v4/leads/notes", json!([{"entity_id": lead, "note_type": "common", "params": {"text": "Ответы"}}]))
        .await?;
    client
        .post("/api/v4/leads/custom_fields", json!([{"name": "Ещё", "type": "select", "enums": [{"value": "А"}]}]))
        .await?;
    let session = client.post("/drive/v1.0/sessions", json!({"file_name": "a.jpg", "file_size": 5})).await?;
    let address = session.json["upload_url"].as_str().unwrap_or_default();
    let file: Value = client.http.post(address).bearer_auth(&client.token).body("bytes").send().await?.json().await?;
    client
        .call(Method::PUT, &format!("/api/v4/leads/{lead}/files"), &json!([{"file_uuid": file["uuid"]}]).to_string())
        .await?;
    let mut before = serde_json::to_value(client.amo.deals())?;
    client.amo.stop().await;

    let amo = Amocrm::start(options).await?;
    let mut after = serde_json::to_value(amo.deals())?;
    let url = after[0]["files"][0]["url"].take();
    before[0]["files"][0]["url"].take();
    assert_eq!(after, before);
    let bytes = reqwest::get(url.as_str().unwrap_or_default()).await?.bytes().await?;
    assert_eq!(bytes, "bytes".as_bytes());

    let client = ApiClient { amo, token: client.token, http: client.http };
    let found = client.get("/api/v4/contacts?query=9001234567").await?;
    assert_eq!(found.ids("contacts"), [anna], "the token works and the search still finds");
    let next = client.lead(json!({})).await?;
    assert!(next > lead, "no id is given out twice");
    let fields = client.get("/api/v4/leads/custom_fields?limit=250").await?;
    let largest_option = fields.json["_embedded"]["custom_fields"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|field| field["enums"].as_array().cloned().unwrap_or_default())
        .filter_map(|option| option["id"].as_u64())
        .max();
    assert!(Some(next) > largest_option);
    Ok(())
}

#[tokio::test]
async fn a_follower_of_the_account_hears_of_a_new_deal() -> Outcome {
    let client = ApiClient::open(without_limits()).await?;
    let mut changes = client.amo.changes();
    changes.mark_unchanged();
    client.lead(json!({"name": "Заявка"})).await?;
    tokio::time::timeout(Duration::from_secs(5), changes.changed()).await??;
    Ok(())
}

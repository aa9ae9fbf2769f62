use super::*;

#[tokio::test]
async fn a_search_finds_parts_of_any_field_strangers_included() -> Outcome {
    let client = ApiClient::open(without_limits()).await?;
    let anna = client.contact("Анна", "+79001234567").await?;
    let stranger = client.contact("Перезвонить 9001234567 вечером", "+74950000000").await?;
    let other_form = client.amo.add_contact("Борис", &["8 900 123-45-67"]);

    let found = client.get("/api/v4/contacts?query=9001234567").await?;
    assert_eq!(found.ids("contacts"), [anna, stranger], "the number written with dashes is another text");
    assert_eq!(client.get("/api/v4/contacts?query=900%20123-45-67").await?.ids("contacts"), [other_form]);
    assert_eq!(client.get("/api/v4/contacts?query=ПЕРЕЗВОНИТЬ").await?.ids("contacts"), [stranger]);
    assert!(client.get("/api/v4/contacts?query=9990000000").await?.is_nothing());
    Ok(())
}

#[tokio::test]
async fn a_search_lags_while_reading_by_id_does_not() -> Outcome {
    let client = ApiClient::open(Options { search_lag: Duration::from_millis(400), ..without_limits() }).await?;
    let anna = client.contact("Анна", "+79001234567").await?;
    assert!(client.get("/api/v4/contacts?query=9001234567").await?.is_nothing());
    assert_eq!(client.get(&format!("/api/v4/contacts/{anna}")).await?.json["name"], "Анна");
    assert_eq!(client.get(&format!("/api/v4/contacts?filter[id][]={anna}")).await?.ids("contacts"), [anna]);

    tokio::time::sleep(Duration::from_millis(450)).await;
    assert_eq!(client.get("/api/v4/contacts?query=9001234567").await?.ids("contacts"), [anna]);
    Ok(())
}

#[tokio::test]
async fn filters_over_custom_fields_are_refused_and_unknown_ones_ignored() -> Outcome {
    let client = ApiClient::open(without_limits()).await?;
    client.contact("Анна", "+79001234567").await?;
    let refused = client.get("/api/v4/contacts?filter[custom_fields_values][9001][]=%2B79001234567").await?;
    assert_eq!((refused.status, refused.json["detail"].as_str()), (400, Some("Invalid filter for current account")));

    let everything = client.get("/api/v4/contacts?filter[tags][]=77").await?;
    assert_eq!(everything.ids("contacts").len(), 1);
    Ok(())
}

#[tokio::test]
async fn leads_are_filtered_ordered_and_paged() -> Outcome {
    let client = ApiClient::open(without_limits()).await?;
    let mut ids = Vec::new();
    for day in 1..=3 {
        ids.push(
            client.lead(json!({"name": format!("День {day}"), "price": day * 100, "created_at": day * 86400})).await?,
        );
    }
    let two =
        client.get(&format!("/api/v4/leads?filter[id][]={}&filter[id][]={}&filter[id][]=1", ids[0], ids[2])).await?;
    assert_eq!(two.ids("leads"), [ids[0], ids[2]]);
    let late = client.get("/api/v4/leads?filter[created_at][from]=172800&order[created_at]=desc").await?;
    assert_eq!(late.ids("leads"), [ids[2], ids[1]]);
    assert_eq!(client.get("/api/v4/leads?filter[price][from]=150&filter[price][to]=250").await?.ids("leads"), [ids[1]]);
    assert!(client.get("/api/v4/leads?filter[pipeline_id][]=3200").await?.is_nothing());

    let page = client.get("/api/v4/leads?limit=2&order[id]=desc").await?;
    assert_eq!(page.ids("leads"), [ids[2], ids[1]]);
    let next = page.json["_links"]["next"]["href"].as_str().ok_or("no next page")?;
    let path = next.strip_prefix(&client.amo.url()).ok_or("another host")?;
    let last = client.get(path).await?;
    assert_eq!(last.ids("leads"), [ids[0]]);
    assert!(last.json["_links"].get("next").is_none());
    assert_eq!(client.get("/api/v4/leads?limit=251").await?.status, 422);
    Ok(())
}

use super::*;
use crate::amocrm::{DISMISSED_MANAGER, MANAGER};

#[tokio::test]
async fn the_account_shows_only_what_is_asked_for() -> Outcome {
    let client = ApiClient::open(without_limits()).await?;
    let plain = client.get("/api/v4/account").await?;
    assert_eq!((plain.status, plain.content_type.as_str()), (200, "application/hal+json"));
    assert!(plain.json.get("drive_url").is_none());

    let more = client.get("/api/v4/account?with=drive_url,task_types,datetime_settings,is_api_filter_enabled").await?;
    assert_eq!(more.json["drive_url"], format!("{}/drive", client.amo.url()));
    assert_eq!(more.json["is_api_filter_enabled"], false);
    assert_eq!(more.json["_embedded"]["datetime_settings"]["timezone"], "Europe/Moscow");
    assert_eq!(more.json["_embedded"]["task_types"][0]["id"], 1);
    Ok(())
}

#[tokio::test]
async fn users_are_shown_to_administrators_only() -> Outcome {
    let client = ApiClient::open(without_limits()).await?;
    let reply = client.get("/api/v4/users?limit=250").await?;
    let active: Vec<(u64, bool)> = reply.json["_embedded"]["users"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|user| (user["id"].as_u64().unwrap_or_default(), user["rights"]["is_active"] == true))
        .collect();
    assert!(active.contains(&(MANAGER, true)) && active.contains(&(DISMISSED_MANAGER, false)));

    let client = ApiClient::open(Options { admin_rights: false, ..without_limits() }).await?;
    for reply in [
        client.get("/api/v4/users").await?,
        client.post("/api/v4/leads/custom_fields", json!([{"name": "Новое", "type": "text"}])).await?,
        client.post("/api/v4/leads/pipelines", json!([{"name": "Новая"}])).await?,
    ] {
        assert_eq!((reply.status, reply.json["detail"].as_str()), (403, Some("Admin access only")));
    }
    Ok(())
}

#[tokio::test]
async fn wrong_paths_and_methods_are_told_apart() -> Outcome {
    let client = ApiClient::open(without_limits()).await?;
    assert_eq!(client.get("/api/v4/deals").await?.status, 404);
    assert_eq!(client.get("/api/v4/leads/pipelines/999").await?.status, 404);
    assert_eq!(client.call(Method::DELETE, "/api/v4/leads/notes", "[]").await?.status, 405);
    assert_eq!(client.call(Method::DELETE, "/api/v4/contacts/1", "").await?.status, 405);
    Ok(())
}

use super::*;
use crate::amocrm::{
    ADMIN, BOT_FIRST_STAGE, BOT_PIPELINE, Closing, LOSS_REASONS, MANAGER, NewDeal, SALES_FIRST_STAGE, SALES_PIPELINE,
    SECOND_MANAGER,
};

fn new_deal(contacts: &[u64]) -> NewDeal<'_> {
    NewDeal { name: "Kia Rio", pipeline: BOT_PIPELINE, stage: BOT_FIRST_STAGE, contacts, days_old: 0 }
}

#[tokio::test]
async fn a_deal_is_moved_lost_won_and_opened_again() -> Outcome {
    let client = ApiClient::open(without_limits()).await?;
    let deal = client.amo.add_deal(&new_deal(&[]));
    let shown = async || client.get(&format!("/api/v4/leads/{deal}?with=loss_reason")).await;
    client.amo.move_deal_to_pipeline(deal, SALES_PIPELINE, SALES_FIRST_STAGE);
    assert_eq!(shown().await?.json["pipeline_id"], SALES_PIPELINE);

    let (reason, name) = LOSS_REASONS[1];
    client.amo.close_deal(deal, Closing::Lost(reason));
    let lost = shown().await?.json;
    assert_eq!((&lost["status_id"], &lost["loss_reason_id"]), (&json!(143), &json!(reason)));
    assert_eq!(lost["_embedded"]["loss_reason"], json!([{"id": reason, "name": name}]));
    assert!(lost["closed_at"].is_i64());
    assert_eq!(client.amo.deals()[0].loss_reason.as_deref(), Some("Передумал"));

    client.amo.close_deal(deal, Closing::Won);
    let won = shown().await?.json;
    assert_eq!((&won["status_id"], &won["loss_reason_id"]), (&json!(142), &Value::Null));
    client.amo.move_deal(deal, SALES_FIRST_STAGE);
    assert_eq!(shown().await?.json["closed_at"], Value::Null);

    let by_api = json!({"status_id": 143, "pipeline_id": SALES_PIPELINE, "loss_reason_id": reason});
    client.patch(&format!("/api/v4/leads/{deal}"), by_api).await?;
    assert_eq!(shown().await?.json["loss_reason_id"], reason);
    let unknown = client.patch(&format!("/api/v4/leads/{deal}"), json!({"loss_reason_id": 1})).await?;
    assert_eq!(unknown.complaints(), ["0 NotSupportedChoice loss_reason_id"]);
    let reasons = client.get("/api/v4/leads/loss_reasons").await?;
    assert_eq!(reasons.ids("loss_reasons"), LOSS_REASONS.map(|(id, _)| id));
    assert!(client.get("/api/v4/leads/77").await?.is_nothing());
    Ok(())
}

#[tokio::test]
async fn a_merged_deal_is_gone_and_what_it_had_is_in_the_other() -> Outcome {
    let client = ApiClient::open(without_limits()).await?;
    let (anna, pavel) = (client.amo.add_contact("Анна", &["+79001234567"]), client.amo.add_contact("Павел", &[]));
    let (kept, merged) = (client.amo.add_deal(&new_deal(&[anna])), client.amo.add_deal(&new_deal(&[anna, pavel])));
    let note = json!([{"entity_id": merged, "note_type": "common", "params": {"text": "Ответы"}}]);
    client.post("/api/v4/leads/notes", note).await?;
    let task = json!([{"text": "Перезвонить", "complete_till": 1_767_086_400, "entity_id": merged,
        "entity_type": "leads"}]);
    client.post("/api/v4/tasks", task).await?;
    client.amo.merge_deals(kept, merged);
    let [deal] = <[_; 1]>::try_from(client.amo.deals()).map_err(|deals| format!("{deals:#?}"))?;
    assert_eq!((deal.id, deal.contacts, deal.notes), (kept, vec![anna, pavel], vec!["Ответы".to_owned()]));
    assert_eq!(deal.tasks.len(), 1);
    assert!(client.get(&format!("/api/v4/leads/{merged}")).await?.is_nothing());
    let contact = client.get(&format!("/api/v4/contacts/{pavel}?with=leads")).await?.json;
    assert_eq!(contact["_embedded"]["leads"][0]["id"], kept);
    Ok(())
}

#[tokio::test]
async fn deals_contacts_and_tasks_change_hands() -> Outcome {
    let client = ApiClient::open(without_limits()).await?;
    let anna = client.amo.add_contact("Анна", &[]);
    let deal = client.amo.add_deal(&new_deal(&[anna]));
    client.amo.give_deal(deal, MANAGER);
    client.amo.give_contact(anna, MANAGER);
    assert_eq!(client.stored_lead(deal).await?["responsible_user_id"], MANAGER);
    let contact = client.get(&format!("/api/v4/contacts/{anna}")).await?.json;
    assert_eq!(contact["responsible_user_id"], MANAGER);

    let task = json!([{"text": "Перезвонить", "complete_till": 1_767_086_400, "entity_id": deal,
        "entity_type": "leads"}]);
    let task = client.post("/api/v4/tasks", task).await?.ids("tasks")[0];
    let path = format!("/api/v4/tasks/{task}");
    assert_eq!(client.patch(&path, json!({"responsible_user_id": SECOND_MANAGER})).await?.status, 200);
    let shown = &client.amo.deals()[0].tasks[0];
    assert_eq!((shown.text.as_str(), shown.responsible.as_str()), ("Перезвонить", "Игорь Менеджер"));

    client.amo.dismiss(SECOND_MANAGER);
    let refused = client.patch(&path, json!({"responsible_user_id": SECOND_MANAGER})).await?;
    assert_eq!(refused.complaints(), ["0 NotSupportedChoice responsible_user_id"]);
    let users = client.get("/api/v4/users").await?.json;
    let users = users["_embedded"]["users"].as_array().cloned().unwrap_or_default();
    let active: Vec<u64> = users
        .iter()
        .filter(|user| user["rights"]["is_active"] == true)
        .filter_map(|user| user["id"].as_u64())
        .collect();
    assert_eq!(active, [ADMIN, MANAGER, 705]);
    assert_eq!(client.patch("/api/v4/tasks/77", json!({})).await?.status, 404);
    Ok(())
}

#[tokio::test]
async fn an_old_deal_is_as_old_as_the_accounts_clock_says() -> Outcome {
    let options = without_limits();
    options.ahead.store(-1_000_000, std::sync::atomic::Ordering::Relaxed);
    let client = ApiClient::open(options).await?;
    let (old, new) = (client.amo.add_deal(&NewDeal { days_old: 40, ..new_deal(&[]) }), client.lead(json!({})).await?);
    let created = async |id: u64| Ok::<_, reqwest::Error>(client.stored_lead(id).await?["created_at"].as_i64());
    let (old, new) = (created(old).await?.unwrap_or_default(), created(new).await?.unwrap_or_default());
    assert!((40 * 24 * 3600..40 * 24 * 3600 + 60).contains(&(new - old)));
    let real = i64::try_from(crate::fault::now_ms() / 1000)?;
    assert!((999_940..=1_000_000).contains(&(real - new)), "tokens live by the machine's clock, records do not");
    Ok(())
}

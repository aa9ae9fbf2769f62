use super::*;
use crate::amocrm::Trouble;
use crate::fault::{Fault, When};

#[tokio::test]
async fn more_than_seven_requests_a_second_get_html_and_a_stubborn_client_is_blocked() -> Outcome {
    let options = Options { block_after: 4, block_for: Duration::from_millis(300), ..Options::default() };
    let client = ApiClient::open(options).await?;
    for _ in 0..7 {
        assert_eq!(client.get("/api/v4/account").await?.status, 200);
    }
    let refused = client.get("/api/v4/account").await?;
    assert_eq!((refused.status, refused.content_type.as_str()), (429, "text/html; charset=utf-8"));
    assert!(refused.text.contains("<h1>429 Too Many Requests</h1>"));

    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(client.get("/api/v4/account").await?.status);
    }
    assert_eq!(statuses, [429, 429, 403, 403], "blocked: 403 on every call");
    assert_eq!((client.amo.limits().too_many, client.amo.limits().blocked), (3, 2));

    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(client.get("/api/v4/account").await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn a_deal_whose_answer_is_lost_is_there() -> Outcome {
    let client = ApiClient::open(without_limits()).await?;
    client.amo.faults().add("POST /api/v4/leads", When::Times(1), Fault::LoseAnswer);
    assert!(client.post("/api/v4/leads", json!([{"name": "Заявка"}])).await.is_err());
    assert_eq!(client.amo.deals().len(), 1);

    client.amo.faults().add("POST /api/v4/leads", When::Times(1), Fault::DropBefore);
    assert!(client.post("/api/v4/leads", json!([{"name": "Заявка"}])).await.is_err());
    assert_eq!(client.amo.deals().len(), 1);
    Ok(())
}

#[tokio::test]
async fn too_many_on_demand_says_in_its_body_how_long_to_wait() -> Outcome {
    let client = ApiClient::open(without_limits()).await?;
    client.amo.faults().add("GET /api/v4/account", When::Times(1), Fault::TooMany { retry_after: 300 });
    let response = client.http.get(format!("{}/api/v4/account", client.amo.url())).send().await?;
    assert_eq!(response.status(), 429);
    assert!(response.headers().get("retry-after").is_none());
    assert_eq!(response.json::<Value>().await?["retry_after"], 300);
    Ok(())
}

#[tokio::test]
async fn every_call_is_in_the_log() -> Outcome {
    let client = ApiClient::open(without_limits()).await?;
    client.lead(json!({"name": "Заявка"})).await?;
    client.get("/api/v4/leads?query=Заявка").await?;
    let calls = client.amo.calls();
    let reply: Vec<String> = calls.iter().map(|call| format!("{} {}", call.route, call.status)).collect();
    assert_eq!(reply, ["POST /api/v4/leads 200", "GET /api/v4/leads 200"]);
    assert_eq!(calls[0].body, r#"[{"name":"Заявка"}]"#);
    Ok(())
}

#[tokio::test]
async fn an_account_in_trouble_refuses_every_call_until_it_is_well() -> Outcome {
    let client = ApiClient::open(without_limits()).await?;
    for (trouble, status) in [(Trouble::Unpaid, 402), (Trouble::NoRights, 400)] {
        client.amo.set_trouble(Some(trouble));
        let refused = client.post("/api/v4/leads", json!([{"name": "Заявка"}])).await?;
        assert_eq!((refused.status, refused.content_type.as_str()), (status, "application/problem+json"));
        assert!(refused.json.get("validation-errors").is_none());
    }
    client.amo.set_trouble(None);
    assert_eq!(client.post("/api/v4/leads", json!([{"name": "Заявка"}])).await?.status, 200);
    assert_eq!(client.amo.deals().len(), 1);
    Ok(())
}

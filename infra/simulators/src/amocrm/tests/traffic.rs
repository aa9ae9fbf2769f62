use super::*;
use crate::amocrm::Trouble;
use crate::fault::{Fault, When};

#[tokio::test]
async fn more_than_seven_requests_a_second_get_html_and_a_stubborn_client_is_blocked() -> Outcome {
    let options = Options { block_after: 4, block_for: Duration::from_millis(300), ..Options::default() };
    let desk = Desk::open(options).await?;
    for _ in 0..7 {
        assert_eq!(desk.get("/api/v4/account").await?.status, 200);
    }
    let refused = desk.get("/api/v4/account").await?;
    assert_eq!((refused.status, refused.content_type.as_str()), (429, "text/html; charset=utf-8"));
    assert!(refused.text.contains("<h1>429 Too Many Requests</h1>"));

    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(desk.get("/api/v4/account").await?.status);
    }
    assert_eq!(statuses, [429, 429, 403, 403], "blocked: 403 on every call");
    assert_eq!((desk.amo.limits().too_many, desk.amo.limits().blocked), (3, 2));

    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(desk.get("/api/v4/account").await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn a_deal_whose_answer_is_lost_is_there_all_the_same() -> Outcome {
    let desk = Desk::open(calm()).await?;
    desk.amo.faults().add("POST /api/v4/leads", When::Times(1), Fault::LoseAnswer);
    assert!(desk.post("/api/v4/leads", json!([{"name": "Заявка"}])).await.is_err());
    assert_eq!(desk.amo.deals().len(), 1);

    desk.amo.faults().add("POST /api/v4/leads", When::Times(1), Fault::DropBefore);
    assert!(desk.post("/api/v4/leads", json!([{"name": "Заявка"}])).await.is_err());
    assert_eq!(desk.amo.deals().len(), 1);
    Ok(())
}

#[tokio::test]
async fn too_many_on_demand_says_in_its_body_how_long_to_wait() -> Outcome {
    let desk = Desk::open(calm()).await?;
    desk.amo.faults().add("GET /api/v4/account", When::Times(1), Fault::TooMany { retry_after: 300 });
    let response = desk.http.get(format!("{}/api/v4/account", desk.amo.url())).send().await?;
    assert_eq!(response.status(), 429);
    assert!(response.headers().get("retry-after").is_none());
    assert_eq!(response.json::<Value>().await?["retry_after"], 300);
    Ok(())
}

#[tokio::test]
async fn every_call_is_in_the_log() -> Outcome {
    let desk = Desk::open(calm()).await?;
    desk.lead(json!({"name": "Заявка"})).await?;
    desk.get("/api/v4/leads?query=Заявка").await?;
    let calls = desk.amo.calls();
    let told: Vec<String> = calls.iter().map(|call| format!("{} {}", call.route, call.status)).collect();
    assert_eq!(told, ["POST /api/v4/leads 200", "GET /api/v4/leads 200"]);
    assert_eq!(calls[0].body, r#"[{"name":"Заявка"}]"#);
    Ok(())
}

#[tokio::test]
async fn an_account_in_trouble_refuses_every_call_until_it_is_well() -> Outcome {
    let desk = Desk::open(calm()).await?;
    for (trouble, status) in [(Trouble::Unpaid, 402), (Trouble::NoRights, 400)] {
        desk.amo.set_trouble(Some(trouble));
        let refused = desk.post("/api/v4/leads", json!([{"name": "Заявка"}])).await?;
        assert_eq!((refused.status, refused.content_type.as_str()), (status, "application/problem+json"));
        assert!(refused.json.get("validation-errors").is_none());
    }
    desk.amo.set_trouble(None);
    assert_eq!(desk.post("/api/v4/leads", json!([{"name": "Заявка"}])).await?.status, 200);
    assert_eq!(desk.amo.deals().len(), 1);
    Ok(())
}

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use tokio::net::TcpListener;

use super::*;
use crate::amocrm::{BOT_FIRST_STAGE, BOT_PIPELINE, MANAGER, NewDeal};
use crate::fault::{Fault, When};

/// Somebody who listens to hooks.
struct Subscriber {
    address: String,
    bodies: Arc<Mutex<Vec<String>>>,
}

impl Subscriber {
    async fn listens() -> std::io::Result<Self> {
        let bodies = Arc::new(Mutex::new(Vec::new()));
        let keep = async |State(bodies): State<Arc<Mutex<Vec<String>>>>, body: Bytes| {
            let readable = url::form_urlencoded::parse(&body).map(|(key, value)| format!("{key}={value}"));
            bodies.lock().map(|mut all| all.push(readable.collect::<Vec<_>>().join("\n"))).unwrap_or_default();
        };
        let router = Router::new().fallback(keep).with_state(Arc::clone(&bodies));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = format!("http://{}/amocrm/webhook/secret", listener.local_addr()?);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { address, bodies })
    }

    /// What has come since this was last asked.
    fn heard(&self) -> Vec<String> {
        self.bodies.lock().map(|mut bodies| std::mem::take(&mut *bodies)).unwrap_or_default()
    }
}

async fn account_with_subscriber(events: Value) -> Result<(ApiClient, Subscriber, u64), Box<dyn std::error::Error>> {
    let options = Options { hook_pauses: vec![Duration::from_millis(50); 4], ..without_limits() };
    let client = ApiClient::open(options).await?;
    let subscriber = Subscriber::listens().await?;
    let reply = client.post("/api/v4/webhooks", json!({"destination": subscriber.address, "settings": events})).await?;
    assert_eq!(reply.status, 201, "{}", reply.text);
    let new = NewDeal { name: "Kia Rio", pipeline: BOT_PIPELINE, stage: BOT_FIRST_STAGE, contacts: &[], days_old: 0 };
    let deal = client.amo.add_deal(&new);
    client.amo.settle_hooks().await;
    Ok((client, subscriber, deal))
}

#[tokio::test]
async fn a_subscriber_gets_stages_as_a_form_of_texts() -> Outcome {
    let (client, subscriber, deal) = account_with_subscriber(json!(["status_lead", "delete_lead"])).await?;
    assert_eq!(subscriber.heard(), Vec::<String>::new(), "nobody asked for new deals");
    client.patch(&format!("/api/v4/leads/{deal}"), json!({"tags_to_add": [{"name": "telegram"}]})).await?;
    client.amo.move_deal(deal, BOT_FIRST_STAGE + 1);
    client.amo.settle_hooks().await;
    let [body] = <[String; 1]>::try_from(subscriber.heard()).map_err(|heard| format!("{heard:#?}"))?;
    let varying =
        |line: &&str| !["_at]", "date_create]", "last_modified]", "[id]"].iter().any(|key| line.contains(key));
    insta::assert_snapshot!(body.lines().filter(varying).collect::<Vec<_>>().join("\n"), @r"
    leads[status][0][name]=Kia Rio
    leads[status][0][status_id]=3203
    leads[status][0][pipeline_id]=3200
    leads[status][0][price]=0
    leads[status][0][responsible_user_id]=701
    leads[status][0][modified_user_id]=701
    leads[status][0][created_user_id]=701
    leads[status][0][account_id]=1001
    leads[status][0][old_status_id]=3202
    leads[status][0][tags][0][name]=telegram
    account[subdomain]=carquery
    ");
    assert!(body.contains(&format!("leads[status][0][id]={deal}\n")));

    client.amo.give_deal(deal, MANAGER);
    client.amo.delete_deal(deal);
    client.amo.settle_hooks().await;
    let heard = subscriber.heard();
    assert!(heard.len() == 1 && heard[0].starts_with(&format!("leads[delete][0][id]={deal}\n")), "{heard:#?}");
    Ok(())
}

#[tokio::test]
async fn a_change_by_the_api_is_told_like_any_other() -> Outcome {
    let (client, subscriber, deal) = account_with_subscriber(json!(["status_lead", "update_lead"])).await?;
    client.patch(&format!("/api/v4/leads/{deal}"), json!({"status_id": BOT_FIRST_STAGE + 1})).await?;
    client.amo.settle_hooks().await;
    let heard = subscriber.heard();
    let mut kinds: Vec<&str> = heard.iter().filter_map(|body| body.split("[0]").next()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["leads[status]", "leads[update]"]);
    Ok(())
}

#[tokio::test]
async fn a_hook_can_be_lost_come_twice_or_be_forged() -> Outcome {
    let (client, subscriber, deal) = account_with_subscriber(json!(["status_lead"])).await?;
    let moved = |place: u64| client.amo.move_deal(deal, BOT_FIRST_STAGE + place);
    client.amo.faults().add("hook", When::Times(5), Fault::DropBefore);
    moved(1);
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(subscriber.heard(), Vec::<String>::new(), "after five tries it is given up on");

    client.amo.faults().add("hook", When::Times(1), Fault::LoseAnswer);
    moved(2);
    tokio::time::sleep(Duration::from_millis(300)).await;
    let heard = subscriber.heard();
    assert!(heard.len() == 2 && heard[0] == heard[1], "{heard:#?}");

    client.amo.forge_hook(deal, 142);
    client.amo.settle_hooks().await;
    assert!(subscriber.heard()[0].contains("leads[status][0][status_id]=142\n"));
    assert_eq!(client.amo.deals()[0].stage, "Встреча назначена", "it never got there");
    Ok(())
}

#[tokio::test]
async fn subscriptions_are_listed_replaced_and_ended_by_administrators() -> Outcome {
    let (client, subscriber, _) = account_with_subscriber(json!(["status_lead"])).await?;
    let again = json!({"destination": subscriber.address, "settings": ["status_lead", "delete_lead"]});
    client.post("/api/v4/webhooks", again.clone()).await?;
    let listed = client.get("/api/v4/webhooks").await?;
    assert_eq!(listed.ids("webhooks").len(), 1);
    assert_eq!(listed.json["_embedded"]["webhooks"][0]["settings"], json!(["delete_lead", "status_lead"]));
    assert!(client.get("/api/v4/webhooks?filter[destination]=https://other.example").await?.is_nothing());

    let wrong = client.post("/api/v4/webhooks", json!({"destination": "там", "settings": ["moved"]})).await?;
    assert_eq!(wrong.complaints(), ["0 NotSupportedChoice settings.0", "0 InvalidType destination"]);
    let destination = json!({"destination": subscriber.address}).to_string();
    assert_eq!(client.call(Method::DELETE, "/api/v4/webhooks", &destination).await?.status, 204);
    assert!(client.get("/api/v4/webhooks").await?.is_nothing());
    assert_eq!(client.call(Method::DELETE, "/api/v4/webhooks", &destination).await?.status, 404);

    let powerless = ApiClient::open(Options { admin_rights: false, ..without_limits() }).await?;
    assert_eq!(powerless.post("/api/v4/webhooks", again).await?.status, 403);
    Ok(())
}

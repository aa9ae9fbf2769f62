//! `carquery-local simulators`: Telegram, amoCRM and OpenAI for a bot that runs elsewhere, as in the deployment test.
//!
//! Prints one JSON object of variables: the settings with which a bot finds the simulators, and `CONTROL_URL`, where a
//! script plays customers and reads the result:
//!
//! | request | body | answer |
//! |---|---|---|
//! | `POST /customers` | `{"first_name": "Анна"}` | `{"chat_id": 1}` |
//! | `POST /customers/{chat_id}/say` | `{"text": "/start"}` | the chat, once the bot has accepted the update |
//! | `POST /customers/{chat_id}/tap` | `{"text": "✅ Отправить"}` | the same |
//! | `POST /customers/{chat_id}/contact` | `{"phone": "+79001234567"}` | the same |
//! | `POST /customers/{chat_id}/album` | `{"count": 3}` | the same |
//! | `GET /customers/{chat_id}` | | the chat |
//! | `POST /groups/{chat_id}` | `{"members": {"7000000900": "Ольга"}}` | nothing: the group has topics, which the bot manages |
//! | `POST /groups/{chat_id}/members/{id}/tap` | `{"text": "🙋 Взять"}` | the group, once the bot has accepted the update |
//! | `POST /groups/{chat_id}/members/{id}/say` | `{"text": "…", "topic": "Анна"}`: in the topic of this name | the same |
//! | `POST /deals/{id}/stage/{stage}` | | a manager moves a deal to this stage of its pipeline |
//! | `GET /deals` | | amoCRM's deals with contact, notes, tasks, files; the newest first |
//! | `POST /amocrm/code` | | `{"code": "…"}`: an authorization code, for `carquery amocrm authorize` |
//! | `POST /faults/amocrm` | a rule: `{"route": "*", "when": "always", "what": {"html": 502}}` | its id |
//! | `DELETE /faults` | | every call succeeds again |

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use simulators::amocrm::Amocrm;
use simulators::fault::Rule;
use simulators::openai::OpenAi;
use simulators::telegram::{BotRole, Telegram, photo};
use tokio::net::TcpListener;

/// The simulators.
#[derive(Clone)]
struct Simulators {
    telegram: Telegram,
    amocrm: Amocrm,
    openai: OpenAi,
    admin: i64,
}

/// Starts the simulators, prints where they are, and serves until Ctrl-C or SIGTERM.
pub(crate) async fn run() -> anyhow::Result<()> {
    let simulators = Simulators::start().await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let addresses = simulators.addresses(&format!("http://{}", listener.local_addr()?));
    println!("{}", json!(addresses));
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    axum::serve(listener, router(simulators.clone()))
        .with_graceful_shutdown(async move {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        })
        .await?;
    simulators.telegram.stop().await;
    simulators.amocrm.stop().await;
    simulators.openai.stop().await;
    Ok(())
}

impl Simulators {
    async fn start() -> anyhow::Result<Self> {
        let telegram = Telegram::start(simulators::telegram::Options::default()).await?;
        let amocrm = Amocrm::start(simulators::amocrm::Options::default()).await?;
        let openai = OpenAi::start(simulators::openai::Options {
            mind: Arc::new(local::rules_answer),
            ..simulators::openai::Options::default()
        })
        .await?;
        let admin = telegram.new_customer("Админ", None);
        admin.mark_started();
        Ok(Self { telegram, amocrm, openai, admin: admin.chat })
    }

    /// Settings of a bot that is to use the simulators.
    fn addresses(&self, control: &str) -> BTreeMap<&'static str, String> {
        BTreeMap::from([
            ("CONTROL_URL", control.to_owned()),
            ("TELEGRAM_API_URL", self.telegram.url()),
            ("TELEGRAM_BOT_TOKEN", self.telegram.token().to_owned()),
            ("ADMIN_CHAT_ID", self.admin.to_string()),
            ("AMOCRM_BASE_URL", self.amocrm.url()),
            ("AMOCRM_LONG_LIVED_TOKEN", self.amocrm.long_lived_token()),
            ("AMOCRM_CLIENT_ID", self.amocrm.client_id().to_owned()),
            ("AMOCRM_CLIENT_SECRET", self.amocrm.client_secret().to_owned()),
            ("AMOCRM_REDIRECT_URI", self.amocrm.redirect_uri().to_owned()),
            ("OPENAI_BASE_URL", self.openai.url()),
        ])
    }
}

#[derive(Deserialize)]
struct NewCustomer {
    first_name: String,
}

#[derive(Deserialize)]
struct Said {
    text: String,
}

#[derive(Deserialize)]
struct NewGroup {
    /// Names by Telegram ids.
    members: BTreeMap<i64, String>,
}

#[derive(Deserialize)]
struct SaidInTopic {
    text: String,
    /// A part of the topic's name.
    topic: String,
}

#[derive(Deserialize)]
struct Shared {
    phone: String,
}

#[derive(Deserialize)]
struct Album {
    count: u8,
}

type Answer = Result<Json<Value>, (StatusCode, String)>;

/// Refuses pages of web sites.
async fn only_this_machine(request: Request, next: Next) -> Response {
    if machine::is_from_this_machine(request.headers()) {
        next.run(request).await
    } else {
        StatusCode::FORBIDDEN.into_response()
    }
}

fn router(simulators: Simulators) -> Router {
    Router::new()
        .route("/customers", post(new_customer))
        .route("/customers/{chat}", get(chat))
        .route("/customers/{chat}/say", post(say))
        .route("/customers/{chat}/tap", post(tap))
        .route("/customers/{chat}/contact", post(contact))
        .route("/customers/{chat}/album", post(album))
        .route("/groups/{chat}", post(new_group))
        .route("/groups/{chat}/members/{member}/tap", post(member_taps))
        .route("/groups/{chat}/members/{member}/say", post(member_says))
        .route("/deals", get(deals))
        .route("/deals/{deal}/stage/{stage}", post(move_deal))
        .route("/amocrm/code", post(code))
        .route("/faults/amocrm", post(break_amocrm))
        .route("/faults", delete(clear_faults))
        .layer(middleware::from_fn(only_this_machine))
        .with_state(simulators)
}

async fn new_customer(State(all): State<Simulators>, Json(new): Json<NewCustomer>) -> Json<Value> {
    Json(json!({ "chat_id": all.telegram.new_customer(&new.first_name, None).chat }))
}

async fn chat(State(all): State<Simulators>, Path(chat): Path<i64>) -> Answer {
    let view = all.telegram.chat(chat).ok_or((StatusCode::NOT_FOUND, "no such chat".to_owned()))?;
    Ok(Json(json!(view)))
}

async fn say(State(all): State<Simulators>, Path(chat): Path<i64>, Json(said): Json<Said>) -> Answer {
    all.telegram.customer(chat).say(&said.text).map_err(wrong)?;
    settled(&all, chat).await
}

async fn tap(State(all): State<Simulators>, Path(chat): Path<i64>, Json(said): Json<Said>) -> Answer {
    all.telegram.customer(chat).tap(&said.text).map_err(wrong)?;
    settled(&all, chat).await
}

async fn contact(State(all): State<Simulators>, Path(chat): Path<i64>, Json(shared): Json<Shared>) -> Answer {
    all.telegram.customer(chat).share_contact(&shared.phone).map_err(wrong)?;
    settled(&all, chat).await
}

async fn album(State(all): State<Simulators>, Path(chat): Path<i64>, Json(album): Json<Album>) -> Answer {
    all.telegram.customer(chat).send_album((0..album.count).map(photo).collect()).map_err(wrong)?;
    settled(&all, chat).await
}

async fn new_group(
    State(all): State<Simulators>,
    Path(chat): Path<i64>,
    Json(NewGroup { members }): Json<NewGroup>,
) -> StatusCode {
    let group = all.telegram.supergroup_at(chat, "Продажи");
    for (id, name) in members {
        group.member(&all.telegram.person_at(id, &name, None));
    }
    group.switch_topics(true);
    group.make_bot(BotRole::Admin { can_manage_topics: true });
    StatusCode::NO_CONTENT
}

async fn member_taps(
    State(all): State<Simulators>,
    Path((chat, member)): Path<(i64, i64)>,
    Json(said): Json<Said>,
) -> Answer {
    all.telegram.group(chat).member(&all.telegram.customer(member)).tap(&said.text).map_err(wrong)?;
    settled(&all, chat).await
}

async fn member_says(
    State(all): State<Simulators>,
    Path((chat, member)): Path<(i64, i64)>,
    Json(said): Json<SaidInTopic>,
) -> Answer {
    let group = all.telegram.group(chat);
    let topics = group.topics();
    let topic = topics.iter().rev().find(|topic| topic.name.contains(&said.topic));
    let topic = topic.ok_or((StatusCode::NOT_FOUND, "no such topic".to_owned()))?.id;
    group.member(&all.telegram.customer(member)).in_topic(topic).say(&said.text).map_err(wrong)?;
    settled(&all, chat).await
}

async fn deals(State(all): State<Simulators>) -> Json<Value> {
    Json(json!(all.amocrm.deals()))
}

async fn move_deal(State(all): State<Simulators>, Path((deal, stage)): Path<(u64, u64)>) -> StatusCode {
    all.amocrm.move_deal(deal, stage);
    StatusCode::NO_CONTENT
}

async fn code(State(all): State<Simulators>) -> Json<Value> {
    Json(json!({ "code": all.amocrm.new_code() }))
}

async fn break_amocrm(State(all): State<Simulators>, Json(rule): Json<Rule>) -> Json<Value> {
    Json(json!({ "id": all.amocrm.faults().add_rule(rule) }))
}

async fn clear_faults(State(all): State<Simulators>) -> StatusCode {
    all.amocrm.faults().clear();
    all.telegram.faults().clear();
    all.openai.faults().clear();
    StatusCode::NO_CONTENT
}

async fn settled(all: &Simulators, chat_id: i64) -> Answer {
    all.telegram.settle().await.map_err(|error| (StatusCode::BAD_GATEWAY, error.to_string()))?;
    chat(State(all.clone()), Path(chat_id)).await
}

fn wrong(error: impl std::fmt::Display) -> (StatusCode, String) {
    (StatusCode::BAD_REQUEST, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn no_page_of_a_web_site_plays_customers() -> anyhow::Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let deals = format!("http://{}/deals", listener.local_addr()?);
        let router = router(Simulators::start().await?);
        tokio::spawn(async move { axum::serve(listener, router).await });
        let client = reqwest::Client::new();
        assert_eq!(client.get(&deals).send().await?.status(), StatusCode::OK);
        for (name, value) in [("host", "evil.example"), ("origin", "http://evil.example")] {
            let answer = client.get(&deals).header(name, value).send().await?;
            assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{name}");
        }
        Ok(())
    }
}

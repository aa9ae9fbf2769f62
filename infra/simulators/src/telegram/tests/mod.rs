//! Stories of bots and customers, told over HTTP.

mod bot_api;
mod customers;
mod delivery;
mod groups;

use serde_json::{Value, json};

use super::{BotRole, Group, Options, Person, Telegram};

type Done = Result<(), Box<dyn std::error::Error>>;

/// Arguments of a call, and further ones.
fn with(mut params: Value, more: &Value) -> Value {
    params.as_object_mut().into_iter().for_each(|all| all.extend(more.as_object().cloned().unwrap_or_default()));
    params
}

/// A bot without a mind: it says what it is told to.
struct Bot {
    telegram: Telegram,
    client: reqwest::Client,
}

impl Bot {
    async fn start() -> std::io::Result<Self> {
        Self::of(Options::default()).await
    }

    async fn of(options: Options) -> std::io::Result<Self> {
        Ok(Self { telegram: Telegram::start(options).await?, client: reqwest::Client::new() })
    }

    /// Calls a method and returns the answer as it came.
    async fn answer(&self, method: &str, params: Value) -> reqwest::Result<Value> {
        let url = format!("{}/bot{}/{method}", self.telegram.url(), self.telegram.token());
        self.client.post(url).json(&params).send().await?.json().await
    }

    /// Calls a method that succeeds.
    async fn call(&self, method: &str, params: Value) -> reqwest::Result<Value> {
        let mut answer = self.answer(method, params).await?;
        assert_eq!(answer["ok"], true, "{method}: {answer}");
        Ok(answer["result"].take())
    }

    /// Calls a method that is refused, and returns the reason.
    async fn refusal(&self, method: &str, params: Value) -> reqwest::Result<String> {
        let answer = self.answer(method, params).await?;
        assert_eq!(answer["ok"], false, "{method}: {answer}");
        Ok(format!("{} {}", answer["error_code"], answer["description"].as_str().unwrap_or_default()))
    }

    /// Every update that waits, once.
    async fn updates(&self) -> reqwest::Result<Vec<Value>> {
        let updates = self.call("getUpdates", json!({})).await?.as_array().cloned().unwrap_or_default();
        if let Some(last) = updates.last().and_then(|update| update["update_id"].as_i64()) {
            self.call("getUpdates", json!({"offset": last + 1})).await?;
        }
        Ok(updates)
    }

    /// Sends a text into a chat, with these further arguments, and returns its id.
    async fn sends(&self, chat: i64, text: &str, more: Value) -> reqwest::Result<i64> {
        let params = with(json!({"chat_id": chat, "text": text}), &more);
        Ok(self.call("sendMessage", params).await?["message_id"].as_i64().unwrap_or_default())
    }

    /// A supergroup with topics, which the bot manages, and a member.
    fn forum(&self) -> (Group, Person) {
        let group = self.telegram.new_supergroup("Продажи");
        let olga = group.member(&self.telegram.person_at(7_000_000_900, "Ольга", None));
        group.switch_topics(true);
        group.make_bot(BotRole::Admin { can_manage_topics: true });
        (group, olga)
    }

    /// A customer who has pressed «Start».
    fn customer(&self) -> Person {
        let anna = self.telegram.new_customer("Анна", Some("anna"));
        anna.mark_started();
        anna
    }
}

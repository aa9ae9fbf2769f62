//! Stories of bots and customers, told over HTTP.

mod bot_api;
mod customers;
mod delivery;

use serde_json::Value;

use super::{Customer, Options, Telegram};

type Done = Result<(), Box<dyn std::error::Error>>;

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

    /// A customer who has pressed «Start».
    fn customer(&self) -> Customer {
        let anna = self.telegram.new_customer("Анна", Some("anna"));
        anna.mark_started();
        anna
    }
}

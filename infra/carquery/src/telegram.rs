//! `carquery telegram`: the bot's webhook, commands and descriptions.

use std::process::ExitCode;

use anyhow::Context;
use clap::Subcommand;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use telegram::Api;

use crate::clock::Clock;
use crate::output::Output;
use crate::stage::Stage;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Make Telegram post updates, and set the bot's commands and descriptions.
    SetWebhook {
        /// https://…/telegram/webhook; by default the address of the stage's own API.
        url: Option<String>,
    },
    /// Show where updates go, how many wait, and Telegram's last error.
    Info,
    /// Stop the webhook. Updates wait at Telegram for a day.
    DeleteWebhook,
}

pub(crate) async fn run(command: Command, stage: &Stage, output: &Output) -> anyhow::Result<ExitCode> {
    let mut env = stage.env().await?;
    let settings = settings::Telegram::read(&mut env);
    let secret = env.secret("TELEGRAM_WEBHOOK_SECRET");
    let own = env.optional("TELEGRAM_WEBHOOK_URL");
    let is_polling = env.optional("TELEGRAM_UPDATES").is_some_and(|updates| updates == "polling");
    let settings = env.finish(settings)?;
    let api = Api::new(&settings);
    match command {
        Command::SetWebhook { url } => {
            anyhow::ensure!(
                !is_polling,
                "the bot asks Telegram for updates, which a webhook would end: set TELEGRAM_UPDATES=webhook, and start it again"
            );
            let url = url.or(own).context("name the address: https://…/telegram/webhook")?;
            let secret = secret.context("TELEGRAM_WEBHOOK_SECRET is not set")?;
            anyhow::ensure!(
                url.starts_with("https://") || url.starts_with("http://127.0.0.1"),
                "Telegram requires https"
            );
            api.call(
                "setWebhook",
                &json!({
                    "url": url, "secret_token": secret.expose_secret(),
                    "allowed_updates": telegram::ALLOWED_UPDATES, "max_connections": 100
                }),
            )
            .await?;
            telegram::introduce(&api, settings.admin_chat_id, settings.language).await?;
            output.print(&json!({ "webhook": url }), |_| format!("Telegram posts updates to {url}"));
        }
        Command::Info => {
            let info = api.call("getWebhookInfo", &json!({})).await?;
            // Only an error has a time.
            let clock = match info["last_error_date"].as_i64() {
                Some(_) => Clock::of_stage(stage).await?,
                None => Clock::default(),
            };
            output.print(&info, |info| describe(info, &clock));
        }
        Command::DeleteWebhook => {
            api.call("deleteWebhook", &json!({ "drop_pending_updates": false })).await?;
            output.print(&json!({ "webhook": null }), |_| {
                let what = if is_polling {
                    "The bot asks Telegram for updates."
                } else {
                    "Telegram keeps updates until a webhook is set."
                };
                what.to_owned()
            });
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn describe(info: &Value, clock: &Clock) -> String {
    let url = info["url"].as_str().filter(|url| !url.is_empty()).unwrap_or("(none: long polling)");
    let mut text = format!("webhook  {url}\nwaiting  {}\n", info["pending_update_count"]);
    if let (Some(at), Some(error)) = (info["last_error_date"].as_i64(), info["last_error_message"].as_str()) {
        text += &format!("last error  {}  {error}\n", clock.time_and_zone(at));
    }
    text
}

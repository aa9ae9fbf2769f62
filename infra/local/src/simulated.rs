//! The external systems of a stack: starts simulators of those without a setting, and adds their addresses to the
//! variables.

use std::sync::Arc;

use anyhow::Context as _;
use dealer::{Fact, FactId, Facts};
use dialog::AnsweredBy;
use machine::{Folder, Variables};
use serde_json::{Value, json};
use simulators::amocrm::{self, Amocrm};
use simulators::openai::{self, OpenAi};
use simulators::telegram::{self, Telegram};

use crate::options::Options;
use crate::parts::{AmocrmPart, OpenAiPart, Parts, TelegramPart};

/// First names and usernames of the customers of a new stack.
const CUSTOMERS: [(&str, Option<&str>); 3] = [("Анна", Some("anna_s")), ("Игорь", Some("igor_p")), ("Марина", None)];
/// The admin chat of a new stack.
const ADMIN: (&str, Option<&str>) = ("Админ", Some("carquery_admin"));

/// The simulators that run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Simulated {
    pub(crate) telegram: Option<Telegram>,
    pub(crate) amocrm: Option<Amocrm>,
    pub(crate) openai: Option<OpenAi>,
}

impl Simulated {
    /// Starts the simulators and adds their variables; what the operator has set is kept.
    pub(crate) async fn start(
        parts: &Parts,
        options: &Options,
        folder: &mut Folder,
        variables: &mut Variables,
    ) -> anyhow::Result<Self> {
        let mut simulated = Self::default();
        let notes = folder.notes();
        for (name, secret) in [
            ("TELEGRAM_WEBHOOK_SECRET", &notes.webhook_secret),
            ("AMOCRM_WEBHOOK_SECRET", &notes.amocrm_webhook_secret),
        ] {
            variables.entry(name.to_owned()).or_insert_with(|| secret.clone());
        }
        if parts.telegram == TelegramPart::Simulated {
            let telegram = start_telegram(folder, options).await?;
            let fresh = telegram.chats().is_empty();
            let admin = admin_chat(&telegram, folder)?;
            if fresh {
                // The page lists the newest first.
                for (name, username) in CUSTOMERS.iter().rev() {
                    telegram.new_customer(name, *username);
                }
            }
            variables.insert("TELEGRAM_BOT_TOKEN".to_owned(), telegram.token().to_owned());
            variables.insert("TELEGRAM_API_URL".to_owned(), telegram.url());
            variables.entry("ADMIN_CHAT_ID".to_owned()).or_insert(admin.to_string());
            simulated.telegram = Some(telegram);
        }
        if parts.amocrm == AmocrmPart::Simulated {
            let amocrm = start_amocrm(folder, options).await?;
            variables.insert("AMOCRM_BASE_URL".to_owned(), amocrm.url());
            variables.remove("AMOCRM_LONG_LIVED_TOKEN");
            variables.insert("AMOCRM_CLIENT_ID".to_owned(), amocrm.client_id().to_owned());
            variables.insert("AMOCRM_CLIENT_SECRET".to_owned(), amocrm.client_secret().to_owned());
            variables.insert("AMOCRM_REDIRECT_URI".to_owned(), amocrm.redirect_uri().to_owned());
            for (name, id) in [
                ("AMOCRM_PIPELINE_ID", amocrm::BOT_PIPELINE),
                ("AMOCRM_STATUS_ID", amocrm::BOT_FIRST_STAGE),
                ("AMOCRM_RESPONSIBLE_USER_ID", amocrm::MANAGER),
            ] {
                variables.entry(name.to_owned()).or_insert(id.to_string());
            }
            simulated.amocrm = Some(amocrm);
        }
        if parts.openai == OpenAiPart::Simulated {
            let openai = start_openai().await?;
            variables.insert("OPENAI_BASE_URL".to_owned(), openai.url());
            if options.simulated_voice {
                variables.entry("OPENAI_TRANSCRIBE_MODEL".to_owned()).or_insert_with(|| "simulated".to_owned());
            }
            simulated.openai = Some(openai);
        }
        Ok(simulated)
    }

    /// Stops them.
    pub(crate) async fn stop(&self) {
        if let Some(telegram) = &self.telegram {
            telegram.stop().await;
        }
        if let Some(amocrm) = &self.amocrm {
            amocrm.stop().await;
        }
        if let Some(openai) = &self.openai {
            openai.stop().await;
        }
    }
}

async fn start_telegram(folder: &Folder, options: &Options) -> anyhow::Result<Telegram> {
    let options = telegram::Options {
        token: folder.notes().bot_token.clone(),
        journal: folder.file("telegram.jsonl"),
        redelivery: options.redelivery,
        ahead: Arc::clone(&options.ahead),
        ..telegram::Options::default()
    };
    Telegram::start(options).await.context("cannot start the simulated Telegram")
}

/// The admin chat, which has already been started.
fn admin_chat(telegram: &Telegram, folder: &mut Folder) -> anyhow::Result<i64> {
    if let Some(id) = folder.notes().admin_chat_id.filter(|id| telegram.chat(*id).is_some()) {
        return Ok(id);
    }
    let admin = telegram.new_customer(ADMIN.0, ADMIN.1);
    admin.mark_started();
    folder.note(|notes| notes.admin_chat_id = Some(admin.chat))?;
    Ok(admin.chat)
}

async fn start_amocrm(folder: &Folder, options: &Options) -> anyhow::Result<Amocrm> {
    let options = amocrm::Options {
        journal: folder.file("amocrm.jsonl"),
        ahead: Arc::clone(&options.ahead),
        ..options.simulated_amocrm.clone()
    };
    Amocrm::start(options).await.context("cannot start the simulated amoCRM")
}

async fn start_openai() -> anyhow::Result<OpenAi> {
    let options = openai::Options { mind: Arc::new(rules_answer), ..openai::Options::default() };
    OpenAi::start(options).await.context("cannot start the simulated model")
}

/// The simulated model's answer: the built-in rules' answer, in the form that the model is asked for, with the numbers
/// of the facts in `instructions`.
#[must_use]
pub fn rules_answer(instructions: &str, question: &str) -> Value {
    let year = jiff::Timestamp::now().to_zoned_datetime(jiff::tz::TimeZone::UTC).year();
    // The prompt puts the customer's words between marks, to tell data from instructions.
    let words = question.trim().trim_start_matches("<customer_message>").trim_end_matches("</customer_message>");
    let facts = listed_facts(instructions);
    let answer = ai::offline::answer(words.trim(), year, &facts);
    let chosen = match &answer.answered_by {
        AnsweredBy::Dealer(chosen) => chosen.clone(),
        AnsweredBy::Nobody | AnsweredBy::Bot => Vec::new(),
    };
    let number = |id: &FactId| facts.iter().position(|fact| fact.id() == *id).map(|at| at + 1);
    let mut form = json!(answer);
    form["facts"] = chosen.iter().filter_map(number).collect();
    form
}

/// The facts in the prompt: «1. Где вы? | адрес», one a line.
fn listed_facts(instructions: &str) -> Facts {
    let questions = instructions.lines().filter_map(|line| {
        let (number, questions) = line.split_once(". ")?;
        number.parse::<usize>().ok().map(|_| questions.split(" | ").map(str::to_owned).collect())
    });
    Facts::new(questions.map(|questions| Fact { questions, answer: String::new() }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_simulated_model_chooses_facts_by_number() {
        let instructions =
            "The facts, each with the questions that it answers:\n1. Где вы? | адрес\n2. Есть ли парковка?\n";
        assert_eq!(rules_answer(instructions, "парковка есть?")["facts"], json!([2]));
        assert_eq!(rules_answer("There are no facts.", "парковка есть?")["facts"], json!([]));
    }
}

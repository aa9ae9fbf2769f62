//! `carquery customers`: look a customer up, delete the data on demand, or stop answering somebody.

use std::process::ExitCode;

use anyhow::Context;
use clap::Subcommand;
use serde_json::json;
use storage::{LeftInCrm, forget_customer, left_in_crm};

use crate::output::Output;
use crate::sales_chat;
use crate::stage::{Stage, Stores};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Show what is known about a chat.
    ///
    /// Name and phone of the last request, the consent, the contact in amoCRM, whether it is banned.
    Show {
        /// Telegram chat id.
        chat_id: i64,
    },
    /// Delete everything stored about a chat, undelivered requests too, but not a ban.
    ///
    /// The cards in the sales chat are cleared and the topic is closed. What is in amoCRM stays there.
    Forget {
        /// Telegram chat id.
        chat_id: i64,
        /// Delete, rather than show what would be deleted.
        #[arg(long)]
        yes: bool,
    },
    /// Stop answering a chat, but for `/delete`, and drop the form that is open in it.
    Ban {
        /// Telegram chat id.
        chat_id: i64,
    },
    /// Answer a chat again.
    Unban {
        /// Telegram chat id.
        chat_id: i64,
    },
}

pub(crate) async fn run(command: Command, stage: &Stage, output: &Output) -> anyhow::Result<ExitCode> {
    let stores = stage.stores().await?;
    match command {
        Command::Show { chat_id } => show(&stores, chat_id, *output).await,
        Command::Forget { chat_id, yes } => forget(stage, &stores, chat_id, yes, *output).await,
        Command::Ban { chat_id } => ban(&stores, chat_id, true, *output).await,
        Command::Unban { chat_id } => ban(&stores, chat_id, false, *output).await,
    }
}

async fn show(stores: &Stores, chat_id: i64, output: Output) -> anyhow::Result<ExitCode> {
    let Some(customer) = stores.aws.customers(&stores.tables).get(chat_id).await? else {
        anyhow::bail!("nothing is known about chat {chat_id}: no request was finished and no consent given there");
    };
    let requests = stores.aws.leads(&stores.tables).of_chat(chat_id).await?.len();
    let clock = stores.clock().await;
    output.print(&json!({ "customer": customer, "requests": requests }), |_| {
        let contact = customer.contact_id.map(|id| id.to_string());
        let username = customer.username.as_ref().map(|name| format!("@{name}"));
        let first_source = customer.first_source.as_ref().map(|source| source.parts().collect::<Vec<_>>().join(" / "));
        let consent = customer.consent.as_ref().map(|consent| {
            format!("{}, version {}, update {}", clock.time_and_zone(consent.at), consent.version, consent.update_id)
        });
        let lines = [
            ("name", customer.name.as_ref()),
            ("phone", customer.phone.as_ref()),
            ("Telegram", customer.first_name.as_ref()),
            ("username", username.as_ref()),
            ("amoCRM contact", contact.as_ref()),
            ("first source", first_source.as_ref()),
            ("consent", consent.as_ref()),
        ];
        let known = lines.into_iter().filter_map(|(what, value)| value.map(|value| format!("{what:16}{value}")));
        let banned = if customer.banned { "yes" } else { "no" };
        let rest = [format!("{:16}{requests} stored", "requests"), format!("{:16}{banned}", "banned")];
        known.chain(rest).collect::<Vec<_>>().join("\n")
    });
    Ok(ExitCode::SUCCESS)
}

async fn forget(stage: &Stage, stores: &Stores, chat_id: i64, yes: bool, output: Output) -> anyhow::Result<ExitCode> {
    let (aws, tables) = (&stores.aws, &stores.tables);
    let requests = aws.leads(tables).of_chat(chat_id).await?.len();
    if !yes {
        output.print(&json!({ "would_delete": { "leads": requests } }), |_| {
            format!("Would delete {requests} request(s) and everything else about the chat. Add --yes.")
        });
        return Ok(ExitCode::SUCCESS);
    }
    let left = left_in_crm(aws, tables, chat_id).await?;
    let banned = aws.customers(tables).get(chat_id).await?.is_some_and(|customer| customer.banned);
    let relay = sales_chat::relay(stage, stores).await?;
    let cards = relay.clear_cards(chat_id).await?;
    relay.say_farewell(chat_id).await;
    forget_customer(aws, tables, chat_id, settings::system_clock()()).await?;
    let cards: Vec<_> = cards.iter().map(|card| (card.lead_id.request_number(), card.message_url())).collect();
    let (contact, deals) = match left {
        Some(LeftInCrm::Contact(id)) => (Some(id), Vec::new()),
        Some(LeftInCrm::Deals(ids)) => (None, ids),
        None => (None, Vec::new()),
    };
    let result = json!({
        "deleted": { "leads": requests }, "banned": banned, "amocrm_contact": contact, "amocrm_deals": deals,
        "sales_chat_cards": cards.iter().map(|(number, url)| json!({ "request": number, "url": url })).collect::<Vec<_>>()
    });
    output.print(&result, |_| {
        let still = if banned { " The chat stays banned." } else { "" };
        let ids = deals.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
        let left = match contact {
            Some(id) => format!(" Contact {id} is still in amoCRM: delete it there, with its deals."),
            None if deals.is_empty() => String::new(),
            None => format!(" Deals still in amoCRM: {ids}. Delete them there; their contact may be somebody else's."),
        };
        let named = |(number, url): &(String, Option<String>)| match url {
            Some(url) => format!("{number} ({url})"),
            None => number.clone(),
        };
        let in_chat = match &cards[..] {
            [] => String::new(),
            cards => {
                let cards: Vec<_> = cards.iter().map(named).collect();
                format!(
                    " The sales chat may still show cards of these requests: {}. Delete them there.",
                    cards.join(", ")
                )
            }
        };
        format!("Deleted {requests} request(s) and everything else about the chat.{left}{in_chat}{still}")
    });
    Ok(ExitCode::SUCCESS)
}

async fn ban(stores: &Stores, chat_id: i64, banned: bool, output: Output) -> anyhow::Result<ExitCode> {
    // The bot reads it in the conversation, operators see it in the profile.
    let sessions = stores.aws.sessions(&stores.tables);
    sessions.set_banned(chat_id, banned).await.context("the conversation was not changed, try again")?;
    stores.aws.customers(&stores.tables).set_banned(chat_id, banned).await?;
    output.print(&json!({ "chat_id": chat_id, "banned": banned }), |_| {
        let word = if banned { "gets no more answers" } else { "is answered again" };
        format!("Chat {chat_id} {word}.")
    });
    Ok(ExitCode::SUCCESS)
}

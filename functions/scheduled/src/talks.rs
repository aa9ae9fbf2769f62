//! Talks between customers and the team: lines that could not be delivered at once, and the notes on the deals.

use amocrm::{Client, CrmError, note_item, talk_note};
use anyhow::Context;
use delivery::AdminMessage;
use lead::{Lead, Status};
use relay::{Delivered, Held};
use settings::time_budget::{RELAY, TALKS};
use talk::NOTE_EVERY;
use tokio::time::Instant;
use tracing::Instrument;

use crate::Scheduled;

/// Talks looked at in one run at most.
const MAX_PER_RUN: i32 = 100;

impl Scheduled {
    /// Delivers what waits in talks and writes the notes that are due, the longest waiting first. Returns in how many
    /// talks something was done.
    pub(crate) async fn look_after_talks(&self) -> anyhow::Result<usize> {
        let started = Instant::now();
        let due = self.bot.relay.talks().due((self.bot.clock)(), MAX_PER_RUN).await;
        let mut done = 0;
        for chat_id in due.context("talks cannot be listed")? {
            if started.elapsed() > TALKS {
                break;
            }
            let span = tracing::info_span!("talk", chat_id);
            match self.look_after_talk(chat_id, started).instrument(span.clone()).await {
                Ok(()) => done += 1,
                Err(error) => span.in_scope(|| tracing::warn!("a talk waits: {error:#}")),
            }
        }
        Ok(done)
    }

    async fn look_after_talk(&self, chat_id: i64, started: Instant) -> anyhow::Result<()> {
        if self.bot.relay.talks().get_due(chat_id, (self.bot.clock)()).await?.is_none() {
            return Ok(());
        }
        let dealer = self.bot.dealer.get().await;
        if let Some(group) = self.bot.sales_group(&dealer).await? {
            let patience = TALKS.saturating_sub(started.elapsed()).min(RELAY);
            if let Delivered::TeamUnreachable = self.bot.relay.deliver(chat_id, group, patience).await? {
                self.tell_of_unreachable_team().await;
            }
        }
        let is_due = |held: &Held| held.talk().has_note_due((self.bot.clock)());
        let Some(mut held) = self.bot.relay.hold(chat_id).await? else { return Ok(()) };
        let written = async {
            while is_due(&held) && self.write_note(&mut held).await? {}
            anyhow::Ok(())
        }
        .await;
        held.release().await?;
        written
    }

    /// Writes the note that is due. Returns false if it has to wait.
    async fn write_note(&self, held: &mut Held) -> anyhow::Result<bool> {
        let now = (self.bot.clock)();
        if held.talk().note().is_none() {
            match self.deal_for(held.chat_id).await? {
                Deal::Known(deal_id) => {
                    held.update(|talk| {
                        talk.begin_note(deal_id);
                    })
                    .await?;
                }
                Deal::Coming => {
                    held.update(|talk| talk.put_note_off(now + NOTE_EVERY)).await?;
                    return Ok(false);
                }
                Deal::None => {
                    held.update(talk::Talk::drop_sayings).await?;
                    return Ok(false);
                }
            }
        }
        let (Some(note), Some(crm)) = (held.talk().note().cloned(), &self.crm) else {
            held.update(talk::Talk::finish_note).await?; // no account, or nothing was said
            return Ok(true);
        };
        let dealer = self.bot.dealer.get().await;
        let text = talk_note(&note, &dealer.calendar, self.language);
        let is_written = note.in_doubt && has_note(crm, note.deal_id, &text).await?;
        if !is_written {
            // Before the call: whoever finds the note begun later looks for it first.
            held.update(talk::Talk::doubt_note).await?;
            let item = note_item(note.deal_id, &text, &format!("talk-{}", note.number()));
            match crm.create_notes(&[item]).await {
                Ok(_) => tracing::info!(deal_id = note.deal_id, "wrote a note with a talk"),
                Err(CrmError::Refused(refusal)) => {
                    // The deal is gone. The talk is still in the topic.
                    tracing::error!(deal_id = note.deal_id, ?refusal, "amoCRM refuses a note with a talk");
                }
                Err(error) => return Err(error.into()),
            }
        }
        held.update(talk::Talk::finish_note).await?;
        Ok(true)
    }

    /// The deal of the newest request of a chat.
    async fn deal_for(&self, chat_id: i64) -> anyhow::Result<Deal> {
        let leads = &self.bot.leads;
        let leads = leads.get_many(&leads.of_chat(chat_id).await?).await?;
        let deal = leads.iter().rev().find_map(|lead| lead.value.progress.deal_id());
        let is_coming = |lead: &Lead| !matches!(lead.status, Status::Sent { .. } | Status::Dead { .. });
        Ok(match deal {
            _ if leads.last().is_some_and(|lead| is_coming(&lead.value)) => Deal::Coming,
            Some(deal_id) => Deal::Known(deal_id),
            None => Deal::None,
        })
    }

    /// Tells the admins, once a day.
    async fn tell_of_unreachable_team(&self) {
        let dealer = self.bot.dealer.get().await;
        let day = dealer.calendar.day_start((self.bot.clock)());
        let text = self.language.text("talk-unreachable");
        self.admins.tell(&AdminMessage { key: format!("talk-unreachable:{day}"), text }).await;
    }
}

/// Where the notes of a talk go.
enum Deal {
    Known(u64),
    /// A request is on its way.
    Coming,
    None,
}

async fn has_note(crm: &Client, deal_id: u64, text: &str) -> Result<bool, CrmError> {
    Ok(crm.notes(deal_id).await?.iter().any(|note| note.is(text)))
}

//! What the team writes in customers' topics. The bot keeps out of topics that the team has opened for itself.

use dealer::Member;
use serde_json::json;
use talk::{Body, Edit, Message, Said, Topic};
use telegram::{BotCall, TeamEvent, TeamInput};
use tokio::time::Instant;
use turn::{RetryLater, TeamSays};

use crate::Webhook;
use crate::update::put_relay_time;

impl Webhook {
    /// Passes on what somebody of the team does in a topic, and says so if it reaches nobody.
    pub(crate) async fn in_topic(
        &self,
        event: &TeamEvent,
        member: Option<&Member>,
    ) -> Result<Option<BotCall>, RetryLater> {
        let says = member.map_or(Some(TeamSays::Stranger), |member| says(event, member));
        let (Some(id), Some(says)) = (event.topic, says) else { return Ok(None) };
        let topic = Topic { group: event.chat_id, id };
        let started = Instant::now();
        if self.bot.hear_team(event.update_id, topic, says).await? {
            put_relay_time(started.elapsed(), "team");
            tracing::info!("handled what the team does in a customer's topic");
            return Ok(None);
        }
        if event.replied_to == Some(self.bot.api.bot_id()) {
            return self.warn_of_stray(topic).await;
        }
        Ok(None)
    }

    /// Warns in a topic that the bot has opened but that is not a customer's: nobody gets what is written there. It was
    /// a deleted customer's, or Telegram's answer to its opening was lost.
    async fn warn_of_stray(&self, topic: Topic) -> Result<Option<BotCall>, RetryLater> {
        if !self.bot.counters.count_stray_warning(topic, (self.bot.clock)()).await? {
            return Ok(None);
        }
        tracing::info!(topic = topic.id, "somebody writes in a topic that is not a customer's");
        let text = self.language.text("team-stray-topic");
        let parameters = json!({ "chat_id": topic.group, "message_thread_id": topic.id, "text": text });
        Ok(Some(BotCall { method: "sendMessage".to_owned(), parameters }))
    }
}

/// What it says to the customer; `None` if nothing.
fn says(event: &TeamEvent, member: &Member) -> Option<TeamSays> {
    let id = event.message_id?;
    let author = Some(member.name.clone());
    let said = match &event.input {
        TeamInput::Command(command) if command.split_whitespace().next() == Some("/close") => {
            return Some(TeamSays::Close);
        }
        TeamInput::Command(_) => return Some(TeamSays::UnknownCommand),
        TeamInput::Edited(text) => Said::Edit(Edit { id, author, text: text.clone() }),
        TeamInput::Written { text, media, album, reply_to } => {
            let body = match media {
                None => Body::Text(text.clone()?),
                Some(kind) => Body::Media { kind: *kind, caption: text.clone() },
            };
            Said::Message(Message { id, reply_to: *reply_to, album: album.clone(), author, body })
        }
        TeamInput::Press { .. } | TeamInput::Migrated { .. } | TeamInput::Other => return None,
    };
    Some(TeamSays::Said(said))
}
